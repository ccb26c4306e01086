"""Bytes to characters, strictly: UTF-8, UTF-16 with a byte order mark, GB18030, or refused."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from ingestion.readers.acquired import UnreadableError

# Controls that no text holds; \x1a ends some files that came from DOS.
_STRAY = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f\x7f-\x84\x86-\x9f]")
# Real GB18030 law texts have none; random bytes that happen to decode nearly always do.
_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_UTF16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Decoded(NamedTuple):
    """A text and the encoding that it was in."""

    text: str
    encoding: str


def decode(data: bytes) -> Decoded:
    """Decode without losing or changing a character; a byte order mark stays as U+FEFF.

    UnreadableError `binary_file` if the bytes are in none of the encodings or hold control characters.
    GB18030 comes last because it accepts much that is not text at all.

    >>> decode("第一条".encode("gb18030"))
    Decoded(text='第一条', encoding='gb18030')
    """
    for mark, encoding in _UTF16:
        if data.startswith(mark):
            return _checked(data, encoding)
    try:
        return _checked(data, "utf-8")
    except UnreadableError:
        return _checked(data, "gb18030")


def _checked(data: bytes, encoding: str) -> Decoded:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableError(
            "binary_file",
            "要求读取文本，但字节不是 UTF-8、带 BOM 的 UTF-16 或 GB18030；请确认不是图片或压缩包，并另存为 UTF-8。",
        ) from None
    stray = _STRAY.search(text) or (_PRIVATE_USE.search(text) if encoding == "gb18030" else None)
    if stray:
        raise UnreadableError(
            "binary_file",
            f"要求读取文本，但含控制字符或无法显示的字符 U+{ord(stray[0]):04X}，应为二进制文件；请提供文本、DOCX、PDF 或 HTML。",
        )
    return Decoded(text, encoding)
