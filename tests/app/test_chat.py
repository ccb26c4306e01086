"""`yilun chat` against a local server: what is looked up, what is checked, and every way in which an endpoint fails."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from app.answers import Answers
from app.asking import GraphDesk
from app.chat import MOST_TURNS, Conversation, Event, Looked, Replied, Spoken
from app.chat_given import GivenClauses
from app.contracts import ChatResult
from evaluator.llm_answer import Failed, Failure
from evaluator.llm_model import Endpoint
from kg.home import Home
from tests.app.conftest import Outcome, Run
from tests.evaluator.chat_server import Answer, Broken, Chat, called, chat_server, completion, streamed

DAY = date(2021, 1, 1)
GOOD = "您别着急。《甲护理条例》第二条规定：“护士应当尊重、关心、爱护病人，保护病人隐私。”请先向护士长说明。"


@pytest.fixture(scope="module")
def answers(made_home: Path) -> Answers:
    return Answers.open(Home(made_home), GraphDesk(Home(made_home), {}))


def script(*bodies: bytes, cut_last: bool = False) -> Answer:
    """One body after another, streamed; the last again and again."""
    left: Iterator[bytes] = iter(bodies[:-1])
    return lambda _: streamed(next(left, None) or bodies[-1], cut=cut_last)


def talk(chat: Chat, answers: Answers, *questions: str, seconds: float = 20) -> list[list[Event]]:
    talking = Conversation(
        Endpoint(chat.url, "small", key="secret-key", seconds=seconds, retries=0), answers, as_of=DAY
    )
    return [list(talking.ask(question)) for question in questions]


def test_it_looks_up_reads_answers_and_its_citations_are_checked(answers: Answers) -> None:
    bodies = (
        called("search_law", query="护士 隐私"),
        called("get_article", reference="《甲护理条例》第二条"),
        completion(GOOD),
    )
    with chat_server(script(*bodies)) as chat:
        (events,) = talk(chat, answers, "护士能把病人的事说出去吗")
    looked = [one for one in events if isinstance(one, Looked)]
    assert [(one.tool, one.asked) for one in looked] == [
        ("search_law", "护士 隐私"),
        ("get_article", "《甲护理条例》第二条"),
    ]
    assert any(one.startswith("甲护理条例@2020-05-01/art2") for one in looked[0].found)
    assert "".join(one.text for one in events if isinstance(one, Spoken)) == GOOD
    reply = events[-1]
    assert isinstance(reply, Replied) and reply.sound and reply.text == GOOD
    assert [c.outcome for c in reply.check.citations] == ["verified"]
    offered = {tool["function"]["name"] for tool in chat.requests[0]["tools"]}
    assert offered == {"search_law", "get_article", "check_citations"} and chat.requests[0]["stream"] is True
    assert "尊重、关心、爱护病人" in json.dumps(chat.requests[-1]["messages"], ensure_ascii=False)


def test_what_it_cites_without_having_read_it_or_wrongly_is_told_and_left_as_it_is(answers: Answers) -> None:
    wrong = "《甲护理条例》第九十九条规定护士可以公开隐私。"
    with chat_server(script(completion(GOOD))) as unread, chat_server(script(completion(wrong))) as invented:
        (first,), (second,) = talk(unread, answers, "问"), talk(invented, answers, "问")
    assert isinstance(first[-1], Replied) and first[-1].unread and not first[-1].sound
    assert isinstance(second[-1], Replied) and second[-1].text == wrong and not second[-1].sound
    assert [c.outcome for c in second[-1].check.citations] == ["not_found"]


def test_what_was_read_before_and_said_before_goes_with_the_next_question(answers: Answers) -> None:
    with chat_server(script(called("get_article", reference="甲护理条例第二条"), completion(GOOD))) as chat:
        _, second = talk(chat, answers, "第一问", "第二问")
    assert isinstance(second[-1], Replied) and second[-1].sound
    words = [m["content"] for m in chat.requests[-1]["messages"] if m["role"] == "user"]
    assert words == ["第一问", "第二问"]


def test_a_reference_that_is_not_there_is_told_to_the_model(answers: Answers) -> None:
    with chat_server(
        script(called("get_article", reference="《甲护理条例》第九十九条"), completion("没有找到依据。"))
    ) as chat:
        (events,) = talk(chat, answers, "问")
    assert isinstance(events[-1], Replied) and not events[-1].check.citations
    assert not events[-1].sound  # nothing that could have been checked
    (result,) = [m["content"] for m in chat.requests[-1]["messages"] if m["role"] == "tool"]
    assert "第九十九条" in result and "search_law" in result


FAILING: Sequence[tuple[str, Answer, int, Failure]] = [
    ("the stream ends in the middle", lambda _: streamed(completion(GOOD), cut=True), 200, Failure.TRUNCATED),
    ("the limit of tokens", lambda _: streamed(completion(GOOD, finish="length")), 200, Failure.TRUNCATED),
    ("it hangs", lambda _: None, 200, Failure.TIMEOUT),
    ("no chat completion", lambda _: b'{"hello": 1}', 200, Failure.MALFORMED),
    ("broken JSON in the stream", lambda _: b"data: {\"choices\": [\n\n", 200, Failure.MALFORMED),
    ("a gateway's page", lambda _: b"<html>busy</html>", 502, Failure.REFUSED),
    ("nothing said", lambda _: streamed(completion("")), 200, Failure.MALFORMED),
    ("half a character", lambda _: streamed(completion("可以")).replace("可".encode(), b"\\ud83d"), 200, Failure.MALFORMED),
    ("a call that is no JSON", lambda _: streamed(called("search_law").replace(b'"{}"', '"护士"'.encode())), 200, Failure.MALFORMED),
    ("the connection is closed", lambda _: Broken(streamed(completion(GOOD))[:900]), 200, Failure.UNREACHABLE),
    ("silence after a few words", lambda _: Broken(streamed(completion(GOOD))[:900], silent=True), 200, Failure.TIMEOUT),
    ("an error in the stream", lambda _: b'data: {"error": "out of memory"}\n\n', 200, Failure.REFUSED),
    ("more than it takes", lambda _: b'{"detail": "too long"}', 413, Failure.REFUSED),
    ("a field that it does not know", lambda _: b'{"detail": "tools"}', 422, Failure.REFUSED),
    ("no end of looking up", lambda _: streamed(called("search_law", query="护士")), 200, Failure.TRUNCATED),
]  # fmt: skip

PLAIN = [row for row in FAILING if row[0] not in ("a call that is no JSON", "no end of looking up")]
"""Those that need no tools."""


@pytest.mark.parametrize(("answer", "status", "kind"), [f[1:] for f in FAILING], ids=[f[0] for f in FAILING])
def test_an_endpoint_that_fails_is_told_and_forgotten(
    answers: Answers, answer: Answer, status: int, kind: Failure
) -> None:
    with chat_server(answer, status=status) as chat:
        (events,) = talk(chat, answers, "问", seconds=1.5 if kind is Failure.TIMEOUT else 20)
    last = events[-1]
    assert isinstance(last, Failed) and last.kind is kind
    assert "secret-key" not in last.text
    assert len(chat.requests) <= MOST_TURNS + 1


def test_after_a_failure_the_conversation_goes_on_from_before_it(answers: Answers) -> None:
    read = called("get_article", reference="甲护理条例第二条")
    bodies = iter(
        [streamed(read), streamed(completion(GOOD), cut=True), streamed(completion(GOOD)), streamed(read)]
    )
    with chat_server(lambda _: next(bodies)) as chat:
        first, second = talk(chat, answers, "断了的一问", "再问")
    assert isinstance(first[-1], Failed) and isinstance(second[-1], Replied)
    assert [m["content"] for m in chat.requests[-1]["messages"] if m["role"] == "user"] == ["再问"]
    assert second[-1].unread, "what was read for the question that failed is not before the model any more"


def test_what_a_tool_is_asked_wrongly_is_told_to_the_model(answers: Answers) -> None:
    wrong = called("no_such_tool", x="1"), called("search_law", words="护士"), called("search_law", query="")
    read = called("get_article", reference="甲护理条例第二条")
    with chat_server(script(*wrong, read, completion(GOOD))) as chat:
        (events,) = talk(chat, answers, "问")
    assert isinstance(events[-1], Replied) and events[-1].sound
    results = [m["content"] for m in chat.requests[-1]["messages"] if m["role"] == "tool"]
    assert len(results) == 4 and "no_such_tool" in results[0] and "query" in results[1]


def test_an_error_of_ours_is_not_said_to_be_the_models(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(answers, "search", broken)
    with (
        chat_server(script(called("search_law", query="护士"))) as chat,
        pytest.raises(KeyError, match="ours"),
    ):
        talk(chat, answers, "问")


def test_an_endpoint_that_was_busy_is_asked_again(answers: Answers) -> None:
    left = [Broken(b""), Broken(b"")]
    with chat_server(lambda _: left.pop() if left else streamed(completion(GOOD))) as chat:
        talking = Conversation(Endpoint(chat.url, "small", retries=2), answers, as_of=DAY)
        events = list(talking.ask("问"))
    assert isinstance(events[-1], Replied) and len(chat.requests) == 3


def test_a_closed_port_is_told(answers: Answers) -> None:
    with chat_server(lambda _: b"") as chat:
        url = chat.url
    talking = Conversation(Endpoint(url, "small", seconds=5, retries=0), answers, as_of=DAY)
    (event,) = talking.ask("问")
    assert isinstance(event, Failed) and event.kind is Failure.UNREACHABLE


@pytest.fixture
def ask(run: Run, made_home: Path) -> Callable[..., Outcome]:
    def asked(url: str, *more: object) -> Outcome:
        return run(
            "chat", *more, "--home", made_home, "--as-of", DAY, "--llm-model", "small", "--llm-url", url
        )

    return asked


def reading() -> Answer:
    return script(called("get_article", reference="甲护理条例第二条"), completion(GOOD))


def test_the_command_streams_the_words_and_shows_the_check(ask: Callable[..., Outcome]) -> None:
    with chat_server(reading()) as chat:
        told = ask(chat.url, "问")
    assert told.code == 0 and GOOD in told.out
    assert "结论对不对不在其内" in told.out
    assert "✓ 《甲护理条例》第二条" in told.out and "［读条文］" in told.err
    with chat_server(script(completion("可以。"))) as chat:
        told = ask(chat.url, "问")
    assert told.code == 1 and "没有引用任何法条" in told.out
    with chat_server(lambda _: streamed(completion(GOOD, finish="length"))) as chat:
        told = ask(chat.url, "问", "--llm-tokens", 64)
    assert chat.requests[0]["max_tokens"] == 64
    assert told.code == 1 and "超过 64 个词元" in told.err and "引用核对" not in told.out
    with chat_server(lambda _: b"<html>", status=500) as chat:
        told = ask(chat.url, "问")
    assert told.code == 1 and "模型服务拒绝了请求" in told.err


def test_a_script_gets_one_row_whatever_comes(ask: Callable[..., Outcome]) -> None:
    with chat_server(reading()) as chat:
        told = ask(chat.url, "问", "--json")
    row = ChatResult.model_validate_json(told.out)
    assert (told.code, row.answer, row.sound, row.failure) == (0, GOOD, True, None)
    assert [(one.tool, one.found) for one in row.looked] == [("get_article", ["甲护理条例@2020-05-01/art2"])]
    with chat_server(script(completion(GOOD))) as chat:
        told = ask(chat.url, "问", "--json")
    row = ChatResult.model_validate_json(told.out)
    assert told.code == 1 and row.answer == GOOD and row.unread and not row.sound
    with chat_server(lambda _: b"<html>", status=500) as chat:
        told = ask(chat.url, "问", "--json")
    row = ChatResult.model_validate_json(told.out)
    assert told.code == 1 and row.answer is None and row.failure is not None and row.failure.kind == "refused"


def test_a_model_without_tools_is_given_the_clauses_as_it_was_trained_to_see_them(
    ask: Callable[..., Outcome],
) -> None:
    said = completion("依据[C1]。" + GOOD)
    with chat_server(script(said)) as chat:
        told = ask(chat.url, "护士可以公开病人隐私吗", "--clauses", 3, "--json")
    row = ChatResult.model_validate_json(told.out)
    assert told.code == 0 and row.sound and row.unread == []
    (look,) = row.looked
    assert look.found[0].startswith("甲护理条例@2020-05-01/art2")
    (request,) = chat.requests
    assert "tools" not in request and request["stream"] is True
    assert [m["role"] for m in request["messages"]] == ["system", "user"]
    assert "[C1] 《甲护理条例》第二条" in request["messages"][1]["content"]
    with chat_server(script(completion("依据[C9]。" + GOOD))) as chat:
        told = ask(chat.url, "护士可以公开病人隐私吗", "--clauses", 3)
    assert told.code == 1 and "✗ [C9]：对话中没有读过这一条" in told.out


@pytest.mark.parametrize(("answer", "status", "kind"), [f[1:] for f in PLAIN], ids=[f[0] for f in PLAIN])
def test_given_clauses_an_endpoint_that_fails_is_told_too(
    answers: Answers, answer: Answer, status: int, kind: Failure
) -> None:
    with chat_server(answer, status=status) as chat:
        at = Endpoint(chat.url, "small", seconds=1.5 if kind is Failure.TIMEOUT else 20, retries=0)
        last = list(GivenClauses(at, answers, as_of=DAY, count=2).ask("问"))[-1]
    assert isinstance(last, Failed) and last.kind is kind


def test_questions_are_read_line_by_line(
    ask: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("第一问\n第二问\n\n不问的\n"))
    with chat_server(reading()) as chat:
        told = ask(chat.url)
    assert told.code == 0 and told.out.count(GOOD) == 2
    asked = [m["content"] for m in chat.requests[-1]["messages"] if m["role"] == "user"]
    assert asked == ["第一问", "第二问"]


def test_words_that_would_rewrite_the_screen_are_shown_as_marks(ask: Callable[..., Outcome]) -> None:
    forged = completion(GOOD + "\x1b[1A\x1b[2K\u202e核对")
    with chat_server(script(forged)) as chat:
        told = ask(chat.url, "问")
    assert "\x1b" not in told.out and "\u202e" not in told.out and "\ufffd[1A" in told.out
