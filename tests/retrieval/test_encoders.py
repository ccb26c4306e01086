"""A model that the user names stands in for the shipped encoder: here a toy with random weights."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from clause_samples import CLAUSES, TODAY, sample_build

from kg.problem import InputError
from retrieval import Retriever
from retrieval.adapted import AdaptedEncoder
from retrieval.encoders import VARIABLE, HubEncoder, open_encoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A one-layer BERT over the characters of the sample clauses, as sentence-transformers saves it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    base, saved = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("toy")
    characters = sorted({char for clause in CLAUSES for char in clause.text if not char.isspace()})
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]
    (base / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(words), **sizes)).save_pretrained(base)
    BertTokenizerFast(vocab_file=str(base / "vocab.txt")).save_pretrained(base)
    transformer = Transformer(str(base))
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(saved))
    return saved


def test_search_with_a_named_model(folder: Path, tmp_path: Path) -> None:
    encoder = open_encoder({VARIABLE: str(folder)})
    assert isinstance(encoder, HubEncoder) and encoder.dimension == 32
    retriever = Retriever.over(
        sample_build(tmp_path, encoder=encoder), cache=tmp_path / "cache", encoder=encoder
    )
    words = (
        f"刑法 {CLAUSES[7].paragraphs[0].text}"  # a passage as it was encoded: random weights know no more
    )
    (hit,) = retriever.search(words, 1, as_of=TODAY, system="dense")
    assert hit.article == "第一百三十三条之一" and "语义第 1" in hit.why


def test_vectors_are_unit_vectors(folder: Path) -> None:
    made = HubEncoder(str(folder)).encode(["告知病情", "护士", ""])
    assert made.shape == (3, 32) and made.dtype == np.float32
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert HubEncoder(str(folder)).encode([]).shape == (0, 32)


def test_the_digest_follows_the_files(folder: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert HubEncoder(str(copy)).digest == HubEncoder(str(folder)).digest
    (copy / "note.txt").write_text("x", encoding="utf-8")
    assert HubEncoder(str(copy)).digest != HubEncoder(str(folder)).digest


def test_without_a_name_it_is_the_shipped_one() -> None:
    assert isinstance(open_encoder({}), AdaptedEncoder)


def test_a_folder_that_holds_no_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    encoder = HubEncoder(str(tmp_path / "没有的模型"))
    with pytest.raises(InputError, match="没有的模型"):
        encoder.encode(["x"])


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    # The library is installed wherever tests run; that it is not is what is tried here.
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"yilun\[embed\]"):
        open_encoder({VARIABLE: "BAAI/bge-m3"})


def test_a_named_model_costs_nothing_until_it_is_used(folder: Path) -> None:
    code = (
        "import sys; from retrieval.encoders import open_encoder\n"
        f"open_encoder({{{VARIABLE!r}: {str(folder)!r}}}); print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
