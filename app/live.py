"""The answers of the build in use, which may change while they are being given."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from threading import Lock
from types import MappingProxyType

from app.answers import Answers
from app.api_models import Health
from app.asking import GraphDesk
from kg.home import Home
from kg.problem import YilunError

_NOTHING_SET: Mapping[str, str] = MappingProxyType({})
_log = logging.getLogger("yilun.live")


class LiveAnswers:
    """Follows `yilun build`: opens the new build beside the old one, then lets it take over.

    Nothing is opened before `answers` is first asked for. Whoever holds an `Answers` keeps it to the end of its
    question, so a change drops none. A new build that cannot be opened changes nothing; `failure` says why
    until one can be. With `option` the build is fixed. `environ` may name the graph database; it is opened with
    the first question to it, and `close` gives it back.
    """

    def __init__(
        self,
        home: Home,
        option: str | None = None,
        *,
        today: Callable[[], date],
        environ: Mapping[str, str] = _NOTHING_SET,
    ) -> None:
        self._home, self._option, self._today = home, option, today
        self._graph = GraphDesk(home, environ)
        self._opening = Lock()
        self._answers: Answers | None = None
        self.reloads = 0
        self.failure = ""

    @property
    def answers(self) -> Answers:
        """The answers of the build in use, opened with the first call; the errors are those of opening."""
        if self._answers is None:
            with self._opening:
                if self._answers is None:
                    self._answers = self._open()
        return self._answers

    def _open(self) -> Answers:
        answers = Answers.open(self._home, self._graph, self._option)
        answers.warm(self._today())
        return answers

    def refresh(self) -> bool:
        """Whether another build has been taken into use since, and is answering now."""
        held = self.answers
        with self._opening:
            try:
                if self._option is not None or self._home.current_id() == held.build.id:
                    self.failure = ""
                    return False
                self._answers = self._open()
            except YilunError as error:
                if str(error) != self.failure:
                    _log.error("新的构建不能打开，仍用 %s：%s", held.build.id, error)
                self.failure = str(error)
                return False
            self.failure = ""
            self.reloads += 1
            _log.info("改用构建 %s", self._answers.build.id)
            return True

    def close(self) -> None:
        """Give back the graph, if it was asked."""
        self._graph.close()

    def health(self) -> Health:
        """Whether questions are answered, from which build, and what is less than it should be."""
        answers = self.answers
        systems = list(answers.retriever.systems)
        problems = [f"新的构建打不开：{self.failure}"] if self.failure else []
        if "dense" not in systems:
            problems.append("没有语义编码器或向量，仅按词面检索")
        return Health(
            status="degraded" if problems else "ok",
            build=answers.build.id,
            clauses=len(answers.retriever.index),
            systems=systems,
            problems=problems,
        )


@asynccontextmanager
async def following(live: LiveAnswers, seconds: float) -> AsyncIterator[None]:
    """Look every so many seconds whether another build was taken into use; it reads one line of one file."""

    async def follow() -> None:
        while True:
            await asyncio.sleep(seconds)
            await asyncio.to_thread(live.refresh)

    watching = asyncio.create_task(follow())
    try:
        yield
    finally:
        watching.cancel()
