"""Objective questions: the stem and options out of a prompt, the letters out of a reply, exact-match scores."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evaluator.importers.table import without_debris

_QUESTION = "题目："
_AFTER = re.compile(r"【(?:思考过程|最终答案|答案|解析)】")
_OPTION = re.compile(r"(?:^|(?<=[\s,，;；。？?！!)）:：]))(?P<letter>[A-HＡ-Ｈ])\s*[.、．:：]\s*")
_ANSWER = re.compile(
    r"""(?: 【最终答案】 | 最终答案 | 正确答案 | 【答案】 | 答案 | 选择 | 应选 | 故选 )
        [\s:：为是应选]* [\[(（“"]? \s*
        (?P<letters> [A-HＡ-Ｈ] (?: [\s,，、;；和与及.]* [A-HＡ-Ｈ] )* ) (?![A-Za-z])""",
    re.VERBOSE,
)
_ONLY_LETTERS = re.compile(r"[\s\[(（【]*[A-HＡ-Ｈ](?:[\s,，、;；.。和]*[A-HＡ-Ｈ])*[\s\])）】.。]*")
_NARROW = str.maketrans("ＡＢＣＤＥＦＧＨ", "ABCDEFGH")


@dataclass(frozen=True, slots=True)
class Question:
    """A question without the instruction and the worked example before it; options by letter, in order."""

    stem: str
    options: tuple[tuple[str, str], ...]


def read_question(query: str) -> Question:
    """The real question of a prompt: what follows the last `题目：`, up to the place for the reasoning.

    >>> q = read_question("示例：……【最终答案】：AB\\n\\n题目：下列哪项恰当？A.告知 B、签字；C．隐瞒\\n【思考过程】：")
    >>> q.stem, q.options
    ('下列哪项恰当？', (('A', '告知'), ('B', '签字'), ('C', '隐瞒')))
    """
    text = without_debris(query)
    text = text[text.rfind(_QUESTION) + len(_QUESTION) :] if _QUESTION in text else text
    after = _AFTER.search(text)
    text = text[: after.start()] if after else text
    marks = _longest_run(list(_OPTION.finditer(text)))
    if len(marks) < 2:
        return Question(text.strip(), ())
    ends = [*(m.start() for m in marks[1:]), len(text)]
    options = tuple(
        (m["letter"].translate(_NARROW), text[m.end() : end].strip(" \t\n　,，;；"))
        for m, end in zip(marks, ends, strict=True)
    )
    return Question(text[: marks[0].start()].strip(), options)


def _longest_run(marks: list[re.Match[str]]) -> list[re.Match[str]]:
    """The longest run A, B, C … among the marks in order, the last of equals: a stem may speak of A and B too."""
    best: list[re.Match[str]] = []
    for start, first in enumerate(marks):
        if first["letter"].translate(_NARROW) != "A":
            continue
        run = [first]
        for mark in marks[start + 1 :]:
            if ord(mark["letter"].translate(_NARROW)) == ord("A") + len(run):
                run.append(mark)
        if len(run) >= len(best):
            best = run
    return best


def answer_letters(reply: str) -> str | None:
    """The sorted letters that a reply chooses, None if it states none: the last stated answer counts.

    >>> answer_letters("先看 A 项……\\n【最终答案】：C、A"), answer_letters("bd 都行"), answer_letters("ＡＤ")
    ('AC', None, 'AD')
    """
    text = without_debris(reply)
    if _ONLY_LETTERS.fullmatch(text.strip()):
        return _letters(text)
    stated = [m["letters"] for m in _ANSWER.finditer(text)]
    return _letters(stated[-1]) if stated else None


def _letters(text: str) -> str:
    return "".join(sorted(set(re.findall("[A-H]", text.translate(_NARROW)))))


@dataclass(frozen=True, slots=True)
class ObjectiveScore:
    """Exact matches among questions; a reply that states no answer is `unread` and counts as wrong."""

    questions: int
    correct: int
    unread: int

    @property
    def accuracy(self) -> float | None:
        """The share answered exactly right, None for no questions."""
        return round(self.correct / self.questions, 6) if self.questions else None


def score_objective(pairs: Iterable[tuple[str, str | None]]) -> ObjectiveScore:
    """Score (reference letters, letters chosen or None): right only if no letter is missing or too many.

    >>> score_objective([("AC", "AC"), ("ABD", "AB"), ("C", None)])
    ObjectiveScore(questions=3, correct=1, unread=1)
    """
    questions = correct = unread = 0
    for reference, chosen in pairs:
        questions += 1
        unread += chosen is None
        correct += chosen is not None and _letters(reference) == chosen
    return ObjectiveScore(questions, correct, unread)
