"""The contracts that other programs rely on, as pydantic models; docs/schemas holds their JSON Schemas.

Fields: title is the full official title, article is 第一千二百一十九条, paragraph and item are numbers or
null (a null paragraph means the whole article). A test fails if a committed schema and its model differ.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from evaluator.proof import VerdictFile

StatusWord = Literal["in_force", "not_yet", "ended", "unknown"]
Grade = Literal[0, 1] | None
Risk = Literal[-1, 0] | None


class Contract(BaseModel):
    """Closed: a field that is not named here is an error."""

    model_config = ConfigDict(extra="forbid")


class SearchQuery(Contract):
    """One line of `yilun search --batch`."""

    id: str
    query: str


class SearchNeighbour(Contract):
    """An article that stands near a hit in the same text."""

    id: str
    article: str
    text: str


class SearchHit(Contract):
    """A clause that was found; `lead_in` are the words of the 款 that govern a 项, else empty."""

    id: str
    title: str
    article: str
    paragraph: int | None
    item: int | None
    lead_in: str
    text: str
    score: float
    status: StatusWord
    effective_from: date | None
    why: str
    neighbours: list[SearchNeighbour] = Field(default=[], description="只在请求时给出")


class SearchResult(Contract):
    """The answer to one query: `yilun search --json`, and one line of `yilun search --out`."""

    id: str
    hits: list[SearchHit]


class SystemFigures(Contract):
    """What one retrieval system scored on a data set."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    r1: float = Field(alias="R@1")
    r5: float = Field(alias="R@5")
    r10: float = Field(alias="R@10")
    r20: float = Field(alias="R@20")
    r50: float = Field(alias="R@50")
    mrr: float = Field(alias="MRR@10")
    ndcg: float = Field(alias="nDCG@10")
    ms_p50: float
    ms_p95: float
    n: int
    ci95: tuple[float, float]


class BenchResult(Contract):
    """`yilun bench retrieval`; `unbound` counts relevant documents that the corpus file lacks."""

    systems: dict[str, SystemFigures]
    unbound: int = 0


class CitationRow(Contract):
    """A citation in or out of an article, with the days on which it holds (half-open, null open)."""

    source: str
    surface: str
    outcome: Literal["resolved", "ambiguous", "unresolved", "out_of_corpus"]
    reason: str
    target: str
    target_text: str
    from_date: date | None
    until_date: date | None


class VersionRow(Contract):
    """A version of the work that the build holds."""

    expression: str
    status: StatusWord
    begins: date | None
    not_before: date | None
    ends: date | None
    note: str
    provision: str
    text: str


class ParagraphRow(Contract):
    """A paragraph (款) of an article; number is null where it is the only one."""

    id: str
    number: int | None
    text: str


class ScenarioRow(Contract):
    """A case that rests on the article; written by a model, unreviewed."""

    id: str
    role: str
    provision: str


class NormRow(Contract):
    """A norm; string fields hold the words of the law or null, `spans` their offsets in the entry's `text`.

    A part that stands elsewhere in the article has words but no span; `bearer_elided` tells that the bearer
    was resolved from the context.
    """

    modality: str
    cue: str | None
    bearer: str | None
    counterparty: str | None
    action: str | None
    condition: str | None
    exception: str | None
    sanction: str | None
    bearer_elided: bool
    spans: dict[str, tuple[int, int]]
    method: Literal["rule", "model", "expert"]
    confidence: float


class ArticleResult(Contract):
    """`yilun article --json`. start, end and sha256 are those of `text` in the official text."""

    id: str
    title: str
    level: str
    display: str
    headings: list[str]
    text: str
    paragraphs: list[ParagraphRow]
    start: int
    end: int
    sha256: str
    status: StatusWord
    begins: date | None
    ends: date | None
    validity_note: str
    origin: str
    as_of: date
    citations_out: list[CitationRow]
    citations_in: list[CitationRow]
    versions: list[VersionRow]
    scenarios: list[ScenarioRow]
    norms: list[NormRow]
    principles: list[str]
    glosses: list[str] = Field(description="白话释义：模型撰写，未经审核，不是法律")


