"""The encoder adapted to this project's pairs, run by onnxruntime: no torch.

Its folder in the data pack holds `model.onnx`, `tokenizer.json`, `manifest.json` and a model card.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.pack import data_folder
from kg.problem import DamagedError
from retrieval.vectors import encodable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MODEL = "e5-small-law"
"""The folder of the shipped model below data/models."""

_QUERY, _PASSAGE = "query: ", "passage: "
_WORKERS = 2
_QUERY_TOKENS = 112
"""Of a query so many are read, as in training: some 150 characters; the rest costs time and finds no more."""


class AdaptedEncoder:
    """multilingual-e5-small adapted to Chinese law and everyday words, in eight bits.

    Vectors do not depend on what else is encoded with a text. The model is loaded with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: tuple[str, npt.NDArray[np.float32]] | None = None

    @cached_property
    def _manifest(self) -> dict[str, Any]:
        return dict(json.loads((self._folder / "manifest.json").read_text("utf-8")))

    @property
    def name(self) -> str:
        """The model's name with its date."""
        return str(self._manifest["name"])

    @property
    def digest(self) -> str:
        """A hash over weights, tokenizer and the number of tokens read."""
        return str(self._manifest["digest"])

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._manifest["dimension"])

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(int(self._manifest["tokens"]))
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        if model_digest(self._folder, int(self._manifest["tokens"])) != self.digest:
            raise DamagedError(f"模型 {self._folder} 与 manifest.json 记录的摘要不符；请重新安装 yilun")
        options = onnxruntime.SessionOptions()
        # A long query takes little more than half the time on two threads, if they sleep and do not spin
        # while they wait: spinning costs the other core 200 ms now and then when both are busy.
        options.intra_op_num_threads, options.inter_op_num_threads = 2, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(
            str(self._folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One unit vector for each passage."""
        return self._encode([_PASSAGE + text for text in texts])

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """The unit vector of a query, as the only row."""
        # Clauses and glosses are searched one after the other with the same query: the last one is kept.
        last = self._last
        if last is None or last[0] != text:
            last = self._last = text, self._encode([_QUERY + text], tokens=_QUERY_TOKENS)
        return last[1].copy()

    def _encode(self, texts: list[str], *, tokens: int | None = None) -> npt.NDArray[np.float32]:
        import numpy as np

        session = self._session

        def vector(ids: Sequence[int]) -> npt.NDArray[np.float32]:
            # One text at a time: activations are rounded by the largest of a batch, so that in a batch
            # a text's vector would depend on its neighbours.
            row = np.asarray([ids], dtype=np.int64)
            (made,) = session.run(["vectors"], {"ids": row, "mask": np.ones_like(row)})
            return np.asarray(made[0], dtype=np.float32)

        encoded = [
            _first(one.ids, tokens) for one in self._tokenizer.encode_batch(list(map(encodable, texts)))
        ]
        if len(encoded) == 1:
            return vector(encoded[0])[None]
        with ThreadPoolExecutor(_WORKERS) as pool:
            rows = list(pool.map(vector, encoded))
        return np.stack(rows) if rows else np.zeros((0, self.dimension), dtype=np.float32)


def _first(ids: Sequence[int], tokens: int | None) -> Sequence[int]:
    """So many of a text's tokens, the last one being the mark of its end."""
    return ids if tokens is None or len(ids) <= tokens else [*ids[: tokens - 1], ids[-1]]


def model_digest(folder: Path, tokens: int) -> str:
    """The hash that the manifest of a model has to state."""
    made = hashlib.sha256(str(tokens).encode())
    for name in ("model.onnx", "tokenizer.json"):
        made.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return made.hexdigest()[:32]


def adapted_encoder() -> AdaptedEncoder | None:
    """The shipped encoder, or None where onnxruntime or the model is missing: search is then by words alone."""
    folder = data_folder() / "models" / MODEL
    runs = all(importlib.util.find_spec(name) for name in ("onnxruntime", "tokenizers"))
    return AdaptedEncoder(folder) if runs and (folder / "manifest.json").is_file() else None
