"""Search by meaning: a FAISS index over an encoder's vectors.

Vectors stand outside the content hash of a build: they follow from its texts and the encoder's digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kg.problem import DamagedError
from retrieval.lexical import Scored
from retrieval.vectors import Encoder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

INDEX_FILE, NOTE_FILE = "dense.faiss", "dense.json"


def write_dense(vectors: npt.NDArray[np.float32], folder: Path, *, encoder: Encoder) -> None:
    """Write the FAISS index of an encoder's vectors, half precision, in their order.

    The note comes last: a folder where writing was cut off counts as one without vectors.
    """
    import faiss

    index = faiss.IndexScalarQuantizer(
        encoder.dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    index.train(vectors)
    index.add(vectors)
    data = faiss.serialize_index(index).tobytes()
    (folder / NOTE_FILE).unlink(missing_ok=True)
    (folder / INDEX_FILE).write_bytes(data)
    note = {
        "encoder": encoder.name,
        "encoder_digest": encoder.digest,
        "rows": len(vectors),
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
    }
    partial = folder / f"{NOTE_FILE}.partial"
    partial.write_text(json.dumps(note, indent=1, sort_keys=True) + "\n", "utf-8")
    partial.replace(folder / NOTE_FILE)


class DenseIndex:
    """Cosines of a query with every document, by exhaustive search.

    Nothing is read before the first query: a command that searches by words alone starts 0.3 s sooner.
    """

    def __init__(self, folder: Path, encoder: Encoder, note: Mapping[str, Any]) -> None:
        self.encoder = encoder
        self._folder = folder
        self._note = note

    @classmethod
    def open(cls, folder: Path, encoder: Encoder | None, *, rows: int) -> Self | None:
        """The index of a folder, or None where it has none that this encoder made for so many rows."""
        try:
            note = json.loads((folder / NOTE_FILE).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        if encoder is None or note["encoder"] != encoder.name or note["rows"] != rows:
            return None
        return cls(folder, encoder, note)

    @cached_property
    def _index(self) -> Any:
        path = self._folder / INDEX_FILE
        data = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(data).hexdigest() != self._note["sha256"]:
            raise DamagedError(f"索引文件 {path} 与 {NOTE_FILE} 记录的摘要不符；请重新运行 yilun build")
        if self.encoder.digest != self._note["encoder_digest"]:
            raise DamagedError(f"{path} 中的向量由另一份 {self.encoder.name} 生成；请重新运行 yilun build")
        import faiss
        import numpy as np

        # One query walks 25,000 vectors in 4 ms on one thread; a second thread made it slower.
        faiss.omp_set_num_threads(1)
        return faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))

    def verify(self) -> None:
        """Read and check the files; DamagedError if they are not what this encoder made."""
        _ = self._index

    @cached_property
    def _vectors(self) -> npt.NDArray[np.float32]:
        vectors: npt.NDArray[np.float32] = self._index.reconstruct_n(0, self._index.ntotal)
        return vectors

    def cosines(self, vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The cosine of every document, by row, with a unit vector of this index's encoder."""
        return self._vectors @ vector

    def search(self, query: str, k: int, *, allowed: npt.NDArray[np.bool_] | None = None) -> list[Scored]:
        """The k nearest documents, nearest first, ties by row."""
        import faiss
        import numpy as np

        k = min(k, self._index.ntotal if allowed is None else int(allowed.sum()))
        if k == 0 or not query.strip():
            return []
        parameters = None
        if allowed is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))  # type: ignore[call-arg,arg-type]  # made by SWIG
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # made by SWIG
        scores, rows = self._index.search(self.encoder.encode_query(query), k, params=parameters)
        found = [
            Scored(int(row), round(float(score), 6)) for row, score in zip(rows[0], scores[0], strict=True)
        ]
        return sorted((hit for hit in found if hit.row >= 0), key=lambda hit: (-hit.score, hit.row))
