"""Write the vectors that come with the project: those of a build's clauses.

    python -m retrieval.train_vectors --home DIR [--home DIR ...]

Texts that a home's cache lacks are encoded first.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.adapted import adapted_encoder
from retrieval.index import ClauseIndex, document
from retrieval.retriever import INDEX_FOLDER
from retrieval.shipped import shipped_path, write_shipped
from retrieval.vectors import VectorCache, text_key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def main() -> None:
    """Encode what is missing and write data/vectors/<encoder digest>.npz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, action="append", required=True)
    options = parser.parse_args()

    from kg.build import Build
    from kg.home import Home

    encoder = adapted_encoder()
    if encoder is None:
        raise SystemExit("no encoder: data/models lacks one, or onnxruntime is not installed")
    vectors: dict[bytes, npt.NDArray[np.float32]] = {}
    for folder in options.home:
        home = Home.resolve(folder, os.environ)
        index = ClauseIndex.open(Build(home.build()).path / INDEX_FOLDER)
        texts = sorted({document(clause).passage() for clause in index.clauses()})
        rows = VectorCache(home.cache, encoder).vectors(
            texts, progress=lambda n, of: print(n, of, flush=True)
        )
        vectors |= {text_key(text): row for text, row in zip(texts, rows, strict=True)}
    path = shipped_path(encoder.digest)
    write_shipped(vectors, path)
    print(f"{len(vectors)} vectors, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
