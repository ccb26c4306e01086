"""Who is meant: the noun phrase that names a bearer or counterparty, and the parties that it names."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

from ingestion.norms.segmenter import Marked

_HEAD = re.compile(
    r"""(?:
        [^的]者 | 人 | 人员 | 单位 | 机构 | 部门 | 组织 | 企业 | 公司 | 机关 | 委员会 | 医院 | 法院 | 检察院 | 卫生院
      | 中心 | 一方 | 双方 | 各方 | 政府 | 家庭 | 学校 | 协会 | 学会 | 工会 | 团体 | 医师 | 护士 | 药师 | 医生 | 国家 | 机构等
      | 当事人 | 实验室 | 总局 | 管理局 | 主任 | 专家组 | 工作组 | 合议庭 | 军队 | 部队 | 海关 | 社会 | 全体 | 公民
      | 厂商 | 供应商 | 经销商 | 用户 | 配偶 | 父母 | 子女 | 家属 | 亲属 | 妇女 | 儿童 | 双亲 | 夫妻
      | 人民 | 民族 | 民众 | 股东 | 董事 | 监事 | 股东会 | 董事会 | 理事会 | 居民 | 村民 | 职工 | 教师 | 学生 | 代表 | 夫妻双方
      | 自治区 | 直辖市 | 医学会 | 仲裁庭 | 设区的市 | 军区 | 国务院 | 研究院 | 研究所 | 药店 | 诊所 | 保险公司 | 各地 | 本市 | 本省
    )$""",
    re.VERBOSE,
)
_STOP = re.compile(
    r"""(?:
        对于? | 在 | 向 | 依法 | 根据 | 按照 | 依照 | 依据 | 遵照 | 为了? | 经 | 从 | 自 | 于 | 由 | 将 | 把 | 以(?!及) | 凭 | 因 | 应
      | 会同 | 未经? | 不 | 没有 | 接到 | 发现 | 收到 | 及时 | 共同 | 可以? | 同时 | 均 | 都 | 也 | 还 | 又 | 再 | 必须 | 需要? | 必要时 | 负责
      | 通过 | 利用 | 采用 | 认为 | 持 | 给 | 除 | 如 | 有 | 无 | 是 | 违反 | 进行 | 开展 | 实施 | 明知 | 故意 | 擅自 | 隐瞒
      | 拒绝 | 拒不 | 要求 | 请求 | 受 | 被 | 取得 | 具有 | 具备 | 参加 | 依 | 作为 | 原则上 | 之间 | 以外 | 另行 | 一般 | 自行 | 单独 | 联合
      | 申请 | 提供 | 建立 | 制定 | 组织(?!$) | 享有 | 享受 | 行使 | 履行 | 遵守 | 加强 | 支持 | 鼓励 | 主管 | 管理 | 监督 | 不得 | 应当 | 方可 | 只能 | 禁止
      | 就 | 经过 | 完成 | 超过 | 造成 | 使用 | 采取 | 购买 | 销售 | 生产 | 经营 | 出现 | 到 | 已 | 已经 | 曾 | 正在 | 并 | 但 | 而 | 时 | 期间 | 每 | 两 | 每年 | 定期
      | 发生 | 死亡 | 因为 | 由于 | 任 | 起诉 | 承担 | 决定 | 判决 | 裁定 | 受理 | 予以 | 严格 | 妥善 | 如实 | 主动 | 积极 | 立即 | 依职权 | 有权 | 无权 | 可
    )""",
    re.VERBOSE,
)
_JOINT = re.compile(r"(?:、|和|与|及其?|以及|或者?|同|的|等|（|\)|）|其)")
_PREPOSITION = re.compile(
    r"(?:对于?|在|向|依法|根据|按照|依照|依据|为了?|经|从|自|于|因|将|把|以|凭|除|如|当|凡|有|未经?|没有|每|不|必要时)"
)
_LEAD = re.compile(
    r"""^(?: 但是 | 但 | 并且 | 并 | 同时 | 且 | 其中 | 此外 | 还 | 也 | 均 | 都 | 因此 | 所以 | 一般 | 原则上 | 确需 | 而 | 则 | 有条件的地区
        | 必要时 | 前款规定的 | 特殊情况下 | 另外 | 首先 | 其次 | 而且 | 故 | 即 | 或者 | 如果 | 若 | \s | " | “ )+""",
    re.VERBOSE,
)


class Phrase(NamedTuple):
    """A noun phrase by offsets."""

    start: int
    end: int


def strip_lead(text: str, start: int, end: int) -> int:
    """Where the words begin behind 但是, 并, 同时 …"""
    match = _LEAD.match(text[start:end])
    return start + match.end() if match and start + match.end() < end else start


def subject(marked: Marked, start: int, end: int) -> Phrase | None:
    """The noun phrase naming a person or body with which a stretch of text begins; None if it begins otherwise.

    医疗机构对其医疗废物 gives 医疗机构; 开展临床试验的医疗机构 is taken whole; 对可能导致… gives None.
    """
    text = marked.text
    start = strip_lead(text, start, end)
    if start >= end:
        return None
    relative = text.rfind("的", start, end)
    prepositional = bool(_PREPOSITION.match(text[start:end]))
    first: Phrase | None = None
    for at in _ends(marked, start, end):
        rest = text[at:end]
        if prepositional and not (relative >= 0 and at == end and relative < at):
            continue
        if not rest or (_STOP.match(rest) and not _JOINT.match(rest)):
            return Phrase(start, at)
        if first is None and not _JOINT.match(rest):
            first = Phrase(start, at)
    return first


def phrase_after(marked: Marked, start: int, end: int) -> Phrase | None:
    """The shortest phrase from `start` on that names a person or body, with what is coordinated to it."""
    text = marked.text
    found: Phrase | None = None
    for at in _ends(marked, start, end):
        if found and at - found.end > 14:
            break
        if at - start > 40:
            break
        found = Phrase(start, at)
        if not _JOINT.match(text[at:end]):
            break
    return found


def is_person(marked: Marked, start: int, end: int) -> bool:
    """Whether a stretch of text ends in a person or body."""
    return any(at == end for at in _ends(marked, start, end))


def parties_in(marked: Marked, phrase: Phrase) -> tuple[str, ...]:
    """The parties that a phrase names: of each member of a coordination the last."""
    found: list[str] = []
    inside = [m for m in marked.parties if phrase.start <= m.start and m.end <= phrase.end]
    for index, mark in enumerate(inside):
        following = inside[index + 1].start if index + 1 < len(inside) else phrase.end
        between = marked.text[mark.end : following]
        if (not between or re.search(r"、|和|与|及|或", between) or index + 1 == len(inside)) and (
            mark.party and mark.party not in found
        ):
            found.append(mark.party)
    return tuple(found)


def _ends(marked: Marked, start: int, end: int) -> list[int]:
    """Where a word that can name a person or body ends, in order."""
    found = {m.end for m in marked.parties if start <= m.start and m.end <= end}
    bounds = marked.bounds
    low, high = bisect_left(bounds, start), bisect_left(bounds, end)
    for index in range(low, high):
        token_end = bounds[index + 1] if index + 1 < len(bounds) else len(marked.text)
        token_end = min(token_end, end)
        if _HEAD.search(marked.text[max(start, token_end - 4) : token_end]) and not _inside(marked, token_end):
            found.add(token_end)
    return sorted(found)


def _inside(marked: Marked, at: int) -> bool:
    return any(m.start < at < m.end for m in marked.parties)
