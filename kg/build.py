"""Reading a build: sources, dated texts, provisions, citations, scenarios — without any database."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from kg.build_rows import expression_from_row, provision_from_row, source_from_row
from kg.clause import Clause, ClauseParagraph
from kg.identity import ExpressionId, ProvisionId, Step
from kg.manifest import Manifest
from kg.model import Expression, Provision, Source, TopicEntry
from kg.norm import (
    Norm,
    NormLink,
    Party,
    Principle,
    link_from_row,
    norm_from_row,
    norms_file,
    party_from_row,
    principle_from_row,
)
from kg.problem import InputError, Problem, Severity
from kg.review import Judged, State, review_from_row
from kg.text import LayeredText, Quote, Repair
from kg.titles import TitleIndex
from kg.vocabulary import Kind, Status, Topic


@dataclass(frozen=True)
class Text:
    """An expression with its layers and its tree, in document order."""

    expression: Expression
    layers: LayeredText
    provisions: tuple[Provision, ...]

    @property
    def official(self) -> str:
        """The official text."""
        return self.layers.official

    @cached_property
    def _positions(self) -> dict[tuple[Step, ...], int]:
        return {p.id.steps: index for index, p in enumerate(self.provisions)}

    def find(self, steps: tuple[Step, ...]) -> Provision | None:
        """The provision at a path of steps, None if the text has none there."""
        index = self._positions.get(steps)
        return None if index is None else self.provisions[index]

    def index(self, provision: Provision) -> int:
        """The position of a provision in document order."""
        return self._positions[provision.id.steps]

    def below(self, provision: Provision) -> tuple[Provision, ...]:
        """The provisions inside a provision, in document order."""
        start = self.index(provision) + 1
        end = start
        while end < len(self.provisions) and self.provisions[end].start < provision.end:
            end += 1
        return self.provisions[start:end]

    def children(self, provision: Provision) -> tuple[Provision, ...]:
        """The provisions directly inside a provision."""
        found: list[Provision] = []
        position = provision.start
        for candidate in self.below(provision):
            if candidate.start >= position:
                found.append(candidate)
                position = candidate.end
        return tuple(found)

    def ancestors(self, provision: Provision) -> tuple[Provision, ...]:
        """The provisions around a provision, outermost first: 编章节, then 条, 款, 项."""
        index = self.index(provision)
        return tuple(
            p for p in self.provisions[:index] if p.start <= provision.start and p.end >= provision.end
        )

    def at(self, offset: int) -> Provision | None:
        """The provision whose own head holds a character of the official text."""
        index = bisect_right(self._starts, offset) - 1
        return self.provisions[index] if index >= 0 else None

    @cached_property
    def _starts(self) -> list[int]:
        return [p.start for p in self.provisions]

    def words(self, provision: Provision) -> str:
        """The official text of a provision with all below it, without the label of an article."""
        start = provision.start
        if provision.kind is Kind.ARTICLE:
            start = self.official.find(provision.label, start) + len(provision.label)
        return self.official[start : provision.end].strip()

    def quote(self, provision: Provision) -> Quote:
        """The span of a provision's words, with their digest; an article's label is left out."""
        words = self.words(provision)
        start = self.official.find(words, provision.start)
        return Quote.cut(self.official, start, start + len(words))


@dataclass(frozen=True, slots=True)
class CitationTarget:
    """One provision, version or work that a citation reaches, and from when until when (ISO, null open)."""

    id: str
    from_date: str | None
    until_date: str | None
    basis: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A citation in a provision: span in the official text, what it says, what it reaches and why not."""

    provision: str
    start: int
    end: int
    surface: str
    outcome: str
    reason: str
    targets: tuple[CitationTarget, ...]


@dataclass(frozen=True, slots=True)
class ScenarioLink:
    """A case that a clause governs, with the role that the case gives it."""

    scenario: str
    provision: str
    role: str


