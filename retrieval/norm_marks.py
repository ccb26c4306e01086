"""Which norms a clause states, as far as a search asks: of what modality, concerning which party.

The marks of an index are one row for each (clause, modality, party), party -1 where a norm names none.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kg.norm import Modality, Norm, Party, kinds_of
from kg.problem import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_MARKS, _PARTIES = "norms.npy", "parties.json"
FILES = (_MARKS, _PARTIES)
"""What `write_marks` writes."""
_MODALITIES = tuple(Modality)


def write_marks(
    norms: Iterable[Norm], parties: Mapping[str, Party], ids: Sequence[str], folder: Path
) -> None:
    """Write the marks of these norms for the clauses with these ids; a norm outside of them has none."""
    import numpy as np

    rows = {identifier: row for row, identifier in enumerate(ids)}
    names = sorted(parties)
    places = {name: place for place, name in enumerate(names)}
    marks: set[tuple[int, int, int]] = set()
    for norm in norms:
        if (row := _row(str(norm.provision), rows)) is None:
            continue
        concerned = {places[name] for name in (*norm.bearers, *norm.counterparties) if name in places}
        marks.update((row, _MODALITIES.index(norm.modality), party) for party in concerned or {-1})
    dtype = [("row", "<i4"), ("modality", "<i2"), ("party", "<i2")]
    np.save(folder / _MARKS, np.array(sorted(marks), dtype=dtype), allow_pickle=False)
    told = [[name, list(parties[name].broader), list(parties[name].words)] for name in names]
    (folder / _PARTIES).write_text(json.dumps(told, ensure_ascii=False) + "\n", "utf-8", newline="\n")


def _row(provision: str, rows: Mapping[str, int]) -> int | None:
    while provision not in rows:
        if "/" not in provision:
            return None
        provision = provision.rpartition("/")[0]
    return rows[provision]


@dataclass(frozen=True, slots=True, eq=False)
class NormMarks:
    """The marks of an opened index."""

    _marks: npt.NDArray[np.void]
    _parties: Mapping[str, Party]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open what `write_marks` wrote."""
        import numpy as np

        told = json.loads((folder / _PARTIES).read_text("utf-8"))
        parties = {name: Party(name, tuple(above), tuple(words), "") for name, above, words in told}
        return cls(np.load(folder / _MARKS, allow_pickle=False), parties)

    def rows(
        self, *, modalities: Collection[Modality] | None, parties: Collection[str] | None
    ) -> npt.NDArray[np.int32]:
        """The rows with a norm of one of these modalities that concerns one of these parties.

        A party is written as its id or any of its surface forms; InputError for one that the pack lacks.
        """
        import numpy as np

        fits = np.ones(len(self._marks), dtype=bool)
        if modalities is not None:
            fits &= np.isin(self._marks["modality"], [_MODALITIES.index(one) for one in modalities])
        if parties is not None:
            fits &= np.isin(self._marks["party"], sorted(self._related(parties)))
        found: npt.NDArray[np.int32] = np.unique(self._marks["row"][fits])
        return found

    def _related(self, parties: Collection[str]) -> set[int]:
        """The places of the parties asked for, of what they are a kind of, and of what is a kind of them."""
        names = tuple(self._parties)
        words = {word: party.id for party in self._parties.values() for word in party.words}
        related: set[str] = set()
        for party in sorted(parties):
            asked = party if party in self._parties else words.get(party)
            if asked is None:
                raise InputError(f"数据包中没有主体 {party!r}；有：{'、'.join(names[:20])} 等")
            related |= kinds_of(asked, self._parties)
            related |= {name for name in names if asked in kinds_of(name, self._parties)}
        return {place for place, name in enumerate(names) if name in related}
