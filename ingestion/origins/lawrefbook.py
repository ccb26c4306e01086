"""A clone of LawRefBook/Laws: a folder per field of law, `标题(YYYY-MM-DD).md` inside.

Local regulations lie in `DLC/<省市>/地方性法规/<省市>/`. Each file begins with `# 标题` and dated notes up
to `<!-- INFO END -->`. 民法典 is one file per 编, whose second heading names the part: such files are
joined by the number of their first article. `db.sqlite3` in the root and in each DLC folder states
dates and an `expired` flag (known to be unreliable; only a claim). The same text may lie under two
folders; identical bytes are found later, over all origins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from ingestion.origins.folder import documents
from ingestion.origins.parts import Part, by_first_article, join
from ingestion.readers.acquired import Acquired, Acquisition, Claim, note, warning
from ingestion.readers.described import first_headings, parse_date
from ingestion.readers.files import place_of, read_file
from kg.problem import Problem

NAME = "LawRefBook/Laws"
INFO_END = "<!-- INFO END -->"

_DATABASE = "db.sqlite3"
_LEVELS = {
    "司法解释": "司法解释", "行政法规": "行政法规", "部门规章": "部门规章", "地方性法规": "地方性法规", "案例": "案例",
    "宪法": "宪法", "宪法相关法": "法律", "民法典": "法律", "民法商法": "法律", "刑法": "法律", "行政法": "法律",
    "经济法": "法律", "社会法": "法律", "诉讼与非诉讼程序法": "法律",
}  # fmt: skip
# Columns as its scripts/database.py declares them.
_QUERY = """
    SELECT law.id, law.name, law.filename, law.publish, law.valid_from, law.expired, category.folder
    FROM law JOIN category ON law.category_id = category.id ORDER BY law.id
"""


def is_lawrefbook(folder: Path) -> bool:
    """Whether the folder is such a clone: it holds its template or its `.lawignore`."""
    return (folder / "法律法规模版.md").is_file() or (folder / ".lawignore").is_file()


def acquire_lawrefbook(folder: Path) -> Acquisition:
    """Every text below a field's folder, split laws joined; scripts and pages in the root are left out."""
    problems: list[Problem] = []
    stated = dict(_stated(folder, problems))
    works: dict[tuple[str, str, str], list[Part]] = {}
    for path, place in documents(folder, problems):
        position = PurePosixPath(place)
        if position.suffix.lower() != ".md" or len(position.parts) < 2 or position.parts[0] == "scripts":
            continue
        if position.name in ("README.md", "_index.md"):
            problems.append(note("page_of_site", place, "网站自身的页面，不是法律文本；未收入，无须处理。"))
            continue
        reading = read_file(path, place)
        problems += reading.problems
        part = Part.of(place, reading)
        if part is not None:
            works.setdefault(_work(part), []).append(part)
    texts = [_text(parts, stated) for _, parts in sorted(works.items())]
    return Acquisition(tuple(texts), tuple(problems))


def _work(part: Part) -> tuple[str, str, str]:
    """Parts of one work share folder, title and date; a part is told by a second heading in its header."""
    header, mark, _ = part.text.raw.partition(INFO_END)
    headings = first_headings(header) if mark else ()
    position = PurePosixPath(part.place)
    if len(headings) < 2 or headings[1] != position.stem:
        return part.place, "", ""
    dates = sorted(claim.value for claim in part.text.claims if claim.field == "version_date")
    return str(position.parent), headings[0], " ".join(dates)


def _text(parts: list[Part], stated: Mapping[str, tuple[Claim, ...]]) -> Acquired:
    parts = sorted(parts, key=by_first_article)
    claims = [*_level(parts[0].place), *(claim for part in parts for claim in stated.get(part.place, ()))]
    if len(parts) == 1:
        return parts[0].acquired(NAME, claims)
    folder = str(PurePosixPath(parts[0].place).parent)
    claims.append(Claim("title", parts[0].headings[0], f"folder:{folder}"))
    return join(parts, name=NAME, folder=folder, claims=claims)


def _level(place: str) -> Iterator[Claim]:
    folders = PurePosixPath(place).parent.parts
    top = folders[2] if folders[0] == "DLC" and len(folders) > 2 else folders[0]
    if top in _LEVELS:
        yield Claim("level", _LEVELS[top], f"folder:{'/'.join(folders)}")


def _stated(folder: Path, problems: list[Problem]) -> Iterator[tuple[str, tuple[Claim, ...]]]:
    """What the databases state, by the place of the file that a record is about."""
    for database in sorted([*folder.glob(_DATABASE), *folder.glob(f"DLC/*/{_DATABASE}")]):
        place = place_of(database, folder)
        base = place.removesuffix(_DATABASE)
        for record in _records(database, place, problems):
            claims = tuple(_claims(record, f"{place}:id={record['id']}", problems))
            published = str(record["publish"] or "")
            stems = {f"{record['name']}({published})" if published else str(record["name"])}
            if record["filename"]:
                stems.add(str(record["filename"]).removesuffix(".md"))
            for stem in sorted(stems):
                yield f"{base}{record['folder']}/{stem}.md", claims


def _records(database: Path, place: str, problems: list[Problem]) -> list[Mapping[str, object]]:
    import sqlite3
    from contextlib import closing

    try:
        uri = f"{database.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(_QUERY)]
    except sqlite3.Error as error:
        text = f"要求读取其中的日期和效力标记，但无法读取（{error}）；正文照常收入，如需这些标记请重新克隆。"
        problems.append(warning("unreadable_database", place, text))
        return []


def _claims(record: Mapping[str, object], evidence: str, problems: list[Problem]) -> Iterator[Claim]:
    for column, field in (("publish", "version_date"), ("valid_from", "effective_date")):
        value = str(record[column] or "")
        if value and parse_date(value) is None:
            text = f"{column} 的值“{value}”不是 YYYY-MM-DD 的日期；已不采用，请核对。"
            problems.append(warning("bad_date", evidence, text))
        elif value:
            yield Claim(field, value, evidence)
    if record["expired"]:
        yield Claim("status", "已废止或失效(源库标记)", evidence)
