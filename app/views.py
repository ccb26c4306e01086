"""What people see, as plain values: article, source tree, coverage. Command line and pages draw the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from app.norm_views import NormView, norm_views
from kg.build import Build, Citation, CitationTarget, Text, is_clause
from kg.citation import Anchor, Target
from kg.citation_grammar import find_mentions
from kg.dates import Validity
from kg.identity import ProvisionId
from kg.model import Provision, Source
from kg.places import places_of
from kg.problem import InputError
from kg.vocabulary import Kind, Level, Status, Topic
from retrieval.index import stored_meanings
from retrieval.retriever import INDEX_FOLDER


@dataclass(frozen=True, slots=True)
class ParagraphView:
    """One paragraph of an article with the span of its text in the expression's official text."""

    id: str
    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class CitationView:
    """A citation in or out: what is written, where it leads, and on which days it holds."""

    source: str
    surface: str
    outcome: str
    reason: str
    target: str
    target_text: str
    from_date: str | None
    until_date: str | None


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version of the work, with the article in it if it has one of that number."""

    expression: str
    status: Status
    begins: date | None
    not_before: date | None
    ends: date | None
    note: str
    provision: str
    text: str


@dataclass(frozen=True, slots=True)
class ScenarioView:
    """A case of the pack that rests on the article; written by a model, unreviewed."""

    id: str
    role: str
    provision: str


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article as it was on a day, with everything that hangs on it."""

    id: str
    title: str
    level: Level
    display: str
    headings: tuple[str, ...]
    text: str
    paragraphs: tuple[ParagraphView, ...]
    start: int
    end: int
    sha256: str
    status: Status
    begins: date | None
    ends: date | None
    validity_note: str
    origin: str
    as_of: date
    citations_out: tuple[CitationView, ...]
    citations_in: tuple[CitationView, ...]
    versions: tuple[VersionView, ...]
    scenarios: tuple[ScenarioView, ...]
    norms: tuple[NormView, ...]
    principles: tuple[str, ...]
    glosses: tuple[str, ...]


def find_article(build: Build, reference: str, as_of: date) -> tuple[Text, Provision]:
    """The provision that a reference names on a day: an id, or 《医师法》第二十五条 in any spelling.

    InputError says what was found instead: an unknown or ambiguous title, no text, no version, no article.
    """
    if "@" in reference:
        return build.provision(reference)
    key, target = _cited_work(build, reference)
    found = build.in_force(key, as_of)
    if found is None:
        raise InputError(_no_version(build, key, as_of))
    text = build.text(found[0].id)
    places, reason = places_of(text, target)
    if not places:
        raise InputError(f"{reference}：{found[0].id} {reason}；yilun article 只接受到条、款、项的引用")
    return text, places[0]


def work_key(build: Build, title: str) -> str:
    """The work that a title names, with or without 《》; InputError if none or more than one has it."""
    name = title.strip().removeprefix("《").removesuffix("》")
    keys = sorted({hit.key for hit in build.titles.lookup(name)})
    if not keys:
        raise InputError(f"台账与语料中没有《{name}》；yilun status 列出所含文件")
    if len(keys) > 1:
        raise InputError(f"《{name}》可指 {'、'.join(keys)}；请写全称")
    return keys[0]


def find_text(build: Build, reference: str, as_of: date) -> Text:
    """The text that a title names on a day, or the one whose id is given; InputError says what is held."""
    if "@" in reference:
        return build.text(reference)
    key = work_key(build, reference)
    found = build.in_force(key, as_of)
    if found is None:
        raise InputError(_no_version(build, key, as_of))
    return build.text(found[0].id)


def _cited_work(build: Build, reference: str) -> tuple[str, Target]:
    from retrieval.exact import typed_citation

    mentions = [m for m in find_mentions(reference, build.titles) if m.anchor is Anchor.TITLE]
    if typed := typed_citation(reference.strip()):
        mentions = [typed]
    if not mentions or not mentions[0].targets or not mentions[0].targets[0].path:
        raise InputError(
            f"没有读出条文：{reference!r}；请写成《医师法》第二十五条 或 民法典1219条，或给出条款 id"
        )
    keys = sorted({hit.key for hit in build.titles.lookup(mentions[0].title)})
    if not keys:
        raise InputError(f"台账与语料中没有《{mentions[0].title}》；yilun status 列出所含文件")
    if len(keys) > 1:
        raise InputError(f"《{mentions[0].title}》可指 {'、'.join(keys)}；请写全称")
    return keys[0], mentions[0].targets[0]


