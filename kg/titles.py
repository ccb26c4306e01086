"""Titles of works: exact lookup of a written title, and known titles found in running text.

Nothing here matches by prefix or substring: 药品管理法 never answers for 药品管理法实施条例.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from kg.model import Source


class TitleRelation(StrEnum):
    """How a written title belongs to the work that it names."""

    FULL = "full"  # its title
    SHORT = "short"  # a recorded short title, or one that follows by rule from its title
    ALIAS = "alias"  # a recorded other name
    FORMER = "former"  # a title it had, or the title of a work it replaced that is not in the index


class TitleHit(NamedTuple):
    """One work that a written title can mean; `year` is the edition year written with it, if any."""

    key: str
    relation: TitleRelation
    year: int | None


class TitleSpan(NamedTuple):
    """A known title written without 《》 at text[start:end]."""

    start: int
    end: int


class NormalTitle(NamedTuple):
    """A title as the index compares it, and the edition year that was split off."""

    text: str
    year: int | None


_DROPPED = re.compile(r"[\s《》〈〉<>“”‘’\"'「」『』·・*]")
_EDITION = re.compile(
    r"""
    \( (?:
        (?P<year>[12]\d{3}) 年?
        (?: \d{1,2} 月 (?: \d{1,2} 日 )? )?
        (?: 第? [一二三四五六七八九十] 次 )?
        (?: 最?新? (?: 修订 | 修正 | 修改 | 公布 | 发布 | 颁布 | 施行 | 通过 ) )?
        (?: 版 本? | 本 )?
      | (?P<act>[12]\d{3}) 年 [^()]{1,60} (?: 号 | 通过 | 公布 | 发布 | 颁布 | 修订 | 修正 | 施行 | 实施 )
      | 最?新? (?: 修订 | 修正 | 修改 ) (?: 版 本? | 本 )?
    ) \)
    | (?<=.) (?P<tail> [12]\d{3} ) 年? (?: (?: 修订 | 修正 ) 版? | 版 ) $
    """,
    re.VERBOSE,
)


def normal_title(surface: str) -> NormalTitle:
    """Fold a written title for comparing, and split off its edition.

    Width, blanks, line breaks, 《》 and quotation marks do not count. An edition in brackets is not part
    of a title; （试行）, （暂行） and （一） are. Traditional characters are left as they are.

    >>> normal_title("《中华人民共和国 药品管理法》（2019年修订）")
    NormalTitle(text='中华人民共和国药品管理法', year=2019)
    >>> normal_title("医疗机构病历管理规定（２０１３年版）").text, normal_title("人工智能应用规范（试行）").text
    ('医疗机构病历管理规定', '人工智能应用规范(试行)')
    """
    folded = _DROPPED.sub("", unicodedata.normalize("NFKC", surface))
    years = [year for m in _EDITION.finditer(folded) if (year := m["year"] or m["act"] or m["tail"])]
    return NormalTitle(_EDITION.sub("", folded), int(years[-1]) if years else None)


_STATE = "中华人民共和国"
_TRIAL = re.compile(r"\((?:试行|暂行)\)$")
_ISSUER = re.compile(
    r"^(?:[^()、]{2,30}?(?:院|部|局|厅|署|委|委员会|办公室|大会|会议|总队)、?){1,12}(?=关于)"
)  # 最高人民法院、最高人民检察院关于… : the issuers before 关于
_CIVIL_CODE = _STATE + "民法典"
CIVIL_CODE_PARTS = ("总则", "物权", "合同", "人格权", "婚姻家庭", "继承", "侵权责任")
"""The seven 编 of the civil code in their order, without the word 编."""


def _derived(title: str) -> set[str]:
    """Names that follow from a title by rule: without the state, the issuer, or a closing （试行）."""
    found = {title}
    frontier = [title]
    while frontier:
        name = frontier.pop()
        for shorter in (
            name.removeprefix(_STATE),
            name.replace(_STATE, ""),
            _ISSUER.sub("", name),
            _TRIAL.sub("", name),
        ):
            if len(shorter) > 1 and shorter not in found:
                found.add(shorter)
                frontier.append(shorter)
    if title == _CIVIL_CODE:
        found |= {f"{state}民法典{join}" for state in (_STATE, "") for join in _part_surfaces()}
    return found - {title}


def _part_surfaces() -> Iterator[str]:
    for part in CIVIL_CODE_PARTS:
        yield f"{part}编"
        yield f"({part}编)"
        yield f"之{part}编"


class _Entry(NamedTuple):
    """A work under one surface; `own_year` is the edition year inside its recorded title."""

    key: str
    relation: TitleRelation
    own_year: int | None


_RANK = {
    TitleRelation.FULL: 0,
    TitleRelation.SHORT: 1,
    TitleRelation.ALIAS: 2,
    TitleRelation.FORMER: 4,
}
_DERIVED_RANK, _DERIVED_FORMER_RANK = 3, 5


class TitleIndex:
    """Every name of every work, looked up exactly.

    A surface that is some work's title means that work only. Recorded short titles and aliases come next
    and are ambiguous when two works share one. Names derived by rule count only where nothing recorded
    has the same surface, former titles only where no work of the index claims the surface: a replaced
    predecessor that is itself a source answers for its own title.
    """

    def __init__(self, entries: dict[str, tuple[_Entry, ...]]) -> None:
        self._entries = entries

    @classmethod
    def build(cls, sources: Iterable[Source]) -> TitleIndex:
        """Index the names of these works."""
        ranked: dict[str, dict[str, tuple[int, _Entry]]] = {}

        def add(name: NormalTitle, rank: int, entry: _Entry) -> None:
            held = ranked.setdefault(name.text, {}).get(entry.key)
            if name.text and (held is None or rank < held[0]):
                ranked[name.text][entry.key] = (rank, entry)

        for source in sources:
            named = [(source.title, TitleRelation.FULL)]
            named += [(title, TitleRelation.SHORT) for title in source.short_titles]
            named += [(title, TitleRelation.ALIAS) for title in source.aliases]
            named += [(former.title, TitleRelation.FORMER) for former in source.former_titles]
            for title, relation in named:
                name = normal_title(title)
                add(name, _RANK[relation], _Entry(source.key, relation, name.year))
                if relation in (TitleRelation.FULL, TitleRelation.FORMER):
                    full = relation is TitleRelation.FULL
                    rank = _DERIVED_RANK if full else _DERIVED_FORMER_RANK
                    shown = TitleRelation.SHORT if full else TitleRelation.FORMER
                    for text in _derived(name.text):
                        add(NormalTitle(text, name.year), rank, _Entry(source.key, shown, name.year))
        return cls({text: _best(works) for text, works in ranked.items() if text})

    def lookup(self, surface: str) -> tuple[TitleHit, ...]:
        """The works that a written title can mean, by key: none is unknown, several are ambiguous.

        An edition year decides between works whose titles differ by the year alone.
        """
        name = normal_title(surface)
        entries = self._entries.get(name.text, ())
        if name.year is not None:
            entries = tuple(e for e in entries if e.own_year == name.year) or entries
        return tuple(TitleHit(entry.key, entry.relation, name.year) for entry in entries)

    def surfaces(self) -> tuple[str, ...]:
        """Every name in the index in its normal form, sorted."""
        return tuple(sorted(self._entries))

    def finder(self) -> TitleFinder:
        """What finds these names in running text; made once."""
        return self._finder

    @cached_property
    def _finder(self) -> TitleFinder:
        return TitleFinder(self._entries)


def _best(works: dict[str, tuple[int, _Entry]]) -> tuple[_Entry, ...]:
    # Short titles and aliases are equally binding: recorded names of the same surface stay ambiguous.
    def tier(rank: int) -> int:
        return 1 if rank in (1, 2) else rank

    lowest = min(tier(rank) for rank, _ in works.values())
    return tuple(sorted(entry for rank, entry in works.values() if tier(rank) == lowest))


INSTRUMENT_NOUNS = (
    "法典", "法", "条例", "办法", "规定", "解释", "细则", "规范", "规则", "规程", "决定", "准则", "指南", "标准",
    "指导原则", "章程", "要点", "通知", "意见", "公约", "通则", "守则", "宣言", "修正案", "批复", "纲要", "方案",
    "制度", "条令", "要求", "公告", "通告", "目录", "议定书", "共识", "原则",
)  # fmt: skip
"""The nouns that name a normative document and end its title."""

_INSTRUMENT = re.compile(rf"(?:{'|'.join(INSTRUMENT_NOUNS)})(?:\([^()]{{1,12}}\))*$")


def is_instrument(title: str) -> bool:
    """Whether a title ends like that of a normative document: 《知情同意书》 and 《柳叶刀》 do not.

    >>> is_instrument("医疗器械临床试验质量管理规范（试行）"), is_instrument("知情同意书")
    (True, False)
    """
    return bool(_INSTRUMENT.search(normal_title(title).text))


_WIDTH = tuple((chr(code), chr(code - 0xFEE0)) for code in range(0xFF01, 0xFF5F))


def fold_width(text: str) -> str:
    """The text with full-width forms made half-width, code point by code point: offsets do not move."""
    for wide, narrow in _WIDTH:  # 94 passes in C take a fifth of the time of one str.translate
        text = text.replace(wide, narrow)
    return text


# The guard of `TitleFinder`. A known title must stand free in running text: 医师法 inside 执业医师法 is
# another work's name, and an index that lacks 执业医师法 must not read it as 医师法. Chinese puts no blank
# between words, so a title counts as free where a non-Hanzi precedes it, or one of these words, which end
# a phrase and begin no title. An unlisted word costs a mention; a wrong one would invent a citation.
_FREE_WORDS = """
    和 与 及 或 的 由 在 依 按 对 照 据 从 以 为 是 了 将 把 见 如 即 但 且 也 又 则 就 而 并 因 让 使 被 给 向
    到 除 经 用 看 查 读 遵 违 至 指 称 叫 做 于 凡 虽 既 自 若 这 那 它 其 该 本 着 过 说 提 像 算 犯 等 有 无
    未 中 里 上 下 后 前 时 内 新 旧 原 或者 以及 关于 现行 按现行 我国 中国 国家 国内 同时 例如 譬如 比如
    尤其 特别 其中 目前 当前 首先 其次 此外 另外 同样 因此 所以 由于 基于 鉴于 出于 可以 应当 必须 需要 不得
    没有 有关 相关 写 学 讲 考 背 抄 念 问 翻 知道 留意 注意 清楚 明白 记得 想起
    请问 看看 看到 问问 查到 翻到 说到 讲到 谈到 请教 咨询 关注 复习 背诵 讲解 解读 讨论 强调 重申 核对 检索 新版 旧版 新的 旧的 原来 优先 但是 而且 并且 不过 只要 只有 无论 不论 也是 就是 正是
    不是 还是 即使 尽管 如果 假如 虽然 只看 光看 先看 再看 单看 对应
