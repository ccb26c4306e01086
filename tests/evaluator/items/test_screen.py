"""What keeps a made text out: repeats, and words of files that must stay unseen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evaluator.items.screen import Known, Unseen, alike

STORY = "夜里两点，值班医生没有看病人，就在电话里让护士把镇静剂的量加倍，家属第二天才知道。"


def test_a_text_with_one_word_changed_is_a_repeat() -> None:
    known = Known()
    known.add(STORY)
    assert known.is_repeat(STORY.replace("第二天", "隔天"))
    assert not known.is_repeat("社区医院把体检结果贴在门口的公告栏里，老王觉得脸上挂不住，找院长理论。")


def test_thirteen_characters_in_common_leak() -> None:
    unseen = Unseen([f"题目：{STORY}\nA.对", "短"])
    assert unseen.leaks("有人说：值班医生没有看病人，就在电话里让护士加药。")
    assert not unseen.leaks("值班医生没有看病人。")
    assert not unseen.leaks("短")


@given(st.text(alphabet="患者医护，。 a", max_size=40), st.text(alphabet="患者医护，。 a", max_size=40))
def test_likeness_is_a_share_and_symmetric(one: str, two: str) -> None:
    assert 0 <= alike(one, two) == alike(two, one) <= 1
    assert alike(one, one) == 1
