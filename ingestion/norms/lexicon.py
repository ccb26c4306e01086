"""The reviewed word lists that norms are read with: cues, parties, principles, topics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingestion.ledger import read_ledger
from kg.norm import Modality, Party, Principle, kinds_of
from kg.pack import read_jsonl
from kg.problem import DamagedError


class CueKind(StrEnum):
    """How a cue is recognised."""

    MODAL = "modal"  # a word of its own wherever it stands: 应当, 不得
    WORD = "word"  # only where the segmenter makes it a word: 应 (not in 适应), 可 (not in 许可)
    OPENER = "opener"  # opens a consequence: 处, 责令, 吊销
    PREDICATE = "predicate"  # a verb that states a norm without a modal: 负责, 享有, 是指


@dataclass(frozen=True, slots=True)
class Cue:
    """A word that tells the modality of what follows; `needs`: one of these must follow in the same segment."""

    word: str
    modality: Modality
    kind: CueKind
    needs: tuple[str, ...] = ()


class Where(StrEnum):
    """Where a word of evidence is looked for."""

    TEXT = "text"
    TITLE = "title"  # of the work, with the headings above the provision
    NORMS = "norms"  # the modalities of its norms, sorted, each with a blank behind it


@dataclass(frozen=True, slots=True)
class EvidenceWord:
    """A pattern that speaks for a topic, and how strongly (0 to 1)."""

    name: str
    word: str
    where: Where
    weight: float


@dataclass(frozen=True, slots=True)
class PrincipleWord:
    """A pattern with what it adds to the log odds of each principle; an empty one is found everywhere.

    `meant` are the principles that it was written for, whatever the weights came to be.
    """

    word: str
    where: Where
    meant: tuple[str, ...]
    weights: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Level:
    """A level of public authority: the party that stands for it, its rank from the top (1), the words that tell it."""

    party: str
    rank: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """All word lists of a pack; `digest` names their content."""

    cues: Mapping[str, Cue]
    parties: Mapping[str, Party]
    principles: Mapping[str, Principle]
    principle_words: tuple[PrincipleWord, ...]
    topic_words: tuple[EvidenceWord, ...]
    confidences: Mapping[str, float]
    levels: tuple[Level, ...] = ()

    @property
    def party_of_word(self) -> dict[str, str]:
        """The party that each surface form names."""
        return {word: party.id for party in self.parties.values() for word in party.words}

    def kinds(self, party: str) -> tuple[str, ...]:
        """A party and everything that it is a kind of, itself first, then sorted."""
        return (party, *sorted(kinds_of(party, self.parties) - {party}))


EMPTY = Lexicon({}, {}, {}, (), (), {})
"""No words at all."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _CueRow(_Row):
    cue: str
    modality: Modality
    match: CueKind
    needs: list[str]
    source: str
    note: str


class _PartyRow(_Row):
    id: str
    broader: list[str]
    words: list[str]
    source: str
    note: str


class _LevelRow(_Row):
    id: str
    rank: int = Field(ge=1)
    words: list[str] = Field(min_length=1)
    source: str
    note: str


class _PrincipleRow(_Row):
    id: str
    name: str
    definition: str
    sources: list[str]
    note: str


class _WordRow(_Row):
    name: str
    word: str
    where: Where
    weight: float
    source: str


class _PrincipleWordRow(_Row):
    word: str
    where: Where
    meant: list[str] = Field(alias="for")
    weights: dict[str, float]
    source: str


class _ConfidenceRow(_Row):
    key: str
    confidence: float
    n: int


def read_lexicon(pack: Path) -> Lexicon:
    """The word lists in a pack's norms folder, empty where it has none.

    DamagedError names the line that is not as it should be.
    """
    folder = pack / "norms"
    topics: set[str] = {entry.name for entry in read_ledger(pack / "ledger").topics}
    cues = {
        r.cue: Cue(r.cue, r.modality, r.match, tuple(r.needs))
        for _, r in _read(folder / "cues.jsonl", _CueRow)
    }
    parties: dict[str, Party] = {}
    place_of: dict[str, str] = {}
    for place, row in _read(folder / "parties.jsonl", _PartyRow):
        if row.id in parties:
            raise DamagedError(f"{place}: 主体 {row.id} 重复；请合并两行")
        parties[row.id] = Party(row.id, tuple(row.broader), tuple(row.words), row.note)
        for word in row.words:
            if word in place_of:
                raise DamagedError(f"{place}: 词形 {word} 已见于 {place_of[word]}；一个词形只能属于一个主体")
            place_of[word] = place
    for party in parties.values():
        unknown = [b for b in party.broader if b not in parties]
        if unknown:
            raise DamagedError(f"{folder / 'parties.jsonl'}: {party.id} 的上位 {unknown[0]} 不在表中；请补上")
    principles = {
        r.id: Principle(r.id, r.name, r.definition, tuple(r.sources), r.note)
        for _, r in _read(folder / "principles.jsonl", _PrincipleRow)
    }
    return Lexicon(
        cues=cues,
        parties=parties,
        principles=principles,
        principle_words=tuple(_principle_words(folder / "principle_words.jsonl", set(principles))),
        topic_words=tuple(_words(folder / "topic_words.jsonl", topics)),
        levels=tuple(_levels(folder / "levels.jsonl", parties)),
        confidences={r.key: r.confidence for _, r in _read(folder / "confidence.jsonl", _ConfidenceRow)},
    )


def _levels(path: Path, parties: Mapping[str, Party]) -> Iterator[Level]:
    for place, row in _read(path, _LevelRow):
        if row.id not in parties:
            raise DamagedError(f"{place}: 层级的主体 {row.id} 不在 parties.jsonl 中；请补上")
        yield Level(row.id, row.rank, tuple(row.words))


def _principle_words(path: Path, names: set[str]) -> Iterator[PrincipleWord]:
    for place, row in _read(path, _PrincipleWordRow):
        _check(place, row.word, [*row.meant, *row.weights], names)
        yield PrincipleWord(row.word, row.where, tuple(row.meant), tuple(sorted(row.weights.items())))


def _check(place: str, word: str, named: list[str], names: set[str]) -> None:
    if unknown := [name for name in named if name not in names]:
        raise DamagedError(f"{place}: {unknown[0]} 不是已定义的名称；请改正或先定义")
    try:
        re.compile(word)
    except re.error as error:
        raise DamagedError(f"{place}: {word!r} 不是正则表达式（{error}）；请改正") from error


def _words(path: Path, names: set[str]) -> Iterator[EvidenceWord]:
    for place, row in _read(path, _WordRow):
        _check(place, row.word, [row.name], names)
        yield EvidenceWord(row.name, row.word, row.where, row.weight)


_R = TypeVar("_R", bound=_Row)


def _read(path: Path, model: type[_R]) -> Iterator[tuple[str, _R]]:
    for number, value in read_jsonl(path) if path.is_file() else ():
        place = f"{path}:{number}"
        try:
            yield place, model.model_validate(value)
        except ValidationError as error:
            first: Any = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise DamagedError(f"{place}: 字段 {where} 不合格式（{first['msg']}）；请改正") from error
