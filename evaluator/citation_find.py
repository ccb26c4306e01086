"""Which citations of law a text makes: one value for each cited place, with its span in the original text.

The grammar (`kg.citation_grammar`) says what reads like a citation. This module decides what each one counts
from (该法, 前款, （第1032条）, a list under one title), and leaves out what cites no Chinese law: contracts, files,
a hospital's own rules, foreign statutes, 第一条腿.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from evaluator.citation_clean import CleanText, clean
from evaluator.citation_members import Member, members
from evaluator.citation_titles import Standing, is_home, standing
from kg.citation import Anchor, Mention, Place, Target
from kg.citation_grammar import find_mentions, find_short_names
from kg.titles import TitleIndex, normal_title
from kg.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class WorkName:
    """A work as the text names it: the written title without 《》, and an edition year written with it."""

    title: str
    year: int | None


@dataclass(frozen=True, slots=True)
class FoundCitation:
    """One cited place. `start` and `end` are offsets of the original text, `inner` those of the clean one.

    `works` are the works that it can count from, the likeliest first; none where the text does not say, and
    `either` where it names two at once (《甲法》与《乙法》…该法). `mention` numbers the mention that it is part of: 第三条和第五条 are two citations of one mention.
    `explicit` says whether the title stands in the mention itself.
    """

    start: int
    end: int
    surface: str
    works: tuple[WorkName, ...]
    target: Target
    mention: int
    explicit: bool
    inner: tuple[int, int]
    either: bool = False


@dataclass(slots=True)
class _Trail:
    """What was cited before a place in the text."""

    works: list[tuple[WorkName, bool]] = field(default_factory=list)  # with whether it is a law
    place: tuple[Place, ...] = ()
    end: int = 0
    short: dict[str, WorkName] = field(default_factory=dict)  # names that the text itself defines
    closed: int = 0  # up to here a bare 第…条 counts from something that is no law
    coupled: bool = False  # the last two works were named together: 《甲法》与《乙法》

    def name(self, work: WorkName, *, law: bool, coupled: bool = False) -> None:
        """A work that from here on can be meant by 该法 or a bare 第…条."""
        self.works = [known for known in self.works if known[0] != work]
        self.works.append((work, law))
        self.place = ()
        self.coupled = coupled

    def laws(self) -> tuple[WorkName, ...]:
        """The works that a bare place can count from, last named first; none right after a work that is no law."""
        if self.works and not self.works[-1][1]:
            return ()
        return tuple(work for work, law in reversed(self.works) if law)

    def ending(self, noun: str) -> tuple[WorkName, ...]:
        """The last work whose title ends with a noun: 该条例; any work for 该法律 and the like.

        Two where the text named them together and both end so.
        """
        for place, (work, law) in enumerate(reversed(self.works)):
            if _ends_with(work, noun):
                before = self.works[-2][0] if self.coupled and place == 0 and len(self.works) > 1 else None
                both = before is not None and _ends_with(before, noun)
                return () if not law else (work, before) if both and before else (work,)
        return ()

    def article(self) -> tuple[Place, ...]:
        """The path down to the article cited last, empty if there is none."""
        return next((self.place[: i + 1] for i, p in enumerate(self.place) if p.kind is Kind.ARTICLE), ())


def _ends_with(work: WorkName, noun: str) -> bool:
    title = _QUALIFIER.sub("", normal_title(work.title).text)
    return noun in _GENERIC or title.endswith(noun) or (noun == "法" and title.endswith(("法典", "编")))


_SENTENCE_END = re.compile(r"[。\n]")
_REFERS = re.compile(
    r"(?P<head>.*(?:看|查|按|依|据|见|照|读|学|抽考|适用|同一|前述|上述|这一|此))(?P<noun>法典?|条例|办法|规定|解释|细则|规范|规则)"
)
_LONE = re.compile("实施细则|实施办法|实施条例|实施规定")
_BRACKETED = re.compile(r"《([^《》]{2,60})》")
_NAMED_IN_BRACKETS = re.compile(r"司法解释\((?P<title>[^()]{3,40})\)$")
_DEFINES = re.compile(r"简称(?:为|作|:)?\s?$")
_COUPLED = re.compile(r"(?:》)?\s*(?:与|和|及|以及|、|,)?\s*(?:《)?\Z")
_QUALIFIER = re.compile(r"(?:\([^()]{1,12}\))+$")
_GENERIC = frozenset({"法律", "法规", "规定", "文件"})
_OWN_BY_ANYONE = re.compile(
    r"(?:办法|规定|细则|规范|规则|规程|制度|守则|章程|方案|通知|意见|指南|标准|准则|要求|公约)$"
)
_NOT_LAW_BEFORE = re.compile(
    r"""(?: 合同 | 协议书? | 章程 | 编号 | 序号 | 制度 | 规章 | 守则 | 公约 | 手册 | 须知 | 同意书 | 告知书 | 承诺书 | 方案
          | 指引 | 条款 | 保单 | 医嘱 | 清单 | 名单 | 附表 | 问卷 | 指标 | 标准 | 共识 | 病历 | 表格 | 记录 | 评论 | 消息
          | 院规 | 校规 | 家规 | 班规 | 群规 | 纪要 | 判决书? | 裁定书? | 计划 | 建议 | 意见 | 流程 | 预案 | 倡议书? | 题
          | 备注 | 说明 | 约定 | 报告 | 职责 | 纪律 | 规矩 | 保险 | 文书 | 台账 | 日志 | 单子? | 表 | 行 | 页 | 本院 | 医院
          | 科室 | 我院 | 院里 | 公司 | 学校 | 单位 | 上面 | 微博 | 朋友圈 | 理由 | 诉求 | 诉讼请求 | 请求 | 遗嘱 | 声明
          | 政策 | 厂规 | 店规 | 教材 | 课本 | 论文
          | 他 | 她 | 你 | 我 | 左 | 右 | 每 | 断了 )
        [》"”」)]? (?: 的 | 中 | 里 | 内 | 上 | 之 )? \s? \Z""",
    re.VERBOSE,
)
_LISTED = re.compile(r"(?:^|[\n。;:!?])\s*(?:[-*•·>]|\(?[0-9]{1,2}[.)、])?\s*\*{0,2}\Z")
_TITLE_BEHIND = re.compile(r"\s?[(,，]?\s?\Z")
_CITED_IN_BRACKETS = re.compile(r"(?:[(\[]\s?|依据|根据|依照|按照|违反|依|参见|详见|见)\Z")
_CLOSE = 400
"""Characters after a citation within which a bare 第二款 still belongs to it."""


