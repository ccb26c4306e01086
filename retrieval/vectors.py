"""A cache of text vectors on disk: one file of fixed records for each encoder, only ever added to.

A record is the sha256 of a text, its vector in half precision, and a checksum. A write that was cut off
leaves a torn last record: readers pass over it, the next writer cuts it away.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from retrieval.shipped import Shipped, shipped_path

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Progress = Callable[[int, int], None]
"""Called with how many texts are encoded and how many there are to encode."""


class Encoder(Protocol):
    """Makes unit vectors of texts: the same text and digest give the same vector, up to rounding."""

    @property
    def name(self) -> str:
        """The model in words, with its version."""
        ...

    @property
    def digest(self) -> str:
        """What the vectors depend on: a hash over the model's files."""
        ...

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One row for each text of law."""
        ...

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """The vector of what people ask, as the only row."""
        ...


def text_key(text: str) -> bytes:
    """The sha256 of a text: what its vector is filed under."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


_LONE = re.compile("[\ud800-\udfff]")


def encodable(text: str) -> str:
    """A text that every tokenizer takes: halves of surrogate pairs, which UTF-8 cannot hold, become blanks.

    >>> encodable("知情\\ud800同意")
    '知情 同意'
    """
    return _LONE.sub(" ", text)


_KEY, _CHECK = 32, 4
_BATCH = 256


class VectorCache:
    """The vectors of one encoder under `<cache>/vectors/<encoder digest>/`."""

    def __init__(self, cache: Path, encoder: Encoder) -> None:
        self._encoder = encoder
        self._size = _KEY + 2 * encoder.dimension + _CHECK
        self.path = cache / "vectors" / encoder.digest / "vectors.bin"

    def read(self) -> dict[bytes, bytes]:
        """Every whole record: sha256 of the text to the bytes of its vector in half precision."""
        if not self.path.exists():
            return {}
        data = self.path.read_bytes()
        held: dict[bytes, bytes] = {}
        for start in range(0, len(data) - self._size + 1, self._size):
            record = data[start : start + self._size]
            if zlib.crc32(record[:-_CHECK]).to_bytes(_CHECK, "big") == record[-_CHECK:]:
                held[record[:_KEY]] = record[_KEY:-_CHECK]
        return held

    def _append(self, keys: Sequence[bytes], vectors: npt.NDArray[np.float32]) -> None:
        from filelock import FileLock

        block = bytearray()
        for key, vector in zip(keys, vectors.astype("<f2"), strict=True):
            record = key + vector.tobytes()
            block += record + zlib.crc32(record).to_bytes(_CHECK, "big")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock"), self.path.open("ab") as file:
            file.truncate(file.tell() - file.tell() % self._size)
            file.write(block)

    def vectors(self, texts: Iterable[str], *, progress: Progress | None = None) -> npt.NDArray[np.float32]:
        """One row for each text, in order.

        Only texts that neither the cache nor the data pack has are encoded, then kept.
        """
        import numpy as np

        keyed = [(text_key(text), text) for text in texts]
        held = self.read()
        shipped = Shipped(shipped_path(self._encoder.digest))
        for key, _ in keyed:
            if key not in held and (vector := shipped.get(key)) is not None:
                held[key] = vector.astype("<f2").tobytes()
        # Sorted by length, so that a batch does not mix short texts with long ones.
        missing = sorted(
            {key: text for key, text in keyed if key not in held}.items(), key=lambda x: (len(x[1]), x[0])
        )
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            made = self._encoder.encode([text for _, text in batch])
            self._append([key for key, _ in batch], made)
            held |= {key: row.tobytes() for (key, _), row in zip(batch, made.astype("<f2"), strict=True)}
            if progress:
                progress(min(start + _BATCH, len(missing)), len(missing))
        block = b"".join(held[key] for key, _ in keyed)
        found = np.frombuffer(block, dtype="<f2").reshape(-1, self._encoder.dimension)
        return found.astype(np.float32)
