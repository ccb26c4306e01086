"""What a file says about itself: YAML front matter, first heading or line, the date in its name."""

from __future__ import annotations

import re
from datetime import date
from pathlib import PurePosixPath
from typing import NamedTuple

from ingestion.readers.acquired import Claim, warning
from kg.problem import Problem

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<body>.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_ENTRY = re.compile(r"(?P<indent>[ ]*)(?P<key>[A-Za-z_][\w-]*):[ \t]*(?P<value>.*?)[ \t\r]*")
_HEADING = re.compile(r"^#[ \t]+(?P<title>[^\r\n]+?)[ \t#]*\r?$", re.MULTILINE)
_NAME_DATE = re.compile(r"\s*[（(](?P<y>\d{4})-?(?P<m>\d{2})-?(?P<d>\d{2})[)）]$")
_NAME_YEAR = re.compile(r"\s*[（(]\d{4}[)）]$")  # a bare year in the name is no date, nor part of the title
_FIELDS = {
    "title": "title",
    "zh": "title",  # `title:` with `zh:` and `en:` below it
    "publish_date": "version_date",
    "promulgated": "version_date",
    "implement_date": "effective_date",
    "effective": "effective_date",
    "effective_date": "effective_date",
    "issuing_authority": "issuing_body",
    "issuer": "issuing_body",
    "doc_number": "document_number",
    "status": "status",
    "source_url": "source_url",
    "official_url": "source_url",
}
_CHINESE = re.compile(r"[\u3400-\u9fff]")  # README and cmde-2022-28 are no titles
_TITLE_LIMIT = 200  # a first line longer than this is prose, not a title


class Described(NamedTuple):
    """Claims, and dates that could not be read."""

    claims: tuple[Claim, ...]
    problems: tuple[Problem, ...]


def parse_date(value: str) -> date | None:
    """YYYY-MM-DD as a date; None if it is anything else or no day of the calendar."""
    try:
        return date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) else None
    except ValueError:
        return None


def front_matter(raw: str) -> dict[str, str]:
    """The scalar entries of the YAML block that a Markdown file may begin with; an indented key stands
    under its own name. Lists and block texts are left out.

    >>> front_matter('---\\ntitle: "某法"\\nprev: /constitution/\\n---\\n# 某法\\n')
    {'title': '某法', 'prev': '/constitution/'}
    """
    block = _FRONT_MATTER.match(raw)
    entries: dict[str, str] = {}
    for line in block["body"].splitlines() if block else []:
        entry = _ENTRY.fullmatch(line)
        if entry and entry["value"]:
            entries.setdefault(entry["key"], _unquoted(entry["value"]))
    return entries


def first_headings(raw: str) -> tuple[str, ...]:
    """The level-one headings of a Markdown text, without marks."""
    return tuple(match["title"] for match in _HEADING.finditer(raw))


def title_of_name(name: str) -> str:
    """A file's name without its extension and without the date or year in brackets at its end.

    >>> title_of_name("行政法规/医疗机构管理条例(20220329).md")
    '医疗机构管理条例'
    """
    stem = PurePosixPath(name).stem
    return _NAME_YEAR.sub("", _NAME_DATE.sub("", stem))


def of_name(place: str) -> Described:
    """What a file's name states: a title, and the version's date if there is one."""
    evidence = f"file_name:{place}"
    title = title_of_name(place)
    claims = [Claim("title", title, evidence)] if _CHINESE.search(title) else []
    match = _NAME_DATE.search(PurePosixPath(place).stem)
    if match is None:
        return Described(tuple(claims), ())
    written = f"{match['y']}-{match['m']}-{match['d']}"
    if parse_date(written) is None:
        text = f"文件名中的版本日期“{written}”不是日历上的日期；已不采用，请更正文件名。"
        return Described(tuple(claims), (warning("bad_date", place, text),))
    return Described((*claims, Claim("version_date", written, evidence)), ())


def of_text(raw: str, place: str) -> Described:
    """What the text itself states: its front matter, and its first heading or line as the title."""
    claims, problems = [], []
    entries = front_matter(raw)
    for key, value in entries.items():
        field = _FIELDS.get(key)
        if field is None or not value:
            continue
        if field.endswith("_date") and parse_date(value) is None:
            text = f"文件头 {key} 的值“{value}”不是 YYYY-MM-DD 的日期；已不采用，请核对原文公布页。"
            problems.append(warning("bad_date", place, text))
            continue
        claims.append(Claim(field, value, f"front_matter:{place}"))
    block = _FRONT_MATTER.match(raw)
    body = raw[block.end() :] if block else raw
    headings = first_headings(body)
    line = next(
        (line.strip(" \t\ufeff\u3000") for line in body.splitlines() if line.strip(" \t\ufeff\u3000")), ""
    )
    if headings:
        claims.append(Claim("title", headings[0].strip(" \u3000"), f"heading:{place}"))
    elif line and len(line) <= _TITLE_LIMIT:
        claims.append(Claim("title", line, f"first_line:{place}"))
    return Described(tuple(claims), tuple(problems))


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
