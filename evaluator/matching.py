"""One norm against the facts of a scenario: whom it binds, whether its condition holds, what was done."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluator.fact_words import FactWords, Mark
from evaluator.facts import Actor, Fact, FactKind, Facts
from evaluator.finding_rule import BearerState, ConditionState, ConductState, ExceptionState, Outcome, find
from kg.norm import Modality, Norm
from retrieval.tokens import tokens

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from retrieval.vectors import Encoder

    Vector = npt.NDArray[np.float32]

Rarity = Callable[[Sequence[str]], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How alike words must be to count as the same; chosen on the dev folds."""

    told: float = 0.54
    condition: float = 0.60
    exception: float = 0.66


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found under one norm, and the facts that each step rests on.

    `likeness` is how alike the norm's action and the fact's words are, from 0 to 1; no probability.
    """

    norm: Norm
    bearer: BearerState
    actor: Actor | None
    condition: ConditionState
    condition_fact: Fact | None
    exception: ExceptionState
    exception_fact: Fact | None
    conduct: ConductState
    conduct_fact: Fact | None
    likeness: float
    outcome: Outcome


class Likeness:
    """How alike the words of norms and facts are: in meaning by the encoder; without one, by shared rare bigrams.

    A fact is to a norm what a question is to a passage, as the encoder learned them. Vectors of norms are
    kept, as the same norms come back from case to case.
    """

    def __init__(self, rarity: Rarity, encoder: Encoder | None) -> None:
        self._rarity = rarity
        self._encoder = encoder
        self._kept: dict[str, Vector] = {}
        self._told: dict[str, Vector] = {}

    def table(self, phrases: Sequence[str], facts: Facts) -> Vector:
        """One row for each phrase, one column for each fact: the likeness of the phrase to the fact."""
        import numpy as np

        if not phrases or not facts.facts:
            return np.zeros((len(phrases), len(facts.facts)), dtype=np.float32)
        sentences = [part.text for part in facts.sentences]
        own = [fact.part.text for fact in facts.facts]
        number = [fact.sentence for fact in facts.facts]
        alike = self._shared if self._encoder is None else self._meant
        # A clause alone often lacks its object, so its sentence counts too, for less.
        found = _OWN * alike(phrases, own) + (1 - _OWN) * alike(phrases, sentences)[:, number]
        return np.asarray(found, dtype=np.float32)

    def between(self, first: str, second: str) -> float:
        """The likeness of the words of two norms."""
        if self._encoder is None:
            return float(self._shared([first], [second])[0, 0])
        one, other = self._phrases([first, second])
        return float(one @ other)

    def told(self, texts: Sequence[str]) -> Vector:
        """The vectors of parts of a scenario; the last ones are kept, as many norms meet them."""
        import numpy as np

        assert self._encoder is not None
        if len(self._told) > _PARTS_KEPT:
            self._told.clear()
        for text in texts:
            if text not in self._told:
                self._told[text] = self._encoder.encode_query(text)[0]
        return np.stack([self._told[text] for text in texts])

    def _meant(self, phrases: Sequence[str], texts: Sequence[str]) -> Vector:
        found: Vector = self._phrases(phrases) @ self.told(texts).T
        return found

    def _phrases(self, phrases: Sequence[str]) -> Vector:
        import numpy as np

        assert self._encoder is not None
        if new := sorted({phrase for phrase in phrases if phrase not in self._kept}):
            self._kept.update(zip(new, self._encoder.encode(new), strict=True))
        return np.stack([self._kept[phrase] for phrase in phrases])

    def _shared(self, phrases: Sequence[str], texts: Sequence[str]) -> Vector:
        import numpy as np

        terms = [set(tokens(text)) for text in texts]
        found = np.zeros((len(phrases), len(texts)), dtype=np.float32)
        for row, phrase in enumerate(phrases):
            rare = self._rarity(sorted(set(tokens(phrase))))
            total = sum(rare.values())
            if total:
                found[row] = [sum(rare[t] for t in rare if t in own) / total for own in terms]
        # Lay words share a third of a statute's words at best: the square root spreads the lower part.
        return np.sqrt(found)


_PARTS_KEPT = 256
_OWN = 0.6
"""How much a clause of the scenario counts beside the sentence that it stands in."""


_WITHOUT_LEAVE = re.compile(
    r"未经[^，；。]{0,16}?(?:同意|批准|许可|授权|审查|审批|核准)，?|未取得[^，；。]{0,12}?，|擅自"
)
_NEGATIVE = re.compile(
    r"^(?:的)?(?:未|不|没有|无|拒不|拒绝|逾期不|应当.{0,8}而未)|未(?:按|依|及时|如实|履行|尽)"
)
_CONSEQUENCE = re.compile(r"^(?:由|依法|依据职责|并?处|责令|给予|予以|吊销|没收|承担|追究|构成|降低|撤)")
_IMPOSED = re.compile(
    r"""
    ^(?:由[^，；。]{2,24}?)?(?:并?依法|依据职责|可以|按照有关规定)?
    (?:
      责令|吊销|没收|追究|通报批评|撤销|撤职
      | (?:给予|予以)(?:警告|处分|处罚|行政|治安|政务|纪律|取缔|没收|吊销|撤销)
      | 并?处(?![理置方于在境]) | 并?罚款 | 承担[^，；。]{0,12}责任 | 构成犯罪
    )
    """,
    re.VERBOSE,
)
"""What an authority is to impose, whatever the modality that its sentence is read as."""


def phrase_of(norm: Norm) -> str:
    """The conduct that a norm speaks of: its action; of a liability, what it punishes. '' if it tells none."""
    action, condition = (part.text if part else "" for part in (norm.action, norm.condition))
    text = measured(norm.modality, action=action, condition=condition)
    return _WITHOUT_LEAVE.sub("", text) or text


def measured(modality: Modality, *, action: str, condition: str) -> str:
    """The words that conduct is measured by.

    What an authority is to impose (责令改正, 处罚款) is a consequence: nobody in a scenario is measured by it.

    >>> measured(Modality.LIABILITY, action="责令改正，给予警告", condition="泄露患者隐私")
    '泄露患者隐私'
    """
    if modality is Modality.LIABILITY:
        return next((part for part in (action, condition) if part and not _CONSEQUENCE.match(part)), "")
    return "" if _IMPOSED.match(action) else action


def is_measurable(norm: Norm) -> bool:
    """Whether conduct can be measured by a norm: it binds, its words may ground a verdict, and it tells an action."""
    return norm.modality.is_deontic and norm.method.may_ground and bool(phrase_of(norm))


def match(
    norms: Sequence[Norm], facts: Facts, words: FactWords, likeness: Likeness, limits: Thresholds
) -> tuple[Finding, ...]:
    """One finding for each norm that conduct can be measured by, in their order."""
    usable = list(filter(is_measurable, norms))
    actions = likeness.table([phrase_of(n) for n in usable], facts)
    conditions = _optional([n.condition.text if n.condition else None for n in usable], facts, likeness)
    exceptions = _optional([n.exception.text if n.exception else None for n in usable], facts, likeness)
    return tuple(
        _finding(norm, facts, words, limits, actions[i], conditions[i], exceptions[i])
        for i, norm in enumerate(usable)
    )


def _optional(phrases: Sequence[str | None], facts: Facts, likeness: Likeness) -> Vector:
    """The table of phrases that only some norms have; a row of nought for those without."""
    import numpy as np

    table = np.zeros((len(phrases), len(facts.facts)), dtype=np.float32)
    if given := [row for row, phrase in enumerate(phrases) if phrase]:
        table[given] = likeness.table([phrase for phrase in phrases if phrase], facts)
    return table


def _finding(
    norm: Norm,
    facts: Facts,
    words: FactWords,
    limits: Thresholds,
    action: Vector,
    condition: Vector,
    exception: Vector,
) -> Finding:
    conduct_fact, likeness = _best(facts, action + _TOLD_AS_CONDUCT * _is_conduct(facts))
    bearer, actor = _bearer(norm, facts, words, conduct_fact)
    met, condition_fact = ConditionState.NONE, None
    if norm.condition is not None and norm.modality is not Modality.LIABILITY:
        condition_fact, alike = _best(facts, condition)
        met = _condition(norm.condition.text, condition_fact, alike >= limits.condition)
    holds, exception_fact = ExceptionState.NONE, None
    if norm.exception is not None:
        exception_fact, alike = _best(facts, exception)
        # An exception speaks of the same things as its rule: what is only the conduct again is none.
        told = (
            alike >= limits.exception
            and exception_fact is not None
            and exception_fact.is_settled
            and exception_fact is not conduct_fact
        )
        holds = ExceptionState.HOLDS if told else ExceptionState.NOT_TOLD
    conduct = _conduct(norm, conduct_fact, actor) if likeness >= limits.told else ConductState.NOT_TOLD
    return Finding(
        norm=norm,
        bearer=bearer,
        actor=actor,
        condition=met,
        condition_fact=condition_fact if met in (ConditionState.MET, ConditionState.UNMET) else None,
        exception=holds,
        exception_fact=exception_fact if holds is ExceptionState.HOLDS else None,
        conduct=conduct,
        conduct_fact=conduct_fact if conduct is not ConductState.NOT_TOLD else None,
        likeness=round(float(likeness), 6),
        outcome=find(norm.modality, bearer=bearer, condition=met, exception=holds, conduct=conduct),
    )


_TOLD_AS_CONDUCT = 0.08
"""How much more a clause that tells of conduct is like a norm's action than one that tells the setting."""


