"""Hostile inputs out of a random source, and what must hold of each reader of them: shared by the tests and by the soak."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.answers import Answers
from app.asking import GraphDesk
from app.builder import make_build
from app.cite_report import html_report
from evaluator.fact_words import shipped_fact_words
from evaluator.facts import read_facts
from evaluator.importers import medes, medethiceval
from evaluator.proof import VerdictFile
from evaluator.verify import read_verdict, verify, verify_against
from ingestion.document import read_document
from ingestion.norms.lexicon import read_lexicon
from ingestion.norms.segmenter import Segmenter
from ingestion.readers.acquired import Acquired, Form
from ingestion.readers.files import KINDS, read_file
from kg.append_log import replay
from kg.home import Home
from kg.model import Origin
from kg.pack import data_folder
from kg.problem import Severity, YilunError
from tests.app.invented import NURSING_2020, write_corpus

DAY = date(2021, 1, 1)
_PIECES = (
    "第一条", "第2条", "第一百二十三条之一", "第（一）项", "（一）", "1.", "①", "第一章 总则", "第三款", "《甲护理条例》", "《甲护理条例", "甲护理条例第二条", "《民法典》第1219条",
    "应当", "不得", "可以", "有下列情形之一的：", "但是", "除外", "护士", "医疗机构", "患者", "违反本条例第二条规定的，", "处1万元以上罚款", "2020年5月1日起施行",
    "“护士应当尊重、关心、爱护病人”", "，", "。", "；", "：", "\n", "\n\n", "　", " ", "\t", "| a | b |", "# ", "---\n", "<p>", "</div>", "<script>alert(1)</script>", "&lt;",
    "\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u0301", "\ufe0f", "𠮷", "👩‍⚕️", "﷽", "ﬁ", "Ａ", "١", "\u2028", "\x85", "\ud83d", "\x00", "\x1b[31m",
    "=1+1", "@SUM(A1)", "-2", "+3", "\"", "'", ",", "{", "}", "[", "null", "../", "C:\\", "%00", "$where", "MATCH (n) DETACH DELETE n", "题目：", "A.", "【最终答案】：AB",
)  # fmt: skip
"""Pieces of law, of markup, of tables, of attacks, and characters that cannot be seen or do not exist."""
Source = random.Random
Check = Callable[[Source], None]


def text(source: Source, most: int = 60) -> str:
    """A text of up to so many pieces, now and then with one piece again and again, or a stretch of any characters."""
    pieces = [source.choice(_PIECES) for _ in range(source.randrange(most))]
    if source.random() < 0.05:
        pieces.append(source.choice(_PIECES) * source.randrange(1, 400))
    if source.random() < 0.3:
        pieces.append("".join(chr(source.randrange(1, 0x11000)) for _ in range(source.randrange(20))))
    source.shuffle(pieces)
    return "".join(pieces)


def encoded(source: Source) -> bytes:
    """Bytes: a text in some encoding, some of them changed, cut off or from nowhere."""
    words, encoding = text(source), source.choice(["utf-8", "utf-16", "gb18030"])
    loose = encoding != "gb18030" and source.random() < 0.2
    data = bytearray(words.encode(encoding, "surrogatepass" if loose else "replace"))
    for _ in range(source.randrange(4)):
        if data:
            data[source.randrange(len(data))] = source.randrange(256)
    if source.random() < 0.2:
        data += source.randbytes(source.randrange(60))
    return bytes(data[: source.randrange(len(data) + 1)] if source.random() < 0.2 else data)


@cache
def home() -> Home:
    """A home with a small build of invented texts, made once in a run."""
    folder = Path(tempfile.mkdtemp(prefix="yilun-hostile-"))
    made = Home(folder / "home")
    make_build(
        made, [write_corpus(folder / "corpus")], selector="all", environ={}, load_graph=False, encode=False,
        progress=lambda *_: None,
    )  # fmt: skip
    return made


@cache
def answers() -> Answers:
    """What the build answers."""
    return Answers.open(home(), GraphDesk(home(), {}))


@cache
def _segmenter() -> Segmenter:
    return Segmenter(read_lexicon(data_folder()))


def any_file(source: Source) -> None:
    """A file of any kind is read, or refused with an error that has its place; it never raises."""
    name = f"a{source.choice([*sorted(KINDS), '.doc', ''])}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(encoded(source))
        found = read_file(path, name)
    assert found.text is not None or (
        found.problems[-1].severity is Severity.ERROR and found.problems[-1].place == name
    )


def any_law(source: Source) -> None:
    """Any text is parsed to provisions that lie in it, in order and each in the one above; its norms quote it."""
    raw = text(source) if source.random() < 0.5 else _spoilt(NURSING_2020, source)
    acquired = Acquired(
        Origin("made", "a.md", "0" * 64), raw, source.choice([Form.MARKDOWN, Form.PLAIN, Form.PDF_TEXT]), ()
    )
    document = read_document(acquired)
    official = document.text.official
    for provision in document.provisions:
        assert 0 <= provision.start <= provision.head_end <= provision.end <= len(official)
    assert len({provision.id for provision in document.provisions}) == len(document.provisions)


def any_norms(source: Source) -> None:
    """The marks of any text align with its characters."""
    words = (
        text(source, 30).encode("utf-8", "replace").decode("utf-8")
    )  # no reader lets halves of characters through
    marked = _segmenter().mark(words)
    for mark in (*marked.cues, *marked.parties):
        assert 0 <= mark.start < mark.end <= len(words)


def any_citations(source: Source) -> None:
    """Citations of any text are spans of it; what is wrong with one is told, and the report shows no markup of the text."""
    words = text(source)
    found = answers().check(words, as_of=DAY).citations
    for one in found:
        assert words[one.span[0] : one.span[1]] == one.surface or _visible(words[one.span[0] : one.span[1]])
        assert 0 <= one.span[0] < one.span[1] <= len(words)
    checker = answers()._citation_checker()
    page = html_report(
        words, checker.check(words, as_of=DAY), answers().build, name=words[:20], as_of="2021-01-01"
    )
    assert "<script" not in page


def any_facts(source: Source) -> None:
    """Facts of any story are spans of it."""
    words = text(source)
    for fact in read_facts(words, shipped_fact_words()[0]).facts:
        assert words[fact.part.start : fact.part.end] == fact.part.text


def any_search(source: Source) -> None:
    """Any query finds provisions of the build or nothing; any reference is found or refused in words."""
    words = text(source, 12)
    for hit in answers().retriever.search(words, 5, as_of=DAY):
        answers().build.clause(hit.id)
    try:
        answers().article(words[:80], as_of=DAY)
    except YilunError as error:
        assert str(error)


def any_import(source: Source) -> None:
    """A table of answers is read row by row, or refused with its place."""
    header = source.choice(
        [
            "scene,query,reference,type",
            "scene,query,reference,type,response,score1,score2,score3,score4,score5,score6",
            "question,answer",
            "",
        ]
    )
    rows = "\n".join(
        ",".join(_cell(source) for _ in range(source.randrange(1, 12))) for _ in range(source.randrange(6))
    )
    readers: tuple[Callable[[Path], Any], ...] = (
        medes.read_objective, medes.read_subjective, medes.read_judged, medethiceval.read_knowledge, medethiceval.read_violations,
        medethiceval.read_dilemmas,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(f"{header}\n{rows}".encode("utf-8", "surrogatepass"))
        try:
            list(source.choice(readers)(path))
        except YilunError as error:
            assert "a.csv" in str(error)


def any_verdict(source: Source) -> None:
    """A verdict file with anything changed is no verdict, or its changes are found; a whole one passes."""
    whole = _verdict()
    changed = _changed_json(json.loads(whole), source)
    words, digest = shipped_fact_words()
    try:
        verdict = read_verdict(json.dumps(changed, ensure_ascii=False), "a.json")
    except (YilunError, ValidationError):
        return
    faults = [
        *verify(verdict, words=words, words_digest=digest, weights=None),
        *verify_against(verdict, answers().build),
    ]
    assert faults or verdict == VerdictFile.model_validate_json(whole)


def any_log(source: Source) -> None:
    """An append-only log with anything in it is replayed, or refused with file and line."""
    lines = [
        json.dumps({"id": i}) if source.random() < 0.6 else text(source, 5).replace("\n", " ")
        for i in range(source.randrange(6))
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
        try:
            replay(path, lambda row: row["id"], what="记录")
        except YilunError as error:
            assert "log.jsonl" in str(error)


CHECKS: Mapping[str, Check] = {
    check.__name__: check
    for check in (
        any_file,
        any_law,
        any_norms,
        any_citations,
        any_facts,
        any_search,
        any_import,
        any_verdict,
        any_log,
    )
}
"""Every check by name."""


@cache
def _verdict() -> str:
    from evaluator.verdict import Reasoner

    return (
        Reasoner.over(answers().build, answers().retriever)
        .judge("护士发现医嘱违反规定，没有向医师提出。", as_of=DAY)
        .to_json()
    )


def _spoilt(words: str, source: Source) -> str:
    for _ in range(source.randrange(1, 6)):
        at = source.randrange(len(words))
        words = words[:at] + source.choice(_PIECES) + words[at + source.randrange(4) :]
    return words


def _cell(source: Source) -> str:
    words = text(source, 4)
    return '"' + words.replace('"', '""') + '"' if source.random() < 0.5 else words


def _changed_json(value: Any, source: Source) -> Any:
    """The value with one leaf, key or length changed."""
    if isinstance(value, dict) and value and source.random() < 0.95:
        key = source.choice(sorted(value))
        if source.random() < 0.05:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: _changed_json(value[key], source)}
    if isinstance(value, list) and value and source.random() < 0.9:
        at = source.randrange(len(value))
        return [*value[:at], _changed_json(value[at], source), *value[at + 1 :]]
    return source.choice([None, 0, -1, 1e300, "", text(source, 3), [], {}, True, value])


def _visible(words: str) -> bool:
    return any(c.isprintable() and not c.isspace() for c in words)
