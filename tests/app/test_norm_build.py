"""Builds with norms grow as they would be made anew: after a text changed, came or went, after a word list changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from app.builder import BuildReport, make_build
from kg.build import Build
from kg.home import Home
from kg.queries.named import QUERIES
from kg.schema import RelationType
from kg.store import GraphStore
from tests.app.invented import HEADER

LABOUR = Path(__file__).resolve().parents[1] / "packs" / "labour"
TEXTS = {
    "甲用工条例": """# 甲用工条例

第一条 用人单位应当按月向劳动者支付工资。

第二条 用人单位不得扣押劳动者的居民身份证。

第三条 外包机构应当与劳动者签订书面协议。
""",
    "乙处罚条例": """# 乙处罚条例

第一条 用人单位违反《甲用工条例》第一条规定的，责令改正；情节严重的，处一万元罚款。

第二条 本条例所称外包机构，是指承接劳务的组织。
""",
    "丙监察条例": """# 丙监察条例

第一条 用人单位应当如实向监察人员提供用工资料。

第二条 用人单位未如实向监察人员提供用工资料的，处五千元罚款。

第三条 违反本条例规定，构成犯罪的，依法追究刑事责任。
""",
}


class Bench:
    """A corpus and a pack that are changed step by step."""

    def __init__(self, folder: Path) -> None:
        self.texts = {title: TEXTS[title] for title in ("甲用工条例", "乙处罚条例")}
        self.pack = folder / "pack"
        shutil.copytree(LABOUR, self.pack)
        self.corpus = folder / "corpus"

    def build(self, home: Path, *, graph: bool = False) -> BuildReport:
        shutil.rmtree(self.corpus, ignore_errors=True)
        self.corpus.mkdir()
        index = HEADER
        for title, text in self.texts.items():
            (self.corpus / f"{title}.md").write_text(text, encoding="utf-8")
            row = [
                f"{title}.md",
                title,
                "行政法规",
                "甲机关",
                "",
                "2020-01-01",
                "2020-03-01",
                "",
                "",
                "通用",
                "x",
                title,
            ]
            index += "\t".join(row) + "\n"
        (self.corpus / "INDEX.tsv").write_text(index, encoding="utf-8")
        return make_build(
            Home(home), [self.corpus], selector="all", environ={}, pack=self.pack,
            load_graph=graph, encode=False, progress=lambda *_: None,
        )  # fmt: skip

    def change(self) -> None:
        self.texts["甲用工条例"] = (
            TEXTS["甲用工条例"].replace("按月", "按周").replace("不得扣押", "不得扣押、买卖")
        )

    def add(self) -> None:
        self.texts["丙监察条例"] = TEXTS["丙监察条例"]

    def remove(self) -> None:
        del self.texts["乙处罚条例"]

    def relist(self) -> None:
        path = self.pack / "norms" / "parties.jsonl"
        row = {
            "id": "外包机构", "broader": ["用人单位"], "words": ["外包机构"],
            "source": "《甲用工条例》第三条", "note": "虚构",
        }  # fmt: skip
        path.write_text(
            path.read_text(encoding="utf-8") + json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8"
        )


STEPS = [Bench.change, Bench.add, Bench.remove, Bench.relist]


def norm_bytes(home: Path, build_id: str) -> dict[str, str]:
    """The digest of every file that norms go into."""
    folder = Home(home).build_path(build_id)
    paths = [*folder.glob("norms/*"), *folder.glob("*.jsonl"), *folder.glob("graph/*/*.jsonl")]
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(paths)
    }


def ties(home: Path, report: BuildReport) -> set[tuple[str, str, str]]:
    found = Build(Home(home).build_path(report.build_id)).norm_ties
    return {
        (t.source.replace("@2020-01-01", ""), t.target.replace("@2020-01-01", ""), t.method.value)
        for t in found
        if t.type is RelationType.SANCTIONED_BY
    }


def test_a_build_with_norms_grown_step_by_step_equals_a_clean_one(tmp_path: Path) -> None:
    bench, home = Bench(tmp_path), tmp_path / "grown"
    before = bench.build(home)
    assert ("甲用工条例/art1/p1#n1", "乙处罚条例/art1/p1#n1", "cited") in ties(home, before)
    for step in STEPS:
        step(bench)
        grown, clean = bench.build(home), bench.build(tmp_path / step.__name__)
        assert grown.build_id == clean.build_id != before.build_id
        assert grown.counts == clean.counts
        files = norm_bytes(home, grown.build_id)
        assert files == norm_bytes(tmp_path / step.__name__, clean.build_id)
        assert files != norm_bytes(home, before.build_id)
        tied = ties(home, grown)
        added = ("丙监察条例/art1/p1#n1", "丙监察条例/art2/p1#n1", "likeness")
        assert (added in tied) is ("丙监察条例" in bench.texts)
        assert any("乙处罚条例" in tie[1] for tie in tied) is ("乙处罚条例" in bench.texts)
        norms = Build(Home(home).build_path(grown.build_id)).norms("甲用工条例@2020-01-01/art3")
        assert norms[0].bearers == (("外包机构",) if step is Bench.relist else ())
        before = grown


@pytest.mark.server
def test_a_graph_grown_step_by_step_counts_as_one_loaded_whole(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.build(tmp_path / "grown", graph=True)
    for step in STEPS:
        step(bench)
        report = bench.build(tmp_path / "grown", graph=True)
        assert report.graph.startswith("增量载入"), report.graph
    clean = bench.build(tmp_path / "clean", graph=True)
    assert clean.graph.startswith("全量载入")

    def counts(home: Path) -> dict[str, object]:
        with GraphStore.open(Home(home), {}) as store:
            rows = [*store.run(QUERIES["counts_by_label"]), *store.run(QUERIES["counts_by_type"])]
        return {str(row["name"]): row["number"] for row in rows}

    grown = counts(tmp_path / "grown")
    assert grown == counts(tmp_path / "clean")
    assert grown["Norm"] and grown["SANCTIONED_BY"] and grown["SUBCLASS_OF"]
