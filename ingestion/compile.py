"""From acquired texts to the value of a build: works, dated texts, citations, cases, problems."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ingestion.document import Document, best_claim
from ingestion.fact_reviews import correct_ledger
from ingestion.ledger import Action, Ledger
from ingestion.norms.lexicon import EMPTY, Lexicon
from ingestion.norms.reader import NormReader
from ingestion.norms.ties import find_ties
from ingestion.promulgation import find_repeals
from ingestion.readers.acquired import Acquired, Acquisition
from ingestion.relations import Definition, find_bases, find_definitions
from ingestion.resolve import Located, Resolver, locate_mentions
from ingestion.scenarios import Binding, Case, bind
from ingestion.versions import Ending, Version, timeline, versions_of
from kg.build import Citation, Text
from kg.identity import ExpressionId
from kg.model import UNVERIFIED, Expression, Source, TopicEntry
from kg.norm import Norm, NormLink
from kg.problem import InputError, Problem, Severity
from kg.review import Judged, Review
from kg.reviewing import apply_reviews
from kg.titles import TitleIndex, TitleRelation
from kg.vocabulary import Kind, Level

Progress = Callable[[str, int, int], None]
"""Told the stage, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Supersession:
    """A recorded event: the text that ended another one, since when, and on what evidence."""

    by: str
    ended: str
    since: str | None
    evidence: str


@dataclass(frozen=True)
class Compiled:
    """A build as a value; everything is sorted, and the same inputs give the same value."""

    topics: tuple[TopicEntry, ...]
    sources: tuple[Source, ...]
    texts: tuple[Text, ...]
    citations: tuple[Citation, ...]
    definitions: tuple[Definition, ...]
    bases: tuple[tuple[ExpressionId, str, str], ...]  # text, work it was made under, words that say so
    supersessions: tuple[Supersession, ...]
    cases: tuple[Case, ...]
    bindings: tuple[Binding, ...]
    problems: tuple[Problem, ...]
    counts: Mapping[str, int]
    norms: Mapping[str, tuple[Norm, ...]]  # by text
    ties: tuple[NormLink, ...]
    lexicon: Lexicon
    reviews: tuple[Judged, ...]


