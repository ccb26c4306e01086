"""Files that people hand to the pages: their text, by the readers of the project; bounds before anything is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kg.problem import InputError

_MOST_BYTES = 20 * 2**20
_MOST_CHARACTERS = 500_000
_TEXT = (".txt", ".md")


@dataclass(frozen=True, slots=True)
class Document:
    """A document by the name that it was handed in under."""

    name: str
    text: str


def read_document(name: str, content: bytes) -> Document:
    """The text of an uploaded file; InputError that says what is wrong with it. The name is only shown, never opened."""
    shown = Path(name).name[:120]
    if len(content) > _MOST_BYTES:
        raise InputError(f"{shown} 有 {len(content) // 2**20} MB，最多 {_MOST_BYTES // 2**20} MB；请分开上传")
    suffix = Path(name).suffix.lower()
    if suffix in _TEXT:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{shown} 不是 UTF-8 文本（第 {error.start} 字节）；请另存为 UTF-8") from error
    elif suffix in (".docx", ".pdf"):
        text = _read(shown, suffix, content)
    else:
        raise InputError(f"{shown} 不是 txt、md、docx 或 pdf")
    if len(text) > _MOST_CHARACTERS:
        raise InputError(f"{shown} 有 {len(text)} 字，最多 {_MOST_CHARACTERS} 字；请分开上传")
    return Document(shown, text)


def _read(shown: str, suffix: str, content: bytes) -> str:
    from ingestion.readers.pdf import read_pdf
    from ingestion.readers.word import read_docx

    try:
        text = read_docx(content).text if suffix == ".docx" else read_pdf(content).text
    except Exception as error:  # the libraries raise anything at all on damaged bytes
        raise InputError(f"{shown} 读不出来（{type(error).__name__}）；请重新保存，或另存为文本") from error
    if not text.strip():
        raise InputError(f"{shown} 中没有文字；扫描件请先识别")
    return text
