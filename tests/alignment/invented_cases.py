"""Cases over the invented texts, in the form of the pack's."""

from __future__ import annotations

from typing import Any

from evaluator.cases import Case

GOOD = "听到这样的事，您一定很难受。护士把病历给邻居看，违反了《甲护理条例》第二条保护病人隐私的要求。建议先向护士长书面反映，要求收回照片并道歉。"
LABELS = {"R1": 0, "R2": 0, "Q1": 1, "Q2": 1, "Q3": 1, "Q4": 1}


def case(**changes: Any) -> Case:
    """A case about privacy whose clause is 第二条."""
    value: dict[str, Any] = {
        "id": "T-001", "scene": "隐私保护", "stance": "violation",
        "scenario": "住院时，护士把我妈的病历拍照发给了邻居看，全楼都知道了。",
        "gold": [{"title": "甲护理条例", "article": "第二条", "role": "primary"}],
        "facts": [{"span": "护士把我妈的病历拍照发给了邻居看", "role": "conduct"}],
        "distractors": [{"title": "甲护理条例", "article": "第四条"}],
        "verdict": "护士泄露病历，没有尽到保护隐私的义务",
        "answers": [{"text": GOOD, "labels": LABELS, "faults": []}],
    }  # fmt: skip
    return Case.model_validate(value | changes)


ELSEWHERE = case(
    id="T-002", scene="行政处罚", scenario="机关给予警告。", facts=[], distractors=[],
    gold=[{"title": "甲处罚法", "article": "第二条", "role": "primary"}],
)  # fmt: skip
