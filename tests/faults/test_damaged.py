"""A file of a build or of a model that was altered: named and refused, or not needed; never another answer."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluator.fact_words import shipped_fact_words
from evaluator.guardian.fit import heads
from evaluator.guardian.harm import HarmHead
from evaluator.guardian.learned import Heads
from evaluator.verify import read_verdict, verify
from evaluator.weighing import read_weights
from kg.home import Home
from kg.pack import data_folder
from kg.problem import DamagedError, InputError
from retrieval.adapted import AdaptedEncoder
from retrieval.ranking import LearnedRanking
from tests.app.conftest import Run
from tests.app.invented import write_corpus
from tests.app.test_builder import build, tree
from tests.faults.kept_things import assert_kept, keep_one_of_each

QUESTIONS = (
    ("search", "护士保护隐私", "--as-of", "2026-11-22", "--json"),
    ("article", "甲护理条例第二条", "--as-of", "2026-11-22", "--json"),
    ("norms", "甲护理条例第二条", "--as-of", "2026-11-22", "--json"),
    ("status", "--json"),
)

UNREAD = ("graph", "pack")
"""Parts of a build that none of the questions reads."""


def flip(path: Path) -> None:
    """Change one byte in the middle, keeping the length; an empty file gets one."""
    data = bytearray(path.read_bytes() or b" ")
    data[len(data) // 2] ^= 0x01
    path.write_bytes(data)


def cut(path: Path) -> None:
    """Lose the second half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("harm", [flip, Path.unlink])
def test_no_damaged_file_of_a_build_changes_an_answer(
    run: Run, made_home: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    shutil.copytree(made_home, tmp_path / "home")
    folder = Home(tmp_path / "home").build()
    whole = [run(*question) for question in QUESTIONS]
    assert {done.code for done in whole} == {0}
    refused = set()
    for path in sorted(
        p for p in folder.rglob("*") if p.is_file() and p.relative_to(folder).parts[0] not in UNREAD
    ):
        kept = path.read_bytes()
        harm(path)
        for question, good in zip(QUESTIONS, whole, strict=True):
            done = run(*question)
            if done.code:
                refused.add(path.relative_to(folder).as_posix())
                assert "yilun build" in done.err, (path, question, done.err)
                assert path.name in done.err or path.parent.name in done.err, (path, question, done.err)
                assert not done.out
            else:
                assert done.out == good.out, (path, question)
        path.write_bytes(kept)
    assert {"manifest.json", "expressions.jsonl", "index/manifest.json", "index/weights.npy"} <= refused


@pytest.mark.parametrize("harm", [flip, Path.unlink])
def test_the_next_build_replaces_what_was_damaged(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    home = Home(tmp_path / "home")
    folder = home.build_path(build(home.root, corpus).build_id)
    kept = keep_one_of_each(home)
    whole = folder.parent / build(home.root, corpus).build_id
    before = tree(whole)
    for name in ("graph", "index", "texts"):
        harm(next(p for p in sorted((whole / name).rglob("*")) if p.is_file() and p.stat().st_size))
    assert build(home.root, corpus).build_id == whole.name
    assert tree(whole) == before
    assert_kept(home, *kept)


def test_a_damaged_cache_of_vectors_is_passed_over(tmp_path: Path) -> None:
    from tests.faults.test_killed_build import made

    corpus = write_corpus(tmp_path / "corpus")
    one, two = Home(tmp_path / "one"), Home(tmp_path / "two")
    first = made(one, corpus, encode=True).build_id
    for path in (one.cache / "vectors").rglob("*.bin"):
        flip(path)
        shutil.copytree(one.cache, two.cache)
    second = made(two, corpus, encode=True).build_id
    assert tree(one.build_path(first)) == tree(two.build_path(second))


MODELS: list[tuple[str, str, Callable[[Path], object]]] = [
    ("e5-small-law", "model.onnx", lambda folder: AdaptedEncoder(folder).encode(["知情"])),
    ("e5-small-law", "tokenizer.json", lambda folder: AdaptedEncoder(folder).encode(["知情"])),
    ("ranking", "weights.json", LearnedRanking.read),
    ("verdict", "weights.npz", read_weights),
    ("guardian", "heads.npz", Heads.open),
    ("guardian", "harm.npz", lambda folder: HarmHead.open(folder, AdaptedEncoder(data_folder() / "models/e5-small-law"))),
    ("guardian", "citations.json", heads),
]  # fmt: skip


@pytest.mark.parametrize("harm", [flip, cut])
@pytest.mark.parametrize(("model", "file", "read"), MODELS, ids=[f"{m}/{f}" for m, f, _ in MODELS])
def test_a_damaged_model_is_refused(
    tmp_path: Path, model: str, file: str, read: Callable[[Path], object], harm: Callable[[Path], None]
) -> None:
    folder = tmp_path / model
    shutil.copytree(data_folder() / "models" / model, folder)
    read(folder)
    harm(folder / file)
    with pytest.raises(DamagedError, match=model):
        read(folder)


def test_an_altered_verdict_is_found(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    home = Home(tmp_path / "home")
    build(home.root, corpus)
    verdict, _ = keep_one_of_each(home)
    text = verdict.read_text(encoding="utf-8")
    words, digest = shipped_fact_words()

    def faults(content: str) -> list[str]:
        verdict = read_verdict(content, "v.json")
        return [fault.place for fault in verify(verdict, words=words, words_digest=digest, weights=None)]

    assert faults(text) == []
    assert "id" in faults(text.replace("病人", "医院", 1))
    with pytest.raises(InputError, match="不是结论文件"):
        faults(text[: len(text) // 2])
