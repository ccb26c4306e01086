"""What must outlive every fault: a verdict and an expert's review, kept the way the commands keep them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from evaluator.verdict import Reasoner
from evaluator.verdict_store import kept, save
from kg.build import Build
from kg.home import Home
from kg.review import Act, claim_of, review, words_digest
from kg.review_log import append_reviews, read_reviews
from retrieval.retriever import Retriever

SCENARIO = "护士没有保护病人隐私，把病历给别人看。"


def keep_one_of_each(home: Home) -> tuple[Path, str]:
    """Keep a verdict and the acceptance of one norm; the verdict's file and the review's id."""
    build = Build(home.build())
    verdict = Reasoner(build, Retriever.over(build), weights=None, encoder=None).judge(
        SCENARIO, as_of=date(2026, 11, 22), case="kept"
    )
    text = build.text("甲护理条例@2020-05-01")
    norm = next(norm for norm in build.norms_of("甲护理条例@2020-05-01") if norm.bearer is not None)
    provision = text.find(norm.provision.steps)
    assert provision is not None
    accepted = review(
        Act.ACCEPT, str(norm.provision), words_digest(text, provision), author="甲律师",
        time=datetime(2026, 11, 22, tzinfo=UTC), reason="照原文", old=claim_of(text, norm),
    )  # fmt: skip
    append_reviews(home.reviews, [accepted])
    return save(home, verdict), accepted.id


def assert_kept(home: Home, verdict: Path, accepted: str) -> None:
    """Both are there, whole, and nothing else is."""
    assert [path for path, _ in kept(home)] == [verdict]
    assert [one.id for one in read_reviews([home.reviews])[0]] == [accepted]
