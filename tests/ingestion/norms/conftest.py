"""One extractor for all tests: making it loads jieba's dictionary."""

from __future__ import annotations

import pytest

from ingestion.norms.extract import Extractor
from ingestion.norms.lexicon import Lexicon, read_lexicon
from ingestion.norms.segmenter import Segmenter
from kg.pack import data_folder


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return read_lexicon(data_folder())


@pytest.fixture(scope="session")
def segmenter(lexicon: Lexicon) -> Segmenter:
    return Segmenter(lexicon)


@pytest.fixture(scope="session")
def extractor(segmenter: Segmenter) -> Extractor:
    return Extractor(segmenter)
