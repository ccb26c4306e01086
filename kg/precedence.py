"""Which of two rules prevails, which yields, by which rule of 立法法, or who decides where it cannot be said.

The caller says that the two rules conflict. Articles are those of 立法法 as amended in 2023; a test checks
that each says what is taken from it. Rules of precedence decide between texts, not between duties: that the
stricter of two compatible duties binds is no conflict.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kg.build import Build
from kg.identity import ProvisionId, Step
from kg.standing import Narrower, Standing
from kg.vocabulary import Kind, Level, Status

LEGISLATION, SUPERVISION, CIVIL_CODE = (
    "中华人民共和国立法法",
    "中华人民共和国各级人民代表大会常务委员会监督法",
    "中华人民共和国民法典",
)
CONGRESS, STANDING_COMMITTEE = "全国人民代表大会", "全国人民代表大会常务委员会"


class Outcome(StrEnum):
    """What the rules of precedence say of two rules."""

    FIRST = "first"  # the first prevails
    SECOND = "second"  # the second prevails
    BOTH = "both"  # no conflict of law: each applies in its own field
    NEITHER = "neither"  # neither is law on the day
    UNDETERMINED = "undetermined"

    @property
    def mirrored(self) -> Outcome:
        """The outcome when the two rules change places."""
        return {Outcome.FIRST: Outcome.SECOND, Outcome.SECOND: Outcome.FIRST}.get(self, self)


class Principle(StrEnum):
    """The rule that decided."""

    TIME = "time"
    SUPERIOR = "superior"
    SPECIAL = "special"
    POSTERIOR = "posterior"
    AGREEMENT = "special_and_posterior"
    NOT_LEGISLATION = "not_legislation"
    INTERPRETATION = "interpretation"
    TERRITORY = "territory"
    AUTHORITY = "authority"

    @property
    def zh(self) -> str:
        """The words shown to readers."""
        return _WORDS[self]


_WORDS = {
    Principle.TIME: "施行期间",
    Principle.SUPERIOR: "上位法优于下位法",
    Principle.SPECIAL: "特别规定优于一般规定",
    Principle.POSTERIOR: "新的规定优于旧的规定",
    Principle.AGREEMENT: "特别且较新",
    Principle.NOT_LEGISLATION: "不是立法法所称的法",
    Principle.INTERPRETATION: "司法解释",
    Principle.TERRITORY: "各在其行政区域内施行",
    Principle.AUTHORITY: "由有权机关裁决",
}


@dataclass(frozen=True, slots=True)
class Basis:
    """An article that the answer rests on; `paragraph` and `item` 0 where the whole article is meant."""

    work: str
    article: int
    paragraph: int = 0
    item: int = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        """The path of the provision in every version that numbers it so."""
        path = [Step(Kind.ARTICLE, self.article)]
        if self.paragraph:
            path.append(Step(Kind.PARAGRAPH, self.paragraph))
        if self.item:
            path.append(Step(Kind.ITEM, self.item))
        return tuple(path)

    def display(self) -> str:
        """The article in the words of a citation.

        >>> Basis(LEGISLATION, 106, 1, 2).display()
        '《中华人民共和国立法法》第一百零六条第一款第（二）项'
        """
        return f"《{self.work}》" + "".join(step.display() for step in self.steps)


@dataclass(frozen=True, slots=True)
class Precedence:
    """The answer: what prevails, why, on which articles; `decider` is who decides where nobody else can.

    `cautions` are facts that the answer depends on and that the record leaves open.
    """

    outcome: Outcome
    principle: Principle
    reason: str
    basis: tuple[Basis, ...] = ()
    decider: str = ""
    cautions: tuple[str, ...] = ()


_LEGISLATION_LEVELS = (
    Level.CONSTITUTION,
    Level.LAW,
    Level.ADMINISTRATIVE_REGULATION,
    Level.LOCAL_REGULATION,
    Level.DEPARTMENTAL_RULE,
    Level.LOCAL_GOVERNMENT_RULE,
)
_RULES = (Level.DEPARTMENTAL_RULE, Level.LOCAL_GOVERNMENT_RULE)
_BELOW = {
    Level.CONSTITUTION: (_LEGISLATION_LEVELS[1:], Basis(LEGISLATION, 98)),
    Level.LAW: (_LEGISLATION_LEVELS[2:], Basis(LEGISLATION, 99, 1)),
    Level.ADMINISTRATIVE_REGULATION: (_LEGISLATION_LEVELS[3:], Basis(LEGISLATION, 99, 2)),
}


def precedence(
    first: Standing, second: Standing, *, as_of: date, special: Narrower = Narrower.UNKNOWN
) -> Precedence:
    """Which of two conflicting rules applies to facts of a day; `special` says which one is narrower.

    A rule that is not law on that day does not compete (第一百零四条: no retroactivity). Then rank decides,
    then, between texts of one maker, speciality and age together.
    """
    cautions = tuple(
        f"{side.name}在 {as_of} 的效力待核" for side in (first, second)
        if side.validity.status(as_of) is Status.UNKNOWN
    )  # fmt: skip
    answer = (
        _by_time(first, second, as_of)
        or _by_rank(first, second)
        or _mirrored(_by_rank(second, first))
        or _by_field(first, second)
        or _by_speciality_and_age(first, second, special)
    )
    return Precedence(
        answer.outcome, answer.principle, answer.reason, answer.basis, answer.decider, cautions + answer.cautions
    )  # fmt: skip


def _mirrored(answer: Precedence | None) -> Precedence | None:
    if answer is None:
        return None
    return Precedence(
        answer.outcome.mirrored, answer.principle, answer.reason, answer.basis, answer.decider, answer.cautions
    )  # fmt: skip


def _undetermined(
    reason: str, *basis: Basis, decider: str = "", principle: Principle = Principle.AUTHORITY
) -> Precedence:
    return Precedence(Outcome.UNDETERMINED, principle, reason, basis, decider)


# -- time ----------------------------------------------------------------------------------------------


def _by_time(first: Standing, second: Standing, as_of: date) -> Precedence | None:
    gone = [s for s in (first, second) if s.validity.status(as_of) in (Status.ENDED, Status.NOT_YET)]
    if not gone:
        return None
    told = "；".join(f"{s.name}在 {as_of} {s.validity.status(as_of).zh}" for s in gone)
    outcome = Outcome.NEITHER if len(gone) == 2 else Outcome.SECOND if gone[0] is first else Outcome.FIRST
    return Precedence(outcome, Principle.TIME, f"{told}，不参与比较", (Basis(LEGISLATION, 104),))


# -- rank ----------------------------------------------------------------------------------------------


def _by_rank(high: Standing, low: Standing) -> Precedence | None:
    """The answer if the first outranks the second, or if their kinds alone leave it open; else None."""
    if high.level is Level.UNKNOWN or (low.level is Level.UNKNOWN and high.level is not Level.CONSTITUTION):
        unknown = high if high.level is Level.UNKNOWN else low
        return _undetermined(f"{unknown.name}的位阶不详；请在台账中补正")
    if low.may_derogate and high.level in (
        Level.LAW, Level.ADMINISTRATIVE_REGULATION, Level.LOCAL_REGULATION,
    ) and not high.may_derogate:  # fmt: skip
        return _undetermined(
            f"{low.name}如系依授权或依法所作的变通规定，在该区域适用变通规定；是否变通、是否在授权之内，未有记录",
            Basis(LEGISLATION, 101), Basis(LEGISLATION, 106, 2), decider=STANDING_COMMITTEE,
        )  # fmt: skip
    below, basis = _BELOW.get(high.level, ((), Basis(LEGISLATION, 98)))
    if low.level in below:
        return _superior(high, low, basis)
    if high.level is Level.LOCAL_REGULATION and low.level is Level.LOCAL_GOVERNMENT_RULE:
        return _local_rank(high, low)
    if low.level is Level.JUDICIAL_INTERPRETATION and high.level in (Level.CONSTITUTION, Level.LAW):
        return Precedence(
            Outcome.FIRST, Principle.INTERPRETATION,
            f"{low.name}是法院、检察院具体应用法律的解释，应当符合立法的目的、原则和原意；确与{high.name}相抵触的部分不得适用，"
            "由有权机关审查。不相抵触时，法院依解释适用法律，并非冲突",
            (Basis(LEGISLATION, 119, 1), Basis(SUPERVISION, 42, 1)),
        )  # fmt: skip
    if high.level in _LEGISLATION_LEVELS and low.level is Level.NORMATIVE_DOCUMENT:
        return _above_document(high, low)
    if high.level in (*_LEGISLATION_LEVELS, Level.JUDICIAL_INTERPRETATION) and low.level in _NO_LEGISLATION:
        return Precedence(
            Outcome.FIRST, Principle.NOT_LEGISLATION,
            f"{low.name}（{low.level.value}）不是立法法所称的法律、法规、规章；与{high.name}相抵触的部分不适用。"
            "其中更高而不相抵触的要求不因此失去约束其成员的意义",
            (Basis(LEGISLATION, 2),),
        )  # fmt: skip
    return None


_NO_LEGISLATION = (Level.STANDARD, Level.PROFESSIONAL_CODE, Level.INTERNATIONAL_CODE, Level.CASE)


def _superior(high: Standing, low: Standing, basis: Basis) -> Precedence:
    return Precedence(
        Outcome.FIRST, Principle.SUPERIOR,
        f"{high.name}（{high.level.value}）的效力高于{low.name}（{low.level.value}）", (basis,),
    )  # fmt: skip


def _local_rank(high: Standing, low: Standing) -> Precedence:
    if high.territory and high.territory == low.territory:
        return _superior(high, low, Basis(LEGISLATION, 100, 1))
    return _undetermined(
        f"地方性法规的效力高于本级和下级地方政府规章；未记录{low.name}的制定机关是否为{high.territory or '该地方'}或其下级",
        Basis(LEGISLATION, 100, 1),
    )  # fmt: skip


def _above_document(high: Standing, low: Standing) -> Precedence:
    body = low.maker
    if high.level in _RULES and body.startswith("国务院") and "部" not in body:
        return _undetermined(
            f"部门规章根据国务院的行政法规、决定、命令制定；{low.name}是否属于决定、命令须逐件看",
            Basis(LEGISLATION, 91, 1), Basis(LEGISLATION, 108, 1, 3), decider="国务院",
        )  # fmt: skip
    if STANDING_COMMITTEE in body or body == CONGRESS:
        return _undetermined(f"{low.name}由{body}作出，是否具有法律的效力须看其内容")
    return Precedence(
        Outcome.FIRST, Principle.NOT_LEGISLATION,
        f"{low.name}是规范性文件，不是立法法所称的法律、法规、规章；与{high.name}相抵触的部分不适用",
        (Basis(LEGISLATION, 2),),
    )  # fmt: skip


# -- different fields ----------------------------------------------------------------------------------


def _by_field(first: Standing, second: Standing) -> Precedence | None:
    """Texts between which no rank exists: each in its own field, or the State Council decides."""
    levels = {first.level, second.level}
    if levels == {Level.LOCAL_REGULATION, Level.DEPARTMENTAL_RULE}:
        return _undetermined(
            "地方性法规与部门规章之间对同一事项的规定不一致：由国务院提出意见；认为应当适用地方性法规的，决定在该地方适用；"
            "认为应当适用部门规章的，提请全国人民代表大会常务委员会裁决",
            Basis(LEGISLATION, 106, 1, 2), decider="国务院",
        )  # fmt: skip
    if levels == set(_RULES):
        return _undetermined(
            "部门规章与地方政府规章之间具有同等效力，对同一事项的规定不一致时由国务院裁决",
            Basis(LEGISLATION, 102), Basis(LEGISLATION, 106, 1, 3), decider="国务院",
        )  # fmt: skip
    if levels <= {Level.LOCAL_REGULATION, Level.LOCAL_GOVERNMENT_RULE} and _other_territory(first, second):
        return Precedence(
            Outcome.BOTH, Principle.TERRITORY,
            f"{first.name}在{first.territory}、{second.name}在{second.territory}施行；若一地属于另一地，下级的法规不得同上级的相抵触",
            (Basis(LEGISLATION, 81, 1),),
        )  # fmt: skip
    if levels & set(_LEGISLATION_LEVELS) and Level.JUDICIAL_INTERPRETATION in levels:
        return _undetermined(
            "司法解释与行政法规、地方性法规、规章不在同一位阶序列：司法解释约束法院如何适用法律，行政法规等由行政机关执行；"
            "须看所解释的法律怎么说",
            Basis(LEGISLATION, 119, 1), principle=Principle.INTERPRETATION,
        )  # fmt: skip
    if len(levels) > 1 or first.level not in _LEGISLATION_LEVELS:
        return _undetermined(
            f"{first.level.value}与{second.level.value}之间，立法法没有规定孰先；新近的文件通常自行写明与旧文件的关系",
            Basis(LEGISLATION, 2), principle=Principle.NOT_LEGISLATION,
        )  # fmt: skip
    return None


def _other_territory(first: Standing, second: Standing) -> bool:
    return bool(first.territory and second.territory) and first.territory != second.territory


# -- one rank ------------------------------------------------------------------------------------------


def _by_speciality_and_age(first: Standing, second: Standing, special: Narrower) -> Precedence:
    """Two texts of one rank: 特别规定 before 一般规定, 新的 before 旧的, if one maker made both."""
    if first.level is Level.LAW and not first.same_maker(second):
        return _laws_of_two_makers(first, second, special)
    if first.level is Level.DEPARTMENTAL_RULE and not first.same_maker(second):
        return _undetermined(
            f"{_made(first)}、{_made(second)}，部门规章之间具有同等效力，在各自的权限范围内施行；对同一事项的规定不一致时由国务院裁决",
            Basis(LEGISLATION, 102), Basis(LEGISLATION, 106, 1, 3), decider="国务院",
        )  # fmt: skip
    if not first.same_maker(second):
        return _undetermined(
            f"{_made(first)}、{_made(second)}：特别规定与一般规定、新与旧的规则只适用于同一机关制定的法",
            Basis(LEGISLATION, 103),
        )  # fmt: skip
    newer = first.newer_than(second)
    if special is Narrower.NEITHER:
        if newer is None:
            return _undetermined("两个规定范围相同，记录不足以判定新旧", Basis(LEGISLATION, 103))
        outcome = Outcome.FIRST if newer else Outcome.SECOND
        return Precedence(
            outcome, Principle.POSTERIOR, _ages(first, second) + "；范围相同，适用新的规定", (Basis(LEGISLATION, 103),)
        )  # fmt: skip
    if special is Narrower.UNKNOWN:
        return _undetermined(
            "未能确定何者为特别规定，新的一般规定不当然优于旧的特别规定", Basis(LEGISLATION, 103)
        )
    special_is_first = special is Narrower.FIRST
    one = first if special_is_first else second
    outcome = Outcome.FIRST if special_is_first else Outcome.SECOND
    if first.work == second.work:
        return Precedence(
            outcome, Principle.SPECIAL, f"同一文件之内，{one.name}是特别规定", (Basis(LEGISLATION, 103),)
        )
    special_is_newer = newer if special_is_first or newer is None else not newer
    if special_is_newer:
        return Precedence(
            outcome, Principle.AGREEMENT, f"{one.name}是特别规定，且较新：{_ages(first, second)}",
            (Basis(LEGISLATION, 103),),
        )  # fmt: skip
    return _new_general(first, second, one, known=newer is not None)


def _new_general(first: Standing, second: Standing, special: Standing, *, known: bool) -> Precedence:
    decider, basis = {
        Level.LAW: (STANDING_COMMITTEE, Basis(LEGISLATION, 105, 1)),
        Level.ADMINISTRATIVE_REGULATION: ("国务院", Basis(LEGISLATION, 105, 2)),
        Level.CONSTITUTION: (STANDING_COMMITTEE, Basis(LEGISLATION, 98)),
    }.get(first.level, ("、".join(sorted(first.makers)), Basis(LEGISLATION, 106, 1, 1)))
    why = (
        "旧的特别规定与新的一般规定不一致"
        if known
        else "记录不足以判定新旧，可能是旧的特别规定对新的一般规定"
    )
    return _undetermined(
        f"{special.name}是特别规定；{_ages(first, second)}；{why}，不能确定如何适用时由有权机关裁决",
        Basis(LEGISLATION, 103), basis, decider=decider,
    )  # fmt: skip


def _laws_of_two_makers(first: Standing, second: Standing, special: Narrower) -> Precedence:
    """民法典 itself gives way to special rules of other laws; else 同一机关 is not met for certain."""
    named = {Narrower.FIRST: first, Narrower.SECOND: second}.get(special)
    general = second if named is first else first
    if named is not None and general.work == CIVIL_CODE:
        return Precedence(
            Outcome.FIRST if named is first else Outcome.SECOND, Principle.SPECIAL,
            f"{named.name}对民事关系有特别规定，依照其规定", (Basis(CIVIL_CODE, 11),),
        )  # fmt: skip
    if not first.makers or not second.makers:
        return _undetermined(f"{_made(first)}、{_made(second)}", Basis(LEGISLATION, 103))
    return _undetermined(
        f"{_made(first)}，{_made(second)}：是否“同一机关”有争议；法律之间不能确定如何适用时由全国人民代表大会常务委员会裁决",
        Basis(LEGISLATION, 103), Basis(LEGISLATION, 105, 1), decider=STANDING_COMMITTEE,
    )  # fmt: skip


def _made(side: Standing) -> str:
    return f"{side.name}由{'、'.join(sorted(side.makers)) or '（制定机关未记录）'}制定"


def _ages(first: Standing, second: Standing) -> str:
    def told(side: Standing) -> str:
        if side.since is None:
            return f"{side.name}的日期不详"
        return f"{side.name}的文字{'不晚于' if side.older_possible else '始于'} {side.since}"

    return f"{told(first)}，{told(second)}"


# -- in a build ----------------------------------------------------------------------------------------


def basis_provision(build: Build, basis: Basis, as_of: date) -> ProvisionId | None:
    """Where a build holds an article that an answer rests on: in the text of that day, else in the newest."""
    held = build.versions.get(basis.work, ())
    found = build.in_force(basis.work, as_of)
    for expression in ([found[0]] if found else []) + list(held):
        text = build.text(expression.id)
        provision = text.find(basis.steps)
        if provision is not None:
            return provision.id
    return None
