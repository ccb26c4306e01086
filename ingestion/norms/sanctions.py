"""What follows from a breach: each duty tied to its liability, and each liability to what goes on from it.

Four kinds of tie, each with its method: the article that the liability names (违反本法第X条规定的，…); the
consequence that goes on in the same 款 (情节严重的，…), or at the place that a liability refers to (依照本法第Y条
的规定处罚); what follows from breaking anything in the text (违反本法规定，构成犯罪的，…); and, where nothing is
named, the duty whose words the liability repeats. The last is a likeness, and no verdict rests on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ingestion.norms.likeness import Kinship, acts, article_of, likenesses
from ingestion.norms.predicate import AUTHORITY
from kg.build import Citation, Text
from kg.norm import Modality, Norm, NormLink, TieMethod
from kg.schema import RelationType

_BREACH = re.compile(
    r"(?:违反|未(?:按照|按|依照|履行|遵守|执行)|不(?:按照|履行|遵守|符合)|有)[^，。；]{0,12}$"
)
_CHAINED = re.compile(r"^[、，和或者及以的\s]*$")
_REFERRED = re.compile(r"(?:依照|按照|依据|根据|适用)[^，。；]{0,12}$")
_MEASURE = re.compile(
    r"""^(?:(?:、|和|或者|以及)[^，。；]{1,40})?  # 第四十八条和第四十九条的规定
    (?:的?(?:有关|相关)?规定)?，?(?:从重|从轻|加重|分别|依法|对其?|[^，。；]{0,12}?)??
    (?:给予|予以|进行|处(?!罚的|理的)|罚|追究|承担|赔偿|执行)""",
    re.VERBOSE,
)
_ANYTHING = re.compile(
    r"违反本(?:法|条例|办法|规定|规则|细则|决定)(?:的?规定)?[，,]?\s*"
    r"(?:(?:构成|造成|给)[^，。；：]{2,24}[，,]?\s*|(?:尚不构成|不构成)犯罪的?[，,]?\s*)+"
)
_BEFORE = re.compile(r"前[一二三两]?款")
_OFFICIAL = re.compile(r"处分|撤职|免职|政务|政府|部门|机关|机构|公职人员|工作人员")
_DUTIES = (Modality.OBLIGATION, Modality.PROHIBITION)


def sanctions(
    text: Text,
    norms: Sequence[Norm],
    citations: Sequence[Citation],
    within: Mapping[str, Sequence[Norm]],
    kinship: Kinship,
) -> Iterator[NormLink]:
    """Every SANCTIONED_BY tie that a text makes. `within` gives the norms at and below each provision of all texts."""
    liabilities = [norm for norm in norms if norm.modality is Modality.LIABILITY]
    named = [tie for norm in liabilities for tie in _named(text, norm, citations, within)]
    yield from named
    for norm in liabilities:
        yield from _referred(norm, citations, within)
    cited = {tie.target for tie in named}
    alike = list(likenesses(norms, cited, kinship))
    for one in alike:
        words = text.official[one.start : one.end]
        yield NormLink(
            RelationType.SANCTIONED_BY, _broken(one.duty), one.liability.id, words, one.start, one.end,
            TieMethod.LIKENESS, one.score,
        )  # fmt: skip
    yield from _general(text, liabilities)
    yield from _going_on(liabilities, cited)


def _broken(duty: Norm) -> str:
    """The duty, or its article where it only extends the 款 before it: 依照前款规定报告."""
    extends = duty.action is not None and _BEFORE.search(duty.action.text)
    return article_of(duty) if extends else duty.id


def _named(
    text: Text,
    norm: Norm,
    citations: Sequence[Citation],
    within: Mapping[str, Sequence[Norm]],
) -> Iterator[NormLink]:
    """违反本法第X条规定的，处…: the duties of that article are sanctioned by this liability.

    Where the article binds others too (an authority that must issue the licence), theirs are not.
    """
    if norm.condition is None:
        return
    official = text.official
    previous: Citation | None = None
    for citation in sorted(citations, key=lambda c: c.start):
        if not norm.condition.start <= citation.start < norm.condition.end:
            continue
        between = official[previous.end : citation.start] if previous else "-"
        breached = _BREACH.search(official[max(0, citation.start - 16) : citation.start])
        if not breached and not _CHAINED.match(between):
            continue
        previous = citation
        for target in citation.targets:
            if "/" not in target.id:
                continue
            stated = within.get(target.id, ())
            duties = [n for n in stated if n.modality in _DUTIES]
            if not duties and any(n.modality is Modality.LIABILITY for n in stated):
                continue  # 有前款行为: one consequence refers to another, no duty is meant
            for source in [n.id for n in duties if _may_break(norm, n)] or [target.id]:
                yield NormLink(
                    RelationType.SANCTIONED_BY, source, norm.id, citation.surface, citation.start, citation.end
                )  # fmt: skip


def _may_break(liability: Norm, duty: Norm) -> bool:
    """Whether the one who is liable can be the one who is bound: no firm is fined for what an authority must do."""
    if duty.bearer is None or not AUTHORITY.search(duty.bearer.text):
        return True
    told = [part.text for part in (liability.condition, liability.action) if part is not None]
    return any(map(_OFFICIAL.search, told))


def _referred(
    norm: Norm, citations: Sequence[Citation], within: Mapping[str, Sequence[Norm]]
) -> Iterator[NormLink]:
    """依照…第Y条的规定处罚: what the liability refers to for its measure."""
    if norm.action is None:
        return
    for citation in citations:
        if not norm.action.start <= citation.start < norm.action.end:
            continue
        before = norm.action.text[: citation.start - norm.action.start]
        after = norm.action.text[citation.end - norm.action.start :]
        if not _REFERRED.search(before) or not _MEASURE.match(after) or "不予" in after[:12]:
            continue
        for target in citation.targets:
            if "/" not in target.id or str(norm.provision).startswith(target.id):
                continue
            stated = [n.id for n in within.get(target.id, ()) if n.modality is Modality.LIABILITY]
            for end in stated or [target.id]:
                if end != norm.id:
                    yield NormLink(
                        RelationType.SANCTIONED_BY, norm.id, end, citation.surface, citation.start, citation.end
                    )  # fmt: skip


def _general(text: Text, liabilities: Sequence[Norm]) -> Iterator[NormLink]:
    """违反本法规定，构成犯罪的，依法追究刑事责任: whatever duty of the text was broken."""
    for norm in liabilities:
        if norm.condition is not None and _ANYTHING.fullmatch(norm.condition.text.strip()):
            yield NormLink(
                RelationType.SANCTIONED_BY, str(text.expression.id), norm.id, norm.condition.text,
                norm.condition.start, norm.condition.end, TieMethod.GENERAL,
            )  # fmt: skip


def _going_on(liabilities: Sequence[Norm], cited: set[str]) -> Iterator[NormLink]:
    """…，给予警告；情节严重的，吊销…: from the consequence that names the act to those that follow it in its 款."""
    head: Norm | None = None
    for norm in liabilities:
        if (
            norm.id in cited
            or any(acts(norm))
            or (norm.condition and _ANYTHING.fullmatch(norm.condition.text.strip()))
        ):
            head = norm
            continue
        if head is None or norm.provision != head.provision or norm.action is None:
            head = None if head is None or norm.provision != head.provision else head
            continue
        opens = norm.condition or norm.action
        yield NormLink(
            RelationType.SANCTIONED_BY, head.id, norm.id, opens.text, opens.start, opens.end, TieMethod.SEQUENCE
        )  # fmt: skip
