"""Questions made from the packaged laws: right options are law, wrong ones are not, a seed gives the same ones."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date

import pytest

from evaluator.folds import Fold
from evaluator.importers.objective import read_question
from evaluator.items.item import Item, Kind, csv_table, item_row
from evaluator.items.objective import objective_items
from evaluator.items.screen import Unseen
from kg.build import Build
from kg.identity import ProvisionId
from kg.norm import Modality
from tests.evaluator.packaged import packaged_build

DAY = date(2026, 10, 1)


@pytest.fixture(scope="module")
def build() -> Build:
    return packaged_build()


@pytest.fixture(scope="module")
def items(build: Build) -> tuple[Item, ...]:
    return objective_items(build, as_of=DAY, count=60, seed=7).items


def test_kinds_come_in_turn_and_every_question_can_be_answered(items: tuple[Item, ...]) -> None:
    assert len(items) == 60
    assert min(Counter(item.kind for item in items).values()) >= 10
    assert len({item.id for item in items}) == 60
    for item in items:
        assert 2 <= len(item.options) <= 8
        assert len({option.text for option in item.options}) == len(item.options)
        assert item.letters if item.kind is Kind.LIST else len(item.letters) == 1


def test_right_options_are_words_of_the_provision_and_wrong_ones_stand_elsewhere(
    build: Build, items: tuple[Item, ...]
) -> None:
    for item in items:
        text, provision = build.provision(ProvisionId.parse(item.provision))
        words = text.words(provision)
        for option in item.options:
            if item.kind in (Kind.LIST, Kind.BEARER):
                assert (option.text in words) == option.right or not option.right, item.id
                there, place = build.provision(ProvisionId.parse(option.provision))
                assert option.text in there.words(place)
            elif item.kind is Kind.SOURCE:
                _, place = build.provision(ProvisionId.parse(option.provision))
                assert place.id.display() == option.text
                assert option.right == (place.id == provision.id)


def test_the_right_modality_is_that_of_the_norm(build: Build, items: tuple[Item, ...]) -> None:
    words = {Modality.OBLIGATION: "应当", Modality.PROHIBITION: "不得", Modality.PERMISSION: "可以"}
    asked = [item for item in items if item.kind is Kind.MODALITY]
    for item in asked:
        (right,) = [option for option in item.options if option.right]
        norms = build.norms(ProvisionId.parse(item.provision))
        assert any(
            n.bearer and n.action and right.text == f"{n.bearer.text}{words[n.modality]}{n.action.text}"
            for n in norms
            if n.modality in words
        )
    assert asked


def test_a_seed_gives_the_same_questions_and_another_others(build: Build) -> None:
    one, again, other = (objective_items(build, as_of=DAY, count=12, seed=s).items for s in (3, 3, 4))
    assert one == again != other


def test_a_file_of_questions_is_read_back(items: tuple[Item, ...]) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_table(items).removeprefix("\ufeff"))))
    assert [row["reference"] for row in rows] == [item.letters for item in items]
    for row, item in zip(rows, items, strict=True):
        question = read_question(row["query"])
        assert question.stem == item.stem
        assert [words for _, words in question.options] == [
            option.text.strip("　,，;；") for option in item.options
        ]


def test_folds_and_unseen_files_keep_questions_out(build: Build, items: tuple[Item, ...]) -> None:
    made = objective_items(build, as_of=DAY, count=20, seed=7, folds=[Fold.TEST, Fold.TEST_CLAUSE])
    assert made.items and {item.fold for item in made.items} <= {Fold.TEST, Fold.TEST_CLAUSE}
    assert made.left_out["other_fold"]
    (first, *_) = [item for item in items if item.kind is Kind.SOURCE]
    kept = objective_items(
        build, as_of=DAY, count=60, seed=7, kinds=[Kind.SOURCE], unseen=Unseen([first.stem])
    )
    assert kept.left_out["leak"] and first.id not in {item.id for item in kept.items}


def test_a_row_says_that_nobody_has_reviewed_it(items: tuple[Item, ...]) -> None:
    assert item_row(items[0])["authorship"] == "由程序从条文生成，未经审核"