def _no_version(build: Build, key: str, as_of: date) -> str:
    source = build.sources[key]
    held = build.versions.get(key, ())
    if not held:
        where = f"；官方公布于{source.official_publication}" if source.official_publication else ""
        return f"《{source.title}》在台账中，此构建没有其文本{where}"
    lives = "；".join(f"{e.id}（{life(e.validity)}）" for e in held)
    return f"《{source.title}》在 {as_of} 没有可用的版本；所持：{lives}"


def life(validity: Validity) -> str:
    """An interval in Chinese: 2022-03-01 起施行, 至 …."""
    begin = (
        f"{validity.begins} 起施行"
        if validity.begins
        else f"施行日期不详，不早于 {validity.not_before or '？'}"
    )
    return begin + (f"，{validity.ends} 起失效" if validity.ends else "")


def article_view(build: Build, text: Text, provision: Provision, as_of: date) -> ArticleView:
    """Everything about a provision that the page and the command show."""
    expression = text.expression
    quote = text.quote(provision)
    paragraphs = [c for c in text.children(provision) if c.kind is Kind.PARAGRAPH]
    sole = len(paragraphs) == 1
    norms = build.norms(provision.id)
    return ArticleView(
        id=str(provision.id),
        title=expression.title,
        level=build.sources[expression.id.key].level,
        display=provision.id.display(sole_paragraph=_sole(text, provision)),
        headings=tuple(
            f"{a.label} {a.heading}".strip() for a in text.ancestors(provision) if a.kind.is_container
        ),
        text=text.official[quote.start : quote.end],
        paragraphs=tuple(
            ParagraphView(str(p.id), None if sole else p.id.steps[-1].number, text.words(p))
            for p in paragraphs
        ),
        start=quote.start,
        end=quote.end,
        sha256=quote.sha256,
        status=expression.validity.status(as_of),
        begins=expression.validity.begins,
        ends=expression.validity.ends,
        validity_note=expression.validity_note,
        origin=f"{expression.origin.name}:{expression.origin.place}",
        as_of=as_of,
        citations_out=tuple(
            view for c in build.citations_from(text, provision) for view in _out(build, c, as_of)
        ),
        citations_in=tuple(
            _view(build, c, t) for c, t in build.citations_to(text, provision) if _holds(t, as_of)
        ),
        versions=tuple(_versions(build, text, provision, as_of)),
        scenarios=tuple(
            ScenarioView(s.scenario, s.role, s.provision) for s in build.scenarios_on(text, provision)
        ),
        norms=norm_views(norms, quote.start, quote.end),
        principles=tuple(dict.fromkeys(e.name for n in norms for e in n.principles)),
        glosses=_glosses(build, text, provision),
    )


def _glosses(build: Build, text: Text, provision: Provision) -> tuple[str, ...]:
    """What glosses say of the article that a provision is or lies in."""
    units = [unit for unit in (provision, *text.ancestors(provision)) if is_clause(text, unit)]
    return _all_glosses(build.path / INDEX_FOLDER).get(str(units[0].id), ()) if units else ()


@lru_cache(maxsize=4)
def _all_glosses(folder: Path) -> Mapping[str, tuple[str, ...]]:
    return stored_meanings(folder) if folder.is_dir() else {}


def _sole(text: Text, provision: Provision) -> bool:
    around = (provision, *text.ancestors(provision))
    return any(p.kind is Kind.PARAGRAPH and p.sole for p in around)


def _holds(target: CitationTarget, as_of: date) -> bool:
    day = as_of.isoformat()
    return (target.from_date or "") <= day and (target.until_date is None or day < target.until_date)


