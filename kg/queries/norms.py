"""Questions to the graph of norms: duties, protections, sanctions, definitions; with the law of a day.

A party has the duties of the wider parties that it is a kind of (SUBCLASS_OF): what binds 医务人员 binds 医师.
Properties read here, beyond those of `kg.queries.answers`: Norm `modality` `provision` `expression`, Term `term`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from kg.norm import TieMethod
from kg.problem import InputError
from kg.queries.answers import Reader, expression_status
from kg.queries.named import Query, Record
from kg.schema import ENDPOINTS, Properties, RelationType
from kg.vocabulary import Status

LONGEST_CHAIN = 4
"""So many steps from a breach: its sanction, what that refers to, what goes on from there, and one to spare."""

_PARTY = Query("party", "MATCH (p:Party {id: $party}) RETURN p.id AS id", ("party",), "一个主体")
_LEVELS = Query(
    "levels_of_authority",
    "MATCH (p:Party) WHERE p.rank IS NOT NULL RETURN p.id AS id, p.words AS words ORDER BY p.rank",
    (),
    "各级机关，自上而下",
)
_DUTIES = Query(
    "duties_of_party",
    """MATCH (:Party {id: $party})-[:SUBCLASS_OF*0..8]->(q:Party)<-[:BINDS]-(n:Norm)
    WHERE n.modality IN ['obligation', 'prohibition']
    MATCH (n)-[:APPLIES_IN]->(t:Topic {id: $topic}) MATCH (e:Expression {id: n.expression})
    RETURN n.id AS id, properties(n) AS norm, q.id AS through, e.id AS expression_id,
    properties(e) AS expression ORDER BY id, through""",
    ("party", "topic"),
    "一个主体（及其上位主体）在一个场景中的义务与禁止",
)
_PROTECTIONS = Query(
    "prohibitions_protecting_party",
    """MATCH (:Party {id: $party})-[:SUBCLASS_OF*0..8]->(q:Party)<-[r:TOWARDS]-(n:Norm {modality: 'prohibition'})
    WHERE r.protects = true
    MATCH (e:Expression {id: n.expression}) RETURN n.id AS id, properties(n) AS norm, q.id AS through, e.id AS expression_id,
    properties(e) AS expression ORDER BY id, through""",
    ("party",),
    "保护一个主体（及其上位主体）的禁止",
)
_BROKEN = Query(
    "norms_broken_with_provision",
    """MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(q:Provision)
    OPTIONAL MATCH (q)-[:STATES]->(n:Norm) RETURN q.id AS provision, n.id AS norm, n.modality AS modality,
    p.expression AS expression ORDER BY provision, norm""",
    ("id",),
    "一条规定、其下款项及其规范，以及所在的文本",
)
_BROKEN_NORM = Query(
    "norm_broken",
    """MATCH (n:Norm {id: $id}) RETURN n.provision AS provision, n.id AS norm, n.modality AS modality,
    n.expression AS expression""",
    ("id",),
    "一项规范及其所在的文本",
)
_SANCTIONED_BY = Query(
    "sanctioned_by",
    "\nUNION\n".join(
        f"""UNWIND $ids AS id MATCH (q:{source.cypher} {{id: id}})-[r:SANCTIONED_BY]->(n:{target.cypher})
    MATCH (e:Expression {{id: n.expression}}) RETURN n.id AS id, properties(n) AS norm, q.id AS through,
    properties(r) AS link, e.id AS expression_id, properties(e) AS expression"""
        for source, target in sorted(ENDPOINTS[RelationType.SANCTIONED_BY])
    ),
    ("ids",),
    "违反一项规定、或承接一项责任而来的后果，一步",
)
_DEFINITIONS = Query(
    "definitions_of_term",
    """MATCH (t:Term {term: $term})<-[:DEFINES]-(p:Provision) MATCH (p)<-[:CONTAINS*1..12]-(e:Expression)
    RETURN p.id AS id, properties(p) AS norm, t.id AS through, e.id AS expression_id, properties(e) AS expression
    ORDER BY id""",
    ("term",),
    "界定一个用语的条款",
)


@dataclass(frozen=True, slots=True)
class Tie:
    """One link of a sanction chain: how far from the breach (1 is its own sanction), how it is known, which words.

    `confidence` is that of the chain up to here; `by_likeness` says that the chain rests on repeated words
    somewhere, so that no text names its article throughout.
    """

    step: int
    method: TieMethod
    evidence: str
    confidence: float
    by_likeness: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A norm (or provision) that answers a question: what it says, through which node it was found, its standing.

    `through` is the party that the norm names, what it sanctions, or the term. `tie` says, in a sanction chain,
    what ties the two.
    """

    id: str
    properties: Properties
    through: str
    expression: str
    status: Status
    tie: Tie | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A named question: its parameters with what each means, and what is answered."""

    name: str
    parameters: Mapping[str, str]
    doc: str


QUESTIONS: Mapping[str, Question] = {
    q.name: q
    for q in (
        Question(
            "duties",
            {"party": "主体，如 医师；机关可带层级，如 县级卫生健康主管部门", "topic": "场景，如 医患关系"},
            "一个主体在一个场景中的义务与禁止",
        ),
        Question("protections", {"party": "主体，如 患者"}, "保护一个主体的禁止"),
        Question(
            "sanctions",
            {"id": "《医师法》第二十五条，或条款、规范的 id"},
            "违反一条规定的后果，连同由它承接的后果（情节严重、依照他条处罚、追究刑事责任）",
        ),
        Question("definitions", {"term": "用语，如 医师"}, "界定一个用语的条款"),
    )
}
"""Every question by its name."""


def duties(reader: Reader, party: str, topic: str, as_of: date) -> list[Answer]:
    """What a party, or a party that it is a kind of, must or must not do in a class of situations on a day.

    A party may be written with its level of authority, 县级卫生健康主管部门: then norms that name other levels only
    are left out; those that name no level bind all.
    """
    levelled = None if reader.run(_PARTY, party=party) else _levelled(reader, party)
    if levelled is None:
        return _answers(reader.run(_DUTIES, party=_known(reader, party), topic=topic), as_of)

    def naming(level: str) -> set[str]:
        rows = reader.run(_DUTIES, party=level, topic=topic)
        return {str(row["id"]) for row in rows if row["through"] == level}

    elsewhere = set().union(*map(naming, levelled.others)) - naming(levelled.level)
    found = _answers(reader.run(_DUTIES, party=levelled.party, topic=topic), as_of)
    return [answer for answer in found if answer.id not in elsewhere]


class _Levelled(NamedTuple):
    """A party with its level of authority, and the other levels."""

    level: str
    party: str
    others: tuple[str, ...]


def _levelled(reader: Reader, name: str) -> _Levelled | None:
    """The level and the party in a party's name written with its level; None where it is not so written."""
    levels = reader.run(_LEVELS)
    for level in levels:
        words = level["words"] if isinstance(level["words"], list) else []
        for word in sorted(map(str, words), key=len, reverse=True):
            party = name.removeprefix(word)
            if party != name and reader.run(_PARTY, party=party):
                own = str(level["id"])
                return _Levelled(own, party, tuple(str(one["id"]) for one in levels if one["id"] != own))
    return None