"""
_LEADING = """
    依照 按照 根据 依据 违反 适用 参照 遵守 遵循 符合 援引 引用 结合 通过 颁布 制定 修改 修订 删去 增加
    施行 实施 执行 贯彻 落实 学习 宣传 触犯 涉及 属于 构成 达到 成立 满足 履行 违背 对照 比照 依循 按着
    包括 具有 具备 熟悉 了解 掌握 参考 参阅 查阅 阅读 翻看 引述 修正 废止 替代 取代 起草 出台 公布 发布
    生效 触及 抵触 不符 冲突 准用 受到 享有 享受 违犯 有违 超出 突破 依托 围绕 针对 查看 说明 指出 认为
    表明 显示 提到 提及 载明 提交 提起 提出 提供 禁止 从事 经营 出售 审理 受理 承担 采取 引进 邮寄 造成
    作出 做出 购买 携带 追究 认定 犯有 侵犯 规避 逃避 回避 存在 出现 发生 产生 列入 纳入 取得 获得 申请
    受理 主张 引起 导致 进行 拒绝 要求 认可 保留 收到 接到 发现 处理
"""
LEADING_VERBS = tuple(_LEADING.split())
"""Verbs after which a title can begin."""
_FREE_AFTER = frozenset(_FREE_WORDS.split()) | frozenset(LEADING_VERBS)
_LONGEST_FREE = max(map(len, _FREE_AFTER))
_BARE_ENOUGH = re.compile(r"[\u4e00-\u9fff]+法$|.{3}")


class TitleFinder:
    """Finds known titles written without 《》, the longest at each place, standing free on the left.

    One walk over the text: from every character that can end a title back through a trie of reversed
    titles, so the time is linear in the text for a given index.
    """

    def __init__(self, surfaces: Iterable[str]) -> None:
        self._root: dict[str, object] = {}
        for surface in surfaces:
            if surface in INSTRUMENT_NOUNS or not _BARE_ENOUGH.search(surface):
                continue
            node = self._root
            for char in reversed(surface):
                node = node.setdefault(char, {})  # type: ignore[assignment]  # a trie node maps to trie nodes
            node[""] = True
        ends = "".join(re.escape(char) for char in sorted(self._root))
        self._ends = re.compile(f"[{ends}]") if ends else None

    def find(self, text: str) -> list[TitleSpan]:
        """The known titles in the text, in order, none inside another."""
        return self.find_folded(fold_width(text))

    def find_folded(self, text: str) -> list[TitleSpan]:
        """The same for a text that `fold_width` has gone over already."""
        if self._ends is None:
            return []
        spans: list[TitleSpan] = []
        for match in self._ends.finditer(text):
            start = self._longest(text, match.end())
            if start is None:
                continue
            while spans and spans[-1].start >= start:
                spans.pop()
            if not spans or spans[-1].end <= start:
                spans.append(TitleSpan(start, match.end()))
        return spans

    def _longest(self, text: str, end: int) -> int | None:
        node, at, best = self._root, end, None
        while at > 0:
            below = node.get(text[at - 1])
            if below is None:
                break
            node = below  # type: ignore[assignment]  # a trie node maps to trie nodes
            at -= 1
            if "" in node and stands_free(text, at, end):
                best = at
        return best


# 野生动物保护法律、法规; 其民法定代理人. But 医师法规定 is 医师法.
_LONGER_WORD = re.compile("律|院|规(?!定)|定(?=代|监|职责|义务|程序|期限)")


def stands_free(text: str, start: int, end: int) -> bool:
    """Whether what stands at text[start:end] can be a name of its own rather than the end of a longer one."""
    if _latin(text[end - 1]) and end < len(text) and _latin(text[end]):
        return False
    if text[end - 1] == "法" and _LONGER_WORD.match(text, end):
        return False
    if start == 0:
        return True
    before = text[start - 1]
    if not "\u4e00" <= before <= "\u9fff":
        return not (_latin(text[start]) and _latin(before))
    return any(text[max(0, start - n) : start] in _FREE_AFTER for n in range(1, _LONGEST_FREE + 1))


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
