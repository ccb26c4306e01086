"""Norms of texts, from a cache where the same text was read by the same code and word lists before."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

from ingestion.norms.extract import Extractor
from ingestion.norms.lexicon import Lexicon
from ingestion.norms.segmenter import Segmenter
from kg.build import Text
from kg.build_rows import provision_row
from kg.norm import Norm, norm_from_row, norm_row
from kg.pack import digest_folder
from kg.text import digest


class NormReader(Protocol):
    """Whatever reads norms out of texts."""

    @property
    def lexicon(self) -> Lexicon:
        """The word lists that it reads with."""
        ...

    def norms(self, text: Text) -> Sequence[Norm]:
        """Every norm of a text, in document order."""
        ...


class NormCache:
    """Norms on disk, keyed by text, code and word lists; a missing or damaged entry is read again.

    The extractor with its dictionary is made only when a text is not in the cache.
    """

    def __init__(self, folder: Path, lexicon: Lexicon, lists: str) -> None:
        self.lexicon = lexicon
        self.folder = folder / digest(code_digest() + lists)[:16]
        self.folder.mkdir(parents=True, exist_ok=True)

    @cached_property
    def _extractor(self) -> Extractor:
        return Extractor(Segmenter(self.lexicon))

    def norms(self, text: Text) -> Sequence[Norm]:
        """Every norm of a text, from the cache or read now."""
        key = _key(text)
        path = self.folder / f"{key}.jsonl"
        if (stored := _load(path)) is not None:
            return stored
        found = self._extractor.norms(text)
        body = "".join(json.dumps(norm_row(n), ensure_ascii=False) + "\n" for n in found)
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(f"{digest(body)}\n{body}", encoding="utf-8")
        temporary.replace(path)
        return found


def _key(text: Text) -> str:
    rows = [provision_row(p) for p in text.provisions]
    parts = [str(text.expression.id), text.expression.title, text.official, rows]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def _load(path: Path) -> list[Norm] | None:
    try:
        recorded, _, body = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, ValueError):
        return None
    if recorded != digest(body):
        return None
    return [norm_from_row(json.loads(line)) for line in body.split("\n") if line]


def code_digest() -> str:
    """The digest of the code that reads norms: another version reads everything again."""
    here = Path(__file__).parent
    total = hashlib.sha256(digest_folder(here, "*.py").encode())
    for name in ("norm.py", "build.py", "build_rows.py", "identity.py", "vocabulary.py"):
        total.update((here.parents[1] / "kg" / name).read_bytes())
    return total.hexdigest()