def find_citations(text: str, titles: TitleIndex) -> tuple[CleanText, list[FoundCitation]]:
    """The clean form of a text and the citations of law in it, in order."""
    cleaned = clean(text, titles.finder())
    mentions = find_mentions(cleaned.text, titles)
    trail = _Trail(short={one.name: WorkName(one.title, None) for one in find_short_names(cleaned.text)})
    passing = _in_passing(cleaned.text, mentions, titles)
    found: list[FoundCitation] = []
    for number, mention in enumerate(mentions):
        behind = mentions[number + 1] if number + 1 < len(mentions) else None
        for title in passing.get(number, ()):
            trail.name(WorkName(title, None), law=True)
        read = _read(cleaned.text, mention, behind, trail, titles)
        if read is None:
            continue
        works, targets = read
        for place, member in enumerate(members(cleaned.text, mention, targets)):
            if place and _counts_on(cleaned.text, member):
                targets = targets[:place]
                break
            found.append(_found(text, cleaned, works, member, number, mention))
            if len(works) > 1 and (mention.anchor is Anchor.SAME or _REFERS.fullmatch(mention.title)):
                found[-1] = replace(found[-1], either=True)
        if targets[-1].path:
            trail.place = targets[-1].until or targets[-1].path
        trail.end = mention.end
    return cleaned, found


def _in_passing(text: str, mentions: list[Mention], titles: TitleIndex) -> dict[int, list[str]]:
    """Known titles that are named without 《》 and cite nothing themselves, by the mention that follows them.

    民法典对隐私（第1032条）…: what comes after may count from them.
    """
    if not any(mention.anchor is not Anchor.TITLE for mention in mentions):
        return {}
    named: dict[int, list[str]] = {}
    number = 0
    for span in titles.finder().find_folded(text):
        while number < len(mentions) and mentions[number].end <= span.start:
            number += 1
        if number == len(mentions):
            break
        if span.end <= mentions[number].start and is_home(text, span.start):
            named.setdefault(number, []).append(text[span.start : span.end])
    return named


def _found(
    text: str, cleaned: CleanText, works: tuple[WorkName, ...], member: Member, number: int, mention: Mention
) -> FoundCitation:
    start, end = cleaned.span(member.start, member.end)
    explicit = mention.anchor is Anchor.TITLE
    inner = (member.start, member.end)
    return FoundCitation(start, end, text[start:end], works, member.target, number, explicit, inner)


