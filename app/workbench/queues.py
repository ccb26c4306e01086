"""What waits for a person, as values: glosses, cases, answers on which the tiers differ, answers of the loop."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.browse_article import ROLES, STANCES
from app.views import name_of
from app.workbench.dispute import Dispute
from app.workbench.opinion import Matter
from evaluator.metrics import Dimension
from kg.build import Build
from kg.problem import InputError
from kg.text import digest
from retrieval.index import stored_meanings
from retrieval.retriever import INDEX_FOLDER

if TYPE_CHECKING:
    from alignment.loop import Decided


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: its words, what stands beside them, and how it may be corrected.

    `target` is its id, `words` what is judged; `provision` where the law that it is about is read, if it is about one.
    `now` is what it says now where that can be corrected, `choices` are what a correction may be, none where it is
    written freely; `bound` is all that an opinion is bound to, the words alone where it is empty.
    """

    matter: Matter
    target: str
    title: str
    words: str
    beside: tuple[tuple[str, str], ...]
    provision: str = ""
    now: str = ""
    choices: tuple[str, ...] = ()
    bound: str = ""

    @property
    def judged(self) -> str:
        """What an opinion on it is bound to."""
        return self.bound or self.words

    @property
    def thing(self) -> tuple[str, str]:
        """The same as target and digest, as opinions have it."""
        return self.target, digest(self.judged)


def page_of(
    waiting: Iterable[Waiting], *, done: Collection[tuple[str, str]], words: str = "", start: int, count: int
) -> tuple[list[Waiting], int]:
    """A page of what one person has not judged and what has some words in its title, and how many there are."""
    found = [one for one in waiting if one.thing not in done and words in one.title]
    return found[start : start + count], len(found)


@lru_cache(maxsize=2)
def glosses(build: Build) -> tuple[Waiting, ...]:
    """The glosses that readers of this build see, by article; written by a model, unreviewed."""
    folder = build.path / INDEX_FOLDER
    if not folder.is_dir():
        return ()
    found = []
    for clause, said in sorted(stored_meanings(folder).items()):
        try:
            text, provision = build.provision(clause)
        except InputError:
            continue
        law = text.words(provision)
        found += [
            Waiting(Matter.GLOSS, f"{clause}~{n}", name_of(build, clause), one, (("条文", law),), clause, now=one)
            for n, one in enumerate(said, 1)
        ]  # fmt: skip
    return tuple(found)


@lru_cache(maxsize=2)
def cases(build: Build) -> tuple[Waiting, ...]:
    """The pack's cases with the clauses that their author says govern them; written by a model, unreviewed."""
    grounds: dict[str, list[tuple[str, str]]] = {}
    for link in _rows(build, "scenario_links.jsonl"):
        grounds.setdefault(link["scenario"], []).append((link["role"], link["provision"]))
    return tuple(
        _case(build, row, sorted(grounds.get(row["id"], [])))
        for row in _rows(build, "graph/nodes/Scenario.jsonl")
    )


def _case(build: Build, row: dict[str, str], grounds: list[tuple[str, str]]) -> Waiting:
    stance = STANCES.get(row["stance"], row["stance"])
    beside = [("作者的判断", stance)]
    for role, clause in grounds:
        text, provision = build.provision(clause)
        beside.append((f"{ROLES.get(role, role)}：{name_of(build, clause)}", text.words(provision)))
    bound = json.dumps([row["text"], stance, grounds], ensure_ascii=False)
    first = grounds[0][1] if grounds else ""
    return Waiting(
        Matter.CASE, row["id"], f"{row['id']}　{row['scene']}", row["text"], tuple(beside), first, stance,
        tuple(STANCES.values()), bound,
    )  # fmt: skip


def disputes(found: Sequence[Dispute]) -> tuple[Waiting, ...]:
    """The answers on which the tiers of the guardian differ, those with most differences first."""
    waiting = []
    for one in sorted(found, key=lambda one: (-len(one.about), one.id)):
        beside = [("问题", one.query), ("场景", one.scene), ("参考", one.reference), ("按哪一天", one.as_of)]
        beside += [
            (f"{d} {d.zh}", f"规则 {_told(one.rules[d])}，模型 {_told(one.learned[d])}") for d in one.about
        ]
        now = " ".join(f"{d.value}={g}" for d in Dimension if (g := one.learned[d]) is not None)
        shown = tuple((name, words) for name, words in beside if words)
        waiting.append(
            Waiting(Matter.GRADES, one.id, f"{one.scene}　{one.query[:40]}", one.response, shown, now=now)
        )
    return tuple(waiting)


def samples(run: Path, decided: Sequence[Decided]) -> tuple[Waiting, ...]:
    """The answers of a run of the loop that wait for a person, least certain first."""
    asked = [one for one in decided if one.decision.value == "asked"]
    return tuple(
        Waiting(
            Matter.SAMPLE, f"{run.name}:{one.prompt}", f"{one.prompt}　第 {one.round} 轮", one.revised.text,
            tuple(
                (name, words)
                for name, words in (
                    ("为何问人", one.reason),
                    ("得分", "未评" if one.revised.score is None else f"{one.revised.score:.2f}"),
                    ("守护者指出", "；".join(one.revised.reasons)),
                    ("首答", one.first.text),
                )
                if words
            ),
        )
        for one in sorted(asked, key=lambda one: (one.revised.certainty, one.prompt))
    )  # fmt: skip


def _rows(build: Build, name: str) -> list[dict[str, str]]:
    stored = build.manifest.read_bytes(build.path, name)
    return [json.loads(line) for line in stored.split(b"\n")[:-1]]


def _told(grade: int | None) -> str:
    return "未评" if grade is None else str(grade)
