"""Objective questions through a real local server, and what training did to other abilities of the toy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alignment.objective import ALONE, WITH, Chosen, read_items, report
from alignment.regression import Surprise, compare, surprise
from kg.problem import InputError
from tests.alignment.tiny import make_model, make_rows, recipe, write_recipe
from tests.app.conftest import Run
from tests.evaluator.chat_server import chat_server, completion

ROWS = [
    {
        "id": "1",
        "question": "护士对病人的隐私应当怎样？",
        "options": {"A": "保护", "B": "公开", "C": "出售"},
        "answer": "A",
    },
    {
        "id": "2",
        "question": "发现医嘱违反规定，护士应当？",
        "options": {"A": "提出", "B": "照做", "C": "必要时报告"},
        "answer": "CA",
    },
]


def questions(folder: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_questions_are_asked_alone_and_with_clauses_scored_and_not_asked_twice(
    run: Run, made_home: Path, tmp_path: Path
) -> None:
    def answer(request: dict[str, Any]) -> bytes:
        words = request["messages"][-1]["content"]
        if "[C1]" in words:
            return completion("条款写明了。\n答案：" + ("A" if "隐私应当怎样" in words else "C、A"))
        return completion("我想是 B 吧" if "隐私应当怎样" in words else "答案：A")

    arguments = (
        "align", "objective", questions(tmp_path), "--out", tmp_path / "out.jsonl", "--home", made_home,
        "--as-of", "2021-01-01", "--llm-model", "small", "--json",
    )  # fmt: skip
    with chat_server(answer) as chat:
        told = run(*arguments, "--llm-url", chat.url)
        again = run(*arguments, "--llm-url", chat.url)
    assert told.code == 0 and len(chat.requests) == 4 and again.out == told.out
    assert "response_format" not in chat.requests[0]
    figures = json.loads(told.out)
    assert (figures["alone"]["accuracy"], figures["alone"]["unread"]) == (0.0, 1)
    assert figures["with_clauses"]["accuracy"] == 1.0 and figures["gain"]["mean"] == 1.0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [(row["way"], row["letters"]) for row in rows] == [
        (ALONE, None),
        (WITH, "A"),
        (ALONE, "A"),
        (WITH, "AC"),
    ]
    assert all(row["clauses"] for row in rows if row["way"] == WITH)


def test_a_reply_that_failed_is_no_wrong_answer_and_is_asked_again(run: Run, tmp_path: Path) -> None:
    arguments = (
        "align", "objective", questions(tmp_path), "--out", tmp_path / "out.jsonl", "--clauses", 0,
        "--as-of", "2021-01-01", "--llm-model", "small", "--json",
    )  # fmt: skip
    with chat_server(lambda _: b"busy", status=503) as chat:
        told = run(*arguments, "--llm-url", chat.url)
    assert told.code == 1 and "没有作答" in told.err
    assert json.loads(told.out)["alone"] == {"n": 0, "accuracy": None, "ci95": None, "unread": 0, "failed": 2}
    with chat_server(lambda _: completion("答案：A")) as chat:
        told = run(*arguments, "--llm-url", chat.url)
    assert told.code == 0 and json.loads(told.out)["alone"]["accuracy"] == 0.5


def test_another_model_or_another_question_is_asked_anew(run: Run, tmp_path: Path) -> None:
    def ask(url: str, model: str) -> float:
        told = run(
            "align", "objective", questions(tmp_path, rows), "--out", tmp_path / "out.jsonl", "--clauses", 0,
            "--as-of", "2021-01-01", "--llm-model", model, "--llm-url", url, "--json",
        )  # fmt: skip
        return float(json.loads(told.out)["alone"]["accuracy"])

    rows = [ROWS[0]]
    with chat_server(lambda r: completion("答案：A" if r["model"] == "good" else "答案：B")) as chat:
        assert (ask(chat.url, "good"), ask(chat.url, "bad"), ask(chat.url, "good")) == (1.0, 0.0, 1.0)
        assert len(chat.requests) == 2
        rows = [{**ROWS[0], "question": "换了的题目？"}]
        assert ask(chat.url, "good") == 1.0 and len(chat.requests) == 3
        rows = [{**rows[0], "answer": "B"}]  # the key was wrong: the answer stands, its mark does not
        assert ask(chat.url, "good") == 0.0 and len(chat.requests) == 3


def test_a_closed_port_is_tried_once_and_the_rest_left(run: Run, tmp_path: Path) -> None:
    with chat_server(lambda _: None) as chat:
        url = chat.url
    told = run(
        "align", "objective", questions(tmp_path), "--out", tmp_path / "out.jsonl", "--clauses", 0,
        "--as-of", "2021-01-01", "--llm-model", "small", "--llm-url", url, "--json",
    )  # fmt: skip
    assert told.code == 1 and told.err.count("模型服务不可用") == 1
    assert json.loads(told.out)["alone"]["failed"] == 1 and "gain" not in json.loads(told.out)


def test_the_published_tables_and_our_own_are_read(tmp_path: Path) -> None:
    ethics = tmp_path / "knowledge.csv"
    ethics.write_text("uuid,question,options,answer\nq1,应当怎样？,A.告知 B.隐瞒,A\n", "utf-8-sig")
    (item,) = read_items(ethics)
    assert (item.id, item.reference, item.question.options) == ("q1", "A", (("A", "告知"), ("B", "隐瞒")))
    ours = tmp_path / "items.csv"
    query = "示例：A.甲 B.乙\n题目：应当怎样？\nA.告知\nB.隐瞒\n【思考过程】："
    ours.write_text(f'scene,query,reference,type\n医患关系,"{query}",A,客观题\n', "utf-8")
    (item,) = read_items(ours)
    assert (item.id, item.reference, item.question.stem) == ("1", "A", "应当怎样？")


@pytest.mark.parametrize(
    ("reply", "letters"),
    [
        ("A. 保护", "A"),
        ("C. 出售\n\nA. 保护", "AC"),
        ("A. 保护隐私", None),
        ("A. 保护\n因为是义务", None),
        ("A. 保护\n答案：B", "B"),
        ("", None),
    ],
)
def test_options_repeated_as_shown_are_an_answer(tmp_path: Path, reply: str, letters: str | None) -> None:
    assert read_items(questions(tmp_path))[0].letters(reply) == letters


def test_questions_that_share_an_id_or_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"questions.jsonl:2 .*已经用过"):
        read_items(questions(tmp_path, [ROWS[0], ROWS[0]]))
    with pytest.raises(InputError, match="没有题目"):
        read_items(questions(tmp_path, []))
    with pytest.raises(InputError, match="读不到"):
        read_items(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**ROWS[0], "answer": "D"}, "不在选项中"),
        ({**ROWS[0], "answer": "x"}, "questions.jsonl:1"),
        ({"id": "1"}, "questions.jsonl:1"),
    ],
)
def test_a_question_that_cannot_be_read_is_named(tmp_path: Path, row: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_items(questions(tmp_path, [row]))


def test_gains_are_paired_over_what_both_ways_answered() -> None:
    rows = [
        Chosen("1", ALONE, "A", False, (), ""),
        Chosen("1", WITH, "B", True, (), ""),
        Chosen("2", ALONE, "A", True, (), ""),
    ]
    rows.append(Chosen("2", WITH, None, False, (), "", "模型服务不可用：x"))
    assert report(rows)["gain"]["n"] == 1 and report(rows)["gain"]["mean"] == 1.0


def test_surprise_is_that_of_the_model_itself(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = make_model(tmp_path / "model")
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    text = "护士应当保护病人隐私。" * 20
    found = surprise(model, tokenizer, text, window=64)
    ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"][:64]])
    with torch.no_grad():
        odds = torch.log_softmax(model(ids).logits[0, :-1], -1).gather(1, ids[0, 1:, None])
    assert found.windows[0] == pytest.approx(float(-odds.mean()), rel=1e-4)
    assert compare(found, found)["change"] == 0.0


def test_compare_tells_the_change_a_token_with_its_interval() -> None:
    told = compare(Surprise(8, (1.0, 2.0, 3.0)), Surprise(8, (1.5, 2.5, 3.5)))
    assert told["change"] == 0.5 and told["ci95"] == [0.5, 0.5] and told["after"] > told["before"]


def test_training_is_compared_with_what_was_before(run: Run, tmp_path: Path) -> None:
    make_model(tmp_path / "model")
    make_rows(tmp_path / "rows")
    path = write_recipe(tmp_path / "sft.yaml", recipe(tmp_path, "sft"))
    assert run("align", "sft", "--recipe", path).code == 0
    general = tmp_path / "general.txt"
    general.write_text("【结论】不合规：应当保护隐私[C1]。" * 30, "utf-8")
    told = run(
        "align", "regression", "--recipe", path, "--text", general, "--questions", questions(tmp_path),
        "--out", tmp_path / "regression", "--tokens", 4,
    )  # fmt: skip
    found = json.loads(told.out)
    perplexity = found["perplexity"]
    assert perplexity["after"] != perplexity["before"] and perplexity["windows"] > 1
    low, high = perplexity["ci95"]
    assert low <= perplexity["change"] <= high
    assert found["questions"]["before"]["n"] == found["questions"]["after"]["n"] == 2
    assert json.loads((tmp_path / "regression" / "regression.json").read_text("utf-8")) == found
    assert run("align", "regression", "--recipe", path, "--out", tmp_path / "r").code == 2
    other = write_recipe(tmp_path / "other.yaml", recipe(tmp_path, "sft", note="另一个"))
    told = run("align", "regression", "--recipe", other, "--text", general, "--out", tmp_path / "regression")
    assert told.code == 2 and "另一份配方" in told.err  # what is kept there is another model's
    told = run(
        "align", "regression", "--recipe", path, "--text", tmp_path / "none.txt", "--out", tmp_path / "r"
    )
    assert told.code == 2 and "none.txt" in told.err
