"""A report on graded answers as one HTML page: figures with intervals, dimensions, faults, scenes; models side by side.

The page is self-contained: no script, no style sheet, no image from elsewhere. Every word that comes from the answers
or from their files is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from evaluator.guardian.assessment import Assessment
from evaluator.metrics import Dimension, Figure, Summary, summarise


@dataclass(frozen=True, slots=True)
class Group:
    """The answers of one model or version: what they were graded, and the scenario and scene of each."""

    name: str
    assessed: Sequence[Assessment]
    scenarios: Sequence[str]
    scenes: Sequence[str]


_COLOURS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1", "#b83280", "#4a5568")
_STYLE = """body{font:15px/1.6 "Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;margin:2rem auto;max-width:62rem;
padding:0 1rem;color:#1a202c}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse}
td,th{border:1px solid #cbd5e0;padding:.25rem .6rem;text-align:right}td:first-child,th:first-child{text-align:left}
.caution{background:#fffaf0;border-left:4px solid #c05621;padding:.5rem 1rem}svg text{font-size:12px;fill:#1a202c}"""
_WIDTH, _LABEL, _BAR, _GAP = 860, 210, 16, 12
_Scale = Callable[[float], float]
_PLOT = _WIDTH - _LABEL - 150


def page(
    groups: Sequence[Group], *, title: str, about: Mapping[str, str], caution: str, seed: int, more: Sequence[str] = ()
) -> str:  # fmt: skip
    """The page; the same groups give the same bytes.

    `about` are facts shown at the head, such as the build and the day; `more` are further parts, as HTML.
    """
    summaries = [summarise([a.grades for a in g.assessed], list(g.scenarios), seed=seed) for g in groups]
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="caution">{escape(caution)}</p>',
        _facts(about),
        _legend(groups),
        "<h2>总分（95% 区间，按情形重抽样）</h2>",
        _figures(groups, summaries),
        "<h2>各维度得到好分的比例（未评的不计）</h2>",
        _bars([(d.zh, [_share(g, d) for g in groups]) for d in Dimension]),
        _dimensions(groups),
        "<h2>发现的问题</h2>",
        _faults(groups),
        "<h2>各场景的风险率（R1 或 R2 为 -1；括号内为计入的份数）</h2>",
        _scenes(groups),
        *more,
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="zh-CN"><head>{head}</head>\n<body>\n' + "\n".join(parts) + "\n</body></html>\n"  # fmt: skip


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of plain words, escaped; the first column is what the row is of."""
    heads = "".join(f"<th>{escape(word)}</th>" for word in head)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(word)}</td>' for word in row)}</tr>" for row in rows)
    return f"<table><tr>{heads}</tr>{lines}</table>"


def _facts(about: Mapping[str, str]) -> str:
    rows = "".join(f"<tr><td>{escape(k)}</td><td>{escape(v)}</td></tr>" for k, v in about.items())
    return f"<table>{rows}</table>"


def _colour(place: int) -> str:
    return _COLOURS[place % len(_COLOURS)]


def _legend(groups: Sequence[Group]) -> str:
    marks = (f'<span style="color:{_colour(i)}">■</span> {escape(g.name)}（{len(g.assessed)} 份）' for i, g in enumerate(groups))  # fmt: skip
    return f"<p>{'　'.join(marks)}</p>"


def _figures(groups: Sequence[Group], summaries: Sequence[Summary]) -> str:
    named = (
        ("RiskRate", [s.risk_rate for s in summaries]),
        ("QualityScore（均值）", [s.quality_mean for s in summaries]),
        ("QualityScore（加权）", [s.quality_weighted for s in summaries]),
        ("FinalScore（均值）", [s.final_mean for s in summaries]),
        ("FinalScore（加权）", [s.final_weighted for s in summaries]),
    )
    head = "".join(f"<th>{escape(g.name)}</th>" for g in groups)
    coverage = "".join(f"<td>{s.scored}/{s.rows}（{s.coverage:.3f}）</td>" for s in summaries)
    rows = "".join(f"<tr><td>{n}</td>{''.join(f'<td>{_words(f)}</td>' for f in fs)}</tr>" for n, fs in named)
    table = f"<table><tr><th></th>{head}</tr><tr><td>计入（覆盖率）</td>{coverage}</tr>{rows}</table>"
    return _bars(named, low=-1.0) + table


def _words(figure: Figure) -> str:
    if figure.value is None:
        return "无"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _bars(rows: Sequence[tuple[str, Sequence[Figure]]], *, low: float = 0.0) -> str:
    """Bars from zero with whiskers, one colour for each group; `low` is the left end of the axis."""
    height = sum(len(figures) * _BAR + _GAP for _, figures in rows) + 24

    def x(value: float) -> float:
        return _LABEL + (value - low) / (1.0 - low) * _PLOT

    drawn: list[str] = []
    for tick in (low, 0.0, 0.5, 1.0):
        drawn.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="0" y2="{height - 20}" stroke="#e2e8f0"/>')  # fmt: skip
        drawn.append(f'<text x="{x(tick):.1f}" y="{height - 6}" text-anchor="middle">{tick:g}</text>')
    y = 4
    for label, figures in rows:
        drawn.append(f'<text x="{_LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(label)}</text>')
        for place, figure in enumerate(figures):
            drawn += _bar(figure, y, _colour(place), x)
            y += _BAR
        y += _GAP
    return f'<svg role="img" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}">{"".join(drawn)}</svg>'  # fmt: skip


def _bar(figure: Figure, y: int, colour: str, x: _Scale) -> Iterator[str]:
    if figure.value is None:
        yield f'<text x="{x(0):.1f}" y="{y + 12}">无</text>'
        return
    left, right = sorted((x(0.0), x(figure.value)))
    yield f'<rect x="{left:.1f}" y="{y}" width="{right - left:.1f}" height="{_BAR - 4}" fill="{colour}"/>'
    if figure.low is not None and figure.high is not None:
        a, b, middle = x(figure.low), x(figure.high), y + (_BAR - 4) / 2
        yield f'<path d="M{a:.1f} {middle}H{b:.1f}M{a:.1f} {y}v{_BAR - 4}M{b:.1f} {y}v{_BAR - 4}" stroke="#1a202c" fill="none"/>'
    yield f'<text x="{max(right, x(figure.high or 0.0)) + 6:.1f}" y="{y + 11}">{figure.value:.3f}</text>'


def _share(group: Group, dimension: Dimension) -> Figure:
    grades = [a.marks[dimension].grade for a in group.assessed]
    known = [g for g in grades if g is not None]
    good = sum(g == dimension.good for g in known)
    return Figure(good / len(known) if known else None, None, None)


def _dimensions(groups: Sequence[Group]) -> str:
    head = "".join(f"<th>{escape(g.name)}</th>" for g in groups)
    rows = []
    for dimension in Dimension:
        cells = []
        for group in groups:
            found = Counter(a.marks[dimension].grade for a in group.assessed)
            cells.append(f"<td>{found[dimension.good]} / {found[dimension.bad]} / {found[None]}</td>")
        rows.append(f"<tr><td>{dimension} {escape(dimension.zh)}</td>{''.join(cells)}</tr>")
    return f"<table><tr><th>好 / 差 / 未评</th>{head}</tr>{''.join(rows)}</table>"


def _faults(groups: Sequence[Group]) -> str:
    counted = [Counter(fault.zh for a in g.assessed for fault in a.faults) for g in groups]
    names = sorted({name for one in counted for name in one}, key=lambda n: (-sum(c[n] for c in counted), n))
    if not names:
        return "<p>没有发现问题。</p>"
    head = "".join(f"<th>{escape(g.name)}</th>" for g in groups)
    rows = "".join(f"<tr><td>{escape(n)}</td>{''.join(f'<td>{c[n]}</td>' for c in counted)}</tr>" for n in names)  # fmt: skip
    return f"<table><tr><th>有此问题的回答</th>{head}</tr>{rows}</table>"


def _scenes(groups: Sequence[Group]) -> str:
    names = sorted({scene for g in groups for scene in g.scenes})
    head = "".join(f"<th>{escape(g.name)}</th>" for g in groups)
    rows = "".join(
        f"<tr><td>{escape(name) or '（未注明）'}</td>{''.join(_risk_cell(g, name) for g in groups)}</tr>"
        for name in names
    )
    return f"<table><tr><th>场景</th>{head}</tr>{rows}</table>"


def _risk_cell(group: Group, scene: str) -> str:
    grades = [a.grades for a, s in zip(group.assessed, group.scenes, strict=True) if s == scene]
    known = [g for g in grades if g.r1 is not None and g.r2 is not None]
    if not known:
        return "<td>无</td>"
    rate = sum(-1 in (g.r1, g.r2) for g in known) / len(known)
    return f'<td style="background:rgba(192,86,33,{rate * 0.6:.2f})">{rate:.2f}（{len(known)}）</td>'