def _is_conduct(facts: Facts) -> Vector:
    import numpy as np

    kinds = (FactKind.CONDUCT, FactKind.OMISSION)
    return np.array([f.kind in kinds and f.is_settled for f in facts.facts], dtype=np.float32)


def _best(facts: Facts, row: Vector) -> tuple[Fact | None, float]:
    if not len(row):
        return None, 0.0
    place = int(row.argmax())
    return facts.facts[place], float(row[place])


def _bearer(
    norm: Norm, facts: Facts, words: FactWords, fact: Fact | None
) -> tuple[BearerState, Actor | None]:
    bound = set(norm.bearers)
    if not bound:
        return BearerState.UNNAMED, None
    near = [*(fact.actors if fact else ()), *facts.actors]
    for actor in near:
        if any(words.kinds(party) & bound for party in actor.parties):
            return BearerState.MATCHED, actor
    for actor in near:
        kinds = frozenset[str]().union(*(words.kinds(party) for party in actor.parties))
        counts_for = {other for party in kinds for other in words.acts_for.get(party, ())}
        if counts_for & bound:
            return BearerState.ACTS_FOR, actor
    return BearerState.ABSENT, None


def _condition(text: str, fact: Fact | None, told: bool) -> ConditionState:
    if fact is None or not told or not fact.is_settled:
        return ConditionState.UNKNOWN
    return ConditionState.MET if fact.negated == bool(_NEGATIVE.search(text)) else ConditionState.UNMET


