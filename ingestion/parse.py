"""The grammar of a law's text: 编 分编 章 节 条 款 项 目, points of texts without 条, annexes.

Never refuses input. Every character of the official text belongs to exactly one provision's head, so that
the heads joined in order give the text back; what cannot be placed is a Problem with its place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingestion.edges import TERMINAL, find_edges, has_articles, lists_annexes
from ingestion.lines import Line, Style, read_lines
from ingestion.tree import Node, Tree
from kg.identity import ExpressionId
from kg.model import Provision
from kg.numerals import chinese_numeral, parse_numeral
from kg.problem import Problem, Severity
from kg.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tree of one text in document order, and what a reader should know about it."""

    provisions: tuple[Provision, ...]
    problems: tuple[Problem, ...]

    @property
    def articles(self) -> int:
        """How many articles (条) the text has, annexes included."""
        return sum(provision.kind is Kind.ARTICLE for provision in self.provisions)


def parse(official: str, expression: ExpressionId) -> Parsed:
    """Parse the official text of an expression.

    Guarantees: heads partition the text; ids are unique and depend only on the text; a gap in the
    numbering of articles, items or points is reported.

    >>> from datetime import date
    >>> tree = parse("某办法\\n第一条　为了甲，制定本办法。\\n第二条　应当：\\n（一）乙；\\n（二）丙。\\n", ExpressionId("某办法", date(2020, 1, 1)))
    >>> ["/".join(map(str, p.id.steps)) for p in tree.provisions]
    ['front', 'art1', 'art1/p1', 'art2', 'art2/p1', 'art2/p1/i1', 'art2/p1/i2']
    """
    lines = list(read_lines(official))
    builder = _Builder(official, expression)
    builder.run(lines)
    return Parsed(builder.tree.provisions(), tuple(builder.tree.problems))


def render(official: str, provisions: Sequence[Provision]) -> str:
    """The text again in one fixed layout: no blank lines or indents, one 　 after an article's label.

    Labels, words and line breaks between provisions stay. Parsing the result gives provisions with the same
    ids and the same words.
    """
    out: list[str] = []
    for provision in provisions:
        head = official[provision.start : provision.head_end]
        lines = head.splitlines(keepends=True)
        out.append("\n".join(filter(None, map(str.strip, lines))))
        ends_line = bool(lines) and lines[-1].splitlines() != lines[-1:]
        if ends_line or (provision.kind is Kind.FRONT and not head.strip()):
            out.append("\n")
        elif provision.kind is Kind.ARTICLE:
            out.append("　")
    return "".join(out)


_REFERENCE_START = re.compile(
    r"至第|[、,，]|(?:和|或者?|以及|及|与)第|第[一二三四五六七八九十\d]+[款项]|规定|的规定|所|款|项|[-—－～~]"
)
_INLINE = re.compile(r"[（(]\s?(?P<number>[一二三四五六七八九十]{1,3})\s?[)）]")
_ANNEX_REFERENCE = re.compile(r"(?:见|详见|按照|依照|参见)附[件录表]")

_DEPTH = {
    Kind.PART: -50,
    Kind.SUPPLEMENTARY: -50,  # 附则 stands beside the 编, not in the last one
    Kind.SUBPART: -40,
    Kind.CHAPTER: -30,
    Kind.SECTION: -20,
}


