"""The examples of docs/api.md and docs/examples run, against a server over two real articles."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from app.api import make_api
from app.builder import make_build
from app.live import LiveAnswers
from kg.home import Home
from tests.app.invented import HEADER
from tests.app.served import Served, serving

ROOT = Path(__file__).resolve().parents[2]
WRITTEN_URL = "http://127.0.0.1:8700"
DOCTORS = """# 中华人民共和国医师法

第二十五条 医师在诊疗活动中应当向患者说明病情、医疗措施和其他需要告知的事项。需要实施手术、特殊检查、特殊治疗的，医师应当及时向患者具体说明医疗风险、替代医疗方案等情况，并取得其明确同意；不能或者不宜向患者说明的，应当向患者的近亲属说明，并取得其明确同意。
"""
CIVIL_CODE = """# 中华人民共和国民法典

第一千二百二十六条 医疗机构及其医务人员应当对患者的隐私和个人信息保密。泄露患者的隐私和个人信息，或者未经患者同意公开其病历资料的，应当承担侵权责任。
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    corpus = folder / "corpus"
    corpus.mkdir()
    index = HEADER
    for name, title, issued, effective, text in (
        ("doctors.md", "中华人民共和国医师法", "2021-08-20", "2022-03-01", DOCTORS),
        ("civil.md", "中华人民共和国民法典", "2020-05-28", "2021-01-01", CIVIL_CODE),
    ):
        (corpus / name).write_text(text, encoding="utf-8")
        row = [name, title, "法律", "", "", issued, effective, "", "", "通用", "excerpt", name]
        index += "\t".join(row) + "\n"
    (corpus / "INDEX.tsv").write_text(index, encoding="utf-8")
    make_build(
        Home(folder / "home"), [corpus], selector="all", environ={},
        load_graph=False, encode=False, progress=lambda *_: None,
    )  # fmt: skip
    return folder / "home"


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    def today() -> date:
        return date(2026, 11, 22)

    with serving(make_api(LiveAnswers(Home(home), today=today), today=today)) as running:
        yield running


def blocks(language: str) -> list[str]:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)


def run(command: list[str], home: Path) -> str:
    environ = {**os.environ, "YILUN_HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_curl_of_the_page_gets_an_answer(served: Served, home: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    said = []
    for block in blocks("bash"):
        out = run(["bash", "-c", block.replace(WRITTEN_URL, served.url)], home)
        answer = json.loads(out)
        assert answer["as_of"] == "2026-11-22" and answer["build"]
        said.append(out)
    assert len(said) == 5
    assert all("医师法@2021-08-20/art25" in out for out in (said[0], said[1], said[3], said[4]))
    assert '"modality":"obligation"' in said[2]


def test_each_python_block_of_the_page_runs(served: Served, home: Path) -> None:
    outs = [
        run([sys.executable, "-c", block.replace(WRITTEN_URL, served.url)], home)
        for block in blocks("python")
    ]
    assert len(outs) == 3
    assert "第一千二百二十六条" in outs[0]
    assert "密钥文件" in outs[1]
    assert "中华人民共和国民法典@2020-05-28/art1226" in outs[2]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("search_async.py", "《中华人民共和国民法典》第一千二百二十六条 [in_force]"),
        ("langchain_context.py", "中华人民共和国医师法@2021-08-20/art25"),
        ("mcp_session.py", "《中华人民共和国医师法》第二十五条 [in_force]"),
        ("check_answer.py", "《医师法》第二十五条 verified"),
    ],
)
def test_each_example_runs(served: Served, home: Path, name: str, says: str) -> None:
    argument = served.url if name == "check_answer.py" else str(home)
    assert says in run([sys.executable, str(ROOT / "docs" / "examples" / name), argument], home)


def test_every_example_is_tested() -> None:
    mark = test_each_example_runs.pytestmark[0]  # type: ignore[attr-defined]  # put there by parametrize
    assert {path.name for path in (ROOT / "docs" / "examples").glob("*.py")} == {
        row[0] for row in mark.args[1]
    }


def test_the_page_names_every_error_code_and_path() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    code = "".join(
        (ROOT / "app" / name).read_text(encoding="utf-8") for name in ("api.py", "api_gate.py", "limits.py")
    )
    codes = set(re.findall(r"RefusalError\(\s*\d{3},\s*\"(\w+)\"", code)) | set(
        re.findall(r"\"(\w+_too_l(?:ong|arge))\"", code)
    )
    assert len(codes) >= 15
    assert not {name for name in codes if f"`{name}`" not in page}
    paths = json.loads((ROOT / "docs" / "schemas" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    assert not {path for path in paths if f"{path}`" not in page}
