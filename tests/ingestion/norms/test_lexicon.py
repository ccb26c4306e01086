"""The word lists say where each entry comes from, and a bad line is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ingestion.norms.lexicon import Lexicon, read_lexicon
from kg.pack import data_folder
from kg.problem import DamagedError


@pytest.mark.parametrize("name", ["cues", "parties", "principle_words", "topic_words"])
def test_every_entry_has_a_source(name: str) -> None:
    lines = (data_folder() / "norms" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 30
    assert all(json.loads(line)["source"] for line in lines)


def test_every_principle_has_a_definition_its_declarations_and_words(lexicon: Lexicon) -> None:
    assert len(lexicon.principles) == 14
    assert all(len(p.definition) > 20 and p.sources for p in lexicon.principles.values())
    assert {name for w in lexicon.principle_words for name in w.meant} == set(lexicon.principles)


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("cues", {"cue": "应当"}, "cues.jsonl:"),
        ("parties", {"id": "x", "broader": ["没有"], "words": [], "source": "s", "note": ""}, "没有"),
        ("parties", {"id": "y", "broader": [], "words": ["医师"], "source": "s", "note": ""}, "医师"),
        ("principle_words", {"word": "x", "where": "text", "for": ["没有的原则"], "weights": {}, "source": "s"}, "没有的原则"),
        ("topic_words", {"name": "没有的场景", "word": "x", "where": "text", "weight": 1, "source": "s"}, "没有的场景"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named(tmp_path: Path, name: str, line: dict[str, object], words: str) -> None:
    for part in ("norms", "ledger"):
        shutil.copytree(data_folder() / part, tmp_path / part)
    with (tmp_path / "norms" / f"{name}.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    with pytest.raises(DamagedError, match=words):
        read_lexicon(tmp_path)
