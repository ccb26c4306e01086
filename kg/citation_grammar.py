"""Finds the citations in a text: statutes citing statutes, and answers citing them in everyday spelling.

A scanner walks the places where a citation can begin (a title, 本法, 该条例, 本条, 前款, 第…) from left to
right; at each it reads an anchor and then the places that belong to it (`kg.citation_places`). Nothing is
resolved here. A provision's own label (第一条 at its beginning) is reported like any other BARE place: only
the caller knows that it is a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from heapq import merge
from operator import attrgetter
from typing import NamedTuple

from kg.citation import Anchor, Mention, Place, Target
from kg.citation_places import DEPTH, LOOSE_GUARD, UNIT_GUARD, Reading, is_citation, numeral, read_places
from kg.titles import CIVIL_CODE_PARTS, INSTRUMENT_NOUNS, LEADING_VERBS, TitleIndex, fold_width, normal_title
from kg.vocabulary import Kind

_LONGEST_TITLE = 200
_NOUNS = "|".join(sorted((*INSTRUMENT_NOUNS, "法律", "法规", "宪法", "指引", "导则"), key=len, reverse=True))
_QUALIFIER = r"(?: \( (?: 试行 | 暂行 | [一二三四五六七八九十]{1,3} ) \) )"

# Each alternative begins with its own character, so that the search skips everything else in C; what may
# not stand before that character is looked at after it: 基本法, 样本, 应该, 合同, 目前.
_TRIGGER = re.compile(
    rf"""
      (?P<ordinal> 第 )
    | 本 (?<! [基日样根资文版剧课脚标教] . ) (?:
          (?P<here> 分编 | [编章节条款项目] ) (?<! [成书原副译范蓝账] .. ) {UNIT_GUARD} {LOOSE_GUARD}
        | (?P<own> (?: 实施 | 暂行 | 若干 )? (?: {_NOUNS} ) ) )
    | (?: 该 (?<! 应. ) | 同 (?<! [合共不相如会伙协等陪连随雷赞苟] . ) | 上述 | 前述 | 这部 ) (?:
          (?P<that_place> [条款项] ) (?= \s? 第 )
        | (?P<that_work> {_NOUNS} ) )
    | (?: 前 (?<! [目之以提当先从生事婚产术眼跟空] . ) (?P<count> [一二两三四五六七八九十1-9] )? | 上 (?P<up> [一两二三] ) )
          (?P<back> [编章节条款项目] ) {UNIT_GUARD} {LOOSE_GUARD}
    """,
    re.VERBOSE,
)
_UNIT_KINDS = {
    "分编": Kind.SUBPART, "编": Kind.PART, "章": Kind.CHAPTER, "节": Kind.SECTION, "条": Kind.ARTICLE,
    "款": Kind.PARAGRAPH, "项": Kind.ITEM, "目": Kind.SUBITEM,
}  # fmt: skip

_LINK = re.compile(
    r"[ \t\u3000*]{0,4} (?: 正文 | 中 | 里 )? 的? :? [ \t\u3000*]{0,4} \n? [ \t\u3000*]{0,2}", re.VERBOSE
)
_GROUP = re.compile(r"\s? \( [^()\n]{1,80} \)", re.VERBOSE)
_CLOSING_QUOTE = re.compile(r"[”’\"'」』>〉】]\*{0,2}")
_PREVIOUS_INSIDE = re.compile(r"的? 前 [一两二三四五六七八九]? [款项]", re.VERBOSE)
_LABEL_BLANK = re.compile(r"[ \t\u3000*]")
_EDITION_BEFORE = re.compile(r"(?P<year>[12]\d{3}) 年 新? (?: 版 | 修订版? | 修正版? ) 的? \Z", re.VERBOSE)
_ANNEX = re.compile(
    r"附(?:件|录|表)? \s? (?P<number> [0-9]{1,2} | [一二三四五六七八九十]{1,3} ) (?! [0-9条款项.] )",
    re.VERBOSE,
)
_PART_NAME = re.compile(rf"[\s·*]{{0,3}} (?P<name> {'|'.join(CIVIL_CODE_PARTS)} | 分则 ) 编?", re.VERBOSE)

# 《民法典》侵权责任编解释（一）, 《药品管理法》实施条例, 上海市实施《…法》办法: the title goes on behind 》.
_TAIL = re.compile(
    rf"""
    (?: (?: (?: {"|".join(CIVIL_CODE_PARTS)} ) (?: 编(?:通则)? | 通则 )? )? 的? 司法解释 {_QUALIFIER}?
      | (?: {"|".join(CIVIL_CODE_PARTS)} ) (?: 编(?:通则)? | 通则 ) 的? (?: 若干问题的 )? 解释 {_QUALIFIER}?
      | 实施条例 | 实施细则 | 施行细则 | 实施办法 | 实施规定 | 实施意见
      | 修正案 (?: \( [^()]{{1,6}} \) )?
    )
    """,
    re.VERBOSE,
)
_TAIL_AFTER_HEAD = re.compile(
    rf"""(?: (?: 的? 若干 )? (?: 办法 | 条例 | 细则 | 规定 | 意见 | 决定 )
           | (?! \s? 第 ) [^,。;:《》\n第]{{0,30}}? 的? (?: 解释 | 规定 | 决定 | 意见 | 批复 | 通知 | 答复 ) ) {_QUALIFIER}?""",
    re.VERBOSE,
)
_HEAD = re.compile(
    r"""(?: [\u4e00-\u9fff、]{0,40} 关于 [\u4e00-\u9fff、]{0,12} | [\u4e00-\u9fff]{2,12} (?: 贯彻 )? (?: 实施 | 施行 | 执行 ) ) \Z""",
    re.VERBOSE,
)
_KNOWN_RULE = re.compile(r"(?: 的? (?: 有关 | 相关 | 具体 | 明确 )? (?: 规定 | 要求 | 条款 ) )", re.VERBOSE)
_CITING_VERB = re.compile(
    r"(?: 依照 | 按照 | 根据 | 依据 | 违反 | 适用 | 参照 | 遵守 | 符合 | 触犯 | 违背 | 遵循 | 依 | 按 )\Z",
    re.VERBOSE,
)
_GOES_ON = re.compile(
    rf"(?: 的? (?: {_NOUNS} | 实施 | 施行 | 司法 | 若干 | 修正 | 修订 | 草案 | 释义 | 学 | 院 | 官 ) | 上的 )",
    re.VERBOSE,
)


class _Title(NamedTuple):
    """A title in the text: [start, end) with its 《》, `name` without."""

    start: int
    end: int
    name: str
    known: bool  # found without 《》


class _Trigger(NamedTuple):
    """A word other than a title at which a citation can begin."""

    start: int
    match: re.Match[str]


class ShortName(NamedTuple):
    """A definition such as 《中华人民共和国药品管理法》（以下简称药品管理法）."""

    name: str
    title: str
    start: int


_SHORT_NAME = re.compile(
    r"""(?: \( [^()\n]{1,60} \) )? \s?
        (?: \( [^()\n]{0,60}? | , ) \s? 以下 (?: 统 | 均 | 并 )? 简? 称 (?: 为 | 作 | : )? \s?
        ["“'‘《]{0,2} (?P<name> [^"“”'‘’《》(),;。\n]{1,40} ) ["”'’》]{0,2} """,
    re.VERBOSE,
)


def find_short_names(text: str) -> list[ShortName]:
    """Every short name that the text itself gives a title, in order.

    >>> find_short_names("《中华人民共和国药品管理法》（以下简称《药品管理法》）")
    [ShortName(name='药品管理法', title='中华人民共和国药品管理法', start=20)]
    """
    folded = fold_width(text)
    found = []
    for title in _bracketed(folded, text):
        if match := _SHORT_NAME.match(folded, title.end):
            start, end = match.span("name")
            found.append(ShortName(text[start:end].strip(), title.name, start))
    return found


def find_mentions(text: str, titles: TitleIndex | None = None) -> list[Mention]:
    """Every citation in the text, in order and without overlap; spans are code points of the text.

    With an index, its titles are also found without 《》. Without one, or for a title that it lacks, a word
    that ends like a title and stands before a place (专利法第二条) is reported as a title all the same, so
    that its places are not taken for the citing work's own.

    >>> [m.surface for m in find_mentions("违反本法第三条第一款、第五条的，依照《刑法》第１３３条之一处罚。")]
    ['本法第三条第一款、第五条', '《刑法》第１３３条之一']
    """
    folded = fold_width(text)
    scan = _Scan(text, folded)
    named = _bracketed(folded, text)
    bare = [
        _Title(span.start, span.end, text[span.start : span.end], known=True)
        for span in (titles.finder().find_folded(folded) if titles else ())
    ]
    triggers = (_Trigger(match.start(), match) for match in _TRIGGER.finditer(folded))
    events: Iterator[_Title | _Trigger] = merge(named, bare, triggers, key=attrgetter("start"))
    for event in events:
        if event.start >= scan.cursor:
            mention = scan.title(event) if isinstance(event, _Title) else scan.trigger(event.match)
            if mention:
                scan.found.append(mention)
                scan.cursor = mention.end
    return scan.found


def _bracketed(folded: str, text: str) -> list[_Title]:
    """The outermost pairs of 《》; an unclosed 《 hides nothing behind it."""
    opened: list[int] = []
    pairs: list[_Title] = []
    for match in re.finditer("[《》]", folded):
        at = match.start()
        if match[0] == "《":
            opened.append(at)
        elif opened:
            start = opened.pop()
            if 1 < at - start <= _LONGEST_TITLE and "。" not in folded[start:at]:
                while pairs and pairs[-1].start > start:
                    pairs.pop()
                pairs.append(_Title(start, at + 1, text[start + 1 : at], known=False))
    return pairs


class _Scan:
    """One pass over a text: what was found, and how far it reaches."""

    def __init__(self, text: str, folded: str) -> None:
        self.text = text
        self.folded = folded
        self.cursor = 0
        self.found: list[Mention] = []

    def _mention(
        self,
        start: int,
        end: int,
        anchor: Anchor,
        title: str,
        targets: tuple[Target, ...],
        *,
        year: int | None = None,
        count: int = 0,
        back_kind: Kind | None = None,
    ) -> Mention:
        return Mention(start, end, self.text[start:end], anchor, title, targets, year, count, back_kind)

    # Titles

    def title(self, title: _Title) -> Mention | None:
        """The citation that begins with this title."""
        start, end, name = title.start, title.end, title.name
        if not title.known:
            start, end, name = self._whole_title(title)
        year = normal_title(name).year
        if before := _EDITION_BEFORE.search(self.folded, max(self.cursor, start - 12), start):
            start, year = before.start(), int(before["year"])
        quote = _CLOSING_QUOTE.match(self.folded, end) if title.known else None
        after = quote.end() if quote else end
        stop = end
        for _ in range(4):
            group = _GROUP.match(self.folded, after)
            if not group:
                break
            edition = normal_title(group[0])
            if not edition.text:
                stop, year = group.end(), edition.year or year
            elif reading := self._bracketed_places(group):
                return self._mention(start, group.end(), Anchor.TITLE, name, reading.targets, year=year)
            after = group.end()
        if reading := self._places_of_work(after, name):
            return self._mention(start, reading.end, Anchor.TITLE, name, reading.targets, year=year)
        if title.known and not self._stands_alone(title):
            return None
        return self._mention(start, stop, Anchor.TITLE, name, (Target(()),), year=year)

    def _whole_title(self, title: _Title) -> tuple[int, int, str]:
        start, end, name = title.start, title.end, title.name
        if tail := _TAIL.match(self.folded, end):
            return start, tail.end(), name + self.text[end : tail.end()]
        head = _HEAD.search(self.folded, max(self.cursor, start - 60), start)
        tail = _TAIL_AFTER_HEAD.match(self.folded, end) if head else None
        if head and tail:
            begin = start - len(_after_boundary(self.folded[head.start() : start]))
            return begin, tail.end(), self.text[begin : tail.end()]
        return start, end, name

    def _stands_alone(self, title: _Title) -> bool:
        if _GOES_ON.match(self.folded, title.end) and not _KNOWN_RULE.match(self.folded, title.end):
            return False
        if _KNOWN_RULE.match(self.folded, title.end):
            return True
        return bool(_CITING_VERB.search(self.folded, max(0, title.start - 4), title.start))

    def _bracketed_places(self, group: re.Match[str]) -> Reading | None:
        inner = re.compile(r"\s?\(\s?").match(group[0])
        reading = inner and read_places(self.folded, group.start() + inner.end(), elided=True)
        if reading and self.folded[reading.end : group.end()].strip() == ")":
            return reading
        return None

    def _places_of_work(self, at: int, name: str) -> Reading | None:
        """The places that follow the name of a work, a named 编 or an annex among them."""
        part = self._named_part(at, name)
        if part:
            place, end = part
            link = _LINK.match(self.folded, end)
            below = link and read_places(self.folded, link.end(), below=Kind.PART)
            if below:
                prefixed = tuple(
                    Target((place, *t.path), (place, *t.until) if t.until else ()) for t in below.targets
                )
                return Reading(prefixed, below.end)
            return Reading((Target((place,)),), end)
        link = _LINK.match(self.folded, at)
        assert link is not None  # every part of the pattern is optional
        if annex := _ANNEX.match(self.folded, link.end()):
            number = numeral(annex["number"])
            return Reading((Target((Place(Kind.ANNEX, number),)),), annex.end()) if number else None
        reading = read_places(self.folded, link.end(), elided=True)
        if reading and "\n" in link[0] and _LABEL_BLANK.match(self.folded, reading.end):
            return None  # a heading, and below it the label of its first article
        return reading

    def _named_part(self, at: int, name: str) -> tuple[Place, int] | None:
        match = _PART_NAME.match(self.folded, at)
        if not match:
            return None
        plain = normal_title(name).text
        if plain.endswith("民法典") and match["name"] in CIVIL_CODE_PARTS:
            if match[0].endswith("编") or match["name"] == "总则":
                return Place(Kind.PART, CIVIL_CODE_PARTS.index(match["name"]) + 1), match.end()
        elif plain.endswith("刑法") and match["name"] in ("总则", "分则"):
            return Place(Kind.PART, 1 if match["name"] == "总则" else 2), match.end()
        return None

    # Everything else

    def trigger(self, match: re.Match[str]) -> Mention | None:
        """The citation that begins with 第, 本…, 该…, 前…."""
        if match["ordinal"]:
            return self._unanchored(match.start())
        start, end, word = match.start(), match.end(), self.text[match.start() : match.end()]
        if match["own"] or match["that_work"]:
            anchor = Anchor.SELF if match["own"] else Anchor.SAME
            qualifier = re.compile(_QUALIFIER, re.VERBOSE).match(self.folded, end)
            reading = self._places_of_work(qualifier.end() if qualifier else end, "")
            return self._mention(start, reading.end, anchor, word, reading.targets) if reading else None
        kind = _UNIT_KINDS[match["here"] or match["that_place"] or match["back"]]
        link = _LINK.match(self.folded, end)
        below = link and read_places(self.folded, link.end(), below=kind)
        targets = below.targets if below else (Target(()),)
        end = below.end if below else end
        if match["here"]:
            if below is None and _PREVIOUS_INSIDE.match(self.folded, end):
                return None  # 本条前两款 is a citation of 前两款
            return self._mention(start, end, Anchor.HERE, word, targets, back_kind=kind)
        if match["that_place"]:
            return self._mention(start, end, Anchor.SAME, word, targets, back_kind=kind) if below else None
        written = match["count"] or match["up"]
        count = {"两": 2}.get(written, numeral(written) or 1) if written else 1
        return self._mention(start, end, Anchor.PREVIOUS, word, targets, count=count, back_kind=kind)

    def _unanchored(self, at: int) -> Mention | None:
        """Places with no anchor before them, or with a title that is not in the index."""
        reading = read_places(self.folded, at)
        if reading is None:
            return None
        if named := _title_before(self.folded, self.cursor, at):
            start, end, anchor = named
            # 条例第七条 names its work; the 规定 of 前条规定的第二款 is a word in passing.
            if anchor is Anchor.TITLE or DEPTH[reading.targets[0].path[0].kind] <= DEPTH[Kind.ARTICLE]:
                return self._mention(start, reading.end, anchor, self.text[start:end], reading.targets)
        if not is_citation(self.folded, at):
            return None
        return self._mention(at, reading.end, Anchor.BARE, "", reading.targets)


# What may stand before a title that is not in the index. After a connective the title begins, even if
# only a noun is left (其条例第七条); a verb is one only if it leaves a name: 安全生产法 is not 生产 + 法.
_BOUNDARY = re.compile(
    r"""依照 | 按照 | 根据 | 依据 | 违反 | 适用(?!法律) | 或者 | 以及 | 参照 | 遵守 | 符合 | 触犯 | 构成 | 属于 | 达到
      | 涉及 | 现行 | 具有 | 存在 | 不属 | 规定 | 援引 | 引用 | 结合 | 违背 | 其 | 和 | 与 | 及 | 或 | 的 | 由 | 在
      | 依 | 按 | 据 | 从 | 以 | 为 | 是 | 了 | 将 | 把 | 见 | 有 | 除""",
    re.VERBOSE,
)
_FINALS = frozenset(noun[-1] for noun in INSTRUMENT_NOUNS) | frozenset(")的中 \u3000*")
_NOUNS_BY_LENGTH = sorted(INSTRUMENT_NOUNS, key=len, reverse=True)
# Nouns that in everyday words are no titles: 按要求第三条, 基本原则第一条.
_WEAK = frozenset(
    {"要求", "原则", "制度", "意见", "方案", "目录", "通知", "决定", "公告", "通告", "标准", "共识"}
)
_NOT_LAW = re.compile(r"[方看做疗手说用违合依执司立守语想算魔书无设作活技刀针剂给乘除加减]法\Z")
_VAGUE = frozenset(
    {
        "",
        "有关",
        "相关",
        "上述",
        "下列",
        "以下",
        "其他",
        "法律",
        "行政法规",
        "具体",
        "明确",
        "前述",
        "前款",
        "法规",
    }
)
_QUALIFIERS = re.compile(r"(?: \( [^()]{1,12} \) )*\Z", re.VERBOSE)
_LONG_NAME = re.compile(
    r"(?: (?: 最高人民法院 | 最高人民检察院 | 国务院(?:办公厅)? | 国家卫生健康委(?:员会)? | 卫生部 | 公安部 | 司法部 )、? ){1,6}\Z",
    re.VERBOSE,
)

_DOCUMENT_NUMBER = re.compile(
    r"[\u4e00-\u9fff]{1,10}[〔\[(][12]\d{3}[〕\])]第?\d{1,5}号\Z"
)  # 法释〔2017〕20号第四条
_LATIN_NAME = re.compile(r"(?<![A-Za-z0-9-])[A-Z]{2,10}\Z")  # GCP第五十二条


_VERB = re.compile("|".join(sorted(LEADING_VERBS, key=len, reverse=True)))


def _after_boundary(run: str) -> str:
    cut = max((match.end() for match in _BOUNDARY.finditer(run)), default=0)
    cut = max((m.end() for m in _VERB.finditer(run, cut) if m.end() < len(run)), default=cut)
    return run[cut:]


def _title_before(folded: str, floor: int, at: int) -> tuple[int, int, Anchor] | None:
    """A word before `at` that ends like a title: an unknown TITLE, or SAME for a noun alone (条例第七条)."""
    end = at
    while end > max(floor, at - 4) and folded[end - 1] in "的中 \u3000*":
        end -= 1
    if end <= floor:
        return None
    if folded[end - 1].isascii() and folded[end - 1].isalpha():
        return _latin_before(folded, floor, end)
    if folded[end - 1] == "号":
        number = _DOCUMENT_NUMBER.search(folded, max(floor, end - 30), end)
        return (number.start(), end, Anchor.TITLE) if number else None
    if folded[end - 1] not in _FINALS:
        return None
    lowest = max(floor, end - 80)
    qualifiers = _QUALIFIERS.search(folded, lowest, end)
    noun_end = qualifiers.start() if qualifiers else end
    noun = next((n for n in _NOUNS_BY_LENGTH if folded.endswith(n, lowest, noun_end)), None)
    if noun is None:
        return None
    start = noun_end - len(noun)
    about = folded.rfind("关于", lowest, start)
    if about >= 0 and not re.search(r"[,。;:\n《》]", folded[about:start]):
        issuer = _LONG_NAME.search(folded, lowest, about)
        return (issuer.start() if issuer else about), end, Anchor.TITLE
    run = start
    while run > lowest and "\u4e00" <= folded[run - 1] <= "\u9fff":
        run -= 1
    name = _after_boundary(folded[run:start])
    if noun == "法" and (_NOT_LAW.search(folded, lowest, noun_end) or name in _VAGUE):
        return None
    if noun in _WEAK:
        return None
    if name in _VAGUE:
        return start, end, Anchor.SAME
    return start - len(name), end, Anchor.TITLE


def _latin_before(folded: str, floor: int, end: int) -> tuple[int, int, Anchor] | None:
    match = _LATIN_NAME.search(folded, max(floor, end - 12), end)
    return (match.start(), end, Anchor.TITLE) if match else None
