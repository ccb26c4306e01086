"""Whether a written title names Chinese law, something else, or no work at all."""

from __future__ import annotations

import re
from enum import Enum, auto

from kg.citation import Mention
from kg.titles import TitleIndex, normal_title


class Standing(Enum):
    """What a title is to a checker of legal citations."""

    LAW = auto()  # a work of the index, or one whose title reads like a Chinese normative text
    OTHER = auto()  # a work that is none: a contract, a hospital's own rules, a foreign statute
    NO_WORK = auto()  # nothing that later words could refer to


_STATE_NOUN = re.compile(r"(?:法|法典|条例|修正案|司法解释|实施细则|实施办法)$")
_LAW_NOUN = re.compile(
    r"(?:法|法典|条例|办法|规定|解释|细则|规范|规则|规程|决定|修正案|指导原则|通则|准则)(?:\([^()]{1,12}\))*$"
)
_NOT_A_LAW = re.compile(
    r"(?:方法|办法论|用法|疗法|手法|书法|语法|做法|想法|说法|看法|兵法|刀法|针法|灸法|技法|无法|合法|违法|非法|依法|执法|司法|立法|守法|普法)$"
)
_OWN = re.compile(
    r"(?:本|我|贵|该|某|你们?|他们|我们)(?:医)?(?:院|公司|单位|科室?|校|所|中心|机构|部门|协会|集团)(?:的|内部|制定的|自己的)?$|院内$|内部$|科室$|公司$|医院(?:的|制定的|内部)?$"
)
_INSTITUTION = re.compile(
    r"^(?:本|我|贵|该)(?:院|公司|单位|科|校|所|中心)|[\u4e00-\u9fff]{2,}(?:医院|公司|大学|学院|集团|卫生院|诊所|门诊部|护理部|医务科|药剂科)(?![\u4e00-\u9fff]{0,3}(?:感染|管理条例|评审|制剂|投诉|信息|工作人员))"
)
_GENERIC_INSTITUTION = re.compile(
    r"^(?:公立|民营|综合|专科|互联网|中医|精神|军队|社会|营利|各级|医疗|乡镇|中外)"
)
_FOREIGN = re.compile(
    r"美国|英国|德国|法国|日本|韩国|加拿大|澳大利亚|澳洲|新西兰|新加坡|印度|俄罗斯|荷兰|比利时|瑞士|瑞典|意大利|西班牙|加州|纽约州|得州|俄勒冈|欧盟|欧洲|联邦|香港|澳门|台湾|台灣|罗马|拿破仑|日耳曼|苏联|外国|国外|泰国|越南|以色列|巴西|奥地利|丹麦|挪威|芬兰"
)
_FOREIGN_BEFORE = re.compile(
    rf"(?:{_FOREIGN.pattern})(?:现行|新|旧|联邦|当地|议会|的|地区|特别行政区){{0,3}}$"
)
_DRAFT = re.compile(r"草案|征求意见稿|建议稿|送审稿")


def is_home(text: str, start: int) -> bool:
    """Whether a title at this place of a clean text is that of a law of this country, not 美国的医师法."""
    before = text[max(0, start - 12) : start]
    return not _FOREIGN_BEFORE.search(before) and not _OWN.search(before)


def standing(text: str, mention: Mention, titles: TitleIndex) -> Standing:
    """What the title of a mention is, where it stands in a clean text."""
    bracketed = text.startswith("《", mention.start) or "《" in mention.surface
    before = text[max(0, mention.start - 12) : mention.start]
    name = normal_title(mention.title).text
    if _FOREIGN_BEFORE.search(before):
        return Standing.OTHER
    if titles.lookup(mention.title):
        return Standing.LAW
    plain = re.sub(r"(?:\([^()]{1,12}\))+$", "", name)
    behind = text[mention.start : mention.end + 12].partition("》")[2]
    if re.match(r"\s?\([^()\n]{0,8}[A-Z]{3,}[^()\n]{0,20}\)", behind):
        return Standing.OTHER  # 《通用数据保护条例》（GDPR）
    if re.search("[A-Za-z]", name) or _FOREIGN.search(name) or _DRAFT.search(name):
        return Standing.OTHER
    if _OWN.search(before) or (_INSTITUTION.search(name) and not _GENERIC_INSTITUTION.search(name)):
        return Standing.OTHER
    if bracketed:
        return Standing.LAW if _LAW_NOUN.search(name) and len(name) > 2 else Standing.OTHER
    if _NOT_A_LAW.search(name):
        return Standing.NO_WORK
    placed = any(target.path for target in mention.targets)
    if placed and _STATE_NOUN.search(plain) and 3 <= len(name) <= 30:
        return Standing.LAW
    return Standing.OTHER if placed else Standing.NO_WORK
