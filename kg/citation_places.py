"""The numbered part of a citation: 第三条第一款第（二）项、第（三）项至第（五）项 and its kin.

Texts come here width-folded (`kg.titles.fold_width`), so that （１） is (1). Every quantifier is bounded,
so reading at one position costs a bounded time whatever the text.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from kg.citation import Place, Target
from kg.numerals import parse_numeral
from kg.vocabulary import Kind

_UNITS = {
    "分编": Kind.SUBPART,
    "编": Kind.PART,
    "章": Kind.CHAPTER,
    "节": Kind.SECTION,
    "条": Kind.ARTICLE,
    "点": Kind.POINT,
    "段": Kind.POINT,
    "款": Kind.PARAGRAPH,
    "项": Kind.ITEM,
    "目": Kind.SUBITEM,
}
# Depth below the work. A chain of steps must go down; 点 stands below 条 because answers write 第八条第二点.
# 段 counts like 点: the paragraphs of declarations, 《赫尔辛基宣言》第26段.
DEPTH = {
    Kind.ANNEX: 0,
    Kind.PART: 1,
    Kind.SUBPART: 2,
    Kind.CHAPTER: 3,
    Kind.SECTION: 4,
    Kind.ARTICLE: 5,
    Kind.POINT: 6,
    Kind.PARAGRAPH: 7,
    Kind.ITEM: 8,
    Kind.SUBITEM: 9,
}
_CONTAINERS = frozenset({Kind.ANNEX, Kind.PART, Kind.SUBPART, Kind.CHAPTER, Kind.SECTION})
_HIGHEST = 9_999

UNIT_GUARD = r"""
    (?: (?<=编) (?! 辑 | 号 | 制 | 码 | 者 | 委 )
      | (?<=章) (?! 程 )
      | (?<=节) (?! 日 | 目 )
      | (?<=条) (?! 例(?![外如]) | 约(?!定) | 款(?!项) | 件 | 目(?!的) )
      | (?<=款) (?! 项 | 式 | 待 )
      | (?<=项) (?! 目(?!的) )
      | (?<=目) (?! 标 | 录 | 的地 | 前 )
      | (?<=点) (?! 钟 | 半 | 整 | 到 | 以前 | 左右 | 多 )
      | (?<=段) (?! 时 | 落 | 位 )
    )
"""
"""A unit is one only where the next characters do not make it a longer word: 条例, 章程, 项目, 目录."""

LOOSE_GUARD = r"""
    (?: (?<=编) (?! 队 | 剧 | 审 | 排 | 译 | 纂 | 程 | 写 | 印 | 外 | 内 | 入 | 成 | 造 | 导 | 舞 )
      | (?<=章) (?! 节 | 印 )
      | (?<=节) (?! 课 | 车 | 气 | 能 | 约 | 点 | 育 | 奏 | 拍 | 颈 | 胸 | 腰 | 骶 | 椎 | 脊 | 骨 | 肋 | 段
              | 电池 | 体育 | 直播 | 晚 )
      | (?<=条) (?! 线 | 路 | 腿 | 街 | 河 | 船 | 鱼 | 狗 | 命 | 裤 | 评论 | 微博 | 消息 | 短信 | 信息
              | 朋友圈 | 新闻 | 建议 | 理由 | 原因 | 回复 | 留言 | 通道 | 高速 | 跑 | 染色体 | 肋 | 神经
              | 血管 | 医嘱 | 道路(?!交通) | 产业 | 生产 | 流水 | 热搜 | 视频 )
      | (?<=款) (?! 车 | 手机 | 产品 | 药 | 新 | 游戏 | 软件 | 应用 | 设备 | 机 | 仪器 | 疫苗 | 口罩 | 衣
              | 鞋 | 国产 | 进口 | 获批 | 上市 | 针对 | 基于 | 用于 | 创新 | 抗 | 单抗 | 芯片 | 模型
              | \s?[A-Za-z] )
      | (?<=项) (?! 工作 | 任务 | 研究 | 检查 | 手术 | 试验 | 措施 | 技术 | 指标 | 服务 | 改革 | 制度
              | 建议 | 错误 | 理由 | 原则 | 权利 | 活动 | 测试 | 治疗 | 诊断 | 专利 | 发明 | 全国 | 能力
              | 费用 | 收费 | 操作 | 风险 | 调查 | 化验 | 国家 | 国际 | 临床 | 世界 | 冠军 | 是 | 款项 )
      | (?<=目) (?= \s*(?: 规定 | 所 | 的规定 | 、 | 至 | 和 | 或 | 与 | 及 | $ ) )
    )
