"""Tokens cut the text exactly, so every mark is a span of it; boundaries stand where they must."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.norms.lexicon import Lexicon, read_lexicon
from ingestion.norms.segmenter import Segmenter
from kg.pack import data_folder

LAW = "医师应当向患者说明病情，不得隐瞒；《医疗机构管理条例》另有规定的除外。\n（一）中国家庭、适应证与反应，许可 "
SEGMENTER = Segmenter(read_lexicon(data_folder()))


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=LAW + "ａ1①𠮷", max_size=60))
def test_tokens_joined_are_the_text(text: str) -> None:
    doc = SEGMENTER.nlp(text)
    assert "".join(token.text for token in doc) == text
    marked = SEGMENTER.mark(text)
    for mark in (*marked.cues, *marked.parties):
        words = text[mark.start : mark.end]
        assert words == (mark.cue.word if mark.cue else words)
        assert mark.cue or words in SEGMENTER.lexicon.party_of_word


def test_a_word_is_no_cue_inside_another(segmenter: Segmenter) -> None:
    """应 in 适应症 and 反应, 可 in 许可, 国家 in 中国家庭: characters that are there but not the words."""
    marked = segmenter.mark("中国家庭的适应症和不良反应，经许可后处理。")
    assert [m.cue.word for m in marked.cues if m.cue] == []
    assert [m.party for m in marked.parties] == []


def test_a_title_states_nothing(segmenter: Segmenter) -> None:
    marked = segmenter.mark("依照《医疗机构应当遵守的规定》，医师应当说明。")
    assert [(m.start, m.cue.word) for m in marked.cues if m.cue] == [(18, "应当")]
    assert [m.party for m in marked.parties] == ["医师"]


def test_the_longest_party_wins(segmenter: Segmenter) -> None:
    marked = segmenter.mark("县级以上地方人民政府卫生健康主管部门负责监督。")
    assert [m.party for m in marked.parties] == ["各级人民政府", "卫生健康主管部门"]


def test_kinds_lead_up_the_hierarchy(lexicon: Lexicon) -> None:
    assert lexicon.kinds("医师")[0] == "医师"
    assert {"医务人员", "个人"} <= set(lexicon.kinds("医师"))
    assert "医师" not in lexicon.kinds("护士")
