"""What a text says about its own life: when it was adopted and amended, when it takes effect, what it ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kg.citation import Anchor, Mention
from kg.dates import find_dates
from kg.model import Provision
from kg.vocabulary import Kind

_ENACTING = re.compile(r"通过|公布|发布|颁布|批准|修订|修正|修改|印发")
_TAKING_EFFECT = re.compile(r"施行|实施|生效")
_ISO = re.compile(r"(?P<date>\d{4}-\d\d-\d\d)\s*(?P<word>公布|发布|通过|施行|实施)")
_FROM = re.compile(
    r"(?:自|从|于)\s*(?P<day>[^，。；自从]{0,14}?日)(?:起|开始)?(?:正式)?(?:施行|实施|生效|执行)"
)
_FROM_PUBLICATION = re.compile(r"自(?:公布|发布|颁布|印发)之日起(?:施行|实施|生效|执行)")
_ENDING = re.compile(r"(?:同时|即行|自行)?(?:废止|失效)")
_OWN = re.compile(
    r"本(?:法|条例|办法|规定|规则|解释|决定|细则|准则|指南|规范|通知|修正案|制度|程序|意见|要点|标准|章程)"
)


@dataclass(frozen=True, slots=True)
class Notes:
    """What a text's own notes and closing article state.

    `enacted` are the days of adoption, publication and amendment in the notes under the title, sorted;
    `effective` is the day on which the text says that it takes effect, None if it does not name a day;
    `from_publication` whether it takes effect on publication.
    """

    enacted: tuple[date, ...]
    effective: date | None
    from_publication: bool


@dataclass(frozen=True, slots=True)
class Repeal:
    """A statement in a text that another work ends, with its place (index of the provision) and span."""

    provision: int
    mention: Mention


def read_notes(official: str, provisions: Sequence[Provision]) -> Notes:
    """Read the notes below the title and the articles that say when the text takes effect.

    >>> from datetime import date
    >>> from ingestion.parse import parse
    >>> from kg.identity import ExpressionId
    >>> text = "某法\\n2020年1月2日 全国人大常委会通过\\n第一条　为甲。\\n第二条　本法自2020年6月1日起施行。\\n"
    >>> read_notes(text, parse(text, ExpressionId("某法", None, 1)).provisions)
    Notes(enacted=(datetime.date(2020, 1, 2),), effective=datetime.date(2020, 6, 1), from_publication=False)
    """
    enacted: set[date] = set()
    noted: list[date] = []
    for provision in provisions:
        if provision.kind is Kind.FRONT:
            for line in official[provision.start : provision.end].splitlines():
                found, effective = _note_line(line)
                enacted.update(found)
                noted.extend(effective)
    closing, on_publication = _closing(official, provisions)
    return Notes(tuple(sorted(enacted)), closing or (max(noted) if noted else None), on_publication)


def _note_line(line: str) -> tuple[list[date], list[date]]:
    enacted: list[date] = []
    effective: list[date] = []
    for match in _ISO.finditer(line):
        day = date.fromisoformat(match["date"])
        (effective if match["word"] in ("施行", "实施") else enacted).append(day)
    dates = find_dates(line)
    # A date belongs to the first verb after it; the verb of a quoted decision's title is not one.
    for position, (day, _, end) in enumerate(dates):
        until = dates[position + 1][1] if position + 1 < len(dates) else len(line)
        rest = re.sub(r"《[^》]*》", "", line[end:until])
        taking, enacting = _TAKING_EFFECT.search(rest), _ENACTING.search(rest)
        if taking and (not enacting or taking.start() < enacting.start()):
            effective.append(day)
        elif enacting:
            enacted.append(day)
    return enacted, effective


def _closing(official: str, provisions: Sequence[Provision]) -> tuple[date | None, bool]:
    """The effective date that the last article or point with such a statement names."""
    on_publication = False
    heads = [p for p in provisions if p.kind in (Kind.PARAGRAPH, Kind.POINT, Kind.ARTICLE)]
    for provision in reversed(heads[-12:]):
        text = official[provision.start : provision.head_end]
        if not _OWN.search(text):
            continue
        if (match := _FROM.search(text)) and (found := find_dates(match["day"])):
            return found[0][0], False
        if _FROM_PUBLICATION.search(text):
            on_publication = True
            break
    return None, on_publication


def find_repeals(
    official: str, provisions: Sequence[Provision], mentions: Sequence[tuple[int, Mention]]
) -> list[Repeal]:
    """Statements such as 《X》同时废止; `mentions` pairs a provision's index with a citation in its head.

    Only a title in a sentence whose predicate is 废止 or 失效 counts, never one whose article is repealed.
    """
    repeals: list[Repeal] = []
    for index, mention in mentions:
        if mention.anchor is not Anchor.TITLE or any(target.path for target in mention.targets):
            continue
        provision = provisions[index]
        sentence_end = official.find("。", mention.end, provision.head_end)
        after = official[mention.end : sentence_end if sentence_end >= 0 else provision.head_end]
        sentence_start = max(official.rfind("。", provision.start, mention.start) + 1, provision.start)
        before = official[sentence_start : mention.start]
        if not (match := _ENDING.search(after)):
            continue
        between = re.sub(r"[（(][^）)]*[)）]|《[^》]*》", "", after[: match.start()]).rstrip("，")
        # 《甲》和《乙》同时废止: nothing but names, numbers and joints may stand between title and predicate.
        if re.search(r"[，；](?!同时|即行)|规定的|依据|依照|根据|条", between) or re.search(
            r"(?:依据|依照|根据|按照)$", before
        ):
            continue
        repeals.append(Repeal(index, mention))
    return repeals
