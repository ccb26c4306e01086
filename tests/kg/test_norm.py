"""Norm values: closed vocabularies have words, rows go out and come back."""

from __future__ import annotations

import json

from kg.identity import ProvisionId
from kg.norm import (
    BearerFrom,
    Evidence,
    Method,
    Modality,
    Norm,
    NormLink,
    Role,
    Span,
    link_from_row,
    link_row,
    norm_from_row,
    norm_row,
)
from kg.schema import RelationType

OFFICIAL = "医师应当如实向患者介绍病情，但应注意避免对患者产生不利后果。"
PROVISION = "中华人民共和国执业医师法@1998-06-26/art26/p1"


def _norm() -> Norm:
    return Norm(
        id=f"{PROVISION}#n1",
        provision=ProvisionId.parse(PROVISION),
        modality=Modality.OBLIGATION,
        cue=Span.cut(OFFICIAL, 2, 4),
        bearer=Span.cut(OFFICIAL, 0, 2),
        counterparty=Span.cut(OFFICIAL, 7, 9),
        action=Span.cut(OFFICIAL, 4, 13),
        bearer_from=BearerFrom.WRITTEN,
        bearers=("医师",),
        counterparties=("患者",),
        topics=(Evidence("医患关系", 0.8, ("患者",)),),
        principles=(Evidence("truth_telling", 0.9, ("如实", "介绍")),),
        confidence=0.9,
    )


def test_every_word_of_a_vocabulary_is_shown_in_chinese() -> None:
    assert [m.zh for m in Modality] == [
        "义务",
        "禁止",
        "许可",
        "权利",
        "职权",
        "责任",
        "定义",
        "宗旨",
        "授权",
        "宣示",
    ]
    assert len({r.zh for r in Role}) == len(Role)


def test_a_norm_survives_its_row() -> None:
    norm = _norm()
    assert norm_from_row(json.loads(json.dumps(norm_row(norm)))) == norm


def test_parts_are_those_that_the_norm_has() -> None:
    norm = _norm()
    assert list(norm.spans()) == [Role.CUE, Role.BEARER, Role.COUNTERPARTY, Role.ACTION]
    assert all(OFFICIAL[s.start : s.end] == s.text for s in norm.spans().values())


def test_only_what_the_context_supplies_is_elided() -> None:
    assert not _norm().bearer_elided
    assert [f for f in BearerFrom if not f.is_elided] == [BearerFrom.WRITTEN, BearerFrom.NONE]


def test_a_verdict_may_not_rest_on_a_model() -> None:
    assert [m for m in Method if not m.may_ground] == [Method.MODEL]


def test_a_link_survives_its_row() -> None:
    link = NormLink(RelationType.SANCTIONED_BY, "a#n1", "b#n1", "违反本法第二十六条规定", 3, 14)
    assert link_from_row(json.loads(json.dumps(link_row(link)))) == link