def compile_build(
    acquisition: Acquisition,
    ledger: Ledger,
    cases: Sequence[Case],
    *,
    selector: str,
    as_of: date,
    read: Callable[[Acquired], Document],
    norms: NormReader | None = None,
    reviews: Sequence[Review] = (),
    progress: Progress,
) -> Compiled:
    """Make a build of what was acquired.

    `selector` is `ledger` (works of the ledger), `all`, or titles separated by commas. `as_of` is the day on
    which the cases were written: their gold clauses bind to the versions that applied then. `read` repairs
    and parses one text (from a cache, if there is one). `norms` reads what the texts demand; without it the
    build has none. `reviews` are the experts': of facts of the ledger, and of norms.
    """
    problems = list(acquisition.problems)
    corrected = correct_ledger(ledger, reviews)
    ledger = corrected.ledger
    problems += corrected.problems
    named = TitleIndex.build(ledger.sources.values())
    chosen, sources, refused = _choose(acquisition.texts, ledger, named, selector)
    problems += refused
    documents: dict[str, list[Document]] = defaultdict(list)
    total = sum(map(len, chosen.values()))
    done = 0
    for key in sorted(chosen):
        for acquired in chosen[key]:
            documents[key].append(read(acquired))
            done += 1
            progress("解析", done, total)

    versions: dict[str, list[Version]] = {}
    for key in sorted(documents):
        whole, parts_only = _without_lonely_parts(documents[key])
        problems += parts_only
        if whole:
            versions[key] = versions_of(sources[key], whole)
    problems += _same_text_two_works(versions)

    drafts = {key: [_text(v, sources[key]) for v in group] for key, group in versions.items()}
    titles = TitleIndex.build(sources.values())
    located: dict[str, list[Located]] = {}
    flat = [text for key in sorted(drafts) for text in drafts[key]]
    for number, text in enumerate(flat, 1):
        located[str(text.expression.id)] = locate_mentions(text, titles)
        progress("引用", number, len(flat))

    endings, ended_by = _endings(drafts, versions, located, titles, sources)
    texts: dict[str, list[Text]] = {}
    for key, group in versions.items():
        texts[key] = []
        for version, draft in zip(group, drafts[key], strict=True):
            validity, note = timeline(version, group, endings.get(key, ()))
            expression = replace(draft.expression, validity=validity, validity_note=note)
            texts[key].append(Text(expression, draft.layers, draft.provisions))
            problems += version.problems
            problems += version.text.rebased(version.id).problems

    problems += _without_numbering(texts)
    resolver = Resolver(titles, texts)
    citations: list[Citation] = []
    definitions: list[Definition] = []
    bases: list[tuple[ExpressionId, str, str]] = []
    flat = sorted((t for group in texts.values() for t in group), key=lambda t: str(t.expression.id))
    for number, text in enumerate(flat, 1):
        mentions = located[str(text.expression.id)]
        citations += resolver.resolve(text, mentions)
        definitions += find_definitions(text)
        for mention in find_bases(text, mentions):
            keys = {hit.key for hit in titles.lookup(mention.title)}
            if len(keys) == 1:
                bases.append((text.expression.id, keys.pop(), mention.surface))
        progress("解析引用", number, len(flat))

    counts: Counter[str] = Counter()
    bindings: list[Binding] = []
    for case in cases:
        bound = bind(case, titles, texts, as_of)
        bindings += bound.bindings
        problems += bound.problems
        counts.update({f"gold_{name}": n for name, n in bound.counts.items()})
    stated: dict[str, tuple[Norm, ...]] = {}
    for number, text in enumerate(flat if norms else (), 1):
        assert norms is not None
        stated[str(text.expression.id)] = tuple(norms.norms(text))
        progress("规范", number, len(flat))
    by_id = {str(text.expression.id): text for text in flat}
    reviewed = apply_reviews(reviews, stated, by_id.get)
    stated = dict(reviewed.norms)
    problems += reviewed.problems
    states = {**corrected.states, **reviewed.states}
    judged = tuple(Judged(one, states[one.id]) for one in reviews)
    lexicon = norms.lexicon if norms else EMPTY
    ties = find_ties(by_id, stated, citations, definitions, bases, lexicon)
    counts.update(Counter(f"reviews_{one.state.value}" for one in judged))
    counts.update(Counter(f"norms_{n.modality.value}" for group in stated.values() for n in group))
    supersessions = _supersessions(texts, ended_by)
    counts.update(Counter(f"citations_{c.outcome}" for c in citations))
    counts.update(
        sources_held=len(texts),
        sources_in_ledger=len(ledger.sources),
        ledger_held=sum(key in ledger.sources for key in texts),
        expressions=len(flat),
        provisions=sum(len(t.provisions) for t in flat),
        articles=sum(t.expression.articles for t in flat),
        citations=len(citations),
        definitions=len(definitions),
        scenarios=len(cases),
        norms=sum(map(len, stated.values())),
        norm_ties=len(ties),
        problems=len(set(problems)),
        texts_acquired=len(acquisition.texts),
        texts_read=total,
    )
    return Compiled(
        topics=ledger.topics,
        sources=tuple(sources[key] for key in sorted(sources)),
        texts=tuple(flat),
        citations=tuple(citations),
        definitions=tuple(definitions),
        bases=tuple(sorted(set(bases), key=lambda b: (str(b[0]), b[1], b[2]))),
        supersessions=supersessions,
        cases=tuple(cases),
        bindings=tuple(sorted(set(bindings), key=lambda b: (b.scenario, str(b.provision.id), b.role))),
        problems=tuple(sorted(set(problems))),
        counts=dict(sorted(counts.items())),
        norms=stated,
        ties=tuple(ties),
        lexicon=lexicon,
        reviews=judged,
    )


# -- which texts, of which works -----------------------------------------------------------------------