class GoverningClause(Contract):
    """A clause that governs a scenario. sha256 is that of `quote`, which is official[start:end]."""

    id: str
    title: str
    article: str
    paragraph: int | None
    item: int | None
    quote: str
    start: int
    end: int
    sha256: str
    status: StatusWord
    effective_from: date | None
    score: float


class JudgeCase(Contract):
    """One line of `yilun judge --batch`."""

    id: str
    text: str
    as_of: date | None = None


class JudgeResult(Contract):
    """`yilun judge`: a verdict. confidence is null and `reason` says why where nothing was concluded."""

    id: str
    text: str
    conclusion: Literal["non_compliant", "compliant", "conditional", "undetermined"]
    abstained: bool
    confidence: float | None
    reason: str
    governing: list[GoverningClause]
    findings: list[str]
    principles: list[str]
    missing_facts: list[str]
    as_of: date
    build: str


class DiffSide(Contract):
    """One of the two texts that `yilun diff` compares."""

    expression: str
    title: str
    begins: date | None
    ends: date | None
    note: str


class TouchedCaseRow(Contract):
    """A case that rests on a changed provision; written by a model, unreviewed."""

    id: str
    role: str
    provision: str


class ChangeRow(Contract):
    """What happened to a provision. An end that does not exist has empty strings; marks are [start, end) in
    its text that the other end lacks, null where the two share too little for marks to say anything.
    `follows`: nothing differs but numbers of articles cited within the text, which follow a renumbering."""

    kind: Literal["added", "removed", "changed", "moved", "renumbered"]
    level: str
    old_id: str
    new_id: str
    old_place: str
    new_place: str
    old_text: str
    new_text: str
    old_marks: list[tuple[int, int]] | None
    new_marks: list[tuple[int, int]] | None
    similarity: float
    renumbered: bool
    moved: bool
    follows: bool
    cases: list[TouchedCaseRow]
    parts: list[ChangeRow]


class NormChangeRow(Contract):
    """A norm that came, went or changed; each side's parts in words, null where there is no such side."""

    kind: Literal["added", "removed", "changed"]
    modality: str
    old_id: str
    new_id: str
    old: dict[str, str] | None
    new: dict[str, str] | None
    fields: list[str]


class TouchedRowRow(Contract):
    """A row of a file (verdict, training data) that names a provision which changed."""

    file: str
    line: int
    id: str
    provisions: list[str]


class DiffResult(Contract):
    """`yilun diff --json`. counts are of articles, points and headings; parts of them are inside changes."""

    old: DiffSide
    new: DiffSide
    counts: dict[Literal["added", "removed", "changed", "moved", "renumbered"], int]
    unchanged: int
    formatting: int
    changes: list[ChangeRow]
    norms: list[NormChangeRow]
    rows: list[TouchedRowRow]


class BasisRow(Contract):
    """An article that an answer rests on; id is null where the build does not hold its text."""

    name: str
    id: str | None
    text: str


class PrecedenceResult(Contract):
    """`yilun precedence --json`: which of two provisions said to conflict applies to facts of a day."""

    first: str
    second: str
    outcome: Literal["first", "second", "both", "neither", "undetermined"]
    principle: str
    reason: str
    basis: list[BasisRow]
    decider: str
    cautions: list[str]
    suggested_special: Literal["first", "second", "neither", "unknown"]
    as_of: date
    build: str


class NormProvision(Contract):
    """A 款 (or point, or the one 项 asked for) with its norms, its 项 included; refers_to are ids."""

    id: str
    title: str
    article: str
    paragraph: int | None
    item: int | None
    text: str
    norms: list[NormRow]
    principles: list[str]
    refers_to: list[str]


class NormsResult(Contract):
    """`yilun norms`, one line for each reference."""

    provisions: list[NormProvision]


class SuggestedArticle(Contract):
    """The article that a citation probably means."""

    title: str
    article: str