def _out(build: Build, citation: Citation, as_of: date) -> Iterator[CitationView]:
    targets = [t for t in citation.targets if _holds(t, as_of)]
    for target in targets:
        yield _view(build, citation, target)
    if not targets:
        reason = citation.reason or (f"在 {as_of} 没有可指的版本" if citation.targets else "")
        yield CitationView(citation.provision, citation.surface, citation.outcome, reason, "", "", None, None)


def _view(build: Build, citation: Citation, target: CitationTarget) -> CitationView:
    words = ""
    if "/" in target.id:
        text, provision = build.provision(target.id)
        words = text.words(provision)
    return CitationView(
        citation.provision, citation.surface, citation.outcome, citation.reason,
        target.id, words, target.from_date, target.until_date,
    )  # fmt: skip


def _versions(build: Build, text: Text, provision: Provision, as_of: date) -> Iterator[VersionView]:
    for expression in build.versions.get(text.expression.id.key, ()):
        other = build.text(expression.id)
        same = other.find(provision.id.steps)
        yield VersionView(
            expression=str(expression.id),
            status=expression.validity.status(as_of),
            begins=expression.validity.begins,
            not_before=expression.validity.not_before,
            ends=expression.validity.ends,
            note=expression.validity_note,
            provision=str(same.id) if same else "",
            text=other.words(same) if same else "",
        )


def name_of(build: Build, identifier: str) -> str:
    """An id in the words of a citation: 《中华人民共和国医师法》第二十五条第一款; a work's or version's title."""
    key, _, rest = identifier.partition("@")
    title = build.sources[key].title if key in build.sources else key
    if "/" not in rest:
        return f"《{title}》"
    text, provision = build.provision(ProvisionId.parse(identifier))
    return f"《{title}》{provision.id.display(sole_paragraph=_sole(text, provision))}"


# -- coverage ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the ledger a build holds, by level and by topic: (held, in the ledger).

    `target` is how many works the pack set out to answer for, None where it set itself no number.
    """

    held: int
    listed: int
    target: int | None
    by_level: dict[Level, tuple[int, int]]
    by_topic: dict[Topic, tuple[int, int]]
    unlisted_held: int
    missing: tuple[str, ...]


def coverage(build: Build) -> Coverage:
    """Count the ledger's works that have a text in the build; versions of one work count once."""
    held = set(build.versions)
    listed = [s for s in build.sources.values() if s.in_ledger]

    def count(sources: list[Source]) -> tuple[int, int]:
        return sum(s.key in held for s in sources), len(sources)

    return Coverage(
        held=sum(s.key in held for s in listed),
        listed=len(listed),
        target=int(written) if (written := build.manifest.parameters.get("target_works")) else None,
        by_level={
            level: count(found) for level in Level if (found := [s for s in listed if s.level is level])
        },
        by_topic={t.name: count([s for s in listed if t.name in s.topics]) for t in build.topics},
        unlisted_held=sum(not build.sources[key].in_ledger for key in held),
        missing=tuple(sorted(s.key for s in listed if s.key not in held)),
    )


def problem_counts(build: Build) -> dict[str, dict[str, int]]:
    """The build's problems: severity → code → count."""
    found: dict[str, Counter[str]] = {}
    for problem in build.problems:
        found.setdefault(problem.severity.value, Counter())[problem.code] += 1
    return {severity: dict(sorted(codes.items())) for severity, codes in sorted(found.items())}


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One line of a source's table of contents: a heading or an article."""

    id: str
    kind: Kind
    label: str
    depth: int


def contents(text: Text) -> tuple[TreeNode, ...]:
    """The containers and articles (or points) of a text in document order."""
    shown = (Kind.ARTICLE, Kind.POINT, Kind.PREAMBLE)
    nodes = []
    for provision in text.provisions:
        if not (provision.kind.is_container or provision.kind in shown):
            continue
        depth = len([a for a in text.ancestors(provision) if a.kind.is_container or a.kind in shown])
        label = f"{provision.label} {provision.heading}".strip() or provision.kind.zh
        nodes.append(TreeNode(str(provision.id), provision.kind, label, depth))
    return tuple(nodes)