def _choose(
    texts: Sequence[Acquired], ledger: Ledger, named: TitleIndex, selector: str
) -> tuple[dict[str, list[Acquired]], dict[str, Source], list[Problem]]:
    wanted = _wanted(selector, named)
    sources = dict(ledger.sources)
    chosen: dict[str, list[Acquired]] = defaultdict(list)
    problems: list[Problem] = []
    for acquired in texts:
        place = f"{acquired.origin.name}:{acquired.origin.place}"
        title = _claimed(acquired, "title")
        correction = ledger.corrections.get(acquired.origin.place)
        if correction and correction.action is Action.REFUSE:
            text = f"题名《{title}》，{correction.reason}；不收为该文件的文本"
            problems.append(Problem(Severity.ERROR, "wrong_text", place, text))
            continue
        if correction and correction.action is Action.PART_OF:
            title = correction.title
        if not title:
            problems.append(
                Problem(Severity.ERROR, "no_title", place, "来源没有写明题名；请在 INDEX.tsv 或首行补上")
            )
            continue
        hits = {h.key for h in named.lookup(title) if h.relation is not TitleRelation.FORMER}
        key = hits.pop() if len(hits) == 1 else "".join(title.split())
        if hits:
            problems.append(
                Problem(Severity.WARNING, "ambiguous_title", place, f"题名《{title}》在台账中不止一部")
            )
        if key not in sources:
            if wanted is not None and key not in wanted:
                continue
            source = _unlisted(key, acquired)
            if source is None:
                problems.append(Problem(Severity.ERROR, "bad_title", place, f"题名《{title}》不能用作标识"))
                continue
            sources[key] = source
        if wanted is None or key in wanted or (selector == "ledger" and key in ledger.sources):
            chosen[key].append(acquired)
    if wanted:
        known = {s for s in wanted if s in chosen}
        for missing in sorted(wanted - known):
            problems.append(Problem(Severity.ERROR, "not_held", missing, "点名要收的文件不在语料中"))
    return chosen, sources, problems


def _wanted(selector: str, named: TitleIndex) -> set[str] | None:
    """The keys asked for; None means everything; the ledger's own keys are added by the caller."""
    if selector == "all":
        return None
    if selector == "ledger":
        return set()
    wanted: set[str] = set()
    for title in filter(None, (part.strip() for part in selector.split(","))):
        hits = {h.key for h in named.lookup(title)}
        if len(hits) > 1:
            raise InputError(f"--sources 中的“{title}”可指 {'、'.join(sorted(hits))}；请写全称")
        wanted.add(hits.pop() if hits else "".join(title.split()))
    if not wanted:
        raise InputError("--sources 为空；应为 ledger、all 或以逗号分隔的题名")
    return wanted


def _claimed(acquired: Acquired, field: str) -> str:
    claim = best_claim(acquired.claims, field)
    return claim.value if claim else ""


_LEVELS = {
    "法律解释": Level.LAW, "有关法律问题和重大问题的决定": Level.LAW, "修正案": Level.LAW,
    "监察法规": Level.ADMINISTRATIVE_REGULATION,
}  # fmt: skip


def _unlisted(key: str, acquired: Acquired) -> Source | None:
    """A work that the ledger does not have: known by what its origin claims, and marked so."""
    level = _claimed(acquired, "level")
    known = _LEVELS.get(level) or (Level(level) if level in set(Level) else Level.UNKNOWN)
    try:
        ExpressionId(key, None, 1)
    except InputError:
        return None
    return Source(
        key=key,
        title=_claimed(acquired, "title"),
        level=known,
        issuing_body=_claimed(acquired, "issuing_body"),
        document_number=_claimed(acquired, "document_number"),
        in_ledger=False,
    )


def _without_lonely_parts(documents: Sequence[Document]) -> tuple[list[Document], list[Problem]]:
    """Parts of a work (民法典·人格权编) are witnesses of the whole; without it they are not taken for it."""
    whole = [d for d in documents if d.claim("part_of") is None]
    if whole:
        return list(documents), []
    return [], [
        Problem(
            Severity.WARNING, "parts_only", f"{d.origin.name}:{d.origin.place}", "只有一部分，没有全文；未收"
        )
        for d in documents
    ]


def _same_text_two_works(versions: Mapping[str, Sequence[Version]]) -> list[Problem]:
    """The same words under two titles: one of the two files holds another text than it says."""
    by_words: dict[str, list[Version]] = defaultdict(list)
    for group in versions.values():
        for version in group:
            if len(version.text.text.official) > 500:
                by_words[version.text.body_digest].append(version)
    return [
        Problem(
            Severity.WARNING,
            "same_text_two_titles",
            str(twin.id),
            f"正文与 {group[0].id} 相同，其中一个题名有误",
        )
        for group in by_words.values()
        for twin in group[1:]
        if twin.id.key != group[0].id.key
    ]