PACK, CARRIED = "pack", ("facts", "guardian")
"""Where in a build the folders of its pack are that answers are made with, and which those are."""


class Build:
    """A finished build on disk. Every file is checked against the manifest when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = Manifest.read(path)
        self.id = self.manifest.id

    @property
    def pack(self) -> Path:
        """The folder with what the build carries of its pack; a pack that has none of it leaves none."""
        return self.path / PACK

    def texts_intact(self) -> bool:
        """Whether every file is there with the digest that the manifest records."""
        return not self.manifest.damaged(self.path)

    # -- tables ------------------------------------------------------------------------------------

    def _rows(self, name: str) -> Iterator[Any]:
        for line in self.manifest.read_bytes(self.path, name).split(b"\n"):
            if line:
                yield json.loads(line)

    @cached_property
    def topics(self) -> tuple[TopicEntry, ...]:
        """The topics of the pack that the build was made with, in the pack's order."""
        return tuple(TopicEntry(Topic(row["topic"]), row["definition"]) for row in self._rows("topics.jsonl"))

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """Every work known to the build, held or not, by key."""
        return {row["key"]: source_from_row(row) for row in self._rows("sources.jsonl")}

    @cached_property
    def expressions(self) -> Mapping[str, Expression]:
        """Every version held, by id, sorted."""
        return {row["id"]: expression_from_row(row) for row in self._rows("expressions.jsonl")}

    @cached_property
    def _text_files(self) -> dict[str, str]:
        return {row["id"]: row["file"] for row in self._rows("expressions.jsonl")}

    @cached_property
    def versions(self) -> Mapping[str, tuple[Expression, ...]]:
        """The versions of each work by key, newest first, undated last."""
        found: dict[str, list[Expression]] = {}
        for expression in self.expressions.values():
            found.setdefault(expression.id.key, []).append(expression)
        return {
            key: tuple(sorted(group, key=lambda e: (e.id.version or date.min, -e.id.nth), reverse=True))
            for key, group in found.items()
        }

    @cached_property
    def titles(self) -> TitleIndex:
        """All titles by which a work can be cited."""
        return TitleIndex.build(self.sources.values())

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What the build noticed, sorted."""
        return tuple(
            Problem(Severity(row["severity"]), row["code"], row["place"], row["text"])
            for row in self._rows("problems.jsonl")
        )

    @cached_property
    def citations(self) -> tuple[Citation, ...]:
        """Every citation found in the texts, in order of expression and place."""
        return tuple(
            Citation(
                row["provision"], row["start"], row["end"], row["surface"], row["outcome"], row["reason"],
                tuple(CitationTarget(t["id"], t["from_date"], t["until_date"], t["basis"]) for t in row["targets"]),
            )
            for row in self._rows("citations.jsonl")
        )  # fmt: skip

    @cached_property
    def _citations_by_expression(self) -> dict[str, list[Citation]]:
        found: dict[str, list[Citation]] = {}
        for citation in self.citations:
            found.setdefault(citation.provision.split("/", 1)[0], []).append(citation)
        return found

    @cached_property
    def _citations_by_target(self) -> dict[str, list[tuple[Citation, CitationTarget]]]:
        found: dict[str, list[tuple[Citation, CitationTarget]]] = {}
        for citation in self.citations:
            for target in citation.targets:
                found.setdefault(target.id, []).append((citation, target))
        return found

    @cached_property
    def _scenarios_by_provision(self) -> dict[str, list[ScenarioLink]]:
        found: dict[str, list[ScenarioLink]] = {}
        for row in self._rows("scenario_links.jsonl"):
            found.setdefault(row["provision"], []).append(
                ScenarioLink(row["scenario"], row["provision"], row["role"])
            )
        return found

    # -- texts -------------------------------------------------------------------------------------

    def text(self, expression: ExpressionId | str) -> Text:
        """The text of a version; InputError if the build does not hold it."""
        return self._text(str(expression))

    @lru_cache(maxsize=1024)  # noqa: B019 - a Build lives as long as its process needs it
    def _text(self, identifier: str) -> Text:
        if identifier not in self._text_files:
            raise InputError(f"此构建不含版本 {identifier}；yilun status 列出所含文本")
        stored = json.loads(self.manifest.read_bytes(self.path, self._text_files[identifier]))
        layers = LayeredText(stored["raw"], tuple(Repair(*row) for row in stored["repairs"]))
        expression = self.expressions[identifier]
        provisions = tuple(provision_from_row(row, expression.id) for row in stored["provisions"])
        return Text(expression, layers, provisions)

    def provision(self, identifier: str | ProvisionId) -> tuple[Text, Provision]:
        """A provision and the text it stands in; InputError if the build does not hold it."""
        parsed = ProvisionId.parse(identifier) if isinstance(identifier, str) else identifier
        text = self.text(parsed.expression)
        provision = text.find(parsed.steps)
        if provision is None:
            raise InputError(f"{parsed.expression} 中没有 {parsed.display() or parsed}；请核对编号")
        return text, provision

    def in_force(self, key: str, as_of: date) -> tuple[Expression, Status] | None:
        """The version of a work that applies on a day: in force first, else unknown, newest first; else None."""
        best: tuple[Expression, Status] | None = None
        for expression in self.versions.get(key, ()):
            status = expression.validity.status(as_of)
            if status is Status.IN_FORCE:
                return expression, status
            if status is Status.UNKNOWN and best is None:
                best = expression, status
        return best

    # -- relations ---------------------------------------------------------------------------------

    def citations_of(self, text: Text) -> tuple[Citation, ...]:
        """The citations that stand in a text, in order."""
        return tuple(self._citations_by_expression.get(str(text.expression.id), ()))

    def citations_from(self, text: Text, provision: Provision) -> list[Citation]:
        """The citations that stand inside a provision."""
        found = self._citations_by_expression.get(str(text.expression.id), [])
        return [c for c in found if provision.start <= c.start < provision.end]

    def citations_to(self, text: Text, provision: Provision) -> list[tuple[Citation, CitationTarget]]:
        """The citations that reach a provision or anything below it."""
        reached = [provision, *text.below(provision)]
        return [pair for p in reached for pair in self._citations_by_target.get(str(p.id), [])]

    def scenarios_on(self, text: Text, provision: Provision) -> list[ScenarioLink]:
        """The cases that a provision or anything below it governs."""
        reached = [provision, *text.below(provision)]
        return [link for p in reached for link in self._scenarios_by_provision.get(str(p.id), [])]

    def norms(self, provision: str | ProvisionId) -> tuple[Norm, ...]:
        """The norms that a provision and all below it state, in document order; () for one not held."""
        identity = str(provision)
        expression, _, steps = identity.partition("/")
        if not steps:
            return self.norms_of(expression)
        lines = self._norm_lines(expression).get(steps.split("/", 1)[0], ())
        rows = map(json.loads, lines)
        return tuple(norm_from_row(r) for r in rows if r["id"].startswith((identity + "#", identity + "/")))

    def norms_of(self, expression: ExpressionId | str) -> tuple[Norm, ...]:
        """Every norm of a version, in document order; () for one not held."""
        return self._norms(str(expression))

    @lru_cache(maxsize=1024)  # noqa: B019 - a Build lives as long as its process needs it
    def _norm_lines(self, identifier: str) -> dict[str, tuple[bytes, ...]]:
        """The rows of a version's norms by the first step of their provision.

        As bytes: parsed, those of five hundred texts would take a quarter of a gigabyte, and a batch of
        scenarios comes back to few articles of each.
        """
        if identifier not in self._text_files:
            return {}
        found: dict[str, list[bytes]] = {}
        name = norms_file(self._text_files[identifier])
        for line in filter(None, self.manifest.read_bytes(self.path, name).split(b"\n")):
            place = json.loads(line)["provision"].partition("/")[2]
            found.setdefault(place.split("/", 1)[0], []).append(line)
        return {step: tuple(lines) for step, lines in found.items()}

    @lru_cache(maxsize=64)  # noqa: B019 - a Build lives as long as its process needs it
    def _norms(self, identifier: str) -> tuple[Norm, ...]:
        if identifier not in self._text_files:
            return ()
        return tuple(norm_from_row(row) for row in self._rows(norms_file(self._text_files[identifier])))

    @cached_property
    def reviews(self) -> tuple[Judged, ...]:
        """The experts' reviews that the build was made with, and what became of each."""
        return tuple(
            Judged(review_from_row(row["review"]), State(row["state"])) for row in self._rows("reviews.jsonl")
        )

    @cached_property
    def norm_ties(self) -> tuple[NormLink, ...]:
        """What ties norms to other nodes: sanctions, exceptions, definitions, delegations; sorted."""
        return tuple(link_from_row(row) for row in self._rows("norm_ties.jsonl"))

    @cached_property
    def parties(self) -> Mapping[str, Party]:
        """The addressees of norms by id, as the pack lists them."""
        return {row["id"]: party_from_row(row) for row in self._rows("parties.jsonl")}

    @cached_property
    def principles(self) -> Mapping[str, Principle]:
        """The ethical principles by id, as the pack defines them."""
        return {row["id"]: principle_from_row(row) for row in self._rows("principles.jsonl")}

    # -- clauses -----------------------------------------------------------------------------------

    def clauses(self) -> Iterator[Clause]:
        """Every unit of retrieval of every version, by expression id, then in document order."""
        for identifier in self.expressions:
            text = self.text(identifier)
            for provision in text.provisions:
                if is_clause(text, provision):
                    yield self._clause(text, provision)

    def clause(self, identifier: str | ProvisionId) -> Clause:
        """The unit of retrieval that an id names or lies in; InputError if the build does not hold it."""
        text, provision = self.provision(identifier)
        for candidate in (provision, *reversed(text.ancestors(provision))):
            if is_clause(text, candidate):
                return self._clause(text, candidate)
        raise InputError(f"{identifier} 不在任何条文之内")

    def _clause(self, text: Text, provision: Provision) -> Clause:
        expression = text.expression
        source = self.sources[expression.id.key]
        paragraphs = [c for c in text.children(provision) if c.kind is Kind.PARAGRAPH]
        sole = len(paragraphs) == 1
        return Clause(
            id=provision.id,
            titles=(expression.title, *source.short_titles),
            level=source.level,
            topics=source.topics,
            validity=expression.validity,
            label=provision.label,
            headings=tuple(
                f"{a.label} {a.heading}".strip() for a in text.ancestors(provision) if a.heading or a.label
            ),
            text=text.words(provision),
            paragraphs=tuple(
                ClauseParagraph(p.id, None if sole else p.id.steps[-1].number, text.words(p))
                for p in paragraphs
            ),
        )


_CLAUSE_LENGTH = 800
"""A point of a text without 条 is one unit up to this many characters; a longer one is cut at its points."""


def is_clause(text: Text, provision: Provision) -> bool:
    """Whether a provision is a unit of retrieval: an article, or a point that is not too long to be one.

    A point above that length is a unit only where nothing below it can be; its parts are units instead.
    """
    if provision.kind is Kind.ARTICLE:
        return True
    if provision.kind is not Kind.POINT or any(p.kind is Kind.ARTICLE for p in text.below(provision)):
        return False
    if _is_long(text, provision):
        return False
    return all(a.kind is not Kind.POINT or _is_long(text, a) for a in text.ancestors(provision))


def _is_long(text: Text, provision: Provision) -> bool:
    long = provision.end - provision.start > _CLAUSE_LENGTH
    return long and any(p.kind is Kind.POINT for p in text.below(provision))
