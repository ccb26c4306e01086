"""A small build of invented works in every state the browsing page shows; nothing in it is law."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ingestion.compile import compile_build
from ingestion.document import read_document
from ingestion.ledger import Ledger
from ingestion.readers.acquired import Acquired, Acquisition, Claim, Form
from ingestion.scenarios import Case, GoldClause
from ingestion.write import write_build
from kg.model import Origin, Source, TopicEntry
from kg.numerals import chinese_numeral
from kg.text import digest
from kg.vocabulary import Level, Topic
from tests.app.invented import NURSING_2010, NURSING_2020, PENALTY

TOPICS = (
    TopicEntry(Topic("常规护理"), "虚构"),
    TopicEntry(Topic("基因/干细胞诊疗"), "虚构"),
)

HOSTILE = "<script>alert(1)<-script>\u202e:red[规]*定*"
"""A title that would run, turn around or be set in red where it is not escaped."""

HOSTILE_TEXT = """# 恶意

第一条 <script>alert(1)</script><img src=x onerror=alert(1)>，依照《甲处罚法》第二条处理。

第二条 **粗** $x$ [链接](javascript:alert(1)) &lt;b&gt; 不得收费。
"""


def _long_law() -> str:
    filler = "为了使本条足够长，这里重复说明同一件事情，说明本条只用于测试，不是法律。" * 4
    articles = [f"第{chinese_numeral(n)}条　第{n}号内容。{filler}" for n in range(1, 162)]
    parts = ["# 丙长法", "2001年1月1日 甲机关通过", "第一章　总则", *articles[:10], "第二章　长章"]
    return "\n\n".join([*parts, *articles[10:160], "附　则", articles[160]]) + "\n"


def _acquired(place: str, raw: str, **claims: str) -> Acquired:
    stated = tuple(Claim(field, value, f"INDEX:{place}") for field, value in claims.items())
    return Acquired(Origin("虚构语料", place, digest(raw)), raw, Form.MARKDOWN, stated)


def _source(key: str, level: Level, **more: object) -> Source:
    return Source(
        key,
        str(more.pop("title", key)),
        level,
        why="虚构，只用于测试，为何列入这里。",
        evidence={"why": "model-written, unreviewed", "official_publication": "memory, unverified"},
        **more,  # type: ignore[arg-type]  # the rest of Source's fields, by name
    )


def make_build_folder(builds: Path) -> Path:
    """Write the build below `builds` under its own id and return its folder."""
    texts = (
        _acquired("nursing-2010.md", NURSING_2010, title="甲护理条例", level="行政法规",
                  version_date="2010-01-01", effective_date="2010-03-01"),
        _acquired("nursing-2020.md", NURSING_2020, title="甲护理条例", level="行政法规",
                  version_date="2020-05-01", effective_date="2020-07-01"),
        _acquired("penalty.md", PENALTY, title="甲处罚法", level="法律",
                  version_date="2005-01-01", effective_date="2005-06-01"),
        _acquired("long.md", _long_law(), title="丙长法", level="法律",
                  version_date="2001-01-01", effective_date="2001-02-01"),
        _acquired("hostile.md", HOSTILE_TEXT, title=HOSTILE),
    )  # fmt: skip
    listed = [
        _source("甲护理条例", Level.ADMINISTRATIVE_REGULATION, short_titles=("护士条例（甲）",),
                document_number="令第7号", topics=(Topic("常规护理"),)),
        _source("甲处罚法", Level.LAW),
        _source("丙长法", Level.LAW),
        _source("乙处罚法", Level.LAW, official_publication="国家法律法规数据库 www.example.cn"),
        _source("丁宣言", Level.INTERNATIONAL_CODE, official_publication="某协会", copyright="copyright"),
        _source("戊规定", Level.DEPARTMENTAL_RULE, title="戊<img src=x onerror=alert(1)>规定",
                official_publication="<script>alert(1)</script>"),
    ]  # fmt: skip
    ledger = Ledger({source.key: source for source in listed}, {}, TOPICS)
    cases = [
        Case(id="X-001", scene=Topic("常规护理"), scenario="把病人的照片发到群里。", stance="violation",
             gold=[GoldClause(title="甲护理条例", article="第二条", role="supporting")]),
        Case(id="X-002", scene=Topic("常规护理"), scenario="<script>拉上帘子再换药。", stance="compliant",
             gold=[GoldClause(title="甲护理条例", article="第二条", role="primary")]),
    ]  # fmt: skip
    compiled = compile_build(
        Acquisition(texts, ()),
        ledger,
        cases,
        selector="all",
        as_of=date(2026, 11, 22),
        read=read_document,
        progress=lambda stage, done, total: None,
    )
    partial = builds / "partial"
    manifest = write_build(
        compiled,
        partial,
        input_digest="0" * 64,
        inputs={},
        parameters={"sources": "all"},
        progress=lambda stage, done, total: None,
    )
    folder = builds / manifest.id
    partial.rename(folder)
    return folder
