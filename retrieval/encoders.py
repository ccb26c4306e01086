"""Which encoder search uses: the shipped one, or a Hugging Face model that the user names."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.problem import InputError
from retrieval.adapted import adapted_encoder
from retrieval.vectors import Encoder, encodable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

VARIABLE = "YILUN_ENCODER"
"""The environment variable that names a model: a folder, or a name on the hub such as BAAI/bge-m3."""


def open_encoder(environ: Mapping[str, str]) -> Encoder | None:
    """The encoder that the environment names, else the shipped one; None where that cannot run.

    InputError where a model is named and sentence-transformers is not installed.
    """
    if not (model := environ.get(VARIABLE)):
        return adapted_encoder()
    if importlib.util.find_spec("sentence_transformers") is None:
        raise InputError(f"{VARIABLE}={model} 需要 sentence-transformers；请安装: pip install 'yilun[embed]'")
    return HubEncoder(model)


class HubEncoder:
    """A sentence-transformers model by folder or hub name, loaded with the first text.

    Queries and passages are given the prompts that the model's own configuration states, if any.
    """

    def __init__(self, model: str) -> None:
        self._given = model

    @property
    def name(self) -> str:
        """The model as it was named."""
        return self._given

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(self._given, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"读不到编码器 {self._given}：{error}；应为模型文件夹或模型库中的名称"
            ) from error

    @cached_property
    def digest(self) -> str:
        """A hash over the files of a folder, else over the name and the commit that the hub gave."""
        made, folder = hashlib.sha256(), Path(self._given)
        if folder.is_dir():
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                made.update(path.relative_to(folder).as_posix().encode())
                made.update(hashlib.sha256(path.read_bytes()).digest())
        else:
            commit = getattr(self._model[0].auto_model.config, "_commit_hash", None)
            made.update(f"{self._given}@{commit}".encode())
        return made.hexdigest()[:32]

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One unit vector for each passage."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return self._unit(self._model.encode_document(list(map(encodable, texts)), normalize_embeddings=True))

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """The unit vector of a query, as the only row."""
        return self._unit(self._model.encode_query([encodable(text)], normalize_embeddings=True))

    def _unit(self, vectors: Any) -> npt.NDArray[np.float32]:
        import numpy as np

        return np.asarray(vectors, dtype=np.float32)
