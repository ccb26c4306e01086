"""Which topic of a build a published scene is: by name, else by the table that the build carries of its pack."""

from __future__ import annotations

import csv
from functools import cached_property

from kg.build import Build
from kg.vocabulary import Topic


class Scenes:
    """Files the scenes of published data under the topics of one build."""

    def __init__(self, build: Build) -> None:
        self._build = build

    @cached_property
    def _table(self) -> dict[str, Topic]:
        path = self._build.pack / "guardian" / "scenes.tsv"
        if not path.is_file():  # a pack may do without: its scenes are then its topics
            return {}
        with path.open(encoding="utf-8", newline="") as stream:
            return {row["scene"]: Topic(row["topic"]) for row in csv.DictReader(stream, delimiter="\t")}

    def topic(self, scene: str) -> Topic | None:
        """The topic that a scene is filed under, None if neither the topics nor the table know it."""
        name = Topic(scene.strip())
        topics = {entry.name for entry in self._build.topics}
        if name in topics:
            return name
        mapped = self._table.get(name)
        return mapped if mapped in topics else None
