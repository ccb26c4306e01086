"""The commands as people type them: contracts, exit codes, and messages that say what to do."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import jsonschema
import pytest

from app.cli import app
from app.contracts import contracts, write_schemas
from app.views import _all_glosses
from tests.app.conftest import Run
from tests.app.invented import HEADER, write_corpus

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "docs" / "schemas"


@pytest.fixture
def built(run: Run, made_home: Path, tmp_path: Path) -> Run:
    shutil.copytree(made_home, tmp_path / "home")
    return run


def valid(name: str, value: object) -> None:
    jsonschema.validate(
        value, json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8")),
        format_checker=jsonschema.FormatChecker(),
    )  # fmt: skip


def test_committed_schemas_are_those_of_the_models(tmp_path: Path) -> None:
    write_schemas(str(tmp_path))
    names = {f"{name}.json" for name in contracts()}
    assert {p.name for p in SCHEMAS.glob("*.json")} == names | {"openapi.json"}
    for name in sorted(names):
        assert (SCHEMAS / name).read_text(encoding="utf-8") == (tmp_path / name).read_text(
            encoding="utf-8"
        ), name


def test_every_command_has_help_with_an_example() -> None:
    commands = [
        c
        for group in (app, *(g.typer_instance for g in app.registered_groups))
        for c in group.registered_commands
    ]
    assert len(commands) >= 8
    for command in commands:
        assert command.callback is not None
        assert "例：yilun " in (command.callback.__doc__ or ""), command.callback.__name__


def test_status(built: Run) -> None:
    result = json.loads(built("status", "--json").out)
    valid("status", result)
    assert result["counts"]["sources_held"] == 2
    assert result["unlisted_held"] == 2
    assert "台账收录 0/260" in built("status").out


def test_article_at_two_dates(built: Run) -> None:
    before = json.loads(built("article", "《甲护理条例》第二条", "--as-of", "2019-01-01", "--json").out)
    after = json.loads(built("article", "甲护理条例第2条", "--as-of", "2021-01-01", "--json").out)
    valid("article", before)
    assert before["id"] == "甲护理条例@2010-01-01/art2"
    assert after["id"] == "甲护理条例@2020-05-01/art2"
    assert "关心" in after["text"] and "关心" not in before["text"]
    assert [v["status"] for v in after["versions"]] == ["in_force", "ended"]


def test_a_citation_of_another_law_at_two_dates(built: Run) -> None:
    """第四条 cites 甲处罚法第二条, which both versions of the regulation meet in the same text."""
    view = json.loads(built("article", "甲护理条例第四条", "--as-of", "2021-01-01", "--json").out)
    abroad = [c for c in view["citations_out"] if c["target"].startswith("甲处罚法")]
    assert [(c["target"], c["from_date"], c["until_date"]) for c in abroad] == [
        ("甲处罚法@2005-01-01/art2", "2020-07-01", None)
    ]
    cited = json.loads(built("article", "甲处罚法第二条", "--as-of", "2015-01-01", "--json").out)
    assert [c["source"] for c in cited["citations_in"]] == ["甲护理条例@2010-01-01/art4/p1"]


def test_article_in_words(built: Run) -> None:
    shown = built("article", "甲护理条例第三条第二款", "--as-of", "2021-01-01").out
    assert "《甲护理条例》第三条第二款  [现行有效，按 2021-01-01]" in shown
    assert "前款第（一）项 → 《甲护理条例》第三条第一款第（一）项" in shown


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("第二条", "没有读出条文"),
        ("《不存在的法》第一条", "台账与语料中没有"),
        ("《甲护理条例》第九十九条", "没有第九十九条"),
        ("《中华人民共和国医师法》第二十五条", "此构建没有其文本"),
        ("甲护理条例@1999-01-01/art1", "此构建不含版本"),
        ("甲护理条例@2020-05-01/zzz1", "不是条款 id"),
    ],
)
def test_article_that_cannot_be_shown(built: Run, reference: str, said: str) -> None:
    result = built("article", reference, "--as-of", "2021-01-01")
    assert result.code == 2
    assert said in result.err
    assert not result.out


def test_a_law_that_is_not_yet_in_force_is_not_shown_as_law(built: Run) -> None:
    result = built("article", "甲护理条例第一条", "--as-of", "2009-01-01")
    assert (result.code, "没有可用的版本" in result.err) == (2, True)


def test_an_article_is_shown_with_its_gloss(built: Run, tmp_path: Path) -> None:
    assert json.loads(built("article", "甲护理条例第二条", "--json").out)["glosses"] == []
    (index,) = (tmp_path / "home" / "builds").glob("*/index")
    rows = (index / "ids.txt").read_text(encoding="utf-8").splitlines()
    said = {str(rows.index("甲护理条例@2020-05-01/art2")): ["护士要替病人守秘密"]}
    (index / "meanings.json").write_text(json.dumps(said), encoding="utf-8")
    _all_glosses.cache_clear()
    for place in ("甲护理条例第二条", "甲护理条例@2020-05-01/art2/p1"):
        result = json.loads(built("article", place, "--json").out)
        valid("article", result)
        assert result["glosses"] == ["护士要替病人守秘密"], place
    assert (
        "释义（模型撰写，未经审核，不是法律）：护士要替病人守秘密" in built("article", "甲护理条例第二条").out
    )


def test_search_and_its_batch(built: Run, tmp_path: Path) -> None:
    result = json.loads(built("search", "护士发现医嘱有问题怎么办", "--as-of", "2021-01-01", "--json").out)
    valid("search", result)
    assert result["hits"][0]["id"].startswith("甲护理条例@2020-05-01/art3")
    queries = tmp_path / "queries.jsonl"
    queries.write_text(
        '{"id": "a", "query": "隐私"}\n\n{"id": "b", "query": "《甲处罚法》第二条"}\n', encoding="utf-8"
    )
    out = tmp_path / "hits.jsonl"
    assert built("search", "--batch", queries, "--out", out, "--as-of", "2021-01-01").code == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        valid("search", row)
    assert [row["id"] for row in rows] == ["a", "b"]
    assert rows[1]["hits"][0]["id"] == "甲处罚法@2005-01-01/art2"


def test_search_narrowed_by_norms_and_with_neighbours(built: Run) -> None:
    asked = ("search", "护士", "--as-of", "2021-01-01", "--party", "护士", "--modality", "义务", "--json")
    result = json.loads(built(*asked, "--source", "甲护理条例", "--neighbours", "1").out)
    valid("search", result)
    assert {hit["article"] for hit in result["hits"]} == {"第二条", "第三条"}
    (second,) = [hit for hit in result["hits"] if hit["article"] == "第二条"]
    assert [near["article"] for near in second["neighbours"]] == ["第一条", "第三条"]
    assert json.loads(built("search", "护士", "--modality", "禁止", "--json").out)["hits"] == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json\n", ":1 不是 JSON"),
        ('{"id": "a"}\n', ":1 缺少字符串字段 query"),
        ('{"id": 1, "query": "x"}\n', ":1 缺少字符串字段 id"),
    ],
)
def test_a_bad_batch_names_the_line(built: Run, tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(content, encoding="utf-8")
    result = built("search", "--batch", path)
    assert (result.code, said in result.err) == (2, True)


def test_judge_quotes_the_law_of_the_day(built: Run, tmp_path: Path) -> None:
    text, day = "护士没有保护病人隐私，告诉了别人", "2021-01-01"
    result = json.loads(built("judge", text, "--as-of", day, "--json").out)
    valid("judge", result)
    assert (result["confidence"] is None) == result["abstained"]
    clause = result["governing"][0]
    assert clause["id"].startswith("甲护理条例@2020-05-01/art2")
    text = json.loads(
        (next((Path(os.environ["YILUN_HOME"]) / "builds").glob("*/texts/*.json"))).read_text("utf-8")
    )
    assert text["raw"]  # the quotation's span is checked against the build in tests/evaluator
    assert {c["status"] for c in result["governing"]} <= {"in_force", "unknown"}


def test_a_verdict_is_kept_checked_told_and_found(built: Run, tmp_path: Path) -> None:
    file = tmp_path / "verdict.json"
    day = ("--as-of", "2021-01-01")
    told = built("judge", "护士没有保护病人隐私，告诉了别人", *day, "--save", "--proof", file)
    assert "已存" in told.err
    assert built("explain", file).out == told.out
    assert built("verify", file, "--build", "current").code == 0
    found = json.loads(built("verdicts", "《甲护理条例》第二条", *day, "--json").out)
    assert [v["id"] for v in found["verdicts"]] == [json.loads(file.read_text("utf-8"))["id"]]
    file.write_text(file.read_text("utf-8").replace("护士", "医师"), encoding="utf-8")
    changed = built("verify", file)
    assert (changed.code, "被改动过" in changed.out) == (1, True)
    assert built("verify", tmp_path / "none.json").code == 2


def test_problems_lists_places(built: Run) -> None:
    assert built("problems").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search",), "请给出查询"),
        (("judge",), "请给出情形"),
        (("search", "x", "--as-of", "yesterday"), "不合格式"),
        (("search", "x", "--system", "oracle"), "没有检索系统"),
        (("search", "x", "--level", "圣旨"), "没有位阶"),
        (("search", "x", "--topic", "炒菜"), "没有场景"),
        (("search", "x", "--source", "没有的法"), "没有题名或简称"),
        (("search", "x", "--modality", "愿望"), "没有规范类型"),
        (("search", "x", "--party", "宇航员"), "没有主体"),
        (("status", "--build", "ffff"), "没有这个构建"),
        (("build", "--corpus", "/nowhere-at-all"), "nowhere-at-all"),
        (("build", "--sources", " , "), "--sources 为空"),
        (("frobnicate",), "frobnicate"),
    ],
)
def test_bad_use_says_what_to_do(built: Run, arguments: tuple[str, ...], said: str) -> None:
    result = built(*arguments)
    assert result.code == 2
    assert said in result.err
    assert not result.out


def test_without_a_build_the_command_to_run_is_named(run: Run) -> None:
    result = run("status")
    assert (result.code, "yilun build" in result.err) == (1, True)


GALLERY: list[tuple[str, bytes | None, str, str]] = [
    ("empty.md", b"", "empty_file", "an empty file"),
    ("binary.txt", bytes(range(256)) * 20, "binary_file", "a binary file"),
    (
        "old.txt",
        "乙办法\n第一条 为了乙。\n第二条 施行。\n".encode("gb18030"),
        "not_utf8",
        "GB18030 is read, and said",
    ),
    ("cut.docx", b"PK\x03\x04 torn", "unreadable_docx", "a truncated archive"),
    ("gone.md", None, "missing_file", "a row without its file"),
    ("../outside.md", b"x", "outside_folder", "a row that leaves the folder"),
    (
        "prose.md",
        "丙说明\n\n这份文件没有条文，只有一段说明文字。\n".encode(),
        "law_without_numbering",
        "no articles",
    ),
]


@pytest.mark.parametrize(("name", "content", "code", "why"), GALLERY, ids=[row[2] for row in GALLERY])
def test_a_bad_file_is_a_problem_and_the_rest_is_built(
    run: Run, tmp_path: Path, name: str, content: bytes | None, code: str, why: str
) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    if content is not None:
        (corpus / name).write_bytes(content)
    row = "\t".join([name, "丁文件", "部门规章", "", "", "2020-01-01", "", "", "", "", "invented", name])
    with (corpus / "INDEX.tsv").open("a", encoding="utf-8") as index:
        index.write(row + "\n")
    result = run("build", "--corpus", corpus, "--sources", "all", "--no-graph", "--no-vectors")
    assert result.code == 0, result.err
    assert "文件 " in result.out
    assert code in run("problems").out, why


def test_a_malformed_row_and_two_texts_with_one_key(run: Run, tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    (corpus / "twin.md").write_text("# 甲处罚法\n\n第一条 另一份文本。\n\n第二条 不同。\n", encoding="utf-8")
    with (corpus / "INDEX.tsv").open("a", encoding="utf-8") as index:
        index.write("too\tfew\n")
        index.write(
            "\t".join(["twin.md", "甲处罚法", "法律", "", "", "2005-01-01", "", "", "", "", "other", "x"])
            + "\n"
        )
    assert run("build", "--corpus", corpus, "--sources", "all", "--no-graph", "--no-vectors").code == 0
    listed = run("problems").out
    assert "index_row" in listed
    assert "witness_differs 甲处罚法@2005-01-01" in listed


def test_an_empty_index_keeps_the_last_build(built: Run, tmp_path: Path) -> None:
    before = built("status", "--json").out
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "INDEX.tsv").write_text(HEADER, encoding="utf-8")
    result = built("build", "--corpus", empty, "--no-graph", "--no-vectors")
    assert (result.code, "上一个构建仍可使用" in result.err) == (2, True)
    assert built("status", "--json").out == before


def test_unreachable_neo4j_is_an_error_and_never_another_database(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YILUN_NEO4J_URI", "bolt://127.0.0.1:1")
    result = run("build", "--corpus", write_corpus(tmp_path / "corpus"), "--sources", "all", "--no-vectors")
    assert result.code == 1
    assert "bolt://127.0.0.1:1" in result.err
    assert not (tmp_path / "home" / "server" / "state.json").exists()
    assert run("status").code == 0  # the files of the build can be read all the same
