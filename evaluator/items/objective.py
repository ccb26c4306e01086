"""Objective questions out of a build: right options are words of the law, wrong ones its neighbours or its denial."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from evaluator.folds import Fold, article_fold
from evaluator.items.item import Difficulty, Item, Kind, Option
from evaluator.items.screen import Known, Unseen, alike
from kg.build import Build, Text
from kg.model import Provision
from kg.norm import BearerFrom, Modality, Norm, kinds_of
from kg.vocabulary import Kind as Unit
from kg.vocabulary import Status

_LONGEST = 120
"""An option or a quotation of more characters is no question of an exam."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, and how many candidates were left out for which reason."""

    items: tuple[Item, ...]
    left_out: Counter[str]


@dataclass(frozen=True, slots=True)
class _Source:
    """One text in force on the day."""

    build: Build
    text: Text
    as_of: date

    @property
    def key(self) -> str:
        return self.text.expression.id.key

    @property
    def title(self) -> str:
        return self.text.expression.title

    @property
    def norms(self) -> tuple[Norm, ...]:
        return self.build.norms_of(self.text.expression.id)

    def article(self, provision: Provision) -> Provision | None:
        units = (provision, *self.text.ancestors(provision))
        return next((unit for unit in units if unit.kind is Unit.ARTICLE), None)

    def item(
        self, kind: Kind, stem: str, options: Sequence[Option], provision: Provision, difficulty: Difficulty
    ) -> Item:
        article = self.article(provision)
        assert article is not None  # candidates are taken from articles only
        named = [topic.name for norm in self.build.norms(article.id) for topic in norm.topics]
        scene = Counter(named).most_common(1)[0][0] if named else self.build.sources[self.key].topics[0]
        fold = article_fold(self.title, article.id.display())
        return Item(
            kind, str(scene), stem, tuple(options), str(provision.id), fold, difficulty, self.as_of,
            self.build.id,
        )  # fmt: skip


def objective_items(
    build: Build,
    *,
    as_of: date,
    count: int,
    seed: int,
    kinds: Collection[Kind] = tuple(Kind),
    folds: Collection[Fold] = tuple(Fold),
    unseen: Unseen | None = None,
) -> Made:
    """At most so many questions about the law in force on a day, kinds and works in turn; a seed, the same ones.

    Only works with a topic are asked about, and only texts whose beginning is stated with a date. What
    nearly repeats another question, or shares a run of words with an unseen file, is left out and counted.
    """
    random, left_out, known = Random(seed), Counter[str](), Known()
    sources = list(_sources(build, as_of))
    waiting = {kind: _in_turn(make, sources, random) for kind, make in _MAKERS.items() if kind in kinds}
    items: list[Item] = []
    while waiting and len(items) < count:
        for kind in list(waiting):
            item = next(waiting[kind], None)
            if item is None:
                del waiting[kind]
            elif why := _unwanted(item, folds, known, unseen):
                left_out[why] += 1
            elif len(items) < count:
                known.add(_words(item))
                items.append(item)
    return Made(tuple(items), left_out)


def _unwanted(item: Item, folds: Collection[Fold], known: Known, unseen: Unseen | None) -> str:
    if item.fold not in folds:
        return "other_fold"
    if known.is_repeat(_words(item)):
        return "repeat"
    return "leak" if unseen is not None and unseen.leaks(_words(item)) else ""


def _words(item: Item) -> str:
    return "\n".join((item.stem, *(option.text for option in item.options)))


def _sources(build: Build, as_of: date) -> Iterator[_Source]:
    for key in sorted(build.versions):
        found = build.in_force(key, as_of)
        if found and found[1] is Status.IN_FORCE and build.sources[key].topics:
            yield _Source(build, build.text(found[0].id), as_of)


_Maker = Callable[[_Source, Random], Iterator[Item]]


