"""A neighbourhood as a PNG: the centre in the middle, what points at it to the left, what it points at to the right.

Drawn here and not by the browser, so that a program or a test can have the same picture.
"""

from __future__ import annotations

import io
from collections import defaultdict, deque
from collections.abc import Mapping
from pathlib import Path

from app.workbench.graph_view import AGAINST, TIES, GraphView, Node, NodeKind, wrapped
from kg.problem import InputError

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simsun.ttc",
)
"""Where Chinese fonts lie on common systems."""
_FILL = {
    NodeKind.ARTICLE: "#e8eefc", NodeKind.NORM: "#f6f6f2", NodeKind.PARTY: "#e7f5ec", NodeKind.PRINCIPLE: "#fdf1dc"
}  # fmt: skip
_TALLEST = 30
"""More nodes than this in a column stand in several."""
_SIZE, _LINE, _PAD, _GAP, _BETWEEN, _EDGE = 14, 19, 9, 12, 150, 24


def chinese_font(environ: Mapping[str, str]) -> Path:
    """The font to draw Chinese with: YILUN_FONT, else one that the system has; InputError where there is none."""
    named = environ.get("YILUN_FONT", "").strip()
    for place in (named,) if named else FONTS:
        if Path(place).is_file():
            return Path(place)
    raise InputError(
        f"没有中文字体{f' {named}' if named else ''}；请安装 fonts-noto-cjk，或用 YILUN_FONT 指定一个 ttf、otf 或 ttc 文件"
    )


def png(view: GraphView, font: Path) -> bytes:
    """The picture; as large as it must be, so that nothing lies over anything else."""
    from PIL import Image, ImageDraw, ImageFont

    letters, small = (ImageFont.truetype(str(font), size) for size in (_SIZE, 11))
    columns = layers(view)
    lines = {node.id: wrapped(node.label).split("\n") for node in view.nodes}
    widths = {
        name: int(max(letters.getlength(line) for line in told)) + 2 * _PAD for name, told in lines.items()
    }
    heights = {name: _LINE * len(told) + 2 * _PAD for name, told in lines.items()}
    tall = max(sum(heights[n] + _GAP for n in column) for column in columns)
    boxes: dict[str, tuple[int, int, int, int]] = {}
    x = _EDGE
    for column in columns:
        wide = max(widths[name] for name in column)
        y = _EDGE + (tall - sum(heights[n] + _GAP for n in column)) // 2
        for name in column:
            boxes[name] = (x, y, x + widths[name], y + heights[name])
            y += heights[name] + _GAP
        x += wide + _BETWEEN
    image = Image.new("RGB", (x - _BETWEEN + _EDGE, tall + 2 * _EDGE), "white")
    draw = ImageDraw.Draw(image)
    edges = [(e.source, e.target, TIES[e.tie], "#999999") for e in view.edges]
    edges += [(a, b, AGAINST, "#b91c1c") for a, b in view.against]
    for source, target, words, colour in edges:
        start, end = _between(boxes[source], boxes[target])
        draw.line((*start, *end), fill=colour, width=1)
        _arrow(draw, start, end, colour)
        middle = (start[0] + (end[0] - start[0]) * 0.4, start[1] + (end[1] - start[1]) * 0.4)
        draw.text(middle, words, fill="#555555", font=small, anchor="mm")
    for node in view.nodes:
        _box(draw, node, boxes[node.id], 3 if node.id == view.centre else 1)
        left, top, *_ = boxes[node.id]
        for number, line in enumerate(lines[node.id]):
            draw.text((left + _PAD, top + _PAD + number * _LINE), line, fill="#1a1a1a", font=letters)
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def layers(view: GraphView) -> list[list[str]]:
    """The nodes in columns of at most `_TALLEST`, by how many ties away from the centre they are, and in which direction; in a stable order."""
    ahead, behind = defaultdict(list), defaultdict(list)
    for edge in view.edges:
        ahead[edge.source].append(edge.target)
        behind[edge.target].append(edge.source)
    for a, b in view.against:
        ahead[a].append(b)
        behind[b].append(a)
    place = {view.centre: 0}
    waiting = deque([view.centre])
    while waiting:
        name = waiting.popleft()
        for others, step in ((ahead[name], 1), (behind[name], -1)):
            for other in others:
                if other not in place:
                    place[other] = place[name] + step
                    waiting.append(other)
    columns: dict[int, list[str]] = defaultdict(list)
    for node in view.nodes:
        columns[place.get(node.id, 0)].append(node.id)
    return [
        column[start : start + _TALLEST]
        for _, column in sorted(columns.items())
        for start in range(0, len(column), _TALLEST)
    ]


def _between(
    first: tuple[int, int, int, int], second: tuple[int, int, int, int]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """From the nearer side of one box to the nearer side of the other; below one another, at their right sides."""
    if first[2] < second[0]:
        sides = first[2], second[0]
    elif second[2] < first[0]:
        sides = first[0], second[2]
    else:
        sides = first[2], second[2]
    return (sides[0], (first[1] + first[3]) / 2), (sides[1], (second[1] + second[3]) / 2)


def _arrow(draw: object, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    along, across = end[0] - start[0], end[1] - start[1]
    length = max(1.0, (along**2 + across**2) ** 0.5)
    ux, uy = along / length, across / length
    back = end[0] - 8 * ux, end[1] - 8 * uy
    sides = [(back[0] - 4 * uy, back[1] + 4 * ux), (back[0] + 4 * uy, back[1] - 4 * ux)]
    draw.polygon([end, *sides], fill=colour)  # type: ignore[attr-defined]  # the drawing of the picture library


def _box(draw: object, node: Node, box: tuple[int, int, int, int], width: int) -> None:
    round_ = 16 if node.kind in (NodeKind.PARTY, NodeKind.PRINCIPLE) else 4
    draw.rounded_rectangle(box, round_, fill=_FILL[node.kind], outline="#444444", width=width)  # type: ignore[attr-defined]
