"""Where questions from outside meet the answers: the build they may insist on, and how many are worked on at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from app.answers import Answers
from app.limits import Limits
from app.live import LiveAnswers
from kg.problem import YilunError

T = TypeVar("T")


class OtherBuildError(YilunError):
    """The question insists on a build that is not the one in use."""


class BusyError(YilunError):
    """More questions are waiting than may wait."""


class Desk:
    """Hands out the answers in use, and does work in threads, `workers` at a time."""

    def __init__(self, live: LiveAnswers, limits: Limits) -> None:
        self._live, self._limits = live, limits
        self._workers = asyncio.Semaphore(limits.workers)
        self._present = 0

    def answers(self, pin: str | None = None) -> Answers:
        """The answers in use; OtherBuildError if they are not of the build that the question insists on."""
        answers = self._live.answers
        if pin is not None and pin != answers.build.id:
            raise OtherBuildError(
                f"服务器现用构建 {answers.build.id}，不是所要的 {pin[:64]}；请改用它，或让服务器固定 --build"
            )
        return answers

    async def do(self, work: Callable[[], T]) -> T:
        """Do the work in a thread, in its turn; BusyError if too many are waiting already."""
        if self._present >= self._limits.workers + self._limits.waiting:
            raise BusyError("同时的请求太多；请稍后再试")
        self._present += 1
        try:
            async with self._workers:
                return await asyncio.to_thread(work)
        finally:
            self._present -= 1
