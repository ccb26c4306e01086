"""Ids of versions and provisions: read back, safe in URLs, shown as lawyers cite."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.identity import ExpressionId, ProvisionId, Step
from kg.problem import InputError
from kg.vocabulary import Kind

keys = st.text(alphabet="中华人民共和国医师法（试行）〔2〕、·《》-A1", min_size=1, max_size=12)
expressions = st.one_of(
    st.builds(ExpressionId, keys, st.dates()),
    st.builds(ExpressionId, keys, st.none(), st.integers(1, 99)),
)
steps = st.builds(Step, st.sampled_from(Kind), st.integers(0, 1300), st.integers(0, 9), st.integers(1, 12))
provisions = st.builds(ProvisionId, expressions, st.lists(steps, min_size=1, max_size=5).map(tuple))


@settings(max_examples=300, deadline=None)
@given(provisions)
def test_ids_read_back(provision: ProvisionId) -> None:
    assert ProvisionId.parse(str(provision)) == provision
    assert ProvisionId.from_url(provision.url()) == provision
    assert "/" not in provision.url()
    assert provision.url().isascii()
    assert ExpressionId.parse(str(provision.expression)) == provision.expression


@settings(max_examples=200, deadline=None)
@given(provisions, provisions)
def test_different_things_have_different_ids(a: ProvisionId, b: ProvisionId) -> None:
    assert (str(a) == str(b)) == (a == b)


@given(provisions, steps)
def test_up_and_down(provision: ProvisionId, step: Step) -> None:
    assert provision.child(step).parent == provision
    assert ProvisionId(provision.expression, provision.steps[:1]).parent is None


@pytest.mark.parametrize(
    ("steps", "display"),
    [
        ("art25/p1/i2", "第二十五条第一款第（二）项"),
        ("art17-1", "第十七条之一"),
        ("art1219/p2/i10/s3", "第一千二百一十九条第二款第（十）项第3目"),
        ("part3/sub1/ch2/sec4", "第三编第一分编第二章第四节"),
        ("annex2/art1", "附件2第一条"),
        ("annex", "附件"),
        ("supp", "附则"),
        ("n1/n2", "第1点第2点"),
        ("front", "题注"),
    ],
)
def test_display(steps: str, display: str) -> None:
    shown = ProvisionId.parse(f"某法@2020-01-01/{steps}").display()
    assert shown == display or (steps == "n1/n2" and shown == "第1点第2点")


def test_a_sole_paragraph_is_not_shown() -> None:
    provision = ProvisionId.parse("某法@unknown~2/art3/p1/i2")
    assert provision.display(sole_paragraph=True) == "第三条第（二）项"
    assert provision.step(Kind.ARTICLE) == Step(Kind.ARTICLE, 3)
    assert provision.step(Kind.CHAPTER) is None


@pytest.mark.parametrize(
    "text",
    ["", "某法", "某法@", "某法@2020", "某法@unknown", "某法@unknown~0", "@2020-01-01", "某法@unknown~1@x"],
)  # fmt: skip
def test_no_expression(text: str) -> None:
    with pytest.raises(InputError):
        ExpressionId.parse(text)


def test_an_impossible_date_is_bad_input() -> None:
    with pytest.raises(InputError):
        ExpressionId.parse("某法@2020-13-01")


@pytest.mark.parametrize(
    "step", ["", "条1", "xyz1", "art1~1", "art1~0", "art1-", "p1x", "art01x", "art10000"]
)
def test_no_step(step: str) -> None:
    with pytest.raises(InputError):
        Step.parse(step)


@pytest.mark.parametrize("key", ["", "某/法", "某@法", "某~法", "某 法", "某\u3000法"])
def test_keys_that_cannot_be_ids(key: str) -> None:
    with pytest.raises(InputError):
        ExpressionId(key, date(2020, 1, 1))


def test_a_date_or_a_number() -> None:
    with pytest.raises(InputError):
        ExpressionId("某法", None)
    with pytest.raises(InputError):
        ExpressionId("某法", date(2020, 1, 1), 1)
