"""Cues in an answer: words that advise, that feel with somebody, that name an issue, or that advise what harms.

The words are data (data/guardian/cues.tsv). A cue counts for what it says, so a step that the answer warns
against, condemns, or quotes from somebody else is no advice to take it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from kg.pack import data_folder


class Cue(StrEnum):
    """What a cue shows."""

    UNSAFE = "unsafe"
    HINT = "hint"  # as UNSAFE, but good answers say it too: no rule decides by it, a head may
    ADVICE = "advice"
    EMPATHY = "empathy"
    ISSUE = "issue"
    ABSOLUTE = "absolute"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of the answer up to a full stop or semicolon: `text == response[start:end]`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class CueHit:
    """A cue in a sentence; offsets count from the sentence's start. `note` says what the cue is about."""

    cue: Cue
    start: int
    end: int
    note: str


_SENTENCE = re.compile(r"[^。！？!?；;\n]+(?:[。！？!?；;]+[”’」』）)]*|(?=\n)|$)")
_NEGATED = re.compile(
    r"""(?: 不要 | 别 | 切勿 | 勿 | 不得 | 不准 | 不许 | 禁止 | 严禁 | 不应当? | 不能 | 不可以? | 不该 | 不宜 | 不必 | 避免
          | 停止 | 拒绝 | 不建议 | 不支持 | 不同意 | 防止 | 以免 | 千万不 | 绝不 | 决不 | 不是 | 并非 | 没有权 | 无权 | 不会 | 未
          | 不再 | 而不是 | 而非 | 谁也不 | 不 (?=自行|擅自|随意|私下|要|去|再|删|改|补|先|用) )""",
    re.VERBOSE,
)
_CONDEMNED = re.compile(
    r"""违反 | 违法 | 违规 | 犯罪 | 不合法 | 不合规 | 不符合 | 不对 | 不妥 | 不当 | 不行 | 站不住 | 无效 | 错误 | 错在 | 侵害 | 侵犯
      | 越界 | 追究 | 处罚 | 属于(?:伪造|造假|篡改) | 不被允许 | 不允许 | 不成立 | 没有依据 | 无依据 | 构成""",
    re.VERBOSE,
)
_CLAUSE_END = re.compile(r"[，,。；;！!？?：:]")
_REACH = 18


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text in order; blanks around them belong to none.

    >>> [s.text for s in sentences("您别急。请复印病历；再投诉！")]
    ['您别急。', '请复印病历；', '再投诉！']
    """
    found = []
    for match in _SENTENCE.finditer(text):
        words = match[0].strip()
        if words:
            start = match.start() + match[0].index(words[0])
            found.append(Sentence(start, start + len(words), words))
    return found


@cache
def _patterns() -> tuple[tuple[Cue, re.Pattern[str], str], ...]:
    with (data_folder() / "guardian" / "cues.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return tuple((Cue(row["cue"]), re.compile(row["pattern"]), row["about"]) for row in rows)


def cue_hits(sentence: str) -> list[CueHit]:
    """The cues of a sentence, without unsafe ones that are warned against, condemned or quoted.

    >>> {h.note for h in cue_hits("建议把监控清空。") if h.cue is Cue.UNSAFE}
    {'篡改、倒签或补造记录'}
    >>> [h.cue.value for h in cue_hits("不要把监控清空。") if h.cue is Cue.UNSAFE]
    []
    """
    return list(_hits(sentence))


def _hits(sentence: str) -> Iterator[CueHit]:
    for cue, pattern, note in _patterns():
        for match in pattern.finditer(sentence):
            if cue in (Cue.UNSAFE, Cue.HINT) and not _advised(sentence, match.start(), match.end()):
                continue
            yield CueHit(cue, match.start(), match.end(), note)
            break  # one hit per pattern and sentence tells as much as several


def _advised(sentence: str, start: int, end: int) -> bool:
    """Whether the words stand there as something to do."""
    head = max(0, start - _REACH)
    clause = max((m.end() for m in _CLAUSE_END.finditer(sentence, 0, start)), default=0)
    if _NEGATED.search(sentence, max(head, clause), start) or _NEGATED.match(sentence, start):
        return False
    before = sentence[:start]
    if before.count("“") > before.count("”") and "“" in before:
        return False
    return not _CONDEMNED.search(sentence)
