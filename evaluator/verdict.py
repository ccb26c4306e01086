"""Verdicts in their final shape. For now they name the governing clauses and conclude nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kg.build import Build
from kg.vocabulary import Status
from retrieval import Retriever


class Conclusion(StrEnum):
    """What a verdict says about the conduct in a scenario."""

    NON_COMPLIANT = "non_compliant"
    COMPLIANT = "compliant"
    CONDITIONAL = "conditional"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Governing:
    """A clause that may govern the scenario, quoted to the character from its dated text.

    `start`, `end` and `sha256` are those of `quote` in the official text of the expression in `id`.
    """

    id: str
    title: str
    article: str
    paragraph: int | None
    item: int | None
    quote: str
    start: int
    end: int
    sha256: str
    status: Status
    effective_from: date | None
    score: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a scenario on a date, resting on one build.

    `confidence` is None where nothing was concluded; `reason` says why.
    """

    id: str
    text: str
    conclusion: Conclusion
    abstained: bool
    confidence: float | None
    reason: str
    governing: tuple[Governing, ...]
    findings: tuple[str, ...]
    principles: tuple[str, ...]
    missing_facts: tuple[str, ...]
    as_of: date
    build: str


_NO_REASONER = "此版本只检索可能适用的条款，不对行为作结论；请由专业人员对照条款判断"
_NOTHING_FOUND = "没有检索到可能适用的条款"


def judge(
    scenario: str, build: Build, retriever: Retriever, *, as_of: date, k: int = 5, identifier: str = ""
) -> Verdict:
    """The clauses that may govern a scenario on a date, each quoted; the conclusion is undetermined.

    Every quotation is cut from the build's official text, never from the index.
    """
    governing = []
    for hit in retriever.search(scenario, k, as_of=as_of):
        text, provision = build.provision(hit.id)
        quote = text.quote(provision)
        governing.append(
            Governing(
                hit.id, hit.title, hit.article, hit.paragraph, hit.item, text.official[quote.start : quote.end],
                quote.start, quote.end, quote.sha256, hit.status, hit.effective_from, hit.score,
            )
        )  # fmt: skip
    return Verdict(
        id=identifier,
        text=scenario,
        conclusion=Conclusion.UNDETERMINED,
        abstained=True,
        confidence=None,
        reason=_NO_REASONER if governing else _NOTHING_FOUND,
        governing=tuple(governing),
        findings=(),
        principles=(),
        missing_facts=(),
        as_of=as_of,
        build=build.id,
    )
