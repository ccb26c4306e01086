"""Write the vectors that come with the project: those of a build's clauses.

    python -m retrieval.train_vectors --cache DIR --home DIR [--home DIR ...]

Texts that the cache lacks are encoded first.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from retrieval.adapted import adapted_encoder
from retrieval.index import document
from retrieval.shipped import shipped_path, write_shipped
from retrieval.vectors import VectorCache, text_key


def main() -> None:
    """Encode what is missing and write data/vectors/<encoder digest>.npz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="a home's cache folder")
    parser.add_argument("--home", type=Path, action="append", required=True)
    options = parser.parse_args()

    from kg.build import Build
    from kg.home import Home

    encoder = adapted_encoder()
    if encoder is None:
        raise SystemExit("no encoder: data/models lacks one, or onnxruntime is not installed")
    builds = (Build(Home.resolve(folder, os.environ).build()) for folder in options.home)
    texts = sorted({document(clause).passage() for build in builds for clause in build.clauses()})
    rows = VectorCache(options.cache, encoder).vectors(texts, progress=lambda n, of: print(n, of, flush=True))
    vectors = {text_key(text): row for text, row in zip(texts, rows, strict=True)}
    path = shipped_path(encoder.digest)
    write_shipped(vectors, path)
    print(f"{len(vectors)} vectors, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