def protections(reader: Reader, party: str, as_of: date) -> list[Answer]:
    """The prohibitions that protect a party, or a party that it is a kind of, from harm by others, on a day."""
    return _answers(reader.run(_PROTECTIONS, party=_known(reader, party)), as_of)


def sanctions(reader: Reader, identity: str, as_of: date) -> list[Answer]:
    """The chain of sanctions of a provision or norm on a day: its liabilities, then what goes on from those.

    Sorted by step, then id. A liability that holds for the whole text is a first step, of method `GENERAL`.
    """
    rows = reader.run(_BROKEN_NORM if "#" in identity else _BROKEN, id=identity)
    if not rows:
        raise InputError(f"图中没有条款或规范 {identity}；条款的 id 见 yilun norms --json 的 id")
    duties = {str(row["norm"]) for row in rows if row["modality"] in ("obligation", "prohibition")}
    others = {str(row["norm"]) for row in rows if row["norm"]} if not duties else set[str]()
    starts = duties | others | {str(row["provision"]) for row in rows if "#" not in identity}
    if duties:
        starts.add(str(rows[0]["expression"]))
    found: dict[tuple[str, str], Answer] = {}
    reached: dict[str, tuple[float, bool]] = dict.fromkeys(starts, (1.0, False))
    frontier = starts
    for step in range(1, LONGEST_CHAIN + 1):
        links = [
            replace(answer, tie=tie)
            for row in reader.run(_SANCTIONED_BY, ids=sorted(frontier))
            if (answer := _answer(row, as_of)) and answer.id not in reached
            for tie in [_tie(row["link"], step, *reached[answer.through])]
        ]
        for answer in links:
            assert answer.tie is not None
            found[answer.id, answer.through] = answer
            surest = (answer.tie.confidence, answer.tie.by_likeness)
            reached[answer.id] = max(
                reached.get(answer.id, (0.0, True)), surest, key=lambda c: (not c[1], c[0])
            )
        frontier = {answer.id for answer in links}
        if not frontier:
            break
    return sorted(found.values(), key=lambda a: (a.tie.step if a.tie else 0, a.id, a.through))


