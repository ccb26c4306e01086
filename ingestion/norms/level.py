"""Which levels of public authority a phrase names: 县级以上地方人民政府 is the county, the city and the province."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ingestion.norms.lexicon import Level

_BODY = re.compile(r"政府|部门|机关|机构|委员会|国务院|办事处|局|厅")
_ABOVE = re.compile(r"(?:及其?)?以上(?P<local>地方)?(?:各级)?人民政府|(?:及其?)?以上(?P<here>地方)?")
_EVERY = re.compile(r"(?P<local>地方)?各级(?:地方)?人民政府|(?P<here>地方)人民政府")


@lru_cache(maxsize=4)
def _pattern(levels: tuple[Level, ...]) -> re.Pattern[str]:
    words = sorted({word for level in levels for word in level.words}, key=lambda w: (-len(w), w))
    return re.compile("|".join(map(re.escape, words)) or r"(?!)")


def levels_in(phrase: str, levels: Sequence[Level]) -> tuple[str, ...]:
    """The parties of the levels that a phrase names, from the top; () where it names no authority or no level.

    以上 takes in every higher level, but 以上地方 not the first, which is that of the State.
    """
    if not levels or not _BODY.search(phrase):
        return ()
    known = tuple(levels)
    ranks: set[int] = set()
    rest = ""
    at = 0
    while match := _pattern(known).search(phrase, at):
        rest += phrase[at : match.start()] + "，"
        at = match.end()
        own = {level.rank for level in known if match.group() in level.words}
        if above := _ABOVE.match(phrase, at):
            at = above.end()
            first = 2 if above["local"] or above["here"] else 1
            own |= {level.rank for level in known if first <= level.rank <= max(own)}
        ranks |= own
    if every := _EVERY.search(rest + phrase[at:]):
        first = 2 if every["local"] or every["here"] else 1
        ranks |= {level.rank for level in known if level.rank >= first}
    return tuple(level.party for level in sorted(known, key=lambda one: one.rank) if level.rank in ranks)
