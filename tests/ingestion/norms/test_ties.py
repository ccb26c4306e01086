"""What fills a delegation: titles and subjects of real laws, shortened."""

from __future__ import annotations

from datetime import date

import pytest

from ingestion.compile import compile_build
from ingestion.document import read_document
from ingestion.ledger import Ledger
from ingestion.norms.extract import Extractor
from ingestion.readers.acquired import Acquired, Acquisition, Claim, Form
from kg.model import Origin
from kg.norm import TieMethod
from kg.schema import RelationType
from kg.text import digest

CASES = [
    (
        "残疾人保障法",
        "残疾人就业的具体办法由国务院规定。",
        "残疾人就业条例",
        True,
        "the subject is the title; art 33",
    ),
    (
        "畜牧法",
        "畜禽遗传资源的进出境和对外合作研究利用的审批办法由国务院规定。",
        "畜禽遗传资源进出境和对外合作研究利用审批办法",
        True,
        "the title adds 审批; art 18",
    ),
    (
        "医疗器械监督管理条例",
        "医疗器械广告的审查办法由国务院市场监督管理部门制定。",
        "医疗器械召回管理办法",
        False,
        "医疗器械 alone is the field, not the subject; art 60",
    ),
    (
        "医疗机构管理条例",
        "外国人在中华人民共和国境内开设医疗机构的管理办法，由国务院卫生行政部门另行制定。",
        "处方管理办法",
        False,
        "管理办法 is a word of every title; art 52",
    ),
    (
        "科学技术进步法",
        "涉及国防科学技术进步的其他有关事项，由国务院、中央军事委员会规定。",
        "浙江省科学技术进步条例",
        False,
        "a local regulation does not fill it; art 116",
    ),
]


@pytest.mark.parametrize(("law", "delegates", "filler", "fills", "note"), CASES, ids=[c[4] for c in CASES])
def test_what_fills_a_delegation(
    extractor: Extractor, law: str, delegates: str, filler: str, fills: bool, note: str
) -> None:
    texts = [_text(law, f"第一条　{delegates}"), _text(filler, f"第一条　根据《{law}》，制定本办法。")]
    compiled = compile_build(
        Acquisition(tuple(texts), ()), Ledger({}, {}), (), selector="all", as_of=date(2026, 1, 1),
        read=read_document, norms=extractor, progress=lambda *_: None,
    )  # fmt: skip
    assert compiled.bases
    found = [t for t in compiled.ties if t.type is RelationType.IMPLEMENTS]
    assert [(t.source, t.target) for t in found] == (
        [(f"{filler}@2020-01-01", f"{law}@2020-01-01/art1/p1")] if fills else []
    ), note
    assert all(t.method is TieMethod.LIKENESS and 0 < t.confidence <= 1 for t in found)


@pytest.mark.parametrize(
    ("words", "excepted"),
    [
        (
            "取得许可证的，可以经营。\n\n除前款规定的情形外，行使权利应当取得全体共有人的同意。",
            True,
        ),  # 专利法 14
        (
            "运营者应当制定内部制度。\n\n除前款的规定外，关键设施的运营者还应当设置专门机构。",  # 网络安全法 36
            False,
        ),
    ],
)
def test_what_is_added_to_a_provision_is_no_exception_to_it(
    extractor: Extractor, words: str, excepted: bool
) -> None:
    compiled = compile_build(
        Acquisition((_text("试法", f"第一条　{words}"),), ()), Ledger({}, {}), (), selector="all",
        as_of=date(2026, 1, 1), read=read_document, norms=extractor, progress=lambda *_: None,
    )  # fmt: skip
    found = [t.source for t in compiled.ties if t.type is RelationType.EXCEPTS]
    assert found == (["试法@2020-01-01/art1/p1"] if excepted else [])


def _text(title: str, words: str) -> Acquired:
    raw = f"# {title}\n\n{words}\n"
    claims = {"title": title, "level": "法律", "version_date": "2020-01-01", "effective_date": "2020-03-01"}
    stated = tuple(Claim(field, value, "INDEX:1") for field, value in claims.items())
    return Acquired(Origin("节录", f"{title}.md", digest(raw)), raw, Form.MARKDOWN, stated)
