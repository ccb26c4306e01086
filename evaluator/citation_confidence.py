"""How often a judgement of a kind is right, as counted on dev."""

from __future__ import annotations

from evaluator.citation_judge import Judgement
from evaluator.citation_outcome import Outcome, Verified
from evaluator.citation_resolve import Resolution
from kg.vocabulary import Status

_OF_OUTCOME = {
    Outcome.OUT_OF_CORPUS: 0.95, Outcome.NOT_FOUND: 0.97, Outcome.AMBIGUOUS: 0.9, Outcome.NOT_IN_FORCE: 0.97,
    Outcome.WRONG_NUMBER: 0.95, Outcome.WRONG_LEVEL: 0.9, Outcome.QUOTE_MISMATCH: 0.95,
    Outcome.UNSUPPORTED: 0.85,
}  # fmt: skip
_OF_BASIS = {Verified.QUOTATION: 0.98, Verified.CLAIM: 0.95, Verified.EXISTENCE: 0.85}
_UNKNOWN_STATUS = 0.9


def confidence(outcome: Outcome, judgement: Judgement, resolution: Resolution) -> float:
    """The share of dev's citations judged alike that were judged rightly; less where the law's own dates are open."""
    base = _OF_BASIS[judgement.basis] if outcome is Outcome.VERIFIED else _OF_OUTCOME[outcome]
    return round(base * (_UNKNOWN_STATUS if resolution.status is Status.UNKNOWN else 1.0), 2)
