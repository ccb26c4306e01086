"""Levels of authority in the words of statutes."""

from __future__ import annotations

import pytest

from ingestion.norms.level import levels_in
from ingestion.norms.lexicon import read_lexicon
from kg.pack import data_folder

LEVELS = read_lexicon(data_folder()).levels
STATE, PROVINCE, CITY, COUNTY, TOWN = "国家级机关", "省级机关", "市级机关", "县级机关", "乡级机关"


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("国务院卫生健康主管部门", (STATE,)),
        ("国家卫生健康委员会", (STATE,)),
        ("县级以上地方人民政府卫生健康主管部门", (PROVINCE, CITY, COUNTY)),
        ("县级以上人民政府", (STATE, PROVINCE, CITY, COUNTY)),
        ("县级以上各级人民政府", (STATE, PROVINCE, CITY, COUNTY)),
        ("省级以上人民政府卫生健康主管部门", (STATE, PROVINCE)),
        ("设区的市级以上地方人民政府有关部门", (PROVINCE, CITY)),
        ("省、自治区、直辖市人民政府药品监督管理部门", (PROVINCE,)),
        ("设区的市级、县级人民政府", (CITY, COUNTY)),
        ("市、县级人民政府", (CITY, COUNTY)),
        ("县（市、区）卫生健康主管部门", (COUNTY,)),
        ("街道办事处和乡镇人民政府", (TOWN,)),
        ("国务院和地方各级人民政府", (STATE, PROVINCE, CITY, COUNTY, TOWN)),
        ("各级人民政府", (STATE, PROVINCE, CITY, COUNTY, TOWN)),
        ("地方各级人民政府", (PROVINCE, CITY, COUNTY, TOWN)),
        ("卫生健康主管部门", ()),
        ("县级医院", ()),
        ("医师", ()),
    ],
)
def test_levels_of_a_phrase(phrase: str, expected: tuple[str, ...]) -> None:
    assert levels_in(phrase, LEVELS) == expected


def test_no_levels_in_a_pack_without_them() -> None:
    assert levels_in("县级以上人民政府", ()) == ()
