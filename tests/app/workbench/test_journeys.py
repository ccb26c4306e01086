"""Five people at the pages, in a real browser over a real server; what each sees is kept as pictures in build/screenshots.

The law in these journeys is invented; what is asserted is that each gets to the end of what they came for.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import zipfile
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from app.api import make_api
from app.builder import make_build
from app.limits import Limits
from app.live import LiveAnswers
from evaluator.proof import VerdictFile
from evaluator.verdict_store import save
from kg.home import Home
from kg.review import Act
from kg.review_log import read_reviews
from tests.app.conftest import Run
from tests.app.invented import write_corpus
from tests.app.paged import Watched, chromium, needs_chromium, serving_pages
from tests.app.served import serving
from tests.app.workbench.conftest import DAY

pytest.importorskip("streamlit", reason="the pages need yilun[app]")
pytestmark = [pytest.mark.browser, pytest.mark.slow, needs_chromium]

ARTICLE = "甲护理条例@2020-05-01/art2"


@pytest.fixture
def place(made_home: Path, tmp_path: Path, verdict: VerdictFile) -> Home:
    shutil.copytree(made_home, tmp_path / "home")
    home = Home(tmp_path / "home")
    save(home, verdict)
    return home


@pytest.fixture
def served(place: Home) -> Iterator[str]:
    with serving_pages(place.root, {"YILUN_APP_USER": "王律师"}) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def at(browser: Any, served: str) -> Iterator[Watched]:
    watched = Watched(browser, served)
    yield watched
    watched.check()
    watched.context.close()


def test_an_expert_browses_and_corrects_and_the_correction_survives_a_rebuild(
    at: Watched, place: Home, tmp_path: Path
) -> None:
    tab = at.tab
    at.open(f"?as_of={DAY}")
    at.picture("expert-1-welcome")
    tab.get_by_text("行政法规").first.click()
    tab.get_by_role("button", name="甲护理条例").click()
    tab.get_by_role("button", name="第一章 总则").click()
    tab.get_by_role("button", name="第二条").first.click()
    tab.get_by_role("heading", name="《甲护理条例》第二条").wait_for()
    at.picture("expert-1-article")
    tab.get_by_text(re.compile(r"^规范 \d+$")).click()
    tab.locator(".yl-role").first.wait_for()
    at.picture("expert-2-norms")
    tab.get_by_role("link", name="在专家复核中认可、更正或否定这些规范").click()
    form = tab.get_by_test_id("stForm").first
    form.wait_for()
    at.picture("expert-3-queue")
    form.get_by_text("更正（须是原文的字词）").click()
    form.get_by_label("承担者", exact=True).fill("病人")  # stands there twice: which one is asked
    form.get_by_label("理由").fill("相对人是隐私所属的病人")
    correct = form.get_by_role("button", name="更正", exact=True)
    correct.click()
    tab.get_by_text("请写成 病人@1").wait_for()
    assert not read_reviews([place.reviews])[0]
    form.get_by_label("承担者", exact=True).fill("护士")
    form.get_by_label("相对人", exact=True).fill("病人@2")
    at.picture("expert-4-correction")
    correct.click()
    tab.get_by_text("已记入：更正").wait_for()
    at.settle()
    assert tab.get_by_test_id("stForm").count() == 0
    # Nothing is lost on reload, and it is on the disk.
    tab.reload()
    at.settle()
    assert tab.get_by_test_id("stForm").count() == 0
    [one] = read_reviews([place.reviews])[0]
    assert (one.act, one.author, one.reason) == (Act.CORRECT, "王律师", "相对人是隐私所属的病人")
    # The next build has it, by an expert.
    make_build(
        place, [write_corpus(tmp_path / "corpus")], selector="all", environ={},
        load_graph=False, encode=False, progress=lambda *_: None,
    )  # fmt: skip
    at.open(f"?id={quote(ARTICLE)}&as_of={DAY}&view=norms")
    tab.get_by_text("义务　专家审核").wait_for()
    at.picture("expert-5-after-rebuild")


def test_an_auditor_traces_a_verdict_to_the_characters_and_verifies_it_again(
    at: Watched, run: Run, verdict: VerdictFile, tmp_path: Path
) -> None:
    tab = at.tab
    at.open(f"audit?as_of={DAY}")
    tab.get_by_label("只列以此条为据的").fill("《甲护理条例》第二条")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="护士没有保护病人隐私").click()
    tab.get_by_text("✓ 与当前构建相符").wait_for()
    assert verdict.id[:16] in tab.url
    assert tab.locator(".yl-note", has_text="✓").count() == 6
    assert tab.locator(".yl-note", has_text="✗").count() == 0
    at.picture("auditor-1-checks")
    ground = tab.locator("details.yl-finding", has_text="《甲护理条例》第二条").first
    if ground.get_attribute("open") is None:
        ground.locator("summary").click()
    quoted = ground.locator("q").inner_text()
    digest = ground.locator(".yl-small").inner_text()
    at.picture("auditor-2-proof")
    with tab.expect_download() as coming:
        tab.get_by_role("button", name="下载审计包（ZIP）").click()
    coming.value.save_as(tmp_path / "pack.zip")
    ground.get_by_role("link").click()
    tab.get_by_role("heading", name="《甲护理条例》第二条").wait_for()
    assert quoted.strip() in tab.locator(".yl-law").first.inner_text()
    assert "sha256" in digest
    at.picture("auditor-3-article")
    # The pack verifies without the pages, and a forgery does not.
    with zipfile.ZipFile(tmp_path / "pack.zip") as pack:
        pack.extract("verdict.json", tmp_path)
    assert run("verify", tmp_path / "verdict.json").code == 0
    forged = json.loads((tmp_path / "verdict.json").read_text())
    forged["clauses"][0]["quote"] += "等"
    (tmp_path / "forged.json").write_text(json.dumps(forged, ensure_ascii=False))
    assert run("verify", tmp_path / "forged.json").code == 1
    # And on the page, by its step.
    at.open(f"audit?as_of={DAY}")
    tab.locator("input[type=file]").set_input_files(tmp_path / "forged.json")
    tab.get_by_text("✗ 引文与摘要相符").wait_for()
    at.picture("auditor-4-forgery")


def test_a_developer_copies_a_call_and_it_answers(at: Watched, place: Home) -> None:
    tab = at.tab
    at.open(f"?id={quote(ARTICLE)}&as_of={DAY}&view=origin")
    block = tab.get_by_test_id("stCode").filter(has_text="curl")
    block.scroll_into_view_if_needed()
    at.picture("developer-1-calls")
    block.hover()
    block.get_by_role("button", name="Copy to clipboard").click()
    copied = tab.evaluate("navigator.clipboard.readText()")
    words = shlex.split(copied)
    address = next(word for word in words if word.startswith("http"))
    asked = dict(w.split("=", 1) for flag, w in pairwise(words) if flag.startswith(("-d", "--data")))  # fmt: skip
    live = LiveAnswers(place, today=lambda: date(2030, 1, 1))
    api = make_api(live, today=lambda: date(2030, 1, 1), limits=Limits(rate=100, burst=100), keys=None, hosts=None)  # fmt: skip
    with serving(api) as service:
        reply = httpx.get(service.url + httpx.URL(address).path, params=asked)
    assert reply.status_code == 200, reply.text
    answer = reply.json()
    assert answer["id"] == ARTICLE
    assert answer["text"] in tab.locator(".yl-law").first.inner_text()


DOCUMENT = (
    "依照《甲护理条例》第二条，护士应当“尊重、关心、爱护病人，公开病人隐私”。另见《甲护理条例》第九百条。"
    "违反的，依照《甲处罚法》第二条处理。<img src=x onerror=alert(1)>"
)


def test_a_lawyer_checks_the_citations_of_a_document(at: Watched, tmp_path: Path) -> None:
    tab = at.tab
    paper = tmp_path / "起诉状 <b>一审.txt"
    paper.write_text(DOCUMENT, encoding="utf-8")
    at.open(f"cite?as_of={DAY}")
    at.picture("lawyer-1-empty")
    tab.locator("input[type=file]").first.set_input_files(paper)
    tab.get_by_text("3 处引用，2 处有发现").wait_for()
    assert "<img" in tab.locator(".yl-cited").inner_text()
    at.picture("lawyer-2-found")
    assert "尊重、关心、爱护病人，保护病人隐私" in tab.locator("dl").inner_text()
    with tab.expect_download() as coming:
        tab.get_by_role("button", name="网页报告").click()
    report = Path(coming.value.path()).read_text(encoding="utf-8")
    assert "第九百条" in report
    assert "<img src=x" not in report
    # Many at once, with a table and one file of results.
    tab.get_by_role("tab", name="多篇").click()
    other = tmp_path / "好.txt"
    other.write_text("《甲处罚法》第二条。", encoding="utf-8")
    tab.locator("input[type=file]").nth(1).set_input_files([paper, other])
    tab.get_by_role("button", name="下载全部结果（JSONL）").wait_for()
    at.picture("lawyer-3-batch")


RUNS = {
    "基线.csv": "这里涉及患者的隐私权。《甲护理条例》第九百条规定可以公开。我理解您担心。建议向护士长反映，保留截图。",
    "微调后.csv": "这里涉及患者的隐私权。《甲护理条例》第二条要求护士“保护病人隐私”，未经同意公开病历不合规定。"
    "我理解您现在又生气又担心。建议您第一步向护士长反映，要求撤回并道歉；第二步向医院医务科书面投诉，保留截图。",
}


def test_an_engineer_compares_two_runs(at: Watched, tmp_path: Path) -> None:
    tab = at.tab
    for name, answer in RUNS.items():
        rows = "".join(f"隐私保护,第{n}问：护士能说吗,,{answer},{name}\r\n" for n in range(3))
        (tmp_path / name).write_text(f"scene,query,reference,response,model\r\n{rows}", encoding="utf-8")
    at.open(f"evaluate?as_of={DAY}")
    at.picture("engineer-1-empty")
    tab.locator("input[type=file]").set_input_files([tmp_path / name for name in RUNS])
    tab.get_by_text("同题 3 条").wait_for()
    at.settle()
    told = tab.get_by_text("同题 3 条").inner_text()
    assert "变好 3，变差 0" in told, told
    at.picture("engineer-2-figures")
    pair = tab.locator(".yl-answer")
    assert "第九百条" in pair.nth(0).inner_text()
    assert "第二条" in pair.nth(1).inner_text()
    pair.nth(0).scroll_into_view_if_needed()
    at.picture("engineer-3-side-by-side")
    with tab.expect_download() as coming:
        tab.get_by_role("button", name="网页报告").click()
    assert "RiskRate" in Path(coming.value.path()).read_text(encoding="utf-8")