def _in_turn(make: _Maker, sources: Sequence[_Source], random: Random) -> Iterator[Item]:
    """Candidates of one kind, one of each source after the other, so that a long code crowds out no other."""
    running = [make(source, Random(random.random())) for source in random.sample(sources, len(sources))]
    while running:
        going = []
        for one in running:
            if (item := next(one, None)) is not None:
                going.append(one)
                yield item
        running = going


# -- what a list holds ---------------------------------------------------------------------------------

_LEAD_IN = re.compile(r"(?:下列|以下).*：$", re.DOTALL)
_LABEL = re.compile(r"^\s*[（(][一二三四五六七八九十百]+[)）]\s*")
_TAIL = re.compile(r"[；;。]\s*$")
_CATCH_ALL = re.compile(r"^(?:法律、|国务院|其他|前款|上述)")
"""法律、法规规定的其他义务 and the like would be right in any list."""


@dataclass(frozen=True, slots=True)
class _List:
    lead_in: str
    provision: Provision
    entries: tuple[tuple[str, str], ...]  # words without label and stop, id


def _lists(source: _Source) -> list[_List]:
    found = []
    for provision in source.text.provisions:
        if provision.kind is not Unit.PARAGRAPH or source.article(provision) is None:
            continue
        lead_in = source.text.official[provision.start : provision.head_end].strip()
        if len(lead_in) > _LONGEST or not _LEAD_IN.search(lead_in):
            continue
        items = [child for child in source.text.children(provision) if child.kind is Unit.ITEM]
        entries = [(_TAIL.sub("", _LABEL.sub("", source.text.words(item))), str(item.id)) for item in items]
        kept = tuple(entry for entry in entries if _stands_alone(entry[0]))
        if len(kept) > 1:
            found.append(_List(lead_in.rstrip("："), provision, kept))
    return found


def _stands_alone(words: str) -> bool:
    return 4 <= len(words) <= _LONGEST and "\n" not in words and not _CATCH_ALL.match(words)


def _of_lists(source: _Source, random: Random) -> Iterator[Item]:
    lists = _lists(source)
    for one in random.sample(lists, len(lists)):
        others = [entry for other in lists if other.lead_in != one.lead_in for entry in other.entries]
        wrong = [entry for entry in others if all(alike(entry[0], own) < 0.5 for own, _ in one.entries)]
        if len(wrong) < 2:
            continue
        right = random.sample(one.entries, random.randint(2, min(3, len(one.entries))))
        drawn = random.sample(wrong, min(8, len(wrong)))
        near = sorted(drawn, key=lambda entry: -max(alike(entry[0], own) for own, _ in right))[:2]
        options = [Option(words, True, id_) for words, id_ in right]
        options += [Option(words, False, id_) for words, id_ in near]
        closeness = max(alike(words, own) for words, _ in near for own, _ in right)
        stem = f"《{source.title}》规定：“{one.lead_in}”。下列哪些在其所列之内？"
        shuffled = random.sample(options, len(options))
        yield source.item(Kind.LIST, stem, shuffled, one.provision, _difficulty(closeness, 0.08, 0.2))


def _difficulty(closeness: float, medium: float, hard: float) -> Difficulty:
    return (
        Difficulty.HARD
        if closeness >= hard
        else Difficulty.MEDIUM
        if closeness >= medium
        else Difficulty.EASY
    )


# -- what a norm demands, and of whom ------------------------------------------------------------------

_POINTS_ELSEWHERE = re.compile(r"^(?:下列|前款|上述|其他|该|有关|本)")
"""A bearer that says nothing outside of its sentence."""
_WORDS = {Modality.OBLIGATION: "应当", Modality.PROHIBITION: "不得", Modality.PERMISSION: "可以"}


