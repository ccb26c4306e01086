"""What ties norms to other nodes: the duty to its sanction, the exception to its rule, the delegation to what fills it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from ingestion.norms.lexicon import Lexicon
from ingestion.norms.likeness import Kinship
from ingestion.norms.sanctions import sanctions
from ingestion.relations import Definition
from kg.build import Citation, Text
from kg.identity import ExpressionId
from kg.norm import Modality, Norm, NormLink, TieMethod
from kg.schema import RelationType

_ADDS = re.compile(r"[^。；]{0,40}?(?:还|也)(?:应|可|须|必须|要|需|包括|有权)")
"""除本法第二十三条的规定外，…还应当: what is added to a provision is no exception to it."""
_SHARED_PAIRS = 3
"""So many pairs of characters must be common to what is delegated and to the title that fills it."""


def find_ties(
    texts: Mapping[str, Text],
    norms: Mapping[str, Sequence[Norm]],
    citations: Sequence[Citation],
    definitions: Sequence[Definition],
    bases: Sequence[tuple[ExpressionId, str, str]],
    lexicon: Lexicon,
) -> list[NormLink]:
    """Every tie, sorted. `texts` and `norms` are by expression id."""
    within: dict[str, list[Norm]] = defaultdict(list)
    for found in norms.values():
        for norm in found:
            steps = str(norm.provision).split("/")
            for depth in range(2, len(steps) + 1):
                within["/".join(steps[:depth])].append(norm)
    by_text: dict[str, list[Citation]] = defaultdict(list)
    for citation in citations:
        by_text[citation.provision.split("/", 1)[0]].append(citation)
    kinship = Kinship(lexicon)
    ties: set[NormLink] = set()
    for identity, text in texts.items():
        own = norms.get(identity, ())
        ties.update(sanctions(text, own, by_text[identity], within, kinship))
        ties.update(_exceptions(text, own, by_text[identity]))
    ties.update(_definitions(definitions, within))
    ties.update(_delegations(texts, norms, by_text, bases))
    return sorted(ties, key=lambda t: (t.type.value, t.source, t.target, t.start))


def _exceptions(text: Text, norms: Sequence[Norm], citations: Sequence[Citation]) -> Iterator[NormLink]:
    """An exception that cites a provision, and a proviso that sets another norm against the one before it."""
    for norm in norms:
        if norm.exception is None or _ADDS.match(text.official, norm.exception.end):
            continue
        for citation in citations:
            if norm.exception.start <= citation.start < norm.exception.end:
                for target in citation.targets:
                    if "/" in target.id:
                        yield NormLink(
                            RelationType.EXCEPTS,
                            target.id,
                            norm.id,
                            citation.surface,
                            citation.start,
                            citation.end,
                        )
    for before, after in pairwise(norms):
        if before.provision != after.provision or not (before.action and after.cue):
            continue
        start = before.action.end
        words = text.official[start : after.cue.start]
        if (at := words.find("但")) >= 0 and "。" not in words[:at]:
            yield NormLink(RelationType.EXCEPTS, after.id, before.id, "但", start + at, start + at + 1)


def _definitions(
    definitions: Sequence[Definition], within: Mapping[str, Sequence[Norm]]
) -> Iterator[NormLink]:
    for definition in definitions:
        term = f"term:{definition.provision.id.expression.key}/{definition.term}"
        for norm in within.get(str(definition.provision.id), ()):
            cue = norm.cue
            if norm.modality is Modality.DEFINITION and cue and 0 <= cue.start - definition.end <= 3:
                yield NormLink(
                    RelationType.DEFINES, norm.id, term, definition.term, definition.start, definition.end
                )


def _delegations(
    texts: Mapping[str, Text],
    norms: Mapping[str, Sequence[Norm]],
    by_text: Mapping[str, Sequence[Citation]],
    bases: Sequence[tuple[ExpressionId, str, str]],
) -> Iterator[NormLink]:
    """具体办法由…制定: the held text that says it was made under this law, and names what was delegated."""
    fillers: dict[str, set[str]] = defaultdict(set)
    for filler_id, work, _ in bases:
        fillers[work].add(str(filler_id))
    for identity, text in texts.items():
        key = text.expression.id.key
        for norm in norms.get(identity, ()):
            if norm.modality is not Modality.DELEGATION or norm.action is None:
                continue
            words = norm.action.text
            subject = words[: words.rfind("由")] if "由" in words else words
            for filler in sorted(fillers.get(key, ())):
                title = texts[filler].expression.title
                cited = any(
                    t.id.startswith(str(norm.provision).rsplit("/", 1)[0])
                    for c in by_text.get(filler, ())
                    for t in c.targets
                    if c.provision.split("/")[1] in ("art1", "preamble")
                )
                alike = 1.0 if cited else _named_alike(subject, _own_title(title, text.expression.title))
                if alike:
                    yield NormLink(
                        RelationType.IMPLEMENTS,
                        filler,
                        str(norm.provision),
                        "引用该条" if cited else subject,
                        norm.action.start,
                        norm.action.end,
                        TieMethod.CITED if cited else TieMethod.LIKENESS,
                        round(alike, 6),
                    )


_GENERIC = re.compile(
    r"中华人民共和国|[（(][^）)]*[）)]|具体|管理|办法|规定|条例|细则|目录|名录|规范|标准|实施|暂行|试行|及其|以及|[的和与等]|[^\w]|\s"
)


def _own_title(title: str, law: str) -> str:
    """The title without the name of the law that it fills."""
    return title.replace(law, "").replace(law.removeprefix("中华人民共和国"), "")


def _named_alike(subject: str, title: str) -> float:
    """How much of what is delegated the title names, 0 where the title is not just that.

    >>> _named_alike("残疾人就业的具体办法", "残疾人就业条例")
    1.0
    >>> _named_alike("医疗器械广告的审查办法", "医疗器械召回管理办法")
    0.0
    """
    delegated, named = _pairs(subject), _pairs(title)
    common = len(delegated & named)
    if common < _SHARED_PAIRS:
        return 0.0
    of_title, of_subject = common / len(named), common / len(delegated)
    whole = of_title == 1.0 and of_subject >= 0.35  # 中国人民解放军…执行本法的具体办法
    return of_subject if whole or (of_title >= 0.8 and of_subject >= 0.6) else 0.0


def _pairs(words: str) -> set[str]:
    return {part[i : i + 2] for part in _GENERIC.split(words) for i in range(len(part) - 1)}
