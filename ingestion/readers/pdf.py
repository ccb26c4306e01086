"""PDF: the text layer, page after page; a scan has none and is refused."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ingestion.readers.acquired import UnreadableError


@dataclass(frozen=True, slots=True)
class PdfText:
    """The text of a PDF, and which pages (from 1) have none."""

    text: str
    empty_pages: tuple[int, ...]


def read_pdf(data: bytes) -> PdfText:
    """The text layer of a PDF, each page's text followed by a line feed."""
    from pypdf import PdfReader

    with _quiet():
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("unreadable_pdf", "要求读取 PDF，但文件有密码；请提供未加密的版本。")
        pages = [page.extract_text() for page in reader.pages]
    empty = tuple(number for number, text in enumerate(pages, 1) if not text.strip())
    if len(empty) == len(pages):
        raise UnreadableError(
            "pdf_without_text",
            f"要求读取 PDF 的文字，但 {len(pages)} 页都没有文字层（可能是扫描件）；请先做文字识别并校对，或提供文本版。",
        )
    return PdfText("".join(f"{text}\n" for text in pages), empty)


@contextmanager
def _quiet() -> Iterator[None]:
    # pypdf logs every irregularity of a file in English; what matters to a user becomes a Problem.
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
