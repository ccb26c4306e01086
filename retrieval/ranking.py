"""The learned ranking: one number for each line of evidence, from weights in the data pack, with numpy alone.

Fitted by `retrieval.train_ranking` on the train folds of the written cases and glosses (model-written,
unreviewed). The weights are a small network: a linear part, and one hidden layer that lets one number
change what another is worth (a gloss's absence, where the nearest documents have none either).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kg.pack import data_folder
from kg.problem import DamagedError
from retrieval.evidence import FEATURES
from retrieval.vectors import Encoder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MODEL = "ranking"
"""The folder of the weights below data/models."""

WEIGHTS_FILE, MANIFEST_FILE = "weights.json", "manifest.json"
_LARGEST = 5.0
"""No number counts for more than this many standard deviations: what training never saw must not decide."""


@dataclass(frozen=True, slots=True, eq=False)
class LearnedRanking:
    """Weights over `FEATURES`; `offset` makes of a sum the log-odds that the document governs."""

    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    direct: npt.NDArray[np.float64]
    hidden: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]
    output: npt.NDArray[np.float64]
    offset: float
    encoder: str

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The weights of a folder; DamagedError if they are not those that its manifest names."""
        import numpy as np

        data = (folder / WEIGHTS_FILE).read_bytes()
        stated = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
        if hashlib.sha256(data).hexdigest() != stated["sha256"]:
            raise DamagedError(f"{folder / WEIGHTS_FILE} 与 {MANIFEST_FILE} 记录的摘要不符；请重新安装 yilun")
        held = json.loads(data)
        if tuple(held["features"]) != FEATURES:
            raise DamagedError(f"{folder / WEIGHTS_FILE} 的特征与程序不同；请重新安装 yilun")
        names = ("mean", "scale", "direct", "hidden", "bias", "output")
        arrays = {name: np.asarray(held[name], dtype=np.float64) for name in names}
        return cls(**arrays, offset=float(held["offset"]), encoder=stated["encoder"])

    def scores(self, evidence: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """For each line of evidence a number from 0 to 1, larger where the document more likely governs."""
        import numpy as np

        given = np.clip((evidence - self.mean) / self.scale, -_LARGEST, _LARGEST)
        # Products summed by hand, not by BLAS: the same bytes on every machine, and as quick for so few.
        inner = np.tanh((given[:, None, :] * self.hidden[None, :, :]).sum(axis=2) + self.bias)
        odds = (given * self.direct).sum(axis=1) + (inner * self.output).sum(axis=1) + self.offset
        return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float64)


def ranking_for(encoder: Encoder | None) -> LearnedRanking | None:
    """The ranking of the data pack, if it was fitted on this encoder's cosines; else scores are added by hand weights."""
    held = _shipped()
    return held if held and encoder and encoder.name == held.encoder else None


@cache
def _shipped() -> LearnedRanking | None:
    folder = data_folder() / "models" / MODEL
    return LearnedRanking.read(folder) if (folder / MANIFEST_FILE).is_file() else None