_Read = tuple[tuple[WorkName, ...], tuple[Target, ...]]


def _read(
    text: str, mention: Mention, behind: Mention | None, trail: _Trail, titles: TitleIndex
) -> _Read | None:
    """The works and places that a mention means; None if it cites no law."""
    match mention.anchor:
        case Anchor.TITLE:
            return _titled(text, mention, trail, titles)
        case Anchor.SAME:
            return _same(mention, trail)
        case Anchor.SELF:
            noun = mention.title.removeprefix("本")
            if _OWN_BY_ANYONE.search(noun) and not _in_quotes(text, mention.start):
                return None
            works = trail.ending(noun)
            return (works, mention.targets) if works or noun in ("法", "条例") else None
        case Anchor.HERE | Anchor.PREVIOUS:
            return _around(text, mention, trail)
        case Anchor.BARE:
            return _bare(text, mention, behind, trail, titles)


def _titled(text: str, mention: Mention, trail: _Trail, titles: TitleIndex) -> _Read | None:
    if _DEFINES.search(text[max(0, mention.start - 10) : mention.start]):
        return None  # （以下简称《条例》）
    work = trail.short.get(mention.title) or WorkName(mention.title, mention.year)
    named = _NAMED_IN_BRACKETS.search(normal_title(mention.title).text)
    if named and titles.lookup(named["title"]):
        work = WorkName(named["title"], mention.year)  # 司法解释（医疗损害责任解释）第十八条
        trail.name(work, law=True)
        return (work,), mention.targets
    kind = Standing.LAW if mention.title in trail.short else standing(text, mention, titles)
    if kind is Standing.NO_WORK:
        return None
    if kind is not Standing.LAW or not titles.lookup(work.title):
        refers = None if "《" in mention.surface else _REFERS.fullmatch(mention.title)
        if refers and (works := trail.ending(refers["noun"])):
            return works, mention.targets
        for inner in _BRACKETED.findall(mention.title):
            if titles.lookup(inner):  # 关于做好《…法》实施工作的通知
                trail.name(work, law=False)
                trail.name(WorkName(inner, None), law=True)
                return None
    lone = _LONE.fullmatch(normal_title(mention.title).text) if kind is Standing.LAW else None
    if lone and (works := trail.ending(lone[0])):
        return works, mention.targets
    together = (
        _COUPLED.match(
            text[trail.end : min(mention.start, trail.end + 20)] if mention.start - trail.end < 20 else "·"
        )
        if trail.works and not trail.place
        else None
    )
    trail.name(work, law=kind is Standing.LAW, coupled=together is not None)
    return ((work,), mention.targets) if kind is Standing.LAW else None


def _same(mention: Mention, trail: _Trail) -> _Read | None:
    noun = re.sub(r"^(?:该|同|上述|前述|这部)", "", mention.title)
    if noun in ("条", "款", "项"):
        kind = {"条": Kind.ARTICLE, "款": Kind.PARAGRAPH, "项": Kind.ITEM}[noun]
        base = _down_to(trail.place, kind)
        return (trail.laws(), _under(base, mention.targets)) if base and trail.laws() else None
    works = trail.ending(noun)
    if works:
        if len(works) == 1:
            trail.name(works[0], law=True)
        return works, mention.targets
    # 该条例, or a mere 实施细则 with nothing before it that it could be: which one, the text does not say.
    lone = noun in ("实施细则", "实施办法", "司法解释") or (noun != mention.title and noun in ("法", "条例"))
    return ((), mention.targets) if lone and not trail.works else None


def _around(text: str, mention: Mention, trail: _Trail) -> _Read | None:
    laws = trail.laws()
    kind = mention.back_kind or Kind.ARTICLE
    if not laws or not trail.place or kind.is_container or mention.start - trail.end > _CLOSE:
        return None
    base = _down_to(trail.place, kind)
    if mention.anchor is Anchor.HERE:
        written = any(target.path for target in mention.targets)
        return (laws[:1], _under(base, mention.targets)) if base and written else None
    if not base or _in_quotes(text, mention.start) or text[mention.start - 1 : mention.start] == "犯":
        return None  # 有前款情形的 inside a quotation speaks of the law's own paragraphs
    first = base[-1].number - (mention.count or 1)
    if first == 0 and mention.count <= 1:
        first = 1  # 前款 said of the 第一款 just cited means that one
    if first < 1:
        return None
    until = Target((*base[:-1], replace(base[-1], number=first, sub=0)))
    if (mention.count or 1) > 1:
        until = Target(until.path, (*base[:-1], replace(base[-1], number=base[-1].number - 1, sub=0)))
    return laws[:1], _under(until.path, mention.targets) if mention.targets[0].path else (until,)


