"""Named questions put to the graph of the build in use, by whoever asks: command line, HTTP, MCP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING

from app.ask_contract import AskedRow, AskedTie, AskResult
from kg.problem import StoreError

if TYPE_CHECKING:
    from kg.build import Build
    from kg.home import Home
    from kg.queries.norms import Answer
    from kg.store import GraphStore

_WORDS = ("cue", "bearer", "counterparty", "action", "condition", "exception")


class GraphDesk:
    """The graph behind the questions: opened with the first one, shared by all threads, closed with the service."""

    def __init__(self, home: Home, environ: Mapping[str, str]) -> None:
        self._home, self._environ = home, environ
        self._opening = Lock()
        self._store: GraphStore | None = None

    def ask(self, build: Build, name: str, parameters: Mapping[str, str], *, as_of: date) -> AskResult:
        """The answers to a named question on a day.

        `id` may be a reference such as 《医师法》第二十五条. StoreError if the graph holds another build.
        """
        from kg.queries.norms import ask, check_question

        check_question(name, parameters)
        asked = {
            key: _identity(build, value, as_of) if key == "id" else value for key, value in parameters.items()
        }
        store = self._opened()
        held = store.stored()
        if held is None or held.id != build.id or not held.ready:
            raise StoreError(f"图数据库里不是构建 {build.id}；请运行 yilun build 载入后再问")
        answers = ask(store, name, asked, as_of)
        return AskResult(
            question=name,
            parameters=asked,
            as_of=as_of,
            build=build.id,
            answers=[_row(build, answer) for answer in answers],
        )

    def close(self) -> None:
        """Give the graph back; an embedded server that nobody else uses ends."""
        with self._opening:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _opened(self) -> GraphStore:
        from kg.store import GraphStore

        with self._opening:
            if self._store is None:
                self._store = GraphStore.open(self._home, self._environ)
            return self._store


def _identity(build: Build, reference: str, as_of: date) -> str:
    from app.views import find_article

    if "#" in reference:
        return reference
    _, provision = find_article(build, reference, as_of)
    return str(provision.id)


def _row(build: Build, answer: Answer) -> AskedRow:
    from app.views import name_of

    own = answer.properties
    place = str(own.get("provision") or answer.id)
    text, provision = build.provision(place)
    tie = answer.tie
    words = {part: str(own[part]) if part in own else None for part in _WORDS}
    return AskedRow(
        id=answer.id,
        provision=place,
        place=name_of(build, place),
        text=text.words(provision),
        modality=str(own["modality"]) if "modality" in own else None,
        **words,
        method=str(own["method"]) if "modality" in own else None,
        confidence=float(str(own["confidence"])) if "modality" in own else None,
        status=answer.status.value,
        through=answer.through,
        tie=AskedTie(
            step=tie.step, method=tie.method.value, evidence=tie.evidence,
            confidence=tie.confidence, by_likeness=tie.by_likeness,
        ) if tie else None,
    )  # fmt: skip
