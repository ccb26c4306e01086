"""The vectors of the packaged laws' clauses that come with the project, so that a first build need not make them.

One file for each encoder, data/vectors/<encoder digest>.npz: the first 16 bytes of the sha256 of each text
(sorted), and its unit vector as int8 codes with one scale for each row. Rounding moves a cosine by less than
a thousandth. A text that is not there is encoded as usual; no text of law can be read back from the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_KEY = 16


def shipped_path(encoder_digest: str) -> Path:
    """Where the data pack has the vectors of an encoder, if it has them."""
    from kg.pack import data_folder

    return data_folder() / "vectors" / f"{encoder_digest}.npz"


def write_shipped(vectors: Mapping[bytes, npt.NDArray[np.float32]], path: Path) -> None:
    """Write vectors by the sha256 of their texts; the same vectors give the same bytes."""
    import numpy as np

    keys = sorted(vectors)
    rows = np.stack([vectors[key] for key in keys]).astype(np.float32)
    scales = np.maximum(np.abs(rows).max(axis=1), 1e-12) / 127
    codes = np.rint(rows / scales[:, None]).astype(np.int8)
    heads = np.frombuffer(b"".join(key[:_KEY] for key in keys), dtype=np.uint8).reshape(-1, _KEY)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, keys=heads, scales=scales.astype(np.float32), codes=codes)


class Shipped:
    """Vectors by text key, read once; empty where the pack has none for the encoder."""

    def __init__(self, path: Path) -> None:
        import numpy as np

        self._rows: dict[bytes, int] = {}
        if path.is_file():
            with np.load(path, allow_pickle=False) as stored:
                self._rows = {head.tobytes(): row for row, head in enumerate(stored["keys"])}
                self._scales, self._codes = stored["scales"], stored["codes"]

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: bytes) -> npt.NDArray[np.float32] | None:
        """The vector of a text by its sha256, None if it is not among the shipped ones."""
        import numpy as np

        row = self._rows.get(key[:_KEY])
        if row is None:
            return None
        vector: npt.NDArray[np.float32] = self._codes[row].astype(np.float32) * self._scales[row]
        return vector / np.float32(np.linalg.norm(vector) or 1.0)
