"""From what an expert types to a review: which norm is meant, and where the words of its parts stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from app.views import find_article, work_key
from ingestion.fact_reviews import fact, with_fact
from kg.build import Build, Text
from kg.model import Provision
from kg.norm import BearerFrom, Modality, Norm, Role
from kg.problem import InputError
from kg.review import Act, Claim, Part, Review, claim_of, review, words_digest
from kg.text import digest

_LISTS = ("bearers", "counterparties", "principles", "topics")
_FIELDS = ("modality", "bearer_from", *(role.value for role in Role), *_LISTS)


def norm_review(
    build: Build, act: Act, target: str, settings: Sequence[str], *, author: str, time: datetime, reason: str, as_of: date
) -> Review:  # fmt: skip
    """A review of a norm (`…/p1#n2`), or of a provision that states one more; InputError says what is there."""
    old: Claim | None = None
    new: Claim | None = None
    if act is Act.ADD:
        text, provision = find_article(build, target, as_of)
        new = _changed(build, text, provision, Claim(Modality.OBLIGATION, ()), settings)
        if not any(setting.startswith("modality=") for setting in settings):
            raise InputError(f"补充规范须写明 --set modality=…，可为 {'、'.join(Modality)}")
    else:
        text, provision, norm = _norm(build, target)
        old = claim_of(text, norm)
        if act is Act.CORRECT:
            new = _changed(build, text, provision, old, settings)
        if new == old:
            raise InputError("更正没有改动任何内容；请用 --set 写明改成什么，或用 --act accept")
    if act in (Act.ACCEPT, Act.REJECT) and settings:
        raise InputError(f"{act.zh}不需要 --set")
    return review(
        act, str(provision.id), words_digest(text, provision), author=author, time=time, reason=reason, old=old, new=new
    )  # fmt: skip


def fact_review(
    build: Build, title: str, field: str, value: str, *, author: str, time: datetime, reason: str
) -> Review:
    """A review of a fact of the ledger; InputError if the value cannot stand there or does already."""
    source = build.sources[work_key(build, title)]
    old = fact(source, field)
    if old == value:
        raise InputError(f"《{source.title}》的 {field} 已是“{value}”")
    with_fact(source, field, value, "")
    return review(
        Act.FACT, source.key, digest(old), author=author, time=time, reason=reason, old=old, new=value, field=field
    )  # fmt: skip


def withdrawal(
    known: Mapping[str, Review], target: str, *, author: str, time: datetime, reason: str
) -> Review:
    """The withdrawal of an own review, named by its id or the beginning of it."""
    found = [identifier for identifier in known if identifier.startswith(target)]
    if len(found) != 1:
        raise InputError(f"以 {target!r} 开头的审核有 {len(found)} 条；yilun review list 列出全部")
    if known[found[0]].author != author:
        raise InputError(f"审核 {found[0]} 出自 {known[found[0]].author}；只有本人可以撤回")
    return review(Act.WITHDRAW, found[0], "", author=author, time=time, reason=reason)


def _norm(build: Build, target: str) -> tuple[Text, Provision, Norm]:
    provision, mark, _ = target.partition("#")
    if not mark:
        raise InputError(f"{target!r} 不是规范 id，应如 …/art25/p1#n2；yilun norms 条文 --json 列出")
    text, found = build.provision(provision)
    own = {norm.id: norm for norm in build.norms(provision)}
    if target not in own:
        there = "、".join(norm_id for norm_id in own if norm_id.startswith(provision + "#")) or "没有规范"
        raise InputError(f"没有规范 {target}；该条款所载：{there}")
    return text, found, own[target]


def _changed(build: Build, text: Text, provision: Provision, claim: Claim, settings: Sequence[str]) -> Claim:
    parts = dict(claim.parts)
    for setting in settings:
        name, mark, value = setting.partition("=")
        if not mark or name not in _FIELDS:
            raise InputError(f"--set {setting!r} 应为 名称=内容；名称可为 {'、'.join(_FIELDS)}")
        if name == "modality":
            claim = replace(claim, modality=Modality(_one_of(name, value, list(Modality))))
        elif name == "bearer_from":
            claim = replace(claim, bearer_from=BearerFrom(_one_of(name, value, list(BearerFrom))))
        elif name in _LISTS:
            claim = _with_list(build, claim, name, value)
        elif value:
            parts[Role(name)] = locate(text, provision, value)
        else:
            parts.pop(Role(name), None)
    return replace(claim, parts=tuple((role, parts[role]) for role in Role if role in parts))


def _with_list(build: Build, claim: Claim, name: str, value: str) -> Claim:
    known: dict[str, Collection[str]] = {
        "bearers": build.parties,
        "counterparties": build.parties,
        "principles": build.principles,
        "topics": {topic.name for topic in build.topics},
    }
    said = tuple(
        sorted(_one_of(name, each.strip(), known[name]) for each in value.split(",") if each.strip())
    )
    match name:
        case "bearers":
            return replace(claim, bearers=said)
        case "counterparties":
            return replace(claim, counterparties=said)
        case "principles":
            return replace(claim, principles=said)
        case _:
            return replace(claim, topics=said)


def _one_of(name: str, value: str, known: Collection[str]) -> str:
    if value not in known:
        raise InputError(f"{name} 没有 {value!r}；可为 {'、'.join(sorted(known)[:30])}")
    return value


def locate(text: Text, provision: Provision, wanted: str) -> Part:
    """Where words stand in a provision, else the last place before it, in its article or the headings above.

    `words@2` is the second of several places; InputError where one must be chosen or none is there.
    """
    words, mark, nth = wanted.rpartition("@")
    if not mark or not nth.isdigit():
        words, nth = wanted, ""
    quote = text.quote(provision)
    inside = _places(text.official, words, quote.start, quote.end)
    if not inside:
        around = text.ancestors(provision)
        before = _places(text.official, words, around[0].start if around else 0, quote.start)
        inside = before[-1:]
    if not inside:
        raise InputError(f"{provision.id} 及其上文中没有“{words}”；各部分须是原文的字词")
    if len(inside) > 1 and not nth:
        raise InputError(
            f"“{words}”在 {provision.id} 中有 {len(inside)} 处；请写成 {words}@1 至 {words}@{len(inside)}"
        )
    if nth and not 1 <= int(nth) <= len(inside):
        raise InputError(f"“{words}”只有 {len(inside)} 处，没有第 {nth} 处")
    at = inside[int(nth or 1) - 1] - quote.start
    return Part(at, at + len(words), words)


def _places(official: str, words: str, start: int, end: int) -> list[int]:
    found: list[int] = []
    at = official.find(words, start, end)
    while at >= 0:
        found.append(at)
        at = official.find(words, at + 1, end)
    return found
