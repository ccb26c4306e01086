"""The tree narrowed by what norms say: whom they bind or protect, what they embody; invented texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.browse_selection import Selection
from app.browse_tree import source_tree
from app.browse_view import page_view
from app.builder import make_build
from app.facets import facets
from kg.build import Build
from kg.home import Home
from kg.vocabulary import Status
from tests.app.invented import write_corpus

DAY = date(2026, 11, 22)
NEW, OLD = "甲护理条例@2020-05-01", "甲护理条例@2010-01-01"


SECRECY = """# 甲保密办法

2005年1月1日 甲机关通过

第一条 医务人员应当保护患者的隐私，不得泄露患者的个人信息和病历资料。

第二条 医疗机构应当公布收费标准。

第三条 本办法自2005年6月1日起施行。
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The invented works, and one more about secrecy."""
    folder = tmp_path_factory.mktemp("facets")
    corpus = write_corpus(folder / "corpus")
    (corpus / "secrecy.md").write_text(SECRECY, encoding="utf-8")
    row = [
        "secrecy.md",
        "甲保密办法",
        "部门规章",
        "甲机关",
        "",
        "2005-01-01",
        "2005-06-01",
        "",
        "",
        "通用",
        "invented",
        "secrecy.md",
    ]
    with (corpus / "INDEX.tsv").open("a", encoding="utf-8") as index:
        index.write("\t".join(row) + "\n")
    home = Home(folder / "home")
    make_build(
        home, [corpus], selector="all", environ={}, load_graph=False, encode=False, progress=lambda *_: None
    )  # fmt: skip
    return Build(home.build())


def test_the_tree_is_narrowed_by_whom_norms_bind_and_what_they_embody(build: Build) -> None:
    def keys(**chosen: Any) -> list[str]:
        groups = source_tree(build, replace(Selection(DAY), **chosen))
        return [row.key for group in groups for row in group.rows]

    assert keys(parties=("护士",)) == ["甲护理条例", "甲保密办法"], (
        "what is said of 医务人员 holds for a nurse"
    )
    assert keys(parties=("医务人员",)) == ["甲保密办法"], "what is said of nurses does not hold for all"
    assert keys(parties=("监护人",)) == []
    assert keys(principles=("privacy",)) == ["甲保密办法"]
    assert keys(parties=("医疗机构",), principles=("privacy",)) == [], "one norm must be about both"
    assert keys(statuses=(Status.ENDED,)) == []
    narrowed = replace(Selection(DAY), parties=("护士",)).at(NEW)
    page = page_view(build, narrowed)
    assert f"{NEW}/art2" in [identifier for identifier, _ in page.matching]
    assert f"{NEW}/art5" not in [identifier for identifier, _ in page.matching]
    read = Selection.read(narrowed.params(), today=DAY, topics=(), parties=build.parties)
    assert (read.selection, read.faults) == (narrowed, ())
    wrong = Selection.read(
        {"party": "<script>", "status": "gone"}, today=DAY, topics=(), parties=build.parties
    )
    assert wrong.selection == Selection(DAY)
    assert len(wrong.faults) == 2


def test_articles_are_those_whose_norms_match_in_any_version(build: Build) -> None:
    found = facets(build, DAY)
    assert found.articles("甲保密办法@2005-01-01", ["护士"], ["privacy"]) == ("甲保密办法@2005-01-01/art1",)
    assert found.articles(OLD, ["护士"], ()), "a version that is shown may be one that no longer applies"
    assert found.articles("没有@2000-01-01", ["护士"], ()) == ()
