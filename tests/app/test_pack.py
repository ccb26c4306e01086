"""A data pack can be replaced whole, and what is wrong with one is named by file and line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.builder import make_build
from ingestion.pack_check import check_pack
from kg.build import Build
from kg.home import Home
from kg.pack import data_folder
from kg.problem import Severity
from tests.app.conftest import Run

LABOUR = Path(__file__).resolve().parents[1] / "packs" / "labour"
TOPICS = ["劳动合同", "工资工时", "职业安全", "社会保险", "平等就业", "争议处理", "工会与民主管理"]


@pytest.fixture(scope="module")
def labour_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("labour")
    make_build(
        Home(home), [], selector="ledger", environ={}, pack=LABOUR,
        load_graph=False, encode=False, progress=lambda *_: None,
    )  # fmt: skip
    return home


# -- another field of law, the same code ---------------------------------------------------------------


def test_another_pack_builds(run: Run, labour_home: Path) -> None:
    status = json.loads(run("status", "--home", labour_home, "--json").out)
    assert (status["pack"], status["held"], status["listed"], status["target"]) == ("labour", 10, 10, None)
    assert list(status["by_topic"]) == TOPICS
    assert status["counts"]["gold_bound"] == 14
    assert "gold_problem" not in status["counts"]


def test_another_pack_is_searched(run: Run, labour_home: Path) -> None:
    hits = json.loads(run("search", "试用期不得超过", "--home", labour_home, "--json", "--k", "5").out)[
        "hits"
    ]
    assert ("中华人民共和国劳动合同法", "第十九条") in [(hit["title"], hit["article"]) for hit in hits]
    assert {hit["title"] for hit in hits} <= {"中华人民共和国劳动合同法", "中华人民共和国劳动法"}


def test_another_pack_answers(run: Run, labour_home: Path) -> None:
    text = "法定休假日安排劳动者工作，没有支付加班的工资报酬"
    verdict = json.loads(run("judge", "--home", labour_home, "--batch", _batch(labour_home, text)).out)
    assert "第四十四条" in [clause["article"] for clause in verdict["governing"]]


def _batch(home: Path, text: str) -> Path:
    path = home / "cases.jsonl"
    path.write_text(json.dumps({"id": "L", "text": text}, ensure_ascii=False), encoding="utf-8")
    return path


def test_another_pack_has_its_own_parties_and_principles(run: Run, labour_home: Path) -> None:
    found = json.loads(run("norms", "《劳动合同法》第九条", "--home", labour_home, "--json").out)
    said = [(n["modality"], n["bearer"], n["counterparty"]) for p in found["provisions"] for n in p["norms"]]
    assert ("prohibition", "用人单位", "劳动者") in said
    build = Build(Home(labour_home).build())
    assert set(build.principles) == {"equality", "safety", "fair_pay", "voice"}
    assert "医师" not in build.parties


def test_cases_of_another_pack_rest_on_its_clauses(run: Run, labour_home: Path) -> None:
    found = json.loads(run("article", "《劳动合同法》第十九条", "--home", labour_home, "--json").out)
    assert [case["id"] for case in found["scenarios"]] == ["W-001"]


def test_nothing_of_the_first_pack_is_left(run: Run, labour_home: Path) -> None:
    outcome = run("article", "《医师法》第二十五条", "--home", labour_home)
    assert outcome.code == 2
    assert "没有《医师法》" in outcome.err


def test_a_build_carries_what_answers_are_made_with(labour_home: Path, made_home: Path) -> None:
    own = Build(Home(made_home).build())
    assert (own.pack / "facts" / "marks.jsonl").read_bytes() == (
        data_folder() / "facts" / "marks.jsonl"
    ).read_bytes()
    assert "pack/facts/marks.jsonl" in own.manifest.files
    assert not Build(Home(labour_home).build()).pack.exists()


def test_a_folder_that_is_no_pack(run: Run, tmp_path: Path) -> None:
    outcome = run("build", "--pack", tmp_path)
    assert outcome.code == 2
    assert "没有 pack.json" in outcome.err


# -- checking ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [data_folder(), LABOUR], ids=["own", "labour"])
def test_shipped_packs_have_no_problems(run: Run, folder: Path) -> None:
    outcome = run("pack", "check", folder)
    assert [line for line in outcome.out.splitlines() if not line.startswith("note ")] == []
    assert outcome.code == 0


def edit(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / name
        path.write_text(change(path.read_text("utf-8")), encoding="utf-8")

    return apply


def row(name: str, number: int, **changes: object) -> Callable[[Path], None]:
    """Change fields of one line."""

    def change(text: str) -> str:
        lines = text.splitlines()
        lines[number - 1] = json.dumps({**json.loads(lines[number - 1]), **changes}, ensure_ascii=False)
        return "\n".join(lines) + "\n"

    return edit(name, change)


SOURCES, CASES, TOPICS_FILE = "ledger/sources.jsonl", "cases/a.jsonl", "ledger/topics.jsonl"
OTHER = "中华人民共和国工会法"
GALLERY: list[tuple[Callable[[Path], None], str, str, str]] = [
    (edit("pack.json", lambda t: t.replace("as_of", "day")), "pack_info", "pack.json", "as_of"),
    (edit("pack.json", lambda t: t[:-3]), "pack_info", "pack.json", ""),
    (lambda f: (f / "pack.json").unlink(), "pack_info", "pack.json", "读不到"),
    (lambda f: (f / SOURCES).unlink(), "missing_file", SOURCES, "没有这个文件"),
    (lambda f: (f / "ledgers").mkdir(), "unknown_file", "ledgers", "不会被读到"),
    (edit(SOURCES, lambda t: "{" + t), "not_json", f"{SOURCES}:1", "不是 JSON"),
    (row(SOURCES, 3, level="规矩"), "bad_row", f"{SOURCES}:3", "level"),
    (row(SOURCES, 2, key=OTHER), "bad_row", f"{SOURCES}:8", "已在前面出现"),
    (row(SOURCES, 2, topics=["炒菜"]), "bad_row", f"{SOURCES}:2", "炒菜"),
    (row(SOURCES, 2, title=OTHER), "same_title", f"{SOURCES}:2", OTHER),
    (row(SOURCES, 2, aliases=["劳动条例"]), "alias_kind", f"{SOURCES}:2", "劳动条例"),
    (row(SOURCES, 2, successor={"title": OTHER, "since": "1999-01-01", "evidence": "INDEX:a"}),
     "successor_early", f"{SOURCES}:2", "1999-01-01"),
    (row(SOURCES, 2, versions=[{"version_date": "2018-12-29", "effective_from": "1995-01-01", "evidence": "INDEX:a"}]),
     "effective_early", f"{SOURCES}:2", "1995-01-01"),
    (edit(TOPICS_FILE, lambda t: t + t.splitlines()[0]), "bad_row", f"{TOPICS_FILE}:8", "劳动合同"),
    (edit(TOPICS_FILE, lambda t: t + '{"topic": "破产", "definition": "清偿", "evidence": "model-written, unreviewed"}'),
     "topic_unused", TOPICS_FILE, "破产"),
    (row(CASES, 4, scene="炒菜"), "bad_row", f"{CASES}:4", "W-004"),
    (row(CASES, 4, principles=["autonomy"]), "principle_unknown", "norms/principles.jsonl", "W-004"),
    (row("norms/parties.jsonl", 2, broader=["雇主"]), "bad_row", "norms/parties.jsonl", "雇主"),
    (row("norms/cues.jsonl", 3, modality="wish"), "bad_row", "norms/cues.jsonl:3", "modality"),
    (row(CASES, 4, id="W-001"), "bad_row", f"{CASES}:4", "W-001"),
    (row(CASES, 4, gold=[{"title": "没有的法", "article": "第一条", "role": "primary"}]),
     "gold_unlisted", f"{CASES}:4", "没有的法"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "code", "place", "said"), GALLERY)
def test_what_is_wrong_is_named(
    run: Run, tmp_path: Path, spoil: Callable[[Path], None], code: str, place: str, said: str
) -> None:
    folder = tmp_path / "pack"
    shutil.copytree(LABOUR, folder)
    spoil(folder)
    found = check_pack(folder)
    named = [p for p in found if p.code == code and p.place == f"{folder}/{place}" and said in p.text]
    assert named, [str(p) for p in found]
    serious = any(p.severity is not Severity.NOTE for p in found)
    assert run("pack", "check", folder).code == (1 if serious else 0)


def test_every_problem_is_named_not_only_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    shutil.copytree(LABOUR, folder)
    for spoil, *_ in GALLERY[6:10]:
        spoil(folder)
    assert len([p for p in check_pack(folder) if p.severity is Severity.ERROR]) >= 3


def test_no_folder(run: Run, tmp_path: Path) -> None:
    outcome = run("pack", "check", tmp_path / "none")
    assert outcome.code == 2
    assert "不是文件夹" in outcome.err
