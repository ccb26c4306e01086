"""A verdict on paper, and two verdicts side by side: nothing lost, nothing that is text becomes markup."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from app.workbench.compare_verdicts import side_by_side
from app.workbench.judge_html import beside
from app.workbench.judge_view import JudgeView, judge_view
from evaluator.fact_words import shipped_fact_words
from evaluator.proof import VerdictFile
from evaluator.verdict import Reasoner
from kg.build import Build
from retrieval.retriever import Retriever
from tests.app.workbench.conftest import DAY

pytest.importorskip("reportlab", reason="a PDF needs yilun[app]")
from app.workbench.judge_pdf import pdf

WORDS, _ = shipped_fact_words()


@pytest.fixture(scope="module")
def view(verdict: VerdictFile) -> JudgeView:
    return judge_view(verdict, WORDS)


def text_of(made: bytes) -> str:
    from pypdf import PdfReader

    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)


def flat(text: str) -> str:
    return "".join(text.split())


def test_a_pdf_says_all_that_the_screen_says_and_is_the_same_twice(view: JudgeView) -> None:
    made = pdf(view)
    assert made.startswith(b"%PDF-")
    assert made == pdf(view)
    shown = flat(text_of(made))
    for words in (view.headline, view.reason, *view.cautions, view.id):
        assert flat(words) in shown, words
    for one in view.findings:
        assert flat(one.quote) in shown
        assert one.sha256 in shown
        assert flat(one.place) in shown
    for clause in view.governing:
        assert flat(clause.name) in shown
    assert flat("把<script>alert(1)</script>病历给别人看") in shown, (
        "what looks like markup is printed as it stands"
    )


def test_words_that_look_like_the_librarys_markup_are_words(view: JudgeView) -> None:
    hostile = replace(
        view, reason='<b>x</b> & <img src="http://example.com/x.png"/> <a href="javascript:x">y</a>\u202e'
    )
    shown = flat(text_of(pdf(hostile)))
    assert flat('<b>x</b>&<imgsrc="http://example.com/x.png"/>') in shown
    assert "[U+202E]" in shown
    assert b"/URI" not in pdf(hostile)


def test_a_long_quotation_goes_over_pages(view: JudgeView) -> None:
    clause = replace(view.governing[0], quote="护士应当尊重病人。\n" * 400)
    made = pdf(replace(view, governing=(clause,)))
    assert flat(text_of(made)).count("护士应当尊重病人。") >= 400


def test_two_scenarios_share_what_they_share(build: Build, view: JudgeView) -> None:
    reasoner = Reasoner.over(build, Retriever.over(build))
    other = judge_view(reasoner.judge("护士发现医嘱违反规定，没有向医师提出。", as_of=DAY), WORDS)
    rows = {row.name: row for row in side_by_side(view, other)}
    names = [one.name for one in view.governing]
    clauses = rows["可能适用的条款"]
    assert set(clauses.both) | set(clauses.first) == set(names)
    assert set(clauses.both) | set(clauses.second) == {one.name for one in other.governing}
    assert not set(clauses.both) & (set(clauses.first) | set(clauses.second))
    turned = {row.name: row for row in side_by_side(other, view)}
    assert set(turned["可能适用的条款"].first) == set(clauses.second)
    same = side_by_side(view, view)
    assert not any(row.first or row.second for row in same)
    hostile = replace(view, missing=("<script>x</script>",))
    assert "<script>" not in beside(side_by_side(hostile, view))
