"""What conduct is measured by: the action of a norm, not what an authority is to impose."""

from __future__ import annotations

import pytest

from evaluator.matching import measured
from kg.norm import Modality

LIABLE, DUTY, POWER = Modality.LIABILITY, Modality.OBLIGATION, Modality.POWER


@pytest.mark.parametrize(
    ("modality", "action", "condition", "words", "note"),
    [
        (LIABLE, "责令改正，给予警告", "泄露患者隐私", "泄露患者隐私", "of a liability, what it punishes"),
        (LIABLE, "处1万元以上5万元以下罚款", "", "", "a fine alone measures nobody"),
        (LIABLE, "违反规定收取费用", "", "违反规定收取费用", "a liability whose action is the wrong itself"),
        (DUTY, "责令改正，通报批评，给予警告", "", "", "read as a duty, yet imposed by an authority"),
        (POWER, "由县级以上地方人民政府卫生健康主管部门责令改正", "", "", "the authority named first"),
        (DUTY, "处置医疗废物", "", "处置医疗废物", "处 begins other words too"),
        (DUTY, "依法取得患者同意", "", "依法取得患者同意", "依法 alone imposes nothing"),
        (DUTY, "给予患者必要的帮助", "", "给予患者必要的帮助", "nor does 给予"),
    ],
)
def test_measured(modality: Modality, action: str, condition: str, words: str, note: str) -> None:
    assert measured(modality, action=action, condition=condition) == words, note
