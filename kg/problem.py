"""What went wrong with something that came from outside, as a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a problem matters to someone who relies on the build."""

    ERROR = "error"  # something that was offered could not be taken in
    WARNING = "warning"  # taken in, but a lawyer should look
    NOTE = "note"  # recorded so that nothing happens silently


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding about input from outside: a stable code, the place, and words a person can act on.

    >>> str(Problem(Severity.WARNING, "article_gap", "山东省中医药条例@unknown~1/art14", "第十三条缺失"))
    'warning article_gap 山东省中医药条例@unknown~1/art14: 第十三条缺失'
    """

    severity: Severity
    code: str
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.severity} {self.code} {self.place}: {self.text}"


Report = Callable[[Problem], None]
"""Who is told of each problem that a reader meets: `refuse`, or a list's append."""


class YilunError(Exception):
    """Root of every error that this project raises on purpose.

    The message says what was asked, what was found, where, and what to do.
    """


class InputError(YilunError):
    """A path, file, option or query from outside cannot be used as it is."""


class MissingBuildError(YilunError):
    """There is no build to read under the home folder; the message names the command that makes one."""


class DamagedError(YilunError):
    """A file of ours does not have the digest that its manifest records."""


class FormatError(YilunError):
    """A folder of ours was written in another format than this version reads; the message names the command to run."""


class StoreError(YilunError):
    """The graph database cannot be started, reached or used."""


def refuse(problem: Problem) -> None:
    """Stop at the first problem: DamagedError with its place and words."""
    raise DamagedError(f"{problem.place}: {problem.text}")
