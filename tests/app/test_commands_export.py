"""`yilun export akn` as people type it. The texts are invented."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from kg.akoma_ntoso import NAMESPACE
from kg.build import Build
from kg.home import Home
from tests.app.conftest import Run

REF = f"{{{NAMESPACE}}}ref"


def test_a_text_with_its_links(run: Run, made_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    outcome = run("export", "akn", "《甲护理条例》", "--home", made_home, "--out", path)
    assert (outcome.code, outcome.out) == (0, "")
    root = etree.parse(str(path)).getroot()
    text = Build(Home(made_home).build()).text("甲护理条例@2020-05-01")
    assert "".join("".join(part.itertext()) for part in root[0][1:]) == text.official
    links = {found.text: found.get("href") for found in root.iter(REF)}
    assert links["前款第（一）项"] == "#art_3__para_1__point_1"
    assert links["《甲处罚法》第二条"] == "/akn/cn/act/law/2005-01-01/甲处罚法/zho@2005-01-01/!main#art_2"


def test_the_text_of_a_day_on_stdout(run: Run, made_home: Path) -> None:
    outcome = run("export", "akn", "甲护理条例", "--as-of", "2015-01-01", "--home", made_home)
    assert outcome.code == 0
    assert 'zho@2010-01-01"' in outcome.out


@pytest.mark.parametrize(
    ("title", "said"), [("没有的法", "没有《没有的法》"), ("甲护理条例@1999-01-01", "不含版本")]
)
def test_what_is_not_held(run: Run, made_home: Path, title: str, said: str) -> None:
    outcome = run("export", "akn", title, "--home", made_home)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
