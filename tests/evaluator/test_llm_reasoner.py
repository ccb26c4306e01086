"""A language model's verdict holds in every part or is no verdict; the server here is real, the model is not."""

from __future__ import annotations

import json
import re
import socket
from datetime import date
from typing import Any

import pytest

from app.builder import make_build
from app.contracts import JudgeResult
from evaluator.explanation import explain
from evaluator.fact_words import shipped_fact_words
from evaluator.llm_answer import Failure, answer_schema, parse_answer
from evaluator.llm_model import ChatModel, Endpoint
from evaluator.llm_reasoner import LlmReasoner
from evaluator.proof import VerdictFile
from evaluator.verdict import Reasoner, short_form
from evaluator.verify import verify, verify_against
from kg.build import Build
from kg.home import Home
from retrieval import Retriever
from tests.app.invented import write_corpus
from tests.evaluator.chat_server import Answer, Broken, Chat, chat_server, completion, streamed

SCENARIO = "护士小张发现医嘱违反规定，没有及时向开具医嘱的医师提出，照着执行了。"
DAY = date(2021, 1, 1)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("llm")
    home = Home(folder / "home")
    make_build(
        home, [write_corpus(folder / "corpus")], selector="all", environ={},
        load_graph=False, encode=False, progress=lambda *_: None,
    )  # fmt: skip
    return Build(home.build())


@pytest.fixture(scope="module")
def built_in(build: Build) -> Reasoner:
    # Neither weights nor encoder: what the model answers does not depend on either.
    return Reasoner(build, Retriever.over(build), weights=None, encoder=None)


def good(request: dict[str, Any]) -> dict[str, Any]:
    """An answer that holds: the duty to tell, left undone. Labels are read from the prompt, as a model would."""
    prompt = request["messages"][-1]["content"]
    label = re.search(r"\[(C\d+\.N\d+)\] 义务：[^\n]*向开具医嘱的医师提出", prompt)
    assert label is not None, prompt
    return {
        "conclusion": "non_compliant",
        "confidence": 0.9,
        "reason": "依《甲护理条例》第三条，护士发现医嘱违反规定的，应当及时向开具医嘱的医师提出，而情形中没有提出。",
        "governing": [label[1].split(".")[0]],
        "findings": [
            {
                "norm": label[1], "quote": "及时向开具医嘱的医师提出",
                "bearer": "matched", "actor": "护士",
                "condition": "met", "condition_fact": "发现医嘱违反规定",
                "exception": "none", "exception_fact": None,
                "conduct": "omitted", "conduct_fact": "没有及时向开具医嘱的医师提出",
            }
        ],
        "missing_facts": ["医嘱违反的是哪项规定？"],
    }  # fmt: skip


def told(**changes: Any) -> Answer:
    """The good answer with fields changed; `finding_…` changes a field of its finding."""

    def answer(request: dict[str, Any]) -> bytes:
        made = good(request)
        for name, value in changes.items():
            place = made["findings"][0] if name.startswith("finding_") else made
            place[name.removeprefix("finding_")] = value
        return completion(json.dumps(made, ensure_ascii=False))

    return answer


def ask(chat: Chat, built_in: Reasoner, *, seconds: float = 20, retries: int = 0) -> VerdictFile:
    model = ChatModel(Endpoint(chat.url, "small", key="secret-key", seconds=seconds, retries=retries))
    return LlmReasoner(built_in, model).judge(SCENARIO, as_of=DAY, case="c1")


def test_an_answer_that_is_heard_as_it_comes_is_the_same_verdict(built_in: Reasoner) -> None:
    heard: list[str] = []
    with chat_server(told()) as chat, chat_server(flow) as flowing:
        silent = ask(chat, built_in)
        model = ChatModel(Endpoint(flowing.url, "small", retries=0))
        verdict = LlmReasoner(built_in, model, hear=heard.append).judge(SCENARIO, as_of=DAY, case="c1")
    assert len(heard) > 10 and flowing.requests[0]["stream"] is True
    assert verdict == silent
    assert verdict.llm is not None and "".join(heard) == verdict.llm.answer