class CheckedCitation(Contract):
    """A citation found in a text, and what the check says of it."""

    span: tuple[int, int]
    surface: str
    title: str | None
    article: str | None
    paragraph: int | None
    item: int | None
    resolved: str | None
    outcome: Literal[
        "out_of_corpus", "not_found", "ambiguous", "not_in_force", "wrong_number", "wrong_level",
        "quote_mismatch", "unsupported", "verified",
    ]  # fmt: skip
    faults: list[str]
    suggested: list[SuggestedArticle]
    confidence: float
    evidence: str


class CiteCheckResult(Contract):
    """`yilun cite check`, one line for each text."""

    id: str
    citations: list[CheckedCitation]


class LookUpRow(Contract):
    """A tool that the model used, what it asked, and the ids of the provisions that it was shown."""

    tool: str
    asked: str
    found: list[str]


class ChatFailureRow(Contract):
    """Why there is no answer."""

    kind: str
    text: str


class ChatResult(Contract):
    """`yilun chat QUESTION --json`: the model's words as they are, and the check of their citations beside them.

    Either `answer` or `failure` is null. `sound`: it cites law, and every citation is verified and of an article
    that the model had read; `unread` are those that it had not. It says nothing of the conclusion, which may be wrong.
    """

    question: str
    answer: str | None
    failure: ChatFailureRow | None
    sound: bool
    citations: list[CheckedCitation]
    unread: list[str]
    looked: list[LookUpRow]
    model: str
    as_of: date
    build: str


class EvaluationRow(Contract):
    """The columns that `yilun evaluate` adds to a row; null is unscored."""

    R1: Risk
    R2: Risk
    Q1: Grade
    Q2: Grade
    Q3: Grade
    Q4: Grade
    reasons: str


class IntervalRow(Contract):
    """A figure with the bounds of its 95 % interval; null where no answer allows one."""

    value: float | None
    low: float | None
    high: float | None


class EvaluationSummary(Contract):
    """`yilun evaluate --json`. Rows with an unscored dimension count in no figure; `coverage` says how many do."""

    scorer: str
    build: str
    as_of: date
    seed: int
    rows: int
    scored: int
    coverage: float
    scenarios: int
    RiskRate: IntervalRow
    QualityScore: dict[Literal["mean", "weighted"], IntervalRow]
    FinalScore: dict[Literal["mean", "weighted"], IntervalRow]
    note: str


class StatusResult(Contract):
    """`yilun status --json`; pairs are (held, in the ledger)."""

    build: str
    input_digest: str
    sources: str
    held: int
    listed: int
    pack: str
    target: int | None
    by_level: dict[str, tuple[int, int]]
    by_topic: dict[str, tuple[int, int]]
    unlisted_held: int
    counts: dict[str, int]
    problems: dict[str, dict[str, int]]
    unverified_facts: dict[str, int]
    missing: list[str]


def contracts() -> dict[str, type[BaseModel]]:
    """Every contract by the name of its schema file."""
    from app.ask_contract import AskResult

    return {
        "search-query": SearchQuery,
        "search": SearchResult,
        "bench-retrieval": BenchResult,
        "article": ArticleResult,
        "ask": AskResult,
        "chat": ChatResult,
        "cite-check": CiteCheckResult,
        "judge-case": JudgeCase,
        "judge": JudgeResult,
        "verdict": VerdictFile,
        "status": StatusResult,
        "diff": DiffResult,
        "precedence": PrecedenceResult,
        "norms": NormsResult,
        "evaluate-row": EvaluationRow,
        "evaluate-summary": EvaluationSummary,
    }


def write_schemas(folder: str) -> None:
    """Write one JSON Schema for each contract, in a fixed layout."""
    import json
    from pathlib import Path

    for name, model in contracts().items():
        schema = model.model_json_schema(by_alias=True)
        path = Path(folder) / f"{name}.json"
        path.write_text(
            json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    import sys
    from pathlib import Path

    from app.api import api_document

    write_schemas(sys.argv[1])
    Path(sys.argv[1], "openapi.json").write_text(api_document(), encoding="utf-8")
