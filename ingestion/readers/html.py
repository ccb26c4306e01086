"""HTML: the main text with block elements as lines; scripts, menus and page frames dropped."""

from __future__ import annotations

import re
from typing import Any

from ingestion.readers.acquired import UnreadableError

# fmt: off
_DROPPED = frozenset({
    "script", "style", "noscript", "template", "head", "nav", "header", "footer", "aside", "form", "iframe",
    "object", "svg", "button", "select",
})
_BLOCKS = frozenset({
    "address", "article", "blockquote", "body", "br", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "html", "li", "main", "ol", "p", "pre",
    "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
})
# fmt: on
# Where the main text stands, in order of preference; the ids and classes are those of Chinese government sites.
_MAIN = (
    ".//*[@id='UCAP-CONTENT']",
    ".//*[contains(concat(' ', @class, ' '), ' TRS_Editor ')]",
    ".//main",
    ".//*[@role='main']",
    ".//article",
    ".//body",
)
_BLANKS = re.compile(r"[ \t\r\n\f]+")  # what HTML treats as one blank; U+3000 and U+00A0 are characters
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def read_html(content: str) -> str:
    """The main text of a page, a line per block element or `<br>`, `| a | b |` per table row.

    No address in the page is fetched and no entity but HTML's own is resolved.
    """
    from lxml import etree, html

    parser = html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = html.document_fromstring(_DECLARATION.sub("", content.removeprefix("\ufeff")), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError, RecursionError) as error:
        raise UnreadableError(
            "unreadable_html",
            f"要求读取 HTML，但无法解析（{type(error).__name__}）；请重新保存网页，或另存为文本。",
        ) from None
    main = next((found for path in _MAIN for found in root.xpath(path) if found.text_content().strip()), root)
    pieces: list[str] = []
    _walk(main, pieces)
    lines = (re.sub(" {2,}", " ", line).strip(" ") for line in "".join(pieces).split("\n"))
    return "".join(f"{line}\n" for line in lines if line)


def _walk(top: Any, pieces: list[str]) -> None:
    # Not recursive: pages nest deeper than Python's stack.
    stack: list[tuple[Any, bool]] = [(top, True)]
    cells = 0  # how many table cells we stand in: blocks inside a cell do not break the row
    while stack:
        node, opening = stack.pop()
        tag = node.tag if isinstance(node.tag, str) else ""
        is_cell = tag in ("td", "th")
        if opening and tag and tag not in _DROPPED:
            pieces.append(_mark(tag, cells, is_cell=is_cell))
            pieces.append(_BLANKS.sub(" ", node.text or ""))
            cells += is_cell
            stack.append((node, False))
            stack += [(child, True) for child in reversed(node)]
            continue
        if not opening:
            cells -= is_cell
            pieces.append(" " if is_cell else "|\n" if tag == "tr" and not cells else _mark(tag, cells))
        if node is not top:
            pieces.append(_BLANKS.sub(" ", node.tail or ""))


def _mark(tag: str, cells: int, *, is_cell: bool = False) -> str:
    if is_cell:
        return "| "
    if tag in _BLOCKS:
        return " " if cells else "\n"
    return ""