def test_a_stream_that_breaks_off_is_no_verdict(built_in: Reasoner) -> None:
    with chat_server(lambda r: streamed(whole(r), cut=True)) as chat:
        model = ChatModel(Endpoint(chat.url, "small", retries=0))
        verdict = LlmReasoner(built_in, model, hear=lambda _: None).judge(SCENARIO, as_of=DAY, case="c1")
    assert verdict.abstained and verdict.llm is not None
    assert verdict.llm.failures[0].startswith("truncated")
    assert len(chat.requests) == 1  # what has begun is not asked again


def check(verdict: VerdictFile, build: Build) -> list[Any]:
    words, words_digest = shipped_fact_words()
    return [
        *verify(verdict, words=words, words_digest=words_digest, weights=None),
        *verify_against(verdict, build),
    ]


def test_a_good_answer_is_a_verdict_that_both_checks_pass(build: Build, built_in: Reasoner) -> None:
    with chat_server(told()) as chat:
        verdict = ask(chat, built_in)
    assert (verdict.conclusion, verdict.confidence, verdict.abstained) == ("non_compliant", 0.9, False)
    (row,) = verdict.findings
    assert (row.role, row.outcome.value, row.norm.split("#")[0]) == (
        "grounds", "breach", "甲护理条例@2020-05-01/art3/p1/i1",
    )  # fmt: skip
    assert verdict.governing[0].startswith("甲护理条例@2020-05-01/art3")
    assert check(verdict, build) == []
    assert VerdictFile.model_validate_json(verdict.to_json()) == verdict
    assert "由语言模型 small 作出" in "\n".join(explain(verdict))
    JudgeResult.model_validate_json(json.dumps(_plain(short_form(verdict)), default=str))


def test_what_is_sent_holds_only_retrieved_clauses_and_the_schema(built_in: Reasoner) -> None:
    with chat_server(told()) as chat:
        verdict = ask(chat, built_in)
    (request,) = chat.requests
    assert request["path"] == "/v1/chat/completions"
    assert (request["model"], request["temperature"]) == ("small", 0)
    assert request["response_format"]["json_schema"]["schema"] == answer_schema()
    prompt = request["messages"][-1]["content"]
    assert SCENARIO in prompt and "2010-01-01" not in prompt  # the text that ended is not given
    assert verdict.llm is not None
    assert set(re.findall(r"^\[(C\d+)\]", prompt, re.M)) == {k for k in verdict.llm.given if "." not in k}


