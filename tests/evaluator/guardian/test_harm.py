"""The harm head as it is run: its parts, and that it refuses vectors of another encoder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from evaluator.guardian.advice import pieces
from evaluator.guardian.harm import BUCKETS, HarmHead, clauses, runs, signs
from evaluator.twins import planted_steps
from kg.manifest import write_seal
from kg.problem import DamagedError, InputError


class _Length:
    """Stands in for an encoder, as a test of the sum needs no meaning: the length of a text, once."""

    digest = "abc"

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.array([[len(text)] for text in texts], dtype=np.float32)


def _written(folder: Path, encoder: str = "abc") -> Path:
    mixture = {"harm": 1.0, "sentence": 0.0, "offset": 0.0, "threshold": 0.5, "low": 0.5, "high": 0.5}
    (folder / "harm.json").write_text(json.dumps({"encoder": encoder, "mixture": mixture}))
    arrays = {
        "runs": np.zeros(BUCKETS), "signs": np.zeros(len(signs("一"))), "mean": np.array([1.0]), "scale": np.array([2.0]),
        "hidden": np.array([[1.0]]), "hidden_bias": np.array([0.0]), "out": np.array([3.0]), "bias": np.array(-1.0),
    }  # fmt: skip
    arrays["runs"][runs("清空监控录像吧")] = 0.5
    np.savez(folder / "harm.npz", **arrays)
    write_seal(folder)
    return folder


def test_a_logit_is_the_sum_of_its_parts(tmp_path: Path) -> None:
    head = HarmHead.open(_written(tmp_path), _Length())
    text = "清空监控录像吧"
    (logit,) = head.logits(clauses(text))
    count = len(runs(text))
    assert logit == pytest.approx(-1 + 3 * (len(text) - 1) / 2 + 0.5 * count / count**0.5, abs=1e-4)


def test_another_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="learned"):
        HarmHead.open(_written(tmp_path, "xyz"), _Length())


def test_a_missing_model_is_damage(tmp_path: Path) -> None:
    with pytest.raises(DamagedError):
        HarmHead.open(tmp_path, _Length())


def test_a_planted_step_is_a_clause_of_its_own() -> None:
    text = "先复印病历。再向医务科投诉，留好回执。"
    for start, end, step in planted_steps(
        text, ["把监控录像清空一遍", "让护士替家属把字签了"], "illegal", most=2
    ):
        changed = text[:start] + step + text[end:]
        assert any(step.strip("，。") in piece.text for piece in pieces(changed))
        assert all(changed[piece.start : piece.end] == piece.text for piece in pieces(changed))