"""
"""Where no anchor says that a citation follows, ordinary counting must be told apart: 第三款车, 第二节课."""

_DIGIT = "0-9〇○零一二三四五六七八九十百千"
_NUMBER = rf"(?:[{_DIGIT}]\s{{0,2}}){{1,12}}+"
_ENCLOSED = "[㈠-㈩⑴-⒇①-⑳]"
_ONE = rf"(?: \(\s?{_NUMBER}\) | {_ENCLOSED} | {_NUMBER} )"
_UNIT = "分编|编|章|节|条|点|段|款|项|目"
_SUB = r"(?: [一二三四五六七八九十]{1,3} | [0-9]{1,2} )"

_STEP = re.compile(
    rf"""
    (?P<ordinal> 第\s{{0,2}} )?
    (?P<number> {_ONE} ) \s{{0,2}}
    (?: 之 (?P<inner_sub> {_SUB} ) (?=条) )?       # 第一百三十三之一条
    (?P<unit> {_UNIT} ) {UNIT_GUARD}
    (?: (?<=条) \s? 之 \s? (?P<sub> {_SUB} ) (?! [般切些样定起直致个种倍] ) )?
    """,
    re.VERBOSE,
)
_RANGE = r"至 | 到 | -{1,2} | —{1,2} | – | ~ | 〜"
_NUMBERS = re.compile(  # several numbers before one unit: 第21、25条, 第（一）至（三）项, 第一、第二款
    rf"""
    (?P<ordinal> 第\s{{0,2}} )?
    (?P<numbers> {_ONE} (?: \s? (?: 、 | 和 | 与 | 及 | 以及 | 或者 | 或 | , (?=\s?[0-9]) | (?=\() | {_RANGE} ) \s?
                            (?: 第\s{{0,2}} )? {_ONE} ){{1,40}}+ )
    \s{{0,2}} (?P<unit> {_UNIT} ) {UNIT_GUARD}
    """,
    re.VERBOSE,
)
_EACH = re.compile(rf"(?P<joint> {_RANGE} )? \s? (?: 第\s{{0,2}} )? (?P<number> {_ONE} )", re.VERBOSE)
_MORE_SUBS = re.compile(  # 第一百二十条之一、之二, 第一百二十条之一至之六
    rf"\s? (?: (?P<range> {_RANGE} ) | 、 | 和 | 及 | 或者? ) \s? 之 (?P<sub> {_SUB} ) (?! [般切些样定间前后] )",
    re.VERBOSE,
)
_DOWN = re.compile(  # between two steps of one chain, with the quoted name of a chapter if there is one
    r"""(?: \s{0,3} (?= 第[^\n]{1,8}[款项目] )
          | [ \t\u3000*]{0,4} (?: ["“'‘(] [^"“”'‘’()\n。;]{1,20} ["”'’)] )? (?: 的 | 中的? | 之 )? [ \t\u3000*]{0,2} )""",
    re.VERBOSE,
)
_JOINT = re.compile(  # with the catchword of the place before: 第1219条（知情同意）、第1220条
    rf"(?: \([^()\n第]{{1,20}}\) )? [\s*]{{0,2}} (?: (?P<range> {_RANGE} ) | (?P<soft> [,;] ) (?: 以?及 | 和 | 与 )? | 、 | 和 | 与 | 及 | 以及 | 或者 | 或 | 暨 | / ) [\s*]{{0,2}}",
    re.VERBOSE,
)
_LOOSE = re.compile(LOOSE_GUARD, re.VERBOSE)


class Reading(NamedTuple):
    """The targets read from a text and where the reading ended."""

    targets: tuple[Target, ...]
    end: int


class _Run(NamedTuple):
    """One chain of steps; `paths` has several where one unit closes a list of numbers.

    `ranges[k]` says whether paths[k] closes a range that paths[k-1] opened.
    """

    paths: tuple[tuple[Place, ...], ...]
    ranges: tuple[bool, ...]
    top: Kind  # the first step that is written, not taken over from the list
    end: int


def numeral(text: str) -> int | None:
    """The number of a place as written, brackets and blanks aside; None where it names no place."""
    plain = re.sub(r"[\s()]", "", unicodedata.normalize("NFKC", text))
    try:
        value = parse_numeral(plain)
    except ValueError:
        return None
    return value if 0 < value <= _HIGHEST else None


def read_places(text: str, at: int, *, below: Kind | None = None, elided: bool = False) -> Reading | None:
    """The places written from `at` on, None where there are none.

    `below` is the kind that the anchor itself names (本条, 前款): only steps under it belong to it.
    `elided` allows a first step without 第 (《民法典》1219条).
    """
    run = _read_run(text, at, above=(), below=below, elided=elided)
    if run is None:
        return None
    targets: list[Target] = []
    _append(targets, run, closes=False)
    while True:
        last = targets[-1].until or targets[-1].path
        if more := _MORE_SUBS.match(text, run.end):
            sub = numeral(more["sub"])
            if sub is not None and last[-1].kind is Kind.ARTICLE:
                path = (*last[:-1], Place(Kind.ARTICLE, last[-1].number, sub))
                run = _Run((path,), (False,), Kind.ARTICLE, more.end())
                _append(targets, run, closes=bool(more["range"]))
                continue
        joint = _JOINT.match(text, run.end)
        following = joint and _read_run(text, joint.end(), above=last, below=below, elided=True)
        if not joint or not following or not _joins(text, joint, following, last):
            return Reading(tuple(targets), run.end)
        closes = bool(joint["range"]) and not targets[-1].until
        _append(targets, following, closes=closes)
        run = following


def _append(targets: list[Target], run: _Run, *, closes: bool) -> None:
    for path, ranged in zip(run.paths, run.ranges, strict=True):
        if (ranged or (closes and path is run.paths[0])) and targets and not targets[-1].until:
            targets[-1] = Target(targets[-1].path, path)
        else:
            targets.append(Target(path))


def is_citation(text: str, at: int) -> bool:
    """Whether a place with no anchor before it is a citation rather than ordinary counting."""
    step = _STEP.match(text, at) or _NUMBERS.match(text, at)
    if step is None or step["unit"] in "点段":
        return False
    return bool(step.groupdict().get("sub")) or bool(_LOOSE.match(text, step.end("unit")))


def _joins(text: str, joint: re.Match[str], run: _Run, last: tuple[Place, ...]) -> bool:
    """Whether what follows a joint continues the list."""
    if joint["range"] and joint["range"][0] in "-—–" and "\n" in joint[0]:
        return False  # the dash of the next line in a list
    first = text[joint.end()]
    unit = run.paths[0][-1].kind
    if first != "第" and unit not in {place.kind for place in last}:
        return False  # 第三条和五项义务
    if first != "第" and first != "(" and not joint["range"] and not is_citation(text, joint.end()):
        return False
    if joint["soft"]:  # a comma joins 第十四条第三款，第十五条; it also ends clauses
        same = joint["soft"] == "," and run.top is last[-1].kind
        return first == "第" and "\n" not in joint[0] and (DEPTH[run.top] <= DEPTH[Kind.ARTICLE] or same)
    return True


def _read_run(
    text: str, at: int, *, above: tuple[Place, ...], below: Kind | None, elided: bool
) -> _Run | None:
    first = _STEP.match(text, at) or _NUMBERS.match(text, at)
    if first is None or not (first["ordinal"] or elided):
        return None
    kind = _UNITS[first["unit"]]
    if below is not None and DEPTH[kind] <= DEPTH[below]:
        return None
    branches = _branches(first, _inherited(above, kind))
    paths, ranges, end = branches.paths, branches.ranges, first.end()
    while paths:
        gap = _DOWN.match(text, end)
        at = gap.end() if gap else end
        step = _STEP.match(text, at) or _NUMBERS.match(text, at)
        if step is None or not _goes_down(step, paths[-1][-1].kind):
            break
        branches = _branches(step, paths[-1])
        if not branches.paths:
            break
        paths = paths[:-1] + branches.paths
        ranges = (*ranges[:-1], ranges[-1], *branches.ranges[1:])
        end = step.end()
    return _Run(paths, ranges, kind, end) if paths else None


class _Branches(NamedTuple):
    """The paths that one unit closes: one for 第三条, three for 第（一）、（二）、（三）项."""

    paths: tuple[tuple[Place, ...], ...]
    ranges: tuple[bool, ...]


def _branches(step: re.Match[str], prefix: tuple[Place, ...]) -> _Branches:
    """No paths where a number written there is none of a place."""
    kind = _UNITS[step["unit"]]
    if step.re is _STEP:
        value = numeral(step["number"])
        written = step["sub"] or step["inner_sub"]
        sub = numeral(written) if written else 0
        if value is None or sub is None:
            return _Branches((), ())
        return _Branches(((*prefix, Place(kind, value, sub)),), (False,))
    each = list(_EACH.finditer(step["numbers"]))
    values = [numeral(one["number"]) for one in each]
    if None in values:
        return _Branches((), ())
    paths = tuple((*prefix, Place(kind, value)) for value in values if value is not None)
    return _Branches(paths, tuple(bool(one["joint"]) for one in each))


def _goes_down(step: re.Match[str], kind: Kind) -> bool:
    if DEPTH[_UNITS[step["unit"]]] <= DEPTH[kind]:
        return False
    first = step[0][0]
    # Without 第 only what cannot be a count of things: 第1219条1款, 第十条一款, but not 第十条三项义务.
    return first == "第" or first not in "〇○零一二两三四五六七八九十百千" or step["unit"] == "款"


def _inherited(above: tuple[Place, ...], kind: Kind) -> tuple[Place, ...]:
    """What a later member of a list takes over: 第二十五条第一款、第三款 are both under 条 25.

    Articles number through, so 第五章、第二十条 does not put the article into the chapter.
    """
    if kind is Kind.ARTICLE:
        return ()
    return tuple(
        place
        for place in above
        if DEPTH[place.kind] < DEPTH[kind] and (kind not in _CONTAINERS or place.kind in _CONTAINERS)
    )
