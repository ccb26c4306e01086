"""A small corpus of invented texts in the shape of real ones; nothing here is law."""

from __future__ import annotations

from pathlib import Path

HEADER = (
    "file\ttitle\tlevel\tissuing_body\tdoc_number\tissued_date\teffective_date\tstatus\tarticles\tscenario_tags"
    "\torigin_repo\torigin_path\n"
)
NURSING_2010 = """# 甲护理条例

2010年1月1日 甲机关公布

## 第一章 总则

第一条 为了规范护理，制定本条例。

第二条 护士应当尊重病人，保护病人隐私。

第三条 护士发现医嘱违反规定的，应当：

（一）及时向开具医嘱的医师提出；

（二）必要时报告负责人。

有前款第（一）项情形的，记入病历。

第四条 违反本条例第二条、第三条规定的，依照《甲处罚法》第二条处理。

第五条 本条例自2010年3月1日起施行。
"""
NURSING_2020 = (
    NURSING_2010.replace("2010年1月1日 甲机关公布", "2010年1月1日 甲机关公布\n\n2020年5月1日 甲机关修订")
    .replace("尊重病人，保护病人隐私", "尊重、关心、爱护病人，保护病人隐私")
    .replace("自2010年3月1日起施行", "自2020年7月1日起施行")
)
PENALTY = """# 甲处罚法

2005年1月1日 甲机关通过

第一条 为了规范处罚，制定本法。

第二条 违反规定的，给予警告。

第三条 本法自2005年6月1日起施行。《乙处罚法》同时废止。
"""


def write_corpus(folder: Path, *, both_versions: bool = True) -> Path:
    """An indexed folder of three texts of two invented works."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [("penalty.md", "甲处罚法", "法律", "2005-01-01", "2005-06-01", PENALTY)]
    rows.append(("nursing-2020.md", "甲护理条例", "行政法规", "2020-05-01", "2020-07-01", NURSING_2020))
    if both_versions:
        rows.append(("nursing-2010.md", "甲护理条例", "行政法规", "2010-01-01", "2010-03-01", NURSING_2010))
    index = HEADER
    for name, title, level, issued, effective, text in rows:
        (folder / name).write_text(text, encoding="utf-8")
        index += (
            "\t".join([name, title, level, "甲机关", "", issued, effective, "", "", "通用", "invented", name])
            + "\n"
        )
    (folder / "INDEX.tsv").write_text(index, encoding="utf-8")
    return folder
