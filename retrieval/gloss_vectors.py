"""What glosses mean to the encoder: one vector for each gloss, and the clauses that it was written for.

A gloss stands in people's words, and so does a query: they are nearer to one another than either is to the
words of law. The vectors stand beside those of the clauses, outside the content hash of a build.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from retrieval.dense import DenseIndex, write_dense
from retrieval.glosses import Gloss
from retrieval.lexical import Scored
from retrieval.vectors import Encoder, Progress, VectorCache

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_FOLDER, _OWNERS = "glosses", "owners.npy"


def gloss_text(gloss: Gloss) -> str:
    """The lines that `GlossEncoder` reads: the meaning, then the situations."""
    return "\n".join(line.replace("\n", " ") for line in (gloss.gloss, *gloss.situations))


class GlossEncoder:
    """Encodes a gloss as the mean of its meaning, read as a provision, and its situations, read as queries."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @property
    def name(self) -> str:
        """The encoder, and that these are glosses."""
        return f"{self._encoder.name}, glosses"

    @property
    def digest(self) -> str:
        """That of the encoder, marked."""
        return f"{self._encoder.digest}-glosses"

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._encoder.dimension

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One unit vector for each `gloss_text`."""
        import numpy as np

        meant = [text.split("\n") for text in texts]
        made = self._encoder.encode([lines[0] for lines in meant])
        for row, lines in enumerate(meant):
            for line in lines[1:]:
                made[row] += self._encoder.encode_query(line)[0]
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """That of the encoder."""
        return self._encoder.encode_query(text)


def write_gloss_vectors(
    told: Mapping[int, Sequence[Gloss]],
    folder: Path,
    *,
    cache: Path,
    encoder: Encoder,
    progress: Progress | None = None,
) -> None:
    """Write, below the folder of the clauses' vectors, those of the glosses of these rows."""
    import numpy as np

    target = folder / _FOLDER
    target.mkdir(parents=True, exist_ok=True)
    pairs = [(row, gloss_text(gloss)) for row in sorted(told) for gloss in told[row]]
    np.save(target / _OWNERS, np.asarray([row for row, _ in pairs], dtype=np.int32), allow_pickle=False)
    reader = GlossEncoder(encoder)
    vectors = VectorCache(cache, reader).vectors((text for _, text in pairs), progress=progress)
    write_dense(vectors, target, encoder=reader)


@dataclass(frozen=True, slots=True, eq=False)
class GlossVectors:
    """Clauses by the likeness of a query to their glosses."""

    _dense: DenseIndex
    _owners: npt.NDArray[np.int32]

    @classmethod
    def open(cls, folder: Path, encoder: Encoder | None) -> Self | None:
        """What `write_gloss_vectors` wrote below this folder; None where there is nothing of this encoder."""
        import numpy as np

        path = folder / _FOLDER / _OWNERS
        if encoder is None or not path.is_file():
            return None
        owners = np.load(path, allow_pickle=False)
        dense = DenseIndex.open(folder / _FOLDER, GlossEncoder(encoder), rows=len(owners))
        return cls(dense, owners) if dense else None

    def glossed(self, count: int) -> npt.NDArray[np.bool_]:
        """Which of so many documents have a gloss."""
        import numpy as np

        has = np.zeros(count, dtype=bool)
        has[self._owners] = True
        return has

    def verify(self) -> None:
        """DamagedError if the vectors are not those that were written."""
        self._dense.verify()

    def search(self, query: str, k: int, *, allowed: npt.NDArray[np.bool_] | None = None) -> list[Scored]:
        """The clauses of the k nearest glosses, each with the score of its nearest one, nearest first."""
        of_glosses = None if allowed is None else allowed[self._owners]
        best: dict[int, float] = {}
        for hit in self._dense.search(query, k, allowed=of_glosses):
            best.setdefault(int(self._owners[hit.row]), hit.score)
        return sorted(
            (Scored(row, score) for row, score in best.items()), key=lambda hit: (-hit.score, hit.row)
        )
