"""What narrows a search: levels, topics, works, standing, and the norms that a clause must state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from kg.norm import Modality
from kg.vocabulary import Level, Topic


@dataclass(frozen=True, slots=True)
class Filters:
    """Which clauses a search may show, of those that are law on its day or may be. None: any.

    `sources` are titles of works, as anyone writes them. `only_in_force` leaves out those whose standing
    nobody states with a date. `modalities` and `parties` ask for one norm of the clause that has such a
    modality and concerns such a party: binds it or is owed to it, under its own name, as one of a wider
    kind (医务人员 for 医师) or as a narrower kind of it (护士 for 医务人员). Norms are read by rules.

    >>> Filters(levels=[Level.LAW, Level.LAW]) == Filters(levels={Level.LAW})
    True
    """

    levels: Collection[Level] | None = None
    topics: Collection[Topic] | None = None
    sources: Collection[str] | None = None
    modalities: Collection[Modality] | None = None
    parties: Collection[str] | None = None
    only_in_force: bool = False

    def __post_init__(self) -> None:
        for name in ("levels", "topics", "sources", "modalities", "parties"):
            if (asked := getattr(self, name)) is not None:
                object.__setattr__(self, name, frozenset(asked))


EVERYTHING = Filters()
"""No filter."""
