"""Vocabularies: the English name that code uses, the Chinese word that people read."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType


class Level(StrEnum):
    """Rank of a source in the legal order, highest first; the value is the Chinese word."""

    CONSTITUTION = "宪法"
    LAW = "法律"
    ADMINISTRATIVE_REGULATION = "行政法规"
    JUDICIAL_INTERPRETATION = "司法解释"
    DEPARTMENTAL_RULE = "部门规章"
    LOCAL_REGULATION = "地方性法规"
    LOCAL_GOVERNMENT_RULE = "地方政府规章"
    NORMATIVE_DOCUMENT = "规范性文件"
    STANDARD = "标准"
    PROFESSIONAL_CODE = "职业伦理准则"
    INTERNATIONAL_CODE = "国际伦理准则"
    CASE = "案例"
    UNKNOWN = "未知"


Topic = NewType("Topic", str)
"""A class of situations, such as 医患关系. Which there are is a matter of the data pack: its ledger lists them,
and whatever else it files under a topic is checked against that list when it is read."""


class Kind(StrEnum):
    """What a provision is; `code` is its step in an id, `zh` the word in a citation."""

    FRONT = "front"  # title, promulgation notes, table of contents
    PREAMBLE = "preamble"  # prose before the first article or point
    PART = "part"  # 编
    SUBPART = "subpart"  # 分编
    CHAPTER = "chapter"  # 章
    SECTION = "section"  # 节
    SUPPLEMENTARY = "supplementary"  # an unnumbered 附则 or 总则 heading
    ARTICLE = "article"  # 条
    PARAGRAPH = "paragraph"  # 款
    ITEM = "item"  # 项
    SUBITEM = "subitem"  # 目
    POINT = "point"  # 一、（一）1. of texts without 条
    ANNEX = "annex"  # 附件
    TAIL = "tail"  # signature, date, whatever follows the last provision

    @property
    def code(self) -> str:
        """The step that stands for this kind in a provision id."""
        return _CODES[self]

    @property
    def zh(self) -> str:
        """The Chinese word for this kind."""
        return _WORDS[self]

    @property
    def is_container(self) -> bool:
        """Whether provisions of this kind hold articles rather than being held by one."""
        return self in _CONTAINERS


_CODES = {
    Kind.FRONT: "front",
    Kind.PREAMBLE: "preamble",
    Kind.PART: "part",
    Kind.SUBPART: "sub",
    Kind.CHAPTER: "ch",
    Kind.SECTION: "sec",
    Kind.SUPPLEMENTARY: "supp",
    Kind.ARTICLE: "art",
    Kind.PARAGRAPH: "p",
    Kind.ITEM: "i",
    Kind.SUBITEM: "s",
    Kind.POINT: "n",
    Kind.ANNEX: "annex",
    Kind.TAIL: "tail",
}
_WORDS = {
    Kind.FRONT: "题注",
    Kind.PREAMBLE: "序言",
    Kind.PART: "编",
    Kind.SUBPART: "分编",
    Kind.CHAPTER: "章",
    Kind.SECTION: "节",
    Kind.SUPPLEMENTARY: "附则",
    Kind.ARTICLE: "条",
    Kind.PARAGRAPH: "款",
    Kind.ITEM: "项",
    Kind.SUBITEM: "目",
    Kind.POINT: "点",
    Kind.ANNEX: "附件",
    Kind.TAIL: "落款",
}
_CONTAINERS = frozenset({Kind.PART, Kind.SUBPART, Kind.CHAPTER, Kind.SECTION, Kind.SUPPLEMENTARY, Kind.ANNEX})


class Status(StrEnum):
    """Whether an expression is law on a date; the value is what contracts carry."""

    IN_FORCE = "in_force"
    NOT_YET = "not_yet"
    ENDED = "ended"
    UNKNOWN = "unknown"

    @property
    def zh(self) -> str:
        """The Chinese word shown to readers."""
        return {"in_force": "现行有效", "not_yet": "尚未施行", "ended": "已失效", "unknown": "效力待核"}[
            self.value
        ]
