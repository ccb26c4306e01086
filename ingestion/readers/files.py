"""One file to one text: size, kind and encoding checked first, every failure a Problem."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ingestion.readers.acquired import Form, Reading, Text, UnreadableError, note, refusal, warning
from ingestion.readers.described import of_name, of_text
from ingestion.readers.plain import decode
from ingestion.readers.rows import read_json
from kg.problem import Problem

_INNER_BLANK = re.compile(
    r"(?<=[\u4e00-\u9fff，、；])(?<!条) (?=[\u4e00-\u9fff])"
)  # "第一条 为了" is no defect
_INNER_BLANKS_PER_1000 = 5
_LONG_LINE = 20  # shorter ones are headings and titles, where blanks are meant

SIZE_LIMIT = 100 * 1024 * 1024

TEXT_KINDS = {".md": Form.MARKDOWN, ".markdown": Form.MARKDOWN, ".txt": Form.PLAIN}
KINDS = frozenset({*TEXT_KINDS, ".docx", ".pdf", ".html", ".htm", ".json"})
"""The file name extensions that can be read, in lower case."""


def read_file(path: Path, place: str) -> Reading:
    """The text of a file, and what it states about itself; never raises for what the file holds.

    `place` is the file's place in its corpus, for claims and problems.
    """
    try:
        data = _fetch(path)
    except UnreadableError as error:
        return Reading(None, "", (refusal(error.code, place, str(error)),))
    problems: list[Problem] = []
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        text = _interpret(data, place, problems)
    except UnreadableError as error:
        return Reading(None, sha256, (*problems, refusal(error.code, place, str(error))))
    if not text.raw.strip(" \t\r\n\f\v\u3000\ufeff\xa0"):
        problem = refusal("empty_file", place, "要求读取法律文本，但文件中没有文字；请核对来源并重新下载。")
        return Reading(None, sha256, (*problems, problem))
    named, described = (
        of_name(place),
        of_text(text.raw, place) if text.form is not Form.ROWS else of_text("", place),
    )
    claims = (*text.claims, *described.claims, *named.claims)
    return Reading(
        Text(text.raw, text.form, claims), sha256, (*problems, *described.problems, *named.problems)
    )


def place_of(path: Path, folder: Path) -> str:
    """A path relative to its corpus folder with forward slashes; bytes that are no UTF-8 shown escaped."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")


def _fetch(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("missing_file", "要求读取一个文件，但该处是文件夹或特殊文件；请核对路径。")
        if status.st_size > SIZE_LIMIT:
            size, limit = status.st_size // 2**20, SIZE_LIMIT // 2**20
            raise UnreadableError(
                "too_large", f"文件有 {size} MB，超过 {limit} MB 的上限；请拆分，或确认不是误放的文件。"
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise UnreadableError("missing_file", "要求读取的文件不存在；请核对路径，或重新获取语料。") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnreadableError("unreadable_file", f"文件无法打开（{reason}）；请检查权限和磁盘。") from None
    if not data:
        raise UnreadableError("empty_file", "要求读取法律文本，但文件为空（0 字节）；请核对来源并重新下载。")
    return data


def _interpret(data: bytes, place: str, problems: list[Problem]) -> Text:
    kind = PurePosixPath(place).suffix.lower()
    if kind == ".docx":
        return _guarded(_docx, data, problems, place, code="unreadable_docx", name="DOCX")
    if kind == ".pdf":
        return _guarded(_pdf, data, problems, place, code="unreadable_pdf", name="PDF")
    if kind not in KINDS:
        known = "、".join(sorted(KINDS))
        raise UnreadableError(
            "unknown_format",
            f"不认识的文件类型“{kind or '无扩展名'}”；可读的类型是 {known}，请另存为其中一种。",
        )
    decoded = decode(data)
    if decoded.encoding != "utf-8":
        text = f"文件编码是 {decoded.encoding}，已按此读取；建议另存为 UTF-8 以免误读。"
        problems.append(note("not_utf8", place, text))
    if kind == ".json":
        return read_json(decoded.text, place, problems)
    if kind == ".txt" and _looks_like_pdf_text(decoded.text):
        return Text(decoded.text, Form.PDF_TEXT)
    if kind in TEXT_KINDS:
        return Text(decoded.text, TEXT_KINDS[kind])
    from ingestion.readers.html import read_html

    return Text(read_html(decoded.text), Form.PLAIN)


def _looks_like_pdf_text(text: str) -> bool:
    """Whether a .txt was copied out of a PDF: blanks stand where its lines were broken, inside words.

    Measured on seven such files: 15 to 25 blanks per 1,000 characters in six, none in the one that was cleaned.
    """
    long_lines = [line for line in text.splitlines() if len(line) >= _LONG_LINE]
    blanks = sum(len(_INNER_BLANK.findall(line)) for line in long_lines)
    return blanks * 1000 > _INNER_BLANKS_PER_1000 * sum(map(len, long_lines))


def _docx(data: bytes, problems: list[Problem], place: str) -> Text:
    from ingestion.readers.word import read_docx

    document = read_docx(data)
    if document.automatic_numbers:
        text = (
            f"有 {document.automatic_numbers} 段的编号由 Word 自动生成，文字中没有；"
            "条、项的序号可能缺失，请在 Word 中把自动编号转换为文本后重新保存。"
        )
        problems.append(warning("automatic_numbers", place, text))
    return Text(document.text, Form.PLAIN)


def _pdf(data: bytes, problems: list[Problem], place: str) -> Text:
    from ingestion.readers.pdf import read_pdf

    document = read_pdf(data)
    if document.empty_pages:
        pages = "、".join(map(str, document.empty_pages))
        text = f"第 {pages} 页没有文字层（可能是扫描件），其内容未取得；请提供可复制文字的版本。"
        problems.append(warning("pdf_empty_pages", place, text))
    return Text(document.text, Form.PDF_TEXT)


def _guarded(
    reader: Callable[[bytes, list[Problem], str], Text],
    data: bytes,
    problems: list[Problem],
    place: str,
    *,
    code: str,
    name: str,
) -> Text:
    try:
        return reader(data, problems, place)
    except UnreadableError:
        raise
    except Exception as error:  # the libraries raise anything at all on damaged bytes
        raise UnreadableError(
            code,
            f"要求读取 {name}，但文件损坏或不是 {name}（{type(error).__name__}）；请重新下载，或另存为文本。",
        ) from error