def _without_numbering(texts: Mapping[str, Sequence[Text]]) -> list[Problem]:
    """Texts with neither 条 nor numbered points: they can be read, but search has no unit to find in them."""
    return [
        Problem(
            Severity.WARNING,
            "law_without_numbering",
            str(text.expression.id),
            "没有条，也没有编号的点：可以浏览，检索不到",
        )
        for group in texts.values()
        for text in group
        if not any(p.kind in (Kind.ARTICLE, Kind.POINT) for p in text.provisions)
    ]


def _text(version: Version, source: Source) -> Text:
    chosen = version.text.rebased(version.id)
    expression = Expression(
        id=version.id,
        title=source.title,
        validity=timeline(version, [version], ())[0],
        validity_note=version.evidence,
        origin=chosen.origin,
        witnesses=tuple(copy.origin for copy in version.copies[1:]),
        articles=len(chosen.articles),
    )
    return Text(expression, chosen.text, chosen.provisions)


# -- what ends what ------------------------------------------------------------------------------------


def _endings(
    drafts: Mapping[str, Sequence[Text]],
    versions: Mapping[str, Sequence[Version]],
    located: Mapping[str, Sequence[Located]],
    titles: TitleIndex,
    sources: Mapping[str, Source],
) -> tuple[dict[str, list[Ending]], dict[str, list[tuple[str, Ending]]]]:
    """Repeals stated in the texts, and successors that the ledger records; by repealed work."""
    endings: dict[str, list[Ending]] = defaultdict(list)
    by_text: dict[str, list[tuple[str, Ending]]] = defaultdict(list)
    for key, group in drafts.items():
        for text, version in zip(group, versions[key], strict=True):
            pairs = [(text.index(item.provision), item.mention) for item in located[str(text.expression.id)]]
            for repeal in find_repeals(text.official, text.provisions, pairs):
                hits = {h.key for h in titles.lookup(repeal.mention.title)}
                if len(hits) != 1 or (target := hits.pop()) == key:
                    continue
                place = str(text.provisions[repeal.provision].id)
                ending = Ending(target, version.begins, version.not_before, place)
                endings[target].append(ending)
                by_text[target].append((str(text.expression.id), ending))
    for key, source in sources.items():
        held = {version.id.version for version in versions.get(key, ())}
        for recorded in source.versions if held else ():
            day = recorded.version_date
            if day not in held and recorded.evidence not in UNVERIFIED:
                evidence = f"台账（{recorded.evidence}）"
                endings[key].append(Ending(key, recorded.effective_from, day, evidence, newer=day))
        successor = source.successor
        if not (successor and successor.since) or any(e.since == successor.since for e in endings[key]):
            continue
        verified = successor.evidence.startswith(("TEXT:", "INDEX:"))
        since, not_before = (successor.since, None) if verified else (None, successor.since)
        evidence = f"台账（{successor.evidence}）" + ("" if verified else f"称由《{successor.title}》替代")
        endings[key].append(Ending(key, since, not_before, evidence, verified=verified))
    return endings, by_text


def _supersessions(
    texts: Mapping[str, Sequence[Text]], ended_by: Mapping[str, Sequence[tuple[str, Ending]]]
) -> tuple[Supersession, ...]:
    found: set[Supersession] = set()
    for key, group in texts.items():
        for text in group:
            ends = text.expression.validity.ends
            for other in group:
                if ends is not None and other.expression.validity.begins == ends:
                    found.add(
                        Supersession(
                            str(other.expression.id),
                            str(text.expression.id),
                            ends.isoformat(),
                            other.expression.validity_note,
                        )
                    )
            for actor, ending in ended_by.get(key, ()):
                if ending.since is not None and ends == ending.since:
                    found.add(Supersession(actor, str(text.expression.id), ends.isoformat(), ending.evidence))
    return tuple(sorted(found, key=lambda s: (s.by, s.ended, s.evidence)))
