"""A graph of a dozen real and invented rows, written in the layout that the build uses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Row = dict[str, object]

DOCTORS = "中华人民共和国医师法"
D21 = f"{DOCTORS}@2021-08-20"
CIVIL = "中华人民共和国民法典@2020-05-28"
A25, A26 = f"{D21}/art25", f"{D21}/art26"
C1219 = f"{CIVIL}/art1219"


def _provision(identity: str, kind: str, start: int, end: int, **more: object) -> Row:
    return {"id": identity, "kind": kind, "start": start, "end": end, **more}


def nodes() -> dict[str, list[Row]]:
    """Rows by label. Texts are shortened; the norm, finding and verdict are invented."""
    return {
        "Source": [
            {"id": "中华人民共和国民法典", "title": "中华人民共和国民法典", "level": "法律"},
            {"id": DOCTORS, "title": DOCTORS, "level": "法律", "topics": ["医患关系", "常规诊疗"]},
            {"id": "医疗机构管理条例", "title": "医疗机构管理条例", "level": "行政法规", "topics": []},
        ],
        "Expression": [
            {"id": f"{DOCTORS}@unknown~1", "title": "中华人民共和国执业医师法", "begins": "1999-05-01", "ends": "2022-03-01"},
            {"id": D21, "title": DOCTORS, "begins": "2022-03-01", "ends": None},
            {"id": CIVIL, "title": "中华人民共和国民法典", "begins": "2021-01-01"},
        ],
        "Provision": [
            _provision(f"{D21}/ch3", "chapter", 10, 400, label="第三章", heading="执业规则"),
            _provision(A25, "article", 20, 160, label="第二十五条", text="医师在诊疗活动中应当向患者说明病情、医疗措施和其他需要告知的事项。"),
            _provision(f"{A25}/p1", "paragraph", 20, 160, label="", sole=True, text="医师在诊疗活动中应当向患者说明病情。"),
            _provision(A26, "article", 160, 300, label="第二十六条", text="医师开展药物、医疗器械临床试验和其他医学临床研究应当符合国家有关规定。"),
            _provision(f"{A26}/p1", "paragraph", 160, 200, label=""),
            _provision(f"{A26}/p2", "paragraph", 200, 300, label=""),
            _provision(f"{A26}/p2/i1", "item", 220, 260, label="（一）", text="遵守伦理规范"),
            _provision(f"{A26}/p2/i2", "item", 260, 300, label="（二）", text="依法通过伦理审查"),
            _provision(C1219, "article", 100, 200, label="第一千二百一十九条", text="医务人员在诊疗活动中应当向患者说明病情和医疗措施。"),
        ],
        "Norm": [{"id": f"{A25}/p1#1", "modality": "obligation", "cue": "应当", "spans": ["0:5", "9:11"], "confidence": 0.75}],
        "Party": [{"id": "医师"}, {"id": "患者"}],
        "Principle": [{"id": "尊重自主"}],
        "Topic": [{"id": "医患关系"}],
        "Term": [{"id": "医师"}],
        "Scenario": [{"id": "R-001", "text": "术前未说明替代方案。"}],
        "Finding": [{"id": "R-001#f1", "text": "未尽说明义务"}],
        "Verdict": [{"id": "R-001#v", "conclusion": "non_compliant"}],
        "Assessment": [],
        "Review": [],
    }  # fmt: skip


def edges() -> dict[str, list[Row]]:
    """Rows by kind; ids are unique within a kind."""
    contains = [
        (f"{D21}/ch3", A25), (f"{D21}/ch3", A26), (A25, f"{A25}/p1"), (A26, f"{A26}/p1"), (A26, f"{A26}/p2"),
        (f"{A26}/p2", f"{A26}/p2/i1"), (f"{A26}/p2", f"{A26}/p2/i2"),
    ]  # fmt: skip
    return {
        "Source.HAS_VERSION.Expression": _edges((DOCTORS, f"{DOCTORS}@unknown~1"), (DOCTORS, D21), ("中华人民共和国民法典", CIVIL)),
        "Expression.CONTAINS.Provision": _edges((D21, f"{D21}/ch3"), (CIVIL, C1219)),
        "Provision.CONTAINS.Provision": _edges(*contains),
        "Provision.NEXT.Provision": _edges((A25, A26)),
        "Provision.CITES.Provision": [
            {"from": f"{A25}/p1", "to": C1219, "id": "c1", "from_date": "2022-03-01", "until_date": None, "start": 3, "surface": "民法典"},
            {"from": f"{A26}/p2", "to": C1219, "id": "c2", "from_date": "2021-01-01", "until_date": "2022-03-01"},
            {"from": f"{A26}/p2", "to": C1219, "id": "c3"},
        ],
        "Provision.CITES.Source": _edges((A26, "医疗机构管理条例")),
        "Provision.STATES.Norm": _edges((f"{A25}/p1", f"{A25}/p1#1")),
        "Norm.BINDS.Party": _edges((f"{A25}/p1#1", "医师")),
        "Norm.TOWARDS.Party": _edges((f"{A25}/p1#1", "患者")),
        "Norm.EMBODIES.Principle": _edges((f"{A25}/p1#1", "尊重自主")),
        "Provision.DEFINES.Term": _edges((A25, "医师")),
        "Scenario.APPLIES_IN.Topic": _edges(("R-001", "医患关系")),
        "Scenario.GOVERNED_BY.Provision": [{"from": "R-001", "to": f"{A25}/p1", "id": "g1", "role": "primary"}],
        "Norm.GROUNDS.Finding": _edges((f"{A25}/p1#1", "R-001#f1")),
        "Finding.CONCLUDES.Verdict": _edges(("R-001#f1", "R-001#v")),
        "Verdict.ABOUT.Scenario": _edges(("R-001#v", "R-001")),
    }  # fmt: skip


def _edges(*pairs: tuple[str, str]) -> list[Row]:
    return [{"from": source, "to": target, "id": f"e{n}"} for n, (source, target) in enumerate(pairs)]


def write_graph(
    home_builds: Path,
    build_id: str,
    node_rows: Mapping[str, Sequence[Row]],
    edge_rows: Mapping[str, Sequence[Row]],
) -> Path:
    """Write the files of a build; its graph folder."""
    graph = home_builds / build_id / "graph"
    for folder, tables in (("nodes", node_rows), ("edges", edge_rows)):
        (graph / folder).mkdir(parents=True, exist_ok=True)
        for name, rows in tables.items():
            lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows]
            text = "".join(f"{line}\n" for line in sorted(lines))
            (graph / folder / f"{name}.jsonl").write_text(text, encoding="utf-8", newline="\n")
    return graph
