"""Write the vectors that come with the project: those of builds' clauses, and of the pack's glosses.

    python -m retrieval.train_vectors --cache DIR --home DIR [--home DIR ...]

Texts that the cache lacks are encoded first.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from kg.pack import data_folder
from retrieval.adapted import adapted_encoder
from retrieval.gloss_vectors import GlossEncoder, gloss_text
from retrieval.glosses import read_glosses
from retrieval.index import document
from retrieval.shipped import shipped_path, write_shipped
from retrieval.vectors import Encoder, VectorCache, text_key


def main() -> None:
    """Encode what is missing and write data/vectors/<encoder digest>.npz and <encoder digest>-glosses.npz."""
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
    _ship(texts, options.cache, encoder)
    glosses = read_glosses(data_folder() / "glosses")
    _ship(sorted(set(map(gloss_text, glosses))), options.cache, GlossEncoder(encoder))


def _ship(texts: list[str], cache: Path, encoder: Encoder) -> None:
    rows = VectorCache(cache, encoder).vectors(texts, progress=lambda n, of: print(n, of, flush=True))
    vectors = {text_key(text): row for text, row in zip(texts, rows, strict=True)}
    path = shipped_path(encoder.digest)
    write_shipped(vectors, path)
    print(f"{len(vectors)} vectors, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
