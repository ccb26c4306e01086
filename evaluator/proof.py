"""The verdict file: a verdict with its proof, complete enough to be checked without a database.

Offsets of facts are code points of `scenario`; offsets of law are code points of the official text of the
expression in the id. JSON Schema: docs/schemas/verdict.json.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from evaluator.facts import FactKind
from evaluator.finding_rule import BearerState, ConditionState, ConductState, ExceptionState, Outcome
from kg.norm import Method, Modality
from kg.precedence import Outcome as Answer
from kg.vocabulary import Status

FORMAT: Literal["yilun-verdict/1"] = "yilun-verdict/1"
ConclusionWord = Literal["non_compliant", "compliant", "conditional", "undetermined"]


class _Row(BaseModel):
    """Closed and not to be changed: a field that is not named is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(NamedTuple):
    """Words of a text with their offsets in it."""

    start: int
    end: int
    text: str


class FactRow(_Row):
    """A clause of the scenario, and how it was read."""

    span: Words
    kind: FactKind
    negated: bool
    settled: bool


class ClauseRow(_Row):
    """A clause that governs, quoted from its dated text; `rank` is its place in retrieval, from 1."""

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
    rank: int


class FindingRow(_Row):
    """A norm applied: who is bound, whether its condition is met, an exception holds, and what was done.

    `role`: the conclusion rests on it (grounds), it speaks against it (against), or neither (considered).
    """

    norm: str
    provision: str
    clause: str
    modality: Modality
    method: Method
    parts: dict[str, Words]
    bearer_elided: bool
    bearer: BearerState
    actor: Words | None
    actor_parties: tuple[str, ...]
    condition: ConditionState
    condition_fact: FactRow | None
    exception: ExceptionState
    exception_fact: FactRow | None
    conduct: ConductState
    conduct_fact: FactRow | None
    likeness: float
    outcome: Outcome
    role: Literal["grounds", "against", "considered"]


class SanctionRow(_Row):
    """A liability that the graph ties to a breached norm (SANCTIONED_BY), and the words that tie them."""

    norm: str
    sanction: str
    title: str
    article: str
    quote: str
    start: int
    end: int
    sha256: str


class AdviceRow(_Row):
    """What a norm itself says to do or leave; `text` is made of the norm's own words."""

    norm: str
    text: str


class ConflictRow(_Row):
    """A norm broken and a norm kept by the same words: which prevails if they cannot both be kept, and why.

    `answer` is that of the rules of precedence (first: the broken norm prevails), `losing` the norm that
    yields, None where neither does or nobody can say; `basis` the articles that the answer rests on.
    """

    fact: Words
    broken: str
    kept: str
    answer: Answer
    losing: str | None
    rule: str
    reason: str
    basis: tuple[str, ...]
    decider: str
    cautions: tuple[str, ...]
    principles_broken: tuple[str, ...]
    principles_kept: tuple[str, ...]


class Weighing(_Row):
    """How the conclusion was weighed: what each kind of evidence adds to each conclusion, and the outcome.

    The probabilities are the softmax of the columns' sums; below `threshold`, that of the likeliest conclusion, the verdict abstains.
    """

    model: str
    words: str
    conclusions: tuple[ConclusionWord, ...]
    evidence: dict[str, tuple[float, ...]]
    probabilities: tuple[float, ...]
    threshold: float


class LlmRecord(_Row):
    """What a language model was asked and answered. `given` maps the labels of the prompt to ids.

    `failures` are what was found wrong with the answer; where there are any, nothing was concluded from it.
    """

    model: str
    prompt_sha256: str
    given: dict[str, str]
    answer: str
    failures: tuple[str, ...]


_LATER = ("conflicts", "llm")


class VerdictFile(_Row):
    """A verdict with its proof tree. `id` is the digest of everything else."""

    format: Literal["yilun-verdict/1"] = FORMAT
    id: str = ""
    case: str
    scenario: str
    scenario_sha256: str
    as_of: date
    build: str
    conclusion: ConclusionWord
    abstained: bool
    confidence: float | None
    reason: str
    governing: tuple[str, ...] = Field(description="ids of clauses, those that govern first")
    clauses: tuple[ClauseRow, ...] = Field(description="every clause that a part of the proof stands in")
    findings: tuple[FindingRow, ...]
    principles: tuple[str, ...]
    missing_facts: tuple[str, ...]
    advice: tuple[AdviceRow, ...]
    sanctions: tuple[SanctionRow, ...]
    conflicts: tuple[ConflictRow, ...] = Field(default=(), description="norms that pull apart")
    weighing: Weighing | None
    llm: LlmRecord | None = None
    unknown_validity: tuple[str, ...] = Field(description="clauses cited whose validity on as_of is unknown")

    def content_digest(self) -> str:
        """The digest of the content without the id: what the id must be."""
        # Parts that came later and are empty do not count: files made before them keep their ids.
        later = {name for name in _LATER if not getattr(self, name)}
        content = self.model_dump(mode="json", exclude={"id", *later})
        encoded = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(encoded.encode()).hexdigest()

    def signed(self) -> VerdictFile:
        """The same verdict with the id that its content has."""
        return self.model_copy(update={"id": self.content_digest()})

    def to_json(self) -> str:
        """The bytes of the file; equal verdicts give equal bytes."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, indent=1) + "\n"
