"""Records of articles rendered to plain text: title, headings when they change, one article after another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ingestion.readers.acquired import Claim, Form, Text, UnreadableError, note
from kg.problem import Problem

IDEOGRAPHIC_SPACE = "\u3000"

_MAP_FIELDS = (
    ("officialTitle", "title"),
    ("instrumentNumber", "document_number"),
    ("publishedOn", "version_date"),
    ("effectiveFrom", "effective_date"),
)
_LAW_FIELDS = (
    ("law_name", "title"),
    ("level", "level"),
    ("issuing_body", "issuing_body"),
    ("version_date", "version_date"),
    ("effective_date", "effective_date"),
    ("status", "status"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One article as a record; chapter and section empty where the record has none."""

    number: str
    text: str
    chapter: str = ""
    section: str = ""


def render(title: str, rows: Iterable[Row]) -> str:
    """The plain text of a law kept as records; every field stands in it character for character.

    Each of title, chapter, section (when it differs from the row before) and article is a line of its
    own; an article is its number, U+3000 and its text, which may run over further lines.

    >>> print(render("某办法", [Row("第一条", "为了规范，制定本办法。", "第一章 总则"), Row("第二条", "适用。", "第一章 总则")]))
    某办法
    第一章 总则
    第一条　为了规范，制定本办法。
    第二条　适用。
    <BLANKLINE>
    """
    lines = [title] if title else []
    chapter = section = ""
    for row in rows:
        if row.chapter != chapter:
            chapter, section = row.chapter, ""
            lines += [chapter] if chapter else []
        if row.section != section:
            section = row.section
            lines += [section] if section else []
        lines.append(row.number + IDEOGRAPHIC_SPACE + row.text)
    return "\n".join(lines) + "\n"


def law_claims(law: Mapping[str, object], evidence: str) -> tuple[Claim, ...]:
    """What a record of the table `laws` states."""
    return _claims(law, _LAW_FIELDS, evidence)


def law_row(record: Mapping[str, object]) -> Row:
    """A record of the table `articles`."""
    return Row(
        number=_string(record.get("article_no")),
        text=_string(record.get("article_text")),
        chapter=_string(record.get("chapter")),
        section=_string(record.get("section")),
    )


_LONE = re.compile("[\ud800-\udfff]")


def read_json(content: str, place: str, problems: list[Problem]) -> Text:
    """The text of a JSON file in one of the two known layouts.

    `{"law": {...}, "articles": [...]}` holds rows as in laws.db; a list of objects with `originalTitle`
    and `paragraphs` is one object per article, whose chapter names are English and left out with a note.
    """
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(
            "unreadable_json", f"要求读取 JSON 文件，但语法有误（{error}）；请重新导出该文件。"
        ) from None
    if _LONE.search(json.dumps(data, ensure_ascii=False)):
        raise UnreadableError(
            "unreadable_json", "JSON 中有半个代理对（如 \\ud83d），不是任何文字；请重新导出该文件。"
        )
    evidence = f"record:{place}"
    if isinstance(data, dict) and isinstance(data.get("law"), dict) and _are_objects(data.get("articles")):
        law, rows = data["law"], [law_row(record) for record in data["articles"]]
        return Text(render(_string(law.get("law_name")), rows), Form.ROWS, law_claims(law, evidence))
    if _are_objects(data) and all("originalTitle" in record for record in data):
        version = data[0].get("sourceVersion")
        version = version if isinstance(version, dict) else {}
        rows = [Row(_string(record["originalTitle"]), _paragraphs(record)) for record in data]
        raw = render(_string(version.get("officialTitle")), rows)
        if any(record.get("chapter") or record.get("section") for record in data):
            text = "来源只有英文的章节名，不是法律文本，未写入；条文不受影响，需要章节时请换用官方文本。"
            problems.append(note("foreign_headings", place, text))
        return Text(raw, Form.ROWS, _claims(version, _MAP_FIELDS, evidence))
    raise UnreadableError(
        "unknown_format",
        "要求读取法律条文，但 JSON 结构不是已知的两种（含 law 与 articles 的对象，或含 originalTitle 与 paragraphs 的列表）；"
        "请转换为其中一种，或另存为 .txt。",
    )


def _claims(
    record: Mapping[str, object], fields: Sequence[tuple[str, str]], evidence: str
) -> tuple[Claim, ...]:
    found = ((field, _string(record.get(key)).strip()) for key, field in fields)
    return tuple(Claim(field, value, evidence) for field, value in found if value)


def _paragraphs(record: Mapping[str, object]) -> str:
    paragraphs = record.get("paragraphs")
    if isinstance(paragraphs, list) and paragraphs:
        return "\n".join(_string(paragraph) for paragraph in paragraphs)
    return _string(record.get("fullText"))


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _string(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