def _conduct(norm: Norm, fact: Fact | None, actor: Actor | None) -> ConductState:
    if fact is None:
        return ConductState.NOT_TOLD
    duty = norm.modality is Modality.OBLIGATION and not _NEGATIVE.search(phrase_of(norm))
    if duty and fact.kind is FactKind.SPEECH and fact.negated and actor in fact.actors:
        # Whoever is bound and says “不受理”, “不给挂号” has refused by saying so.
        return ConductState.OMITTED
    if not fact.is_settled or (fact.kind is FactKind.SPEECH and Mark.REFUSAL not in fact.marks):
        return ConductState.UNSETTLED
    text = norm.action.text if norm.action is not None else ""
    if norm.modality is not Modality.OBLIGATION and _WITHOUT_LEAVE.search(text):
        # What is wrong only without leave is not done where leave is told of.
        asked = Mark.CARE in fact.marks and not fact.negated
        return ConductState.OMITTED if asked else ConductState.DONE
    done = fact.negated == bool(_NEGATIVE.search(phrase_of(norm)))
    if norm.modality is Modality.OBLIGATION and done and Mark.PRESSURE in fact.marks:
        # 倒签、代签、走个过场: the words of the duty, not the duty.
        done = False
    return ConductState.DONE if done else ConductState.OMITTED