def _tie(link: object, step: int, confidence: float, by_likeness: bool) -> Tie:
    own = link if isinstance(link, Mapping) else {}
    method = TieMethod(own["method"])
    return Tie(
        step, method, str(own["evidence"]), round(confidence * float(own["confidence"]), 6),
        by_likeness or method is TieMethod.LIKENESS,
    )  # fmt: skip


def definitions(reader: Reader, term: str, as_of: date) -> list[Answer]:
    """The provisions that say what a term means, on a day."""
    return _answers(reader.run(_DEFINITIONS, term=term), as_of)


def check_question(name: str, parameters: Mapping[str, str]) -> None:
    """InputError for an unknown question, or a parameter that lacks or is too many."""
    question = QUESTIONS.get(name)
    if question is None:
        raise InputError(f"没有名为 {name} 的问题；可问：{'、'.join(QUESTIONS)}")
    if set(parameters) != set(question.parameters):
        wanted = " ".join(f"{k}=（{v}）" for k, v in question.parameters.items())
        raise InputError(f"{name} 的参数应为 {wanted}；给出的是 {'、'.join(parameters) or '无'}")


def ask(reader: Reader, name: str, parameters: Mapping[str, str], as_of: date) -> list[Answer]:
    """The answers to a named question; InputError as `check_question`, and for a party or id not in the graph."""
    check_question(name, parameters)
    match name:
        case "duties":
            return duties(reader, parameters["party"], parameters["topic"], as_of)
        case "protections":
            return protections(reader, parameters["party"], as_of)
        case "sanctions":
            return sanctions(reader, parameters["id"], as_of)
        case _:
            return definitions(reader, parameters["term"], as_of)


def _known(reader: Reader, party: str) -> str:
    if not reader.run(_PARTY, party=party):
        raise InputError(f"图中没有主体 {party}；主体的名称见数据包 norms/parties.jsonl 的 id")
    return party


def _answers(rows: Sequence[Record], as_of: date) -> list[Answer]:
    """The answers that are law on the day, or may be: what has ended or not yet begun is left out."""
    found = {(answer.id, answer.through): answer for row in rows if (answer := _answer(row, as_of))}
    return [found[key] for key in sorted(found)]


def _answer(row: Record, as_of: date) -> Answer | None:
    expression = row["expression"]
    status = expression_status(expression if isinstance(expression, Mapping) else {}, as_of)
    if status in (Status.ENDED, Status.NOT_YET):
        return None
    properties = row["norm"] if isinstance(row["norm"], Mapping) else {}
    return Answer(str(row["id"]), properties, str(row["through"]), str(row["expression_id"]), status)