FAILING: list[tuple[Answer, Failure, str]] = [
    (lambda _: completion('{"conclusion": "compliant"'), Failure.MALFORMED, "JSON cut short"),
    (lambda r: completion(f"```json\n{json.dumps(good(r))}\n```"), Failure.MALFORMED, "a fence is not mended"),
    (lambda r: completion(json.dumps({**good(r), "extra": 1})), Failure.MALFORMED, "a field too many"),
    (told(conclusion="illegal"), Failure.MALFORMED, "a conclusion that there is not"),
    (told(confidence="0.9"), Failure.MALFORMED, "a number written as words"),
    (lambda _: completion(""), Failure.MALFORMED, "nothing said"),
    (lambda _: b"<html>busy</html>", Failure.MALFORMED, "no chat completion at all"),
    (lambda _: b"{}", Failure.MALFORMED, "a JSON object that is no chat completion"),
    (lambda r: completion(json.dumps(good(r)), finish="length"), Failure.TRUNCATED, "cut by the server"),
    (told(finding_norm="C9.N1"), Failure.NOT_OFFERED, "a norm that was not given"),
    (told(governing=["C99"]), Failure.NOT_OFFERED, "a clause that was not given"),
    (told(finding_quote="立即向开具医嘱的医师提出"), Failure.ALTERED_QUOTATION, "one word changed"),
    (told(finding_conduct_fact="没有向医师提出"), Failure.FACT_NOT_TOLD, "the scenario paraphrased"),
    (told(finding_actor=None), Failure.STATES, "somebody is bound, nobody named"),
    (told(finding_exception="holds", finding_exception_fact="照着执行了"), Failure.STATES, "an exception that the norm has not"),
    (told(finding_condition="none", finding_condition_fact=None), Failure.STATES, "a condition left out"),
    (told(conclusion="compliant"), Failure.NO_GROUND, "only a breach was found"),
    (told(findings=[]), Failure.NO_GROUND, "nothing was found"),
    (told(reason="依《甲护理条例》第三十条，应当提出。"), Failure.CITATION, "an article that there is not"),
    (told(reason="依《护士内部守则》第九条，应当提出。"), Failure.NOT_OFFERED, "a document that is no law, and was not given"),
    (told(reason="依《甲处罚法》第二条“违反规定的，给予罚款”，应当处罚。"), Failure.CITATION, "a quotation altered in the reason"),
    (told(missing_facts=["是否已按《护士内部守则》第九条报告？"]), Failure.NOT_OFFERED, "a question that cites what was not given"),
    (told(missing_facts=["是否已按《甲护理条例》第三十条报告？"]), Failure.CITATION, "a question that cites an article that there is not"),
    (told(reason="应当\u200b提出。"), Failure.MALFORMED, "an invisible character in the reason"),
    (told(missing_facts=["何时\u202e报告？"]), Failure.MALFORMED, "writing turned round in a question"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "failure", "note"), FAILING, ids=[note for *_, note in FAILING])
def test_an_answer_that_does_not_hold_is_no_verdict(
    build: Build, built_in: Reasoner, answer: Answer, failure: Failure, note: str
) -> None:
    with chat_server(answer) as chat:
        verdict = ask(chat, built_in)
    assert (verdict.conclusion, verdict.abstained, verdict.confidence) == ("undetermined", True, None)
    assert verdict.llm is not None
    assert failure.value in {told.split(":")[0] for told in verdict.llm.failures}, verdict.llm.failures
    assert failure.zh in verdict.reason
    assert verdict.findings == ()
    assert len(chat.requests) == 1, "an answer is not asked for again"
    assert check(verdict, build) == []


def test_the_answer_that_failed_is_kept_as_it_was(built_in: Reasoner) -> None:
    with chat_server(lambda _: completion("我认为不合规。")) as chat:
        verdict = ask(chat, built_in)
    assert verdict.llm is not None and verdict.llm.answer == "我认为不合规。"


def test_a_server_that_never_answers_is_given_up(built_in: Reasoner) -> None:
    with chat_server(lambda _: None) as chat:
        verdict = ask(chat, built_in, seconds=0.3, retries=1)
        assert len(chat.requests) == 2
    assert verdict.abstained and Failure.TIMEOUT.zh in verdict.reason and "试了 2 次" in verdict.reason


def test_an_endpoint_that_is_down_is_said_so(built_in: Reasoner) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    verdict = ask(Chat(f"http://127.0.0.1:{port}/v1"), built_in)
    assert verdict.abstained and Failure.UNREACHABLE.zh in verdict.reason and str(port) in verdict.reason


@pytest.mark.parametrize(("status", "tries"), [(500, 2), (503, 2), (401, 1), (404, 1), (413, 1), (422, 1)])
def test_errors_of_the_server_are_retried_only_where_that_may_help(
    built_in: Reasoner, status: int, tries: int
) -> None:
    with chat_server(lambda _: b'{"error": {"message": "no"}}', status=status) as chat:
        verdict = ask(chat, built_in, retries=1)
    assert len(chat.requests) == tries
    assert verdict.abstained and verdict.llm is not None and verdict.llm.failures


