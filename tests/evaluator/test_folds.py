"""The frozen rule of folds, by cases."""

from __future__ import annotations

import pytest

from evaluator.folds import Fold, case_fold


@pytest.mark.parametrize(
    ("primary", "fold", "note"),
    [
        ([("护士条例", "第一条")], Fold.TEST, "a test source"),
        ([("处方管理办法", "第七条")], Fold.DEV, "a dev source keeps its fold whatever the number"),
        ([("中华人民共和国民法典", "第一千二百二十三条")], Fold.DEV_CLAUSE, "ends in 3"),
        ([("中华人民共和国民法典", "第二百五十三条之一")], Fold.DEV_CLAUSE, "the number before 之 counts"),
        (
            [("中华人民共和国民法典", "第一条"), ("护士条例", "第二条")],
            Fold.TEST,
            "any primary clause decides",
        ),
        (
            [("中华人民共和国民法典", "第三条"), ("中华人民共和国民法典", "第七条")],
            Fold.TEST_CLAUSE,
            "test before dev",
        ),
        ([], Fold.TRAIN, "no primary clause"),
    ],
)
def test_folds(primary: list[tuple[str, str]], fold: Fold, note: str) -> None:
    assert case_fold(primary) is fold, note
