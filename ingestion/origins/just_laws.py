"""A clone of ImCa0/just-laws: a VuePress site with a folder per law below `docs/`.

A law is a README.md, or a README.md with its title and promulgation notes beside one file per 编 or 章.
`next:` in the README names only the first of these, and file names do not order them (the 附则 of 民法典
is `00-supplementary.md`), so the parts are joined by the number of their first article. 修正案 and 决定
in the same folder are works of their own: joined, 宪法 would have two first articles. Older versions of
a law lie in `versions/<date>/` and are dated by `versions.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ingestion.origins.folder import documents
from ingestion.origins.parts import Part, by_first_article, join
from ingestion.readers.acquired import Acquired, Acquisition, Claim, note, warning
from ingestion.readers.described import front_matter, parse_date
from ingestion.readers.files import read_file
from kg.problem import Problem

NAME = "ImCa0/just-laws"

_OWN_WORK = re.compile(r"修正案|决定$|^中华人民共和国|^全国人民代表大会")
_CONTENTS = re.compile(r"目[\s\u3000]*录")


def is_just_laws(folder: Path) -> bool:
    """Whether the folder is such a clone, or its `docs` folder: it holds `.vuepress`."""
    return (folder / "docs" / ".vuepress").is_dir() or (folder / ".vuepress").is_dir()


def acquire_just_laws(folder: Path) -> Acquisition:
    """Every law below `docs/`, split ones joined."""
    problems: list[Problem] = []
    groups: dict[str, list[Part]] = {}
    docs = "docs/" if (folder / "docs" / ".vuepress").is_dir() else ""
    for path, place in documents(folder, problems):
        if not place.startswith(docs) or path.suffix.lower() != ".md" or place == f"{docs}README.md":
            continue
        reading = read_file(path, place)
        problems += reading.problems
        part = Part.of(place, reading)
        if part is None:
            continue
        if _is_page_of_site(part):
            problems.append(
                note("page_of_site", place, "网站自身的页面或目录，不是法律文本；未收入，无须处理。")
            )
            continue
        groups.setdefault(str(PurePosixPath(place).parent), []).append(part)
    texts: list[Acquired] = []
    for place, parts in sorted(groups.items()):
        texts += _laws(place, parts, _version_claims(folder, place, problems), problems)
    return Acquisition(tuple(texts), tuple(problems))


def _is_page_of_site(part: Part) -> bool:
    entries = front_matter(part.text.raw)
    contents_only = bool(part.headings) and bool(_CONTENTS.fullmatch(part.headings[0]))
    return "home" in entries or "pageClass" in entries or contents_only


def _laws(folder: str, parts: list[Part], dated: Sequence[Claim], problems: list[Problem]) -> list[Acquired]:
    readme = next((part for part in parts if PurePosixPath(part.place).name == "README.md"), None)
    title = readme.headings[0] if readme is not None and readme.headings else ""
    evidence = f"folder:{folder}"
    own = [part for part in parts if part is not readme and _is_own_work(part)]
    pieces = sorted((part for part in parts if part is not readme and part not in own), key=by_first_article)
    part_of = (Claim("part_of", title, evidence),) if title else ()
    texts = [part.acquired(NAME, part_of) for part in own]
    if readme is not None and not pieces:
        return [readme.acquired(NAME, dated), *texts]
    titles = (Claim("title", title, evidence),) if title else ()
    if readme is not None and readme.first_article is not None:
        message = "README.md 已含条文，同一文件夹又有分编文件；两者分别收入，请核对是否重复。"
        problems.append(warning("overlapping_parts", folder, message))
        texts.append(readme.acquired(NAME, dated))
    elif readme is not None:
        pieces.insert(0, readme)
    if pieces:
        texts.append(join(pieces, name=NAME, folder=folder, claims=(*dated, *titles)))
    return texts


def _is_own_work(part: Part) -> bool:
    return bool(part.headings) and bool(_OWN_WORK.search(part.headings[0]))


def _version_claims(folder: Path, place: str, problems: list[Problem]) -> tuple[Claim, ...]:
    """What versions.json, in the law's folder, says about the version whose README.md lies in `place`."""
    law, _, version = place.partition("/versions/")
    path = folder / law / "versions.json"
    if not path.is_file():
        return ()
    file = f"{law}/versions.json"
    entry = f"versions/{version}/README.md" if version else "README.md"
    try:
        versions = json.loads(path.read_bytes())["versions"]
        found = next(item for item in versions if item["entry"] == entry)
        dates = {
            "version_date": found.get("promulgatedOn"),
            "effective_date": found.get("effectiveFrom"),
        }
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError, StopIteration):
        text = f"要求在其中查找 {entry} 的日期，但没有这一项或结构不符；日期未采用，请核对该文件。"
        problems.append(warning("bad_versions", file, text))
        return ()
    claims = []
    for field, value in dates.items():
        if not isinstance(value, str) or parse_date(value) is None:
            text = f"{entry} 的日期“{value}”不是 YYYY-MM-DD；已不采用，请更正。"
            problems.append(warning("bad_date", file, text))
            continue
        claims.append(Claim(field, value, f"versions.json:{file}"))
    return tuple(claims)
