"""The encoder adapted to this project's pairs, run by onnxruntime: no torch.

Its folder holds `model.onnx` and `tokenizer.json`, and a model card that says what it was trained on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_QUERY, _PASSAGE = "query: ", "passage: "
_LONGEST = 256
"""Tokens of a text that count: some 400 characters."""
_BATCH_TOKENS = 2048


class AdaptedEncoder:
    """multilingual-e5-small adapted to Chinese law and everyday words, in eight bits.

    The model is loaded with the first text.
    """

    dimension = 384

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self._folder = folder
        self._threads = threads

    @cached_property
    def name(self) -> str:
        """The model's name and the first digits of its digest."""
        return f"{self._folder.name} {self.digest[:8]}"

    @cached_property
    def digest(self) -> str:
        """A hash over weights and tokenizer, as the model's manifest states it."""
        stated = json.loads((self._folder / "manifest.json").read_text("utf-8"))
        return str(stated["digest"])

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(_LONGEST)
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(
            str(self._folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def ids(self, text: str) -> list[int]:
        """The token ids of a passage."""
        return list(self._tokenizer.encode(_PASSAGE + text).ids)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One unit vector for each passage."""
        return self._encode([_PASSAGE + text for text in texts])

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """The unit vector of a query, as one row."""
        return self._encode([_QUERY + text])

    def _encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        import numpy as np

        found = np.zeros((len(texts), self.dimension), dtype=np.float32)
        encoded = [one.ids for one in self._tokenizer.encode_batch(list(texts))]
        # Texts of one length only: padding would change the vectors, since the rounding of a batch's
        # activations depends on everything in the batch.
        order = sorted(range(len(texts)), key=lambda place: (len(encoded[place]), place))
        for place in order:
            ids = np.asarray([encoded[place]], dtype=np.int64)
            (vector,) = self._session.run(["vectors"], {"ids": ids, "mask": np.ones_like(ids)})
            found[place] = vector[0]
        return found


def file_digest(folder: Path) -> str:
    """The hash that a model's manifest has to state."""
    made = hashlib.sha256()
    for name in ("model.onnx", "tokenizer.json"):
        made.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return made.hexdigest()[:32]
