"""Which clause of an answer advises something harmful: runs of characters, cues and the meaning of each clause.

The head was trained on clauses whose label is known (harmful and lawful steps written for training, planted in good
answers) and on whole answers of which only the grade is known: some clause of a risky one is harmful, none of a safe
one is. Answers to one scenario were set against one another, so that what they share gives nothing away.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from zlib import crc32

from evaluator.guardian.advice import pieces, words
from evaluator.guardian.cues import Cue, Sentence, cue_hits
from kg.manifest import read_sealed
from kg.problem import DamagedError, InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BUCKETS = 1 << 15
_LEAST, _LONGEST_RUN = 4, 4
_NEGATED = re.compile(r"不要|别|切勿|不得|不能|不应|不可|禁止|停止|不必|无需|不用")
_CONDEMNS = re.compile(r"违反|违法|违规|不符合|不合|不对|不妥|不行|侵害|侵犯|处罚|无效")
_RULE = re.compile(r"《|规定|要求|第.{1,8}条")


class Meaning(Protocol):
    """Makes unit vectors of texts; `digest` tells which model does."""

    @property
    def digest(self) -> str:
        """A hash over the model."""
        ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One row for each text."""
        ...


def runs(text: str) -> list[int]:
    """The buckets of the runs of one to four characters of a clause, its ends marked."""
    marked = f"^{text}$"
    found = {
        crc32(marked[start : start + length].encode()) % BUCKETS
        for length in range(1, _LONGEST_RUN + 1)
        for start in range(len(marked) - length + 1)
    }
    return sorted(found)


def signs(text: str) -> list[float]:
    """What the cue lists see in a clause, as ones and zeros."""
    hits = cue_hits(text)
    kinds = {hit.cue for hit in hits}
    harms = {hit.note for hit in hits if hit.cue in (Cue.UNSAFE, Cue.HINT)}
    seen = (
        *(cue in kinds for cue in (Cue.UNSAFE, Cue.HINT, Cue.ADVICE, Cue.EMPATHY, Cue.ISSUE, Cue.ABSOLUTE)),
        bool(_NEGATED.search(text)), bool(_CONDEMNS.search(text)), bool(_RULE.search(text)),
        len(text) < 10, len(text) > 25, "“" in text, len(harms) > 1,
    )  # fmt: skip
    return [float(one) for one in seen]


def clauses(response: str) -> list[Sentence]:
    """The clauses of an answer that say enough to be judged."""
    return [piece for piece in pieces(response) if len(words(piece)) >= _LEAST]


@dataclass(frozen=True, slots=True)
class Mixture:
    """How the head's logit and that of the sentence head become one probability; chosen on the dev folds."""

    harm: float
    sentence: float
    offset: float
    threshold: float
    low: float
    high: float


class HarmHead:
    """The trained head; `arrays` are its weights by name."""

    def __init__(
        self, arrays: dict[str, npt.NDArray[np.float32]], mixture: Mixture, meaning: Meaning
    ) -> None:
        self._arrays = arrays
        self.mixture = mixture
        self._meaning = meaning

    @classmethod
    def open(cls, folder: Path, meaning: Meaning) -> HarmHead:
        """Read harm.npz and harm.json of a folder; InputError if they were trained on another encoder's vectors."""
        import numpy as np

        try:
            stored_json = json.loads(read_sealed(folder, "harm.json"))
            mixture, trained_on = Mixture(**stored_json["mixture"]), stored_json["encoder"]
            with np.load(io.BytesIO(read_sealed(folder, "harm.npz")), allow_pickle=False) as stored:
                arrays = {name: stored[name].astype(np.float32) for name in stored.files}
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"读不到评分模型 {folder}：{error}；请重新安装 yilun") from error
        if trained_on != meaning.digest:
            raise InputError(
                f"encoder 级评分器按编码器 {trained_on} 训练，这一构建用的是 {meaning.digest}；请改用 --tier learned"
            )
        return cls(arrays, mixture, meaning)

    def logits(self, found: Sequence[Sentence]) -> npt.NDArray[np.float64]:
        """The logit of each clause that it advises something harmful."""
        import numpy as np

        texts = [words(piece) for piece in found]
        held = self._arrays
        vectors = (self._meaning.encode(texts) - held["mean"]) / held["scale"]
        hidden = np.maximum(vectors @ held["hidden"] + held["hidden_bias"], 0.0)
        total = hidden @ held["out"] + float(held["bias"])
        total += np.array([signs(text) for text in texts], dtype=np.float32) @ held["signs"]
        for place, text in enumerate(texts):
            buckets = runs(text)
            total[place] += float(held["runs"][buckets].sum()) / len(buckets) ** 0.5
        made: npt.NDArray[np.float64] = total.astype(np.float64)
        return made