def _plain_norms(source: _Source) -> list[tuple[Norm, Provision, str, str, str]]:
    """Norms of one act by a written bearer, in an article: with the bearer's, the act's and the condition's words."""
    found = []
    for norm in source.norms:
        bearer, action = norm.bearer, norm.action
        if norm.modality not in _WORDS or norm.bearer_from is not BearerFrom.WRITTEN:
            continue
        if not bearer or not action or _POINTS_ELSEWHERE.match(bearer.text):
            continue
        cue = norm.cue.text if norm.cue else ""
        provision = source.text.find(norm.provision.steps)
        simple = cue == _WORDS[norm.modality] and norm.exception is None and "\n" not in action.text
        if simple and provision and source.article(provision) and 6 <= len(action.text) <= 60:
            condition = norm.condition.text if norm.condition else ""
            if len(condition) <= 60 and "\n" not in condition:
                found.append((norm, provision, bearer.text, action.text, condition))
    return found


def _when(condition: str) -> str:
    return f"在“{condition.rstrip('，')}”的情形下，" if condition else ""


def _of_modalities(source: _Source, random: Random) -> Iterator[Item]:
    norms = _plain_norms(source)
    for norm, provision, bearer, action, condition in random.sample(norms, len(norms)):
        stem = f"{_when(condition)}《{source.title}》对“{bearer}”与“{action}”是怎样规定的？"
        options = [
            Option(f"{bearer}{word}{action}", modality is norm.modality, str(norm.provision))
            for modality, word in _WORDS.items()
        ]
        # What is forbidden mostly sounds forbidden; whether an act is a duty or left open has to be known.
        hard = Difficulty.EASY if norm.modality is Modality.PROHIBITION else Difficulty.MEDIUM
        yield source.item(Kind.MODALITY, stem, random.sample(options, len(options)), provision, hard)


def _of_bearers(source: _Source, random: Random) -> Iterator[Item]:
    norms = _plain_norms(source)
    for norm, provision, bearer, action, condition in random.sample(norms, len(norms)):
        if norm.modality is Modality.PERMISSION or not norm.bearers or bearer in condition + action:
            continue
        others: dict[str, str] = {}
        for other, place, name, act, _ in norms:
            related = _related(source.build, norm.bearers, other.bearers)
            if other.bearers and not related and name not in action + condition and alike(act, action) < 0.4:
                others.setdefault(name, str(place.id))
        if len(others) < 3:
            continue
        options = [Option(bearer, True, str(norm.provision))]
        options += [Option(name, False, others[name]) for name in random.sample(sorted(others), 3)]
        word = _WORDS[norm.modality]
        stem = f"{_when(condition)}依照《{source.title}》，{word}“{action}”的是谁？"
        yield source.item(
            Kind.BEARER, stem, random.sample(options, len(options)), provision, Difficulty.MEDIUM
        )


def _related(build: Build, ones: Collection[str], others: Collection[str]) -> bool:
    """Whether a party of one side is one of the other side, or a kind of it."""
    listed = build.parties
    return any(a in kinds_of(b, listed) or b in kinds_of(a, listed) for a in ones for b in others)


# -- where it stands -----------------------------------------------------------------------------------


def _of_places(source: _Source, random: Random) -> Iterator[Item]:
    articles = [p for p in source.text.provisions if p.kind is Unit.ARTICLE]
    words = [source.text.words(article) for article in articles]
    for at in random.sample(range(len(articles)), len(articles)):
        if not 20 <= len(words[at]) <= _LONGEST or "\n" in words[at]:
            continue
        around = [n for n in range(at - 3, at + 4) if n != at and 0 <= n < len(articles)]
        if len(around) < 3 or any(alike(words[at], words[n]) > 0.6 for n in around):
            continue
        chosen = sorted([at, *random.sample(around, 3)])
        options = [Option(articles[n].id.display(), n == at, str(articles[n].id)) for n in chosen]
        stem = f"“{words[at]}”是《{source.title}》的哪一条？"
        yield source.item(Kind.SOURCE, stem, options, articles[at], Difficulty.HARD)


_MAKERS: dict[Kind, _Maker] = {
    Kind.LIST: _of_lists,
    Kind.MODALITY: _of_modalities,
    Kind.BEARER: _of_bearers,
    Kind.SOURCE: _of_places,
}
