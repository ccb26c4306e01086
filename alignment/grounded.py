"""An answer whose reasoning runs from issue to advice, every claim with the clause it rests on.

Written by program out of a case's own good answer, its labels and the norms of its clauses: no sentence of law is
made up, quotations are cut from the official text. What it says is as good as the case, which a model wrote.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from alignment.prompt import Shown
from evaluator.cases import Case
from evaluator.guardian.assessment import Assessment
from evaluator.metrics import Dimension
from kg.norm import Modality, Norm

SECTIONS = ("争点", "依据", "适用", "例外与冲突", "结论", "建议")
"""The sections of an answer in their order."""

_CONCLUSIONS = {
    "violation": ("不合规", "按上述条款，这样做不合规", "上述行为违反了这一要求"),
    "compliant": ("合规", "按上述条款，这样做没有违反规定", "上述行为合于这一要求"),
    "permitted_with_conditions": (
        "附条件",
        "满足条款所写的条件才可以这样做",
        "能否这样做，取决于条款所写的条件是否都具备",
    ),
    "uncertain": ("未能确定", "凭现有事实还不能下结论", "现有的事实不足以判断是否违反"),
}
_REFUSAL = ("未能确定", "给出的条款里没有管这件事的规定，不能据以下结论")
_SEARCH_ON = "在此之前，请先补查现行的法律、规章与本机构制度，或请医务、法务部门与伦理委员会出具意见。"
_ABOUT = {"conduct": "做法", "omission": "没有做的事", "circumstance": "情况", "outcome": "后果"}
_QUOTED_MOST = 120
_SENTENCE = re.compile(r"[^。；！？\n]+[。；！？]?")
_CITED = re.compile(r"《[^《》]+》|第[〇零一二三四五六七八九十百千\d]+[条款项]")


@dataclass(frozen=True, slots=True)
class Voice:
    """What of a good answer is taken over: the words that take in the asker's plight, and the steps."""

    empathy: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Governing:
    """A shown clause that governs, the words quoted from it, the norm that decides, and all its norms."""

    shown: Shown
    quote: str
    norm: Norm | None
    norms: tuple[Norm, ...]
    role: str


def voice_of(answer: str, assessment: Assessment) -> Voice | None:
    """The plight and the steps of an answer by the guardian's evidence; None where it has no step or no plight.

    Sentences that cite are left out: what is cited belongs to the grounds, where it is quoted.
    """

    def sentences(dimension: Dimension) -> tuple[str, ...]:
        spans = ((e.start, e.end) for e in assessment.marks[dimension].evidence)
        return tuple(s for a, b in spans if not _CITED.search(s := answer[a:b].strip()))

    felt, steps = sentences(Dimension.Q4), sentences(Dimension.Q3)
    steps = tuple(s for s in steps if s not in felt[:1])
    return Voice(felt[0], steps) if felt and steps else None


def decisive(norms: Sequence[Norm], told: str) -> Norm | None:
    """Of the norms that measure conduct the one whose action shares most pairs of characters with what is told."""
    pairs = _pairs(told)

    def shared(norm: Norm) -> float:
        own = _pairs(norm.action.text if norm.action else "")
        return len(own & pairs) / (len(own) + 4)

    measured = [norm for norm in norms if norm.modality.is_deontic and norm.action is not None]
    return max(measured, key=shared, default=None)


def quotation(text: str, norm: Norm | None) -> str:
    """The sentence of a clause that its decisive norm stands in, else its first one; never longer than 120.

    >>> quotation("医师应当告知病情。病历归档。", None)
    '医师应当告知病情'
    """
    whole = [words for m in _SENTENCE.finditer(text) if (words := m.group().strip().rstrip("。；！？"))]
    action = norm.action.text.split("\n")[0] if norm and norm.action else ""
    best = next((words for words in whole if action and action in words), whole[0] if whole else text)
    return best[:_QUOTED_MOST].rstrip("：，、")


def grounded_answer(case: Case, governing: Sequence[Governing], aside: Sequence[Shown], voice: Voice) -> str:
    """The answer in six sections; `aside` are shown clauses that its author says do not govern."""
    pick = _Pick(case.id)
    first, label = governing[0], f"[{governing[0].shown.label}]"
    conduct = _facts(case, ("conduct", "omission")) or _facts(case, ("circumstance",))
    grounds = [
        f"{pick.one(_GROUNDS[g.role == 'competing'], g.shown.id)}[{g.shown.label}] {g.shown.name}：“{g.quote}”。"
        for g in governing
    ]
    exceptions = _exceptions(governing)
    if aside:
        other = aside[0]
        exceptions.append(f"[{other.label}] 虽然相近，管的是另一件事，不用来判断这里的做法。")
    title, reason, applied = _CONCLUSIONS[case.stance]
    verdict = case.verdict.rstrip("。") if case.verdict and not _CITED.search(case.verdict) else reason
    return _sections(
        _issue(conduct, first, pick),
        "\n".join(grounds),
        f"{_demand(first)}{label}。{_told(case, conduct)}{applied}{label}。",
        "".join(exceptions) or f"条款没有写例外，也没有看到别的条款与它相抵触{label}。",
        f"{title}：{verdict}{label}。",
        _advice(voice, label, case.missing_facts),
    )


