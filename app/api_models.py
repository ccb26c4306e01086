"""What goes in and out over HTTP: the contracts, with the day and the build that an answer rests on."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool

from app.contracts import (
    ArticleResult,
    CiteCheckResult,
    Contract,
    JudgeResult,
    NormsResult,
    SearchResult,
)
from kg.vocabulary import Level


def _written(value: object) -> object:
    # Pydantic would read the number 0 as 1970-01-01.
    if value is not None and not isinstance(value, str | date):
        raise ValueError("日期应写成 YYYY-MM-DD")
    return value


def _encodable(value: str) -> str:
    # JSON can spell half of a surrogate pair, which no text has and nothing after this can encode.
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("含有不成对的代理字符，不是文字")
    return value


Words = Annotated[str, AfterValidator(_encodable)]
Name = Annotated[Words, Field(max_length=200)]
Day = Annotated[
    date | None,
    BeforeValidator(_written),
    Field(description="按哪一天的法律；省略为今天", examples=["2026-11-22"]),
]
BuildPin = Annotated[
    Words | None,
    Field(description="只接受这个构建的回答；服务器用的是另一个构建时返回 409 other_build"),
]


class Asked(Contract):
    """What every question may say."""

    as_of: Day = None
    build: BuildPin = None


class SearchOptions(Asked):
    """How to search."""

    k: int = Field(10, ge=1, strict=True, description="取多少条")
    levels: list[Level] | None = Field(None, description="只要这些位阶", examples=[["法律", "行政法规"]])
    topics: list[Words] | None = Field(None, description="只要这些场景", examples=[["医患关系"]])
    sources: list[Name] | None = Field(None, description="只在这些文本中，题名或简称", examples=[["医师法"]])
    modalities: list[Name] | None = Field(
        None, description="只要含这些类型规范的条文", examples=[["禁止", "obligation"]]
    )
    parties: list[Name] | None = Field(
        None, description="只要规范涉及这些主体的条文；上位与下位主体也算", examples=[["护士"]]
    )
    only_in_force: StrictBool = Field(False, description="去掉效力待核的条文")
    neighbours: int = Field(0, ge=0, le=20, strict=True, description="每条之前、之后各带几条相邻条文")
    system: Annotated[
        Literal["default", "exact", "bm25", "gloss", "dense", "meaning", "fused"],
        Field(description="检索系统"),
    ] = "default"


class SearchRequest(SearchOptions):
    """One question."""

    query: Words = Field(examples=["手术前要不要把替代方案告诉病人"])
    id: Name = ""


class NamedQuery(Contract):
    """A question of a batch: a line of `yilun search --batch`."""

    id: Name
    query: Words


class SearchBatch(SearchOptions):
    """Many questions, asked in the same way."""

    queries: list[NamedQuery]


class SearchAnswer(SearchResult):
    """The clauses for one question."""

    as_of: date
    build: str


class SearchAnswers(Contract):
    """One answer for each question, in their order."""

    results: list[SearchAnswer]


class ReferenceRequest(Asked):
    """One provision."""

    ref: Words = Field(
        description="《医师法》第二十五条、民法典1219条 或条款 id", examples=["《医师法》第二十五条"]
    )


class ArticleAnswer(ArticleResult):
    """A provision as it was on a day."""

    build: str


class NormsAnswer(NormsResult):
    """The norms of a provision as it was on a day."""

    as_of: date
    build: str


class AskRequest(Asked):
    """A named question to the graph; an unknown one is refused with all that there are."""

    question: Name = Field(examples=["sanctions"])
    parameters: dict[Name, Name] = Field(default_factory=dict, examples=[{"id": "《医师法》第二十五条"}])


class CiteCheckRequest(Asked):
    """A text whose citations are to be checked."""

    text: Words = Field(examples=["依照《医师法》第二十五条，医师应当如实告知病情。"])
    id: Name = ""


class DatedText(Contract):
    """A text of a batch; its own day stands before that of the batch."""

    id: Name
    text: Words
    as_of: Day = None


class CiteCheckBatch(Asked):
    """Many texts whose citations are to be checked."""

    texts: list[DatedText]


class CiteCheckAnswer(CiteCheckResult):
    """The citations of one text. `as_of` is the day asked about; a text may name another for itself."""

    as_of: date
    build: str


class CiteCheckAnswers(Contract):
    """One answer for each text, in their order."""

    results: list[CiteCheckAnswer]


class JudgeOptions(Asked):
    """How to judge."""

    k: int = Field(5, ge=1, strict=True, description="列出多少条可能适用的条款")


class JudgeRequest(JudgeOptions):
    """A situation."""

    text: Words = Field(examples=["护士发现医嘱剂量明显超标，仍照执行"])
    id: Name = ""


class JudgeBatch(JudgeOptions):
    """Many situations; a case's own day stands before that of the batch."""

    cases: list[DatedText]


class JudgeAnswers(Contract):
    """One verdict for each situation, in their order."""

    results: list[JudgeResult]


class Health(Contract):
    """Whether the service answers, and from what."""

    status: Literal["ok", "degraded"] = Field(
        description="degraded：仍在回答，但新的构建打不开，或没有语义检索"
    )
    build: str
    clauses: int
    systems: list[str]
    problems: list[str]


class ApiError(Contract):
    """Every answer that is not a 2xx: a stable code, words for a person, and the field at fault if any."""

    code: str
    message: str
    place: str
