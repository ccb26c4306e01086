"""The queue of scenarios that wait for a person: lines are only added, a decision has author and reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from evaluator.items.generated import Scenario, Stance
from evaluator.items.item import Difficulty
from kg.append_log import append_rows, replay
from kg.home import Home
from kg.problem import InputError


class State(StrEnum):
    """What became of a scenario."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Decision:
    """That a person accepts or rejects a scenario; the last one counts."""

    scenario: str
    state: State
    author: str
    reason: str
    time: datetime


@dataclass(frozen=True, slots=True)
class ScenarioQueue:
    """The scenarios and decisions of a home."""

    path: Path

    @classmethod
    def of(cls, home: Home) -> Self:
        """The queue of a home."""
        return cls(home.proposals / "scenarios.jsonl")

    def read(self) -> list[tuple[Scenario, Decision | None]]:
        """Every scenario with the decision on it, in the order in which they came; DamagedError names a bad line."""
        scenarios: dict[str, Scenario] = {}
        decisions: dict[str, Decision] = {}

        def take(row: dict[str, Any]) -> None:
            if "decides" in row:
                decision = _decision(row)
                decisions[decision.scenario] = decision
            else:
                one = scenario_from_row(row)
                scenarios.setdefault(one.id, one)

        replay(self.path, take, what="情形或决定")
        return [(one, decisions.get(one.id)) for one in scenarios.values()]

    def add(self, scenarios: Iterable[Scenario]) -> None:
        """Add scenarios; they are on the disk when this returns."""
        append_rows(self.path, map(scenario_row, scenarios))

    def decide(self, decision: Decision) -> None:
        """Record a decision; InputError for a scenario that is not there, or without author or reason."""
        if decision.scenario not in {one.id for one, _ in self.read()}:
            raise InputError(f"没有情形 {decision.scenario}；yilun items queue 列出全部")
        if not decision.author.strip() or not decision.reason.strip():
            raise InputError("决定须有作者与理由：--author、--reason")
        row = {
            "decides": decision.scenario, "state": decision.state.value, "author": decision.author,
            "reason": decision.reason, "time": decision.time.isoformat(),
        }  # fmt: skip
        append_rows(self.path, [row])


def scenario_row(one: Scenario) -> dict[str, Any]:
    """A scenario as one JSON row, in the fields of the written cases where they have them."""
    return {
        "id": one.id, "scene": one.scene, "scenario": one.scenario, "stance": one.stance.value,
        "facts": list(one.facts), "reason": one.reason, "provision": one.provision, "sha256": one.sha256,
        "difficulty": one.difficulty.value, "model": one.model, "time": one.time.isoformat(),
        "authorship": "由语言模型撰写，未经审核",
    }  # fmt: skip


def scenario_from_row(row: Mapping[str, Any]) -> Scenario:
    """The inverse of `scenario_row`; KeyError or ValueError if it is none, or was altered."""
    one = Scenario(
        str(row["provision"]), str(row["sha256"]), str(row["scene"]), str(row["scenario"]),
        Stance(row["stance"]), tuple(map(str, row["facts"])), str(row["reason"]),
        Difficulty(row["difficulty"]), str(row["model"]), datetime.fromisoformat(row["time"]),
    )  # fmt: skip
    if one.id != row["id"]:
        raise ValueError("id is not that of the content")
    return one


def _decision(row: Mapping[str, Any]) -> Decision:
    return Decision(
        str(row["decides"]), State(row["state"]), str(row["author"]), str(row["reason"]),
        datetime.fromisoformat(row["time"]),
    )  # fmt: skip