def _bare(
    text: str, mention: Mention, behind: Mention | None, trail: _Trail, titles: TitleIndex
) -> _Read | None:
    first = mention.targets[0].path[0]
    if first.kind in (Kind.PARAGRAPH, Kind.ITEM, Kind.SUBITEM):
        base = _above(trail.place, first.kind)
        near = mention.start - trail.end <= _CLOSE and "\n\n" not in text[trail.end : mention.start]
        laws = trail.laws()
        if not (base and near and laws) or _in_quotes(text, mention.start):
            return None  # inside a quotation it is the law that speaks of its own paragraphs
        return laws[:1], _under(base, mention.targets)
    before = text[max(0, mention.start - 16) : mention.start]
    if mention.start < trail.closed or _counts_points(text, mention):
        return None
    if _NOT_LAW_BEFORE.search(before):
        end = _SENTENCE_END.search(text, mention.end)
        trail.closed = end.start() if end else len(text)
        return None
    if behind and behind.anchor is Anchor.TITLE and not behind.targets[0].path:
        between = text[mention.end : behind.start]
        if (
            _TITLE_BEHIND.match(between)
            and standing(text, behind, titles) is Standing.LAW
            and not trail.works
        ):
            return (WorkName(behind.title, behind.year),), mention.targets
    laws = trail.laws()
    if laws:
        return laws, mention.targets
    alone = not trail.works and first.kind is Kind.ARTICLE and first.number >= 20
    return ((), mention.targets) if alone and _CITED_IN_BRACKETS.search(before) else None


def _counts_on(text: str, member: Member) -> bool:
    """…第四十条第一款；第二条，…: the next point of a speaker, which the grammar took for more of a list."""
    place = member.target.path[-1]
    alone = len(member.target.path) == 1 and place.kind is Kind.ARTICLE and place.number <= 9
    if not alone or text[member.end : member.end + 1] not in (",", ":"):
        return False
    return re.search(r"[;,]\s*$", text[max(0, member.start - 2) : member.start]) is not None and (
        "第一条," in text[max(0, member.start - 400) : member.start]
        or "第一条:" in text[max(0, member.start - 400) : member.start]
    )


def _counts_points(text: str, mention: Mention) -> bool:
    """第一条，… 第二条，… as the points of a speaker: small Chinese numbers at the head of a clause, from one on."""
    place = mention.targets[0].path[0]
    if len(mention.targets) > 1 or len(mention.targets[0].path) > 1 or place.number > 9 or place.sub:
        return False
    if not re.match(r"\s?[,:、 ]|就?是|呢", text[mention.end : mention.end + 3]):
        return False
    if not _LISTED.search(text[max(0, mention.start - 8) : mention.start]):
        return False
    return "第一条" in text[: mention.end] or place.number == 1


def _in_quotes(text: str, at: int) -> bool:
    line = text[max(0, at - 300) : at]
    line = line[line.rfind("\n") + 1 :]
    return (
        line.count("“") > line.count("”") or line.count("「") > line.count("」") or line.count('"') % 2 == 1
    )


def _down_to(place: tuple[Place, ...], kind: Kind) -> tuple[Place, ...]:
    """The path down to and with a kind, empty if it has none."""
    return next((place[: i + 1] for i, p in enumerate(place) if p.kind is kind), ())


def _above(place: tuple[Place, ...], kind: Kind) -> tuple[Place, ...]:
    """The part of a path under which a place of a kind stands: the article for 款, article and 款 for 项."""
    order = (Kind.ARTICLE, Kind.PARAGRAPH, Kind.ITEM, Kind.SUBITEM)
    upper = order[: order.index(kind)]
    kept = tuple(p for p in place if p.kind in upper)
    return kept if kept and kept[0].kind is Kind.ARTICLE else ()


def _under(base: tuple[Place, ...], targets: tuple[Target, ...]) -> tuple[Target, ...]:
    return tuple(Target((*base, *t.path), (*base, *t.until) if t.until else ()) for t in targets)
