"""How much one request may ask for, and how often one caller may ask: for HTTP and MCP alike."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from kg.problem import InputError


class LimitError(InputError):
    """More was asked for than one request may; `code` names the limit and `place` the field."""

    def __init__(self, code: str, message: str, *, place: str) -> None:
        super().__init__(message)
        self.code = code
        self.place = place


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one request and of one caller. Lengths count characters, `body` bytes, times seconds.

    `rate` is how many questions per second a caller may go on asking, `burst` how many at once; every
    question of a batch counts. `workers` are computed at a time, `waiting` more may wait for a worker.
    """

    body: int = 1 << 20
    query: int = 2_000
    text: int = 50_000
    reference: int = 300
    batch: int = 100
    k: int = 100
    rate: float = 50.0
    burst: int = 200
    workers: int = 2
    waiting: int = 64
    body_seconds: float = 20.0
    shutdown_seconds: float = 20.0

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.burst < self.batch:
            raise InputError(
                f"每秒 {self.rate} 次、一次最多 {self.burst} 次：速率须为正数，一次最多须不少于一批的 {self.batch} 条"
            )

    def check_query(self, text: str, *, place: str) -> None:
        """LimitError if a question is too long to search with."""
        _at_most(len(text), self.query, "query_too_long", "查询", "字", place)

    def check_text(self, text: str, *, place: str) -> None:
        """LimitError if a text is too long to check."""
        _at_most(len(text), self.text, "text_too_long", "文本", "字", place)

    def check_reference(self, text: str, *, place: str) -> None:
        """LimitError if a reference is longer than any citation of one provision."""
        _at_most(len(text), self.reference, "reference_too_long", "引用", "字", place)

    def check_batch(self, count: int, *, place: str) -> None:
        """LimitError if a batch has too many entries."""
        _at_most(count, self.batch, "batch_too_large", "一批", "条", place)

    def check_k(self, k: int, *, place: str = "k") -> None:
        """LimitError if more hits are asked for than are given out."""
        _at_most(k, self.k, "k_too_large", "k", "条", place)


def _at_most(found: int, most: int, code: str, what: str, unit: str, place: str) -> None:
    if found > most:
        raise LimitError(code, f"{what}有 {found} {unit}，最多 {most} {unit}；请缩短或分次提交", place=place)


class TokenBuckets:
    """One bucket of tokens per caller: full at first, refilled at a steady rate, one token a question.

    The clock is an argument, so that a test says what time it is. At most `callers` are remembered; the one
    that has not asked for longest is forgotten first, which gives it a full bucket.

    >>> now = [0.0]
    >>> buckets = TokenBuckets(rate=1, burst=2, clock=lambda: now[0])
    >>> [buckets.take("a"), buckets.take("a"), buckets.take("a"), buckets.take("b")]
    [0.0, 0.0, 1.0, 0.0]
    >>> now[0] = 1.0
    >>> buckets.take("a")
    0.0
    """

    def __init__(self, *, rate: float, burst: int, clock: Callable[[], float], callers: int = 10_000) -> None:
        self._rate, self._burst, self._clock, self._callers = rate, float(burst), clock, callers
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, tokens: int = 1) -> float:
        """Take so many tokens: 0 if they were there, else none are taken and it is the seconds to wait."""
        now = self._clock()
        held, since = self._held.pop(caller, (self._burst, now))
        held = min(self._burst, held + (now - since) * self._rate)
        missing = tokens - held
        self._held[caller] = (held if missing > 0 else held - tokens, now)
        if len(self._held) > self._callers:
            self._held.popitem(last=False)
        return missing / self._rate if missing > 0 else 0.0
