"""Questions to the graph of norms: duties, protections, sanctions, definitions; with the law of a day.

A party has the duties of the wider parties that it is a kind of (SUBCLASS_OF): what binds 医务人员 binds 医师.
Properties read here, beyond those of `kg.queries.answers`: Norm `modality` `provision` `expression`, Term `term`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from kg.problem import InputError
from kg.queries.answers import Reader, expression_status
from kg.queries.named import Query, Record
from kg.schema import Properties
from kg.vocabulary import Status

_PARTY = Query("party", "MATCH (p:Party {id: $party}) RETURN p.id AS id", ("party",), "一个主体")
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
    """MATCH (:Party {id: $party})-[:SUBCLASS_OF*0..8]->(q:Party)<-[:TOWARDS]-(n:Norm {modality: 'prohibition'})
    MATCH (e:Expression {id: n.expression}) RETURN n.id AS id, properties(n) AS norm, q.id AS through, e.id AS expression_id,
    properties(e) AS expression ORDER BY id, through""",
    ("party",),
    "以一个主体（及其上位主体）为相对人的禁止",
)
_SANCTIONS = Query(
    "sanctions_of_provision",
    """MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(:Provision)-[:STATES]->(q:Norm)-[:SANCTIONED_BY]->(n:Norm)
    MATCH (e:Expression {id: n.expression}) RETURN n.id AS id, properties(n) AS norm, q.id AS through, e.id AS expression_id,
    properties(e) AS expression
    UNION
    MATCH (p:Provision {id: $id})-[:CONTAINS*0..12]->(q:Provision)-[:SANCTIONED_BY]->(n:Norm)
    MATCH (e:Expression {id: n.expression}) RETURN n.id AS id, properties(n) AS norm, q.id AS through, e.id AS expression_id,
    properties(e) AS expression""",
    ("id",),
    "违反一条规定（其规范或其本身）的后果",
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
class Answer:
    """A norm (or provision) that answers a question: what it says, through which node it was found, its standing.

    `through` is the party that the norm names, the duty that it sanctions, or the term.
    """

    id: str
    properties: Properties
    through: str
    expression: str
    status: Status


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
            {"party": "主体，如 医师", "topic": "场景，如 医患关系"},
            "一个主体在一个场景中的义务与禁止",
        ),
        Question("protections", {"party": "主体，如 患者"}, "保护一个主体的禁止"),
        Question("sanctions", {"id": "条款 id，如 …@2021-08-20/art25"}, "违反一条规定的后果"),
        Question("definitions", {"term": "用语，如 医师"}, "界定一个用语的条款"),
    )
}
"""Every question by its name."""


def duties(reader: Reader, party: str, topic: str, as_of: date) -> list[Answer]:
    """What a party, or a party that it is a kind of, must or must not do in a class of situations on a day."""
    return _answers(reader.run(_DUTIES, party=_known(reader, party), topic=topic), as_of)


def protections(reader: Reader, party: str, as_of: date) -> list[Answer]:
    """The prohibitions towards a party or a party that it is a kind of, on a day."""
    return _answers(reader.run(_PROTECTIONS, party=_known(reader, party)), as_of)


def sanctions(reader: Reader, provision_id: str, as_of: date) -> list[Answer]:
    """What follows from breaching a provision, on a day: the liabilities tied to it or to its norms."""
    return _answers(reader.run(_SANCTIONS, id=provision_id), as_of)


def definitions(reader: Reader, term: str, as_of: date) -> list[Answer]:
    """The provisions that say what a term means, on a day."""
    return _answers(reader.run(_DEFINITIONS, term=term), as_of)


def ask(reader: Reader, name: str, parameters: Mapping[str, str], as_of: date) -> list[Answer]:
    """The answers to a named question; InputError for an unknown name or a parameter that lacks or is too many."""
    question = QUESTIONS.get(name)
    if question is None:
        raise InputError(f"没有名为 {name} 的问题；可问：{'、'.join(QUESTIONS)}")
    if set(parameters) != set(question.parameters):
        wanted = " ".join(f"--param {k}=（{v}）" for k, v in question.parameters.items())
        raise InputError(f"{name} 的参数应为 {wanted}；给出的是 {'、'.join(parameters) or '无'}")
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
    found: dict[tuple[str, str], Answer] = {}
    for row in rows:
        expression = row["expression"]
        status = expression_status(expression if isinstance(expression, Mapping) else {}, as_of)
        if status in (Status.ENDED, Status.NOT_YET):
            continue
        properties = row["norm"] if isinstance(row["norm"], Mapping) else {}
        answer = Answer(str(row["id"]), properties, str(row["through"]), str(row["expression_id"]), status)
        found[answer.id, answer.through] = answer
    return [found[key] for key in sorted(found)]
