"""Which topic of the pack a published scene is: by name, else by the table data/guardian/scenes.tsv."""

from __future__ import annotations

import csv
from collections.abc import Collection
from functools import cache

from kg.pack import data_folder
from kg.vocabulary import Topic


@cache
def _table() -> dict[str, Topic]:
    with (data_folder() / "guardian" / "scenes.tsv").open(encoding="utf-8", newline="") as stream:
        return {row["scene"]: Topic(row["topic"]) for row in csv.DictReader(stream, delimiter="\t")}


def topic_of(scene: str, topics: Collection[Topic]) -> Topic | None:
    """The topic that a scene is filed under, None if the table and the topics do not know it.

    >>> topic_of("急危重症", [Topic("急诊急救")]), topic_of("常规护理", [Topic("常规护理")]), topic_of("牙科", [])
    ('急诊急救', '常规护理', None)
    """
    name = Topic(scene.strip())
    if name in topics:
        return name
    mapped = _table().get(name)
    return mapped if mapped in topics else None