def refusal_answer(case: Case, aside: Sequence[Shown], voice: Voice) -> str:
    """The answer where none of the shown clauses governs: it says so and what would be needed, and cites nothing."""
    conduct = _facts(case, ("conduct", "omission")) or _facts(case, ("circumstance",))
    title, reason = _REFUSAL
    listed = "、".join(f"[{one.label}]" for one in aside)
    return _sections(
        f"这里要判断的是：{'；'.join(conduct) or '情形中的做法'}，有没有规定可依。",
        f"逐条看过{listed or '给出的材料'}，没有一条管这件事。",
        "没有可以适用的条款，所以不把情形往别的条款上套。",
        "没有依据，也就谈不上例外与冲突。",
        f"{title}：{reason}。",
        _advice(voice, _SEARCH_ON, ()),
    )


def _sections(*bodies: str) -> str:
    return "\n".join(f"【{name}】{body}" for name, body in zip(SECTIONS, bodies, strict=True))


_GROUNDS = {
    False: ("管这件事的是", "可依据的是", "应看"),
    True: ("也要看与它竞合的", "同时相关、方向不同的是", "另有一条须一并权衡："),
}


def _issue(conduct: Sequence[str], first: Governing, pick: _Pick) -> str:
    told = "；".join(f"“{words}”" for words in conduct) or "情形中的做法"
    asked = pick.one(("是否合于规定", "法律上能不能这样做", "有没有违反应守的规范"), "issue")
    return f"要判断的是：{told}，{asked}[{first.shown.label}]。"


def _demand(first: Governing) -> str:
    norm = first.norm
    if norm is None or norm.action is None:
        return "这一条款对此作了规定"
    bearer = norm.bearer.text if norm.bearer and norm.bearer.text in first.shown.text else ""
    subject = f"受约束的是{bearer}，" if bearer else ""
    modal = {
        Modality.OBLIGATION: "应当做到", Modality.PROHIBITION: "不得", Modality.PERMISSION: "可以",
        Modality.RIGHT: "有权", Modality.POWER: "有职权", Modality.LIABILITY: "承担的后果是",
    }[norm.modality]  # fmt: skip
    condition = f"，条件是“{_line(norm.condition.text)}”" if norm.condition else ""
    return f"{subject}{modal}“{_line(norm.action.text)}”{condition}"


def _told(case: Case, conduct: Sequence[str]) -> str:
    shown = {
        words: "；".join(_facts(case, (role,))) for role, words in _ABOUT.items() if _facts(case, (role,))
    }
    if not shown and conduct:
        shown = {"做法": "；".join(conduct)}
    return "".join(f"情形里的{what}是“{words}”，" for what, words in shown.items())


def _facts(case: Case, roles: Sequence[str]) -> tuple[str, ...]:
    return tuple(_inner(fact.span) for fact in case.facts if fact.role in roles)


def _inner(words: str) -> str:
    """Words as they stand inside quotation marks: their own marks become single ones."""
    return words.replace("“", "‘").replace("”", "’").rstrip("。；，")


def _line(words: str) -> str:
    """The first line of words of law that go on over a list."""
    return words.split("\n")[0].rstrip("：")


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


def _exceptions(governing: Sequence[Governing]) -> list[str]:
    found = []
    for one in governing:
        for norm in one.norms:
            if norm.exception is not None and norm.exception.text in one.shown.text:
                found.append(
                    f"条款写有例外“{_line(norm.exception.text)}”，情形里没有看到它成立的事实[{one.shown.label}]。"
                )
                break
    competing = [g for g in governing if g.role == "competing"]
    if competing:
        labels = "、".join(f"[{g.shown.label}]" for g in competing)
        found.append(f"它与{labels}的要求方向不同，要一并权衡，不能只看一边。")
    return found


def told_steps(voice: Voice) -> str:
    """The steps as the answer tells them: each a sentence."""
    return "".join(f"{step.rstrip('。；')}。" for step in voice.steps)


def told_empathy(voice: Voice) -> str:
    """The words of empathy as the answer tells them: a sentence."""
    return f"{voice.empathy.rstrip('。；')}。"


def _advice(voice: Voice, label: str, missing: Sequence[str]) -> str:
    asked = f"还要弄清：{'；'.join(m.rstrip('。？?') for m in missing)}。" if missing else ""
    return f"{told_empathy(voice)}{told_steps(voice)}{asked}{label}"


class _Pick:
    """Choices by a hash of the case: the same case is always told alike."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def one(self, options: Sequence[str], what: str) -> str:
        number = hashlib.sha256(f"{self._seed}\n{what}".encode()).digest()[0]
        return options[number % len(options)]
