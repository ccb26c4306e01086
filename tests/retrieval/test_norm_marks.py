"""Narrowing a search by the norms that a clause states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clause_samples import CLAUSES, TODAY

from kg.identity import ProvisionId
from kg.norm import Modality, Norm, Party
from kg.problem import InputError
from retrieval import ClauseIndex, Filters, write_index
from retrieval.norm_marks import NormMarks, write_marks

PARTIES = {
    "医务人员": Party("医务人员", (), ("医务人员", "医护人员"), ""),
    "医师": Party("医师", ("医务人员",), ("医师", "医生"), ""),
    "护士": Party("护士", ("医务人员",), ("护士",), ""),
    "患者": Party("患者", (), ("患者", "病人"), ""),
}


def norm(
    provision: str,
    modality: Modality,
    bearers: tuple[str, ...] = (),
    counterparties: tuple[str, ...] = (),
) -> Norm:
    return Norm(
        f"{provision}#n1",
        ProvisionId.parse(provision),
        modality,
        bearers=bearers,
        counterparties=counterparties,
    )


CIVIL = "中华人民共和国民法典@2020-05-28/art1219"
DOCTORS = "中华人民共和国医师法@2021-08-20/art25"
NURSES = "护士条例@2020-01-01/art31"
NORMS = (
    norm(f"{CIVIL}/p1", Modality.OBLIGATION, ("医务人员",), ("患者",)),
    norm(f"{CIVIL}/p2", Modality.LIABILITY, ("医疗机构",)),
    norm(f"{DOCTORS}/p1", Modality.OBLIGATION, ("医师",), ("患者",)),
    norm(f"{NURSES}/p1/i2", Modality.PROHIBITION, ("护士",)),
    norm(f"{NURSES}/p1", Modality.LIABILITY),
    norm("没有的法@2020-01-01/art1/p1", Modality.RIGHT, ("患者",)),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> ClauseIndex:
    folder = tmp_path_factory.mktemp("index")
    write_index(CLAUSES, folder, norms=NORMS, parties=PARTIES)
    return ClauseIndex.open(folder)


NARROWED = [
    (Filters(modalities=[Modality.OBLIGATION]), {CIVIL, DOCTORS}, "a modality"),
    (Filters(modalities=[Modality.LIABILITY]), {CIVIL, NURSES}, "a norm without a known party"),
    (Filters(parties=["医生"]), {CIVIL, DOCTORS}, "another word for a party; what binds all of its kind"),
    (Filters(parties=["医务人员"]), {CIVIL, DOCTORS, NURSES}, "narrower kinds too"),
    (Filters(parties=["病人"]), {CIVIL, DOCTORS}, "those to whom it is owed"),
    (Filters(parties=["护士"], modalities=[Modality.LIABILITY]), set(), "both of one norm, not of two"),
    (Filters(modalities=[]), set(), "none of no modality"),
]


@pytest.mark.parametrize(("filters", "expected", "note"), NARROWED, ids=[note for *_, note in NARROWED])
def test_clauses_are_narrowed_by_their_norms(
    index: ClauseIndex, filters: Filters, expected: set[str], note: str
) -> None:
    mask = index.allowed(TODAY, filters)
    assert {index.ids[row] for row in np.flatnonzero(mask)} == expected, note


def test_a_party_that_the_pack_lacks_is_named(index: ClauseIndex) -> None:
    with pytest.raises(InputError, match="宇航员"):
        index.allowed(TODAY, Filters(parties=["宇航员"]))


def test_marks_do_not_depend_on_the_order_of_norms(tmp_path: Path) -> None:
    ids = [CIVIL, DOCTORS, NURSES]
    for name, norms in (("one", NORMS), ("two", NORMS[::-1])):
        (tmp_path / name).mkdir()
        write_marks(norms, PARTIES, ids, tmp_path / name)
    assert (tmp_path / "one" / "norms.npy").read_bytes() == (tmp_path / "two" / "norms.npy").read_bytes()
    assert NormMarks.open(tmp_path / "one").rows(modalities=None, parties=None).tolist() == [0, 1, 2]
