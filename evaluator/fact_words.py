"""The word lists that scenarios are read with: lay names of parties, who acts for whom, and marks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from kg.norm import Party, kinds_of, party_from_row
from kg.pack import data_folder, digest_folder, read_jsonl
from kg.problem import DamagedError


class Mark(StrEnum):
    """What a word tells about the clause that it stands in."""

    NEGATION = "negation"
    NOT_NEGATION = "not_negation"  # holds 不 or 没 and negates nothing: 不错, 要不要
    DOUBLE_NEGATION = "double_negation"
    REFUSAL = "refusal_of_wrong"
    HEARSAY = "hearsay"
    SPEECH = "speech"
    PLAN = "plan"
    DOUBT = "doubt"
    QUESTION = "question"
    DONE = "done"
    CARE = "care"
    PRESSURE = "pressure"
    CONDITION = "condition"
    VULNERABILITY = "vulnerability"
    OUTCOME = "outcome"


@dataclass(frozen=True)
class FactWords:
    """All word lists; `acts_for` maps a party to those for whom its conduct counts.

    `places` gives for each province the words that name it or a city in it.
    """

    parties: Mapping[str, Party]
    actors: Mapping[str, tuple[str, ...]]
    acts_for: Mapping[str, tuple[str, ...]]
    marks: Mapping[Mark, tuple[str, ...]]
    places: Mapping[str, tuple[str, ...]]

    @cached_property
    def actor_pattern(self) -> re.Pattern[str]:
        """Any name of a party, longest first."""
        return alternatives(self.actors)

    @cached_property
    def mark_patterns(self) -> Mapping[Mark, re.Pattern[str]]:
        """Any word of a mark, longest first."""
        return {mark: alternatives(words) for mark, words in self.marks.items()}

    def kinds(self, party: str) -> frozenset[str]:
        """A party and everything that it is a kind of."""
        return kinds_of(party, self.parties)


def alternatives(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern for any of the words, the longest first; one that never matches for no words."""
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, ordered)) or "(?!)")


def shipped_fact_words() -> tuple[FactWords, str]:
    """The project's own lists, and a digest that names their content."""
    pack = data_folder()
    listed = pack / "norms" / "parties.jsonl"
    rows = [row for _, row in read_jsonl(listed) if isinstance(row, dict)]
    parties = {row["id"]: party_from_row(row) for row in rows}
    made = hashlib.sha256(digest_folder(pack / "facts", "*.jsonl").encode() + listed.read_bytes())
    return read_fact_words(pack, parties), made.hexdigest()


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _ActorRow(_Row):
    word: str
    parties: list[str]


class _ActsForRow(_Row):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    party: str
    acts_for: str
    note: str


class _PlaceRow(_Row):
    place: str
    words: list[str]


class _MarkRow(_Row):
    mark: Mark
    words: list[str]
    note: str


def read_fact_words(pack: Path, parties: Mapping[str, Party]) -> FactWords:
    """The lists in a pack's facts folder together with the parties' own words; empty where it has none.

    DamagedError names the line that is not as it should be.
    """
    folder = pack / "facts"
    # A single character such as 人 is a word of law but would be found inside any other word.
    actors: dict[str, tuple[str, ...]] = {
        word: (party.id,) for party in parties.values() for word in party.words if len(word) > 1
    }
    for place, actor in _read(folder / "actors.jsonl", _ActorRow):
        _known(actor.parties, parties, place)
        actors[actor.word] = tuple(actor.parties)
    acts_for: dict[str, list[str]] = {}
    for place, pair in _read(folder / "acts_for.jsonl", _ActsForRow):
        _known((pair.party, pair.acts_for), parties, place)
        acts_for.setdefault(pair.party, []).append(pair.acts_for)
    marks = {row.mark: tuple(row.words) for _, row in _read(folder / "marks.jsonl", _MarkRow)}
    places = {row.place: tuple(row.words) for _, row in _read(folder / "places.jsonl", _PlaceRow)}
    return FactWords(
        parties, actors, {party: tuple(others) for party, others in sorted(acts_for.items())}, marks, places
    )


def _known(named: Iterable[str], parties: Mapping[str, Party], place: str) -> None:
    # A build without a list of parties has none to compare with.
    unknown = [party for party in named if parties and party not in parties]
    if unknown:
        raise DamagedError(f"{place}: 主体 {unknown[0]} 不在 norms/parties.jsonl 中；请改用其中的名称")


_R = TypeVar("_R", bound=BaseModel)


def _read(path: Path, model: type[_R]) -> list[tuple[str, _R]]:
    if not path.is_file():
        return []
    rows = []
    for number, value in read_jsonl(path):
        try:
            rows.append((f"{path}:{number}", model.model_validate(value)))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise DamagedError(f"{path}:{number}: 字段 {where} 不合格式（{first['msg']}）；请改正") from error
    return rows