BREAKING: list[tuple[Answer, bool, Failure, str]] = [
    (lambda r: Broken(whole(r)[:200]), False, Failure.UNREACHABLE, "closed in the middle of the body"),
    (lambda r: Broken(whole(r)[:200], silent=True), False, Failure.TIMEOUT, "silent in the middle of the body"),
    (lambda r: Broken(flow(r)[:2000]), True, Failure.UNREACHABLE, "closed in the middle of the stream"),
    (lambda r: Broken(flow(r)[:2000], silent=True), True, Failure.TIMEOUT, "silent in the middle of the stream"),
    (lambda r: streamed(whole(r), cut=True) + b'data: {"error": "out of memory"}\n\n', True, Failure.REFUSED, "an error in the middle of the stream"),
    (lambda r: b'data: {"error": {"message": "out of memory"}}\n\n', True, Failure.REFUSED, "an error instead of a stream"),
]  # fmt: skip


def whole(request: dict[str, Any]) -> bytes:
    return completion(json.dumps(good(request), ensure_ascii=False))


def flow(request: dict[str, Any]) -> bytes:
    return streamed(whole(request))


@pytest.mark.parametrize(
    ("answer", "flowing", "failure"), [row[:3] for row in BREAKING], ids=[note for *_, note in BREAKING]
)
def test_what_breaks_after_it_has_begun_is_named(
    built_in: Reasoner, answer: Answer, flowing: bool, failure: Failure
) -> None:
    heard: list[str] = []
    with chat_server(answer) as chat:
        model = ChatModel(Endpoint(chat.url, "small", seconds=0.5, retries=0))
        reasoner = LlmReasoner(built_in, model, hear=heard.append if flowing else None)
        verdict = reasoner.judge(SCENARIO, as_of=DAY)
    assert verdict.abstained and verdict.llm is not None
    assert [told.split(":")[0] for told in verdict.llm.failures] == [failure.value], verdict.llm.failures


def test_a_server_that_was_busy_is_asked_again_and_its_answer_counts(built_in: Reasoner) -> None:
    left = [Broken(b"{"), Broken(b"{")]
    with chat_server(lambda r: left.pop() if left else told()(r)) as chat:
        verdict = ask(chat, built_in, retries=2)
    assert len(chat.requests) == 3 and verdict.conclusion == "non_compliant"


def test_the_key_is_sent_and_never_kept(built_in: Reasoner) -> None:
    with chat_server(lambda _: b'{"error": {"message": "bad key"}}', status=401) as chat:
        verdict = ask(chat, built_in)
    assert chat.keys == ["Bearer secret-key"]
    assert "secret-key" not in verdict.to_json()


def test_a_file_that_says_other_than_the_answer_is_seen(build: Build, built_in: Reasoner) -> None:
    with chat_server(told()) as chat:
        verdict = ask(chat, built_in)
    forged = verdict.model_copy(update={"confidence": 0.99}).signed()
    assert "conclusion" in {fault.place for fault in check(forged, build)}
    assert verdict.llm is not None
    failed = verdict.model_copy(update={"llm": verdict.llm.model_copy(update={"failures": ("x",)})}).signed()
    assert "llm" in {fault.place for fault in check(failed, build)}


def test_strictness() -> None:
    assert not isinstance(parse_answer(json.dumps(_MINIMAL)), tuple)
    for change in ({"confidence": 2}, {"findings": None}, {"reason": ""}, {"governing": [1]}):
        assert isinstance(parse_answer(json.dumps({**_MINIMAL, **change})), tuple), change


_MINIMAL = {
    "conclusion": "undetermined", "confidence": 0.5, "reason": "事实不足", "governing": [], "findings": [],
    "missing_facts": [],
}  # fmt: skip


def _plain(verdict: Any) -> dict[str, Any]:
    from dataclasses import asdict

    row = asdict(verdict)
    return {name: row[name] for name in JudgeResult.model_fields}
