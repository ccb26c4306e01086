"""What a text says of other works and of words: that it implements a law, and what its terms mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingestion.resolve import Located
from kg.build import Text
from kg.citation import Anchor, Mention
from kg.model import Provision
from kg.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class Definition:
    """A term that a provision defines, with the term's span in the official text."""

    provision: Provision
    term: str
    start: int
    end: int


_OWN = r"本(?:法|条例|办法|规定|规则|解释|决定|细则|准则|指南|规范|标准|通知|意见|要点|指导原则|修正案|编|章|节|条|款)"
_DEFINITION = re.compile(
    rf"""
    (?: {_OWN} (?:所称|所指|中的|规定的|中) (?:的)?  # 本法所称的医师，是指
      | (?<=[。；：\n）)、.．]) \s* | ^ \s* )         # or the beginning of a sentence or list item
    [“"「]? (?P<term> [^，。；：、“”"\s]{{1,24}}? (?:（[^）]{{1,20}}）)? ) [”"」]?
    (?: ，? \s* (?:是|系)指 | [：，] \s* 指 ) (?! [定导派挥明使示出控数标南引称证认] )
    """,
    re.VERBOSE,
)
_OTHER_FORMS = tuple(
    re.compile(form)
    for form in (
        # 本编所称父母，包括生父母、养父母: how far a word reaches
        rf"{_OWN}所称的?[“\"「]?(?P<term>[^，。；：、“”\"\s]{{1,16}}?)[”\"」]?，?(?:包括|分为|是(?![否指]))",
        # 有下列情形之一的，为假药：
        r"下列(?:情形|情况|行为|条件)(?:之一)?的?，(?:应当认定)?为(?P<term>[^，。；：、“”\"\s]{2,12})(?=[：；。])",
        # 配偶、父母、子女、兄弟姐妹…为近亲属。
        r"^\s*(?!鼓励|支持|国家|任何|对)[一-龥]{2,6}(?:、[一-龥]{2,6})+(?:和[^。，；：]{2,16})?(?<!行)为(?P<term>[一-龥]{2,6})(?=。)",
        # 租赁合同是出租人…支付租金的合同。
        r"^\s*(?P<term>(?!前款|本|该|这|其|每)[^，。；：、的\s]{2,12})是(?![否国由指])(?:(?!必须|应)[^。；]){6,240}?"
        r"的(?:各种)?(?:合同|行为|权利|信息|法人|组织|总称|统称)(?=。|，不?包括|，是|，具有)",
    )
)
"""Other forms in which a text decides what a word of it means."""

_LEAD = re.compile(
    r"^(?:\w{1,16}?(?:所称|所指|所述|所涉及)的?|本\w{1,4}?中的?)|(?:通常|一般|主要|均|应当|应)$"
)
"""What stands around a term without belonging to it: 专利法所称发明人, 定量检测试剂通常是指."""

_NOT_A_TERM = re.compile(
    r"^(?:前款|本款|前条|该|其|上述|这里|以下|下列|若|如|对|为|在|经|凡|当)|(?:规定|的|时|后|前)$"
)


def find_definitions(text: Text) -> Iterator[Definition]:
    """本法所称X，是指…, the entries of lists of terms, and a few other forms; one definition for each place.

    A pronoun or a reference (前款规定，是指) is not a term.
    """
    for provision in text.provisions:
        if provision.kind in (Kind.FRONT, Kind.TAIL) or provision.kind.is_container:
            continue
        start = provision.start + len(provision.label)
        head = text.official[start : provision.head_end]
        forms = (_DEFINITION, *_OTHER_FORMS) if "指" in head else _OTHER_FORMS
        for match in (found for form in forms for found in form.finditer(head)):
            term = _LEAD.sub("", match["term"])
            if not term or _NOT_A_TERM.search(term):
                continue
            end = start + match.start("term") + match["term"].index(term) + len(term)
            yield Definition(provision, term, end - len(term), end)


_BASIS = re.compile(r"根据|依据|依照|按照|遵照|遵循|贯彻|落实|实施")
_ENACTS = re.compile(r"制定本|现就|现对|作出?如下|作如下|解释如下|规定如下|通知如下|制订本")


def find_bases(text: Text, located: Sequence[Located]) -> Iterator[Mention]:
    """The works that a text says it was made under: 根据《X》，制定本条例."""
    for item in located:
        if item.mention.anchor is not Anchor.TITLE:
            continue
        article = item.provision.id.steps[0]
        opening = article.kind is Kind.PREAMBLE or (article.kind is Kind.ARTICLE and article.number == 1)
        if not opening:
            continue
        official = text.official
        sentence_end = official.find("。", item.mention.end)
        sentence_start = max(official.rfind("。", 0, item.mention.start), item.provision.start)
        before = official[sentence_start : item.mention.start]
        after = official[item.mention.end : sentence_end if sentence_end >= 0 else item.provision.end]
        if _BASIS.search(before) and _ENACTS.search(after):
            yield item.mention