class _Builder:
    """Places lines one after the other on a stack of open nodes."""

    def __init__(self, text: str, expression: ExpressionId) -> None:
        self.text = text
        self.expression = expression
        self.tree = Tree(expression)
        self.by_articles = False
        self.expected = (1, 0)
        self.later: dict[tuple[Kind, int, int], list[int]] = {}
        self.later_articles: list[int] = []
        self.next_filled: list[int] = []
        self.index = 0
        self.last_of_depth: dict[int, int] = {}

    # -- placing -----------------------------------------------------------------------------------

    def run(self, lines: list[Line]) -> None:
        edges = find_edges(lines)
        body, tail = edges.body, edges.tail
        self.by_articles = has_articles(lines[body:])
        self._front(lines[:body])
        self.later = _positions(lines[body:tail])
        self.next_filled = _next_filled(lines[body:tail])
        self.later_articles = [i for i, line in enumerate(lines[body:tail]) if line.kind is Kind.ARTICLE]
        for index, line in enumerate(lines[body:tail]):
            self.index = index
            if body + index in edges.breaks:
                self._unmarked_annex(line)
            else:
                self._place(line)
        if tail < len(lines):
            self.tree.close_to(self.tree.root, lines[tail].start)
            node = self.tree.open(Kind.TAIL, self.tree.root, lines[tail].start)
            if edges.notice:
                text = f"最后一条之后接有另一份文件“{edges.notice}”，不属于本文本"
                self.tree.problem(Severity.WARNING, "second_text", node, text)
        self.tree.close_to(self.tree.root, len(self.text))
        self.tree.root.end = len(self.text)
        self._check_annexes()

    def _place(self, line: Line) -> None:
        if line.blank:
            return
        match line.kind:
            case Kind.PART | Kind.SUBPART | Kind.CHAPTER | Kind.SECTION | Kind.SUPPLEMENTARY:
                self._container(line)
            case Kind.ANNEX if self._holds_the_text(line):
                self.tree.close_to(self.tree.root, line.start)
                self._paragraph(line)
            case Kind.ANNEX if self._in_body() and not lists_annexes(line):
                self._annex(line)
            case Kind.PREAMBLE if not self._in_body():
                self.tree.open(Kind.PREAMBLE, self.tree.root, line.start, label=line.label).depth = 400
            case Kind.ARTICLE if self.by_articles and self._accepts_article(line):
                self._article(line)
            case Kind.ITEM if self.tree.innermost(Kind.ARTICLE):
                self._item(line)
            case Kind.POINT if self.by_articles and self._is_division(line):
                self._division(line)
            case Kind.ITEM | Kind.POINT if self.tree.innermost(Kind.ARTICLE):
                self._subitem(line)
            case Kind.ITEM | Kind.POINT if not self._is_sentence_with_number(line):
                self._point(line)
            case _ if self._is_unnumbered_heading(line):
                self._container(replace(line, kind=Kind.SUPPLEMENTARY))
            case _:
                self._paragraph(line)

    def _container(self, line: Line) -> None:
        depth = _DEPTH[line.kind]
        if line.kind is Kind.SUPPLEMENTARY and not line.label:  # a chapter that lost its number
            depth = _DEPTH[Kind.CHAPTER]
        while (
            len(self.tree.stack) > 1
            and self.tree.stack[-1] is not self.tree.scope
            and self.tree.stack[-1].depth >= depth
        ):
            self.tree.close(line.start)
        node = self.tree.open(
            line.kind, self.tree.stack[-1], line.start, number=line.number, label=line.label
        )
        node.heading = line.rest
        node.depth = depth
        if line.kind is Kind.PART and line.number > 1 and not self._has_part():
            text = f"编从{line.label}开始：来源没有第一编的标题"
            self.tree.problem(Severity.WARNING, "container_gap", node, text)
        if not line.number and not line.label:
            self.tree.problem(
                Severity.NOTE, "heading_without_number", node, f"标题“{line.rest}”没有编号，按标题处理"
            )
        if not line.rest and line.number:
            self.tree.problem(Severity.NOTE, "heading_without_name", node, f"{line.label}没有名称")

    def _division(self, line: Line) -> None:
        """一、一般规定 above articles, as judicial interpretations divide themselves."""
        while (
            len(self.tree.stack) > 1
            and self.tree.stack[-1] is not self.tree.scope
            and self.tree.stack[-1].depth >= -25
        ):
            self.tree.close(line.start)
        node = self.tree.open(
            Kind.POINT, self.tree.stack[-1], line.start, number=line.number, label=line.label
        )
        node.heading, node.depth = line.rest, -25
        self.last_of_depth[-25] = line.number

    def _annex(self, line: Line) -> None:
        self.tree.close_to(self.tree.root, line.start)
        node = self.tree.open(Kind.ANNEX, self.tree.root, line.start, number=line.number, label=line.label)
        node.heading, node.depth = line.rest, -100
        self.tree.scope, self.expected = node, (1, 0)

    def _unmarked_annex(self, line: Line) -> None:
        """A title below the closing article: a table or form without 附件, or another text."""
        self._annex(replace(line, kind=Kind.ANNEX))
        if lists_annexes(line):  # 附件：1.…, with 2.… on the next line
            self.tree.scope.last[Kind.POINT, Style.ARABIC.rank] = (1, 0)
            return
        if any(position > self.index for position in self.later_articles):
            text = f"末条之后接有另一份文本“{line.rest}”，作附件收录"
            self.tree.problem(Severity.WARNING, "second_text", self.tree.scope, text)
        else:
            text = f"末条之后的“{line.rest}”没有“附件”字样，作附件收录"
            self.tree.problem(Severity.NOTE, "unmarked_annex", self.tree.scope, text)

    def _article(self, line: Line) -> None:
        number = (line.number, line.sub)
        if number == (1, 0) and self.expected != (1, 0):
            self._restart(line)
        elif number != self.expected and number != (self.expected[0] - 1, self._article_sub + 1):
            self._report_gap(line)
        container = self._innermost_container(line.start)
        node = self.tree.open(
            Kind.ARTICLE, container, line.start, number=line.number, sub=line.sub, label=line.label
        )
        node.depth = 0
        self.expected = (line.number + 1, 0)
        self._article_sub = line.sub
        if line.rest:
            node.head_end = line.rest_start
            self._text(node, line.rest_start, line.end)

    def _text(self, article: Node, start: int, end: int) -> None:
        """Open a 款 of an article at `start`; items that stand inside the line become 项."""
        paragraph = self.tree.open(
            Kind.PARAGRAPH, article, start, number=sum(c.kind is Kind.PARAGRAPH for c in article.children) + 1
        )
        paragraph.depth = 10
        opening = self.text[start:end]
        if match := _INLINE.match(opening):  # the article begins with its list
            if parse_numeral(match["number"]) == 1:
                self._inline_items(paragraph, start, end, first_at=start)
            return
        self._inline_items(paragraph, start, end)

    def _inline_items(self, paragraph: Node, start: int, end: int, *, first_at: int | None = None) -> None:
        found: list[tuple[int, int, int, str]] = []
        for match in _INLINE.finditer(self.text, start, end):
            before = self.text[start : match.start()].rstrip()[-1:]
            expected = len(found) + 1
            opens = match.start() == first_at or before in ("：:" if expected == 1 else "；;。，,")
            if (opens and before and parse_numeral(match["number"]) == expected) or match.start() == first_at:
                found.append((match.start(), match.end(), expected, match[0]))
        if len(found) < 2 and first_at is None:
            return
        for at, _, number, label in found:
            self.tree.close_to(paragraph, at)
            self.tree.open(Kind.ITEM, paragraph, at, number=number, label=label).depth = 20
        self.tree.problem(Severity.NOTE, "inline_items", paragraph, f"{len(found)} 项写在同一行内，已拆开")

    def _item(self, line: Line) -> None:
        article = self.tree.innermost(Kind.ARTICLE)
        assert article is not None
        paragraph = next((n for n in reversed(self.tree.stack) if n.kind is Kind.PARAGRAPH), None)
        if paragraph is None:
            self.tree.close_to(article, line.start)
            paragraph = self.tree.open(Kind.PARAGRAPH, article, line.start, number=1)
            paragraph.depth = 10
        self.tree.close_to(paragraph, line.start)
        node = self._numbered(Kind.ITEM, paragraph, line, 20)
        for match in _INLINE.finditer(self.text, line.rest_start, line.end):
            before = self.text[line.start : match.start()].rstrip()[-1:]
            if before in "；;" and parse_numeral(match["number"]) == node.step.number + 1:
                self.tree.close_to(paragraph, match.start())
                number = node.step.number + 1
                node = self.tree.open(Kind.ITEM, paragraph, match.start(), number=number, label=match[0])
                node.depth = 20
                paragraph.last[Kind.ITEM, 20] = (number, 0)

    def _subitem(self, line: Line) -> None:
        """1. or （1） below an item is a 目; straight below a paragraph it is one too, so named."""
        depth = 30 + (line.style or Style.ARABIC).rank + line.dots
        while self.tree.stack[-1].depth >= depth:
            self.tree.close(line.start)
        parent = self.tree.stack[-1]
        if parent.kind is Kind.ARTICLE:
            parent = self.tree.open(Kind.PARAGRAPH, parent, line.start, number=1)
            parent.depth = 10
        self._numbered(Kind.SUBITEM, parent, line, depth)

    def _point(self, line: Line) -> None:
        depth = (line.style or Style.ARABIC).rank + line.dots
        while (
            len(self.tree.stack) > 1
            and self.tree.stack[-1] is not self.tree.scope
            and self.tree.stack[-1].depth >= depth
        ):
            self.tree.close(line.start)
        parent = self.tree.stack[-1]
        node = self._numbered(Kind.POINT, parent, line, depth)
        if len(line.rest) <= 40 and not TERMINAL.search(line.rest.rstrip("”’")):
            node.heading = line.rest

    def _numbered(self, kind: Kind, parent: Node, line: Line, depth: int) -> Node:
        last = parent.last.get((kind, depth), (0, 0))[0]
        node = self.tree.open(kind, parent, line.start, number=line.number, label=line.label)
        node.depth = depth
        parent.last[kind, depth] = (line.number, 0)
        running = self.last_of_depth.get(depth, 0)
        self.last_of_depth[depth] = line.number
        if line.number == last:
            self.tree.problem(
                Severity.NOTE,
                "repeated_number",
                node,
                f"{line.label}的序号与前一{kind.zh}相同，按出现次序区分",
            )
        elif line.number not in (1, last + 1, running + 1):
            self.tree.problem(
                Severity.WARNING, f"{kind.value}_gap", node, f"序号从 {last} 跳到 {line.number}"
            )
        return node

    def _paragraph(self, line: Line) -> None:
        if line.table and self.tree.stack[-1].kind is Kind.PARAGRAPH and self._previous_is_table:
            return
        self._previous_is_table = line.table
        reference = _REFERENCE_START.match(line.rest) and not line.separated
        if line.kind is Kind.ARTICLE and self.by_articles and not reference:
            self.tree.problem(
                Severity.WARNING,
                "article_out_of_order",
                self.tree.stack[-1],
                f"行首的{line.label}不接续编号，按正文处理",
            )
        if article := self.tree.innermost(Kind.ARTICLE):
            if self._list_goes_on() or self._sentence_goes_on(article, line):
                return
            self.tree.close_to(article, line.start)
            self._text(article, line.start, line.end)
            return
        while self.tree.stack[-1].kind is Kind.PARAGRAPH or self.tree.stack[-1].kind is Kind.TAIL:
            self.tree.close(line.start)
        parent = self.tree.stack[-1]
        count = sum(child.kind is Kind.PARAGRAPH for child in parent.children)
        if parent is self.tree.root:  # prose between structures that belongs to none of them
            parent = self.tree.open(Kind.PREAMBLE, self.tree.root, line.start)
            parent.depth, count = 400, 0
        self.tree.open(Kind.PARAGRAPH, parent, line.start, number=count + 1).depth = 500

    _previous_is_table = False
    _article_sub = 0

    # -- the edges of a text -----------------------------------------------------------------------

    def _front(self, lines: list[Line]) -> None:
        if lines:
            node = self.tree.open(Kind.FRONT, self.tree.root, 0)
            node.depth = 900
            self.tree.close(lines[-1].end)

    def _check_annexes(self) -> None:
        if _ANNEX_REFERENCE.search(self.text) and not any(
            c.kind is Kind.ANNEX for c in self.tree.root.children
        ):
            self.tree.problems.append(
                Problem(Severity.NOTE, "annex_absent", str(self.expression), "正文提到附件，所持文本没有附件")
            )

    # -- decisions ---------------------------------------------------------------------------------

    def _accepts_article(self, line: Line) -> bool:
        number = (line.number, line.sub)
        follows = number == self.expected or number == (self.expected[0] - 1, self._article_sub + 1)
        if not line.separated and line.rest:
            return follows and not _REFERENCE_START.match(line.rest)
        if follows:
            return True
        if _REFERENCE_START.match(line.rest) and not line.separated:
            return False
        if number == (1, 0):
            return True
        awaited = self.later.get((Kind.ARTICLE, self.expected[0], 0), [])
        quoted = any(position > self.index for position in awaited)  # the awaited article still comes
        return number > (self.expected[0] - 1, self._article_sub) and not quoted

    def _is_division(self, line: Line) -> bool:
        short = (
            len(line.rest) <= 25 and line.rest and not TERMINAL.search(line.rest) and "，" not in line.rest
        )
        if line.style is not Style.CHINESE or not short:
            return False
        follows = line.number in (1, self.last_of_depth.get(-25, 0) + 1)
        return follows and any(
            position > self.index for position in self.later.get((Kind.ARTICLE, *self.expected), [])
        )

    def _is_unnumbered_heading(self, line: Line) -> bool:
        """A short line without a full stop straight above the awaited article: its chapter lost its number."""
        if (
            not self.by_articles
            or line.label
            or len(line.rest) > 20
            or re.search(r"[。；：，！？:;,|]", line.rest)
        ):
            return False
        awaited = self.later.get((Kind.ARTICLE, *self.expected), [])
        return self.next_filled[self.index] in awaited

    def _list_goes_on(self) -> bool:
        """Whether the list that is open continues below this line: then the line belongs to its last item."""
        opened = next((n for n in reversed(self.tree.stack) if n.kind in (Kind.ITEM, Kind.SUBITEM)), None)
        if opened is None:
            return False
        article_end = min((p for p in self.later_articles if p > self.index), default=1 << 60)
        line_kind = Kind.ITEM if opened.kind is Kind.ITEM else Kind.POINT
        following = self.later.get((line_kind, opened.step.number + 1, 0), [])
        restart = [p for p in self.later.get((line_kind, 1, 0), []) if p > self.index]
        nearest = min((p for p in following if p > self.index), default=1 << 60)
        return nearest < article_end and nearest < min(restart, default=1 << 60)

    def _sentence_goes_on(self, article: Node, line: Line) -> bool:
        """Whether the line above ends in the middle of a sentence: 总理，/副总理若干人，/… is one 款."""
        if line.label or line.table:
            return False
        before = self.text[article.start : line.start].rstrip()[-1:]
        if self.tree.stack[-1].kind is not Kind.PARAGRAPH:
            return before in ("，", "、")
        opens_list = before in ("：", ":") and line.rest[-1:] in ("，", "、", "；", ";")
        return opens_list or before in ("，", "、", "；", ";")

    def _restart(self, line: Line) -> None:
        """第一条 again: another document follows in the same file."""
        self._annex(Line(line.start, line.start, Kind.ANNEX, "", 0, 0, False, line.start, ""))
        self.tree.problem(
            Severity.WARNING,
            "second_text",
            self.tree.scope,
            "编号从第一条重新开始：后接另一份文本，作附件收录",
        )

    def _report_gap(self, line: Line) -> None:
        first, last = self.expected[0], line.number - 1
        if first > last:
            return
        if first == 1:  # a part of a work in a file of its own, or an amendment that numbers on
            place, text = f"{self.expression}/art{line.number}", f"编号从{line.label}开始"
            self.tree.problems.append(Problem(Severity.NOTE, "numbering_starts_late", place, text))
            return
        missing = f"第{chinese_numeral(first)}条" + (f"至第{chinese_numeral(last)}条" if last > first else "")
        self.tree.problems.append(
            Problem(Severity.WARNING, "article_gap", f"{self.expression}/art{line.number}", f"{missing}缺失")
        )

    def _is_sentence_with_number(self, line: Line) -> bool:
        """2.1 mm and the like: a decimal that continues no numbering is prose."""
        if line.style is not Style.DECIMAL:
            return False
        last = [n.last for n in self.tree.stack]
        depth = Style.DECIMAL.rank + line.dots
        known = any(
            number == line.number - 1 for d in last for (_, at), (number, _) in d.items() if at == depth
        )
        return not (line.number == 1 or known)

    def _holds_the_text(self, line: Line) -> bool:
        """附： of a notice or decision that republishes the text itself, whose articles are still to come."""
        begun = any(kind is Kind.ARTICLE for kind, _, _ in self.tree.root.seen)
        if line.number or begun or not self.by_articles or not self._in_body():
            return False
        return any(position > self.index for position in self.later.get((Kind.ARTICLE, 1, 0), []))

    def _has_part(self) -> bool:
        return sum(child.kind is Kind.PART for child in self.tree.root.children) > 1

    def _in_body(self) -> bool:
        return any(child.kind is not Kind.FRONT for child in self.tree.root.children)

    def _innermost_container(self, start: int) -> Node:
        while self.tree.stack[-1] is not self.tree.root and not (
            self.tree.stack[-1].kind.is_container or self.tree.stack[-1].depth == -25
        ):
            self.tree.close(start)
        return self.tree.stack[-1]


def _positions(lines: list[Line]) -> dict[tuple[Kind, int, int], list[int]]:
    found: dict[tuple[Kind, int, int], list[int]] = {}
    for index, line in enumerate(lines):
        if line.label:
            found.setdefault((line.kind, line.number, line.sub), []).append(index)
    return found


def _next_filled(lines: list[Line]) -> list[int]:
    """For each line the index of the next one that is not blank."""
    following, result = len(lines), [0] * len(lines)
    for index in range(len(lines) - 1, -1, -1):
        result[index] = following
        if not lines[index].blank:
            following = index
    return result
