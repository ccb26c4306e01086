"""The clause index of a build: records, words, dates and vectors of every article, opened in place.

What follows from the texts alone stands in one folder with a manifest, byte for byte the same when
written again. Vectors stand apart, in a cache, under the id of that manifest.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Self
from zlib import crc32

from kg.clause import Clause
from kg.identity import ProvisionId
from kg.norm import Norm, Party
from kg.problem import DamagedError, InputError
from kg.vocabulary import Level, Topic
from retrieval.dense import DenseIndex, write_dense
from retrieval.filters import EVERYTHING, Filters
from retrieval.gloss_vectors import GlossVectors, write_gloss_vectors
from retrieval.glosses import Gloss, GlossLayer
from retrieval.lexical import BM25
from retrieval.norm_marks import FILES as MARK_FILES
from retrieval.norm_marks import NormMarks, write_marks
from retrieval.ranking import ranking_for
from retrieval.records import decode_clause, encode_clause
from retrieval.stack import WORD_FILES, Document, Stack, write_words
from retrieval.vectors import Encoder, Progress, VectorCache

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from kg.manifest import Manifest

FORMAT = 6
_CLAUSES, _IDS, _ROWS, _TOPICS = "clauses.jsonl", "ids.txt", "rows.npy", "topics.txt"
_MEANINGS = "meanings.json"
_LEVELS = tuple(Level)
_MOST_TOPICS = 63
"""One bit of a row for each."""


def document(clause: Clause, glosses: Iterable[Gloss] = ()) -> Document:
    """What is searched of a clause."""
    words = "\n".join(gloss.words() for gloss in glosses)
    return Document(clause.titles, clause.headings, clause.text, words)


def write_index(
    clauses: Iterable[Clause],
    folder: Path,
    *,
    glosses: GlossLayer | None = None,
    norms: Iterable[Norm] = (),
    parties: Mapping[str, Party] | None = None,
    cache: Path | None = None,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Write the index of these clauses, in whatever order they come; InputError if two have one id.

    `norms` and `parties` are what search can be narrowed by. With a cache folder and an encoder the vectors follow, see `index_vectors`.
    """
    from kg.manifest import Manifest

    held = sorted(((str(clause.id), clause) for clause in clauses), key=lambda pair: pair[0])
    for (one, _), (two, _) in pairwise(held):
        if one == two:
            raise InputError(f"两个条文的 id 相同: {one}；索引要求 id 唯一")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _CLAUSES).open("wb") as file:
        marks = [(file.write(line), crc32(line)) for line in (encode_clause(clause) for _, clause in held)]
    (folder / _IDS).write_text("".join(f"{id_}\n" for id_, _ in held), "utf-8", newline="\n")
    topics = sorted({topic for _, clause in held for topic in clause.topics})
    if len(topics) > _MOST_TOPICS:
        raise InputError(f"条文归入 {len(topics)} 个场景；索引至多容纳 {_MOST_TOPICS} 个，请合并数据包的场景")
    (folder / _TOPICS).write_text("".join(f"{topic}\n" for topic in topics), "utf-8", newline="\n")
    _write_rows([clause for _, clause in held], marks, topics, folder / _ROWS)
    write_marks(norms, parties or {}, [id_ for id_, _ in held], folder)
    bm25 = BM25()
    told = [glosses.of(clause.text) if glosses else () for _, clause in held]
    write_words([document(clause, of) for (_, clause), of in zip(held, told, strict=True)], folder, bm25=bm25)
    meanings = {row: [gloss.gloss for gloss in of] for row, of in enumerate(told) if of}
    (folder / _MEANINGS).write_text(
        json.dumps(meanings, ensure_ascii=False, indent=0) + "\n", "utf-8", newline="\n"
    )
    manifest = Manifest.of_folder(
        folder,
        input_digest="",
        inputs={},
        parameters={"index_format": str(FORMAT), "k1": str(bm25.k1), "b": str(bm25.b)},
        counts={"clauses": len(held), "glossed": len(meanings)},
    )
    manifest.write(folder)
    if cache and encoder:
        index_vectors(folder, cache=cache, encoder=encoder, glosses=glosses, progress=progress)
    return manifest


def _dense_folder(cache: Path, index_id: str, encoder: Encoder) -> Path:
    # By the encoder's name: hashing the model's files is left to the first use of its vectors.
    return cache / "dense" / f"{index_id}-{hashlib.sha256(encoder.name.encode()).hexdigest()[:8]}"


def index_vectors(
    folder: Path,
    *,
    cache: Path,
    encoder: Encoder,
    glosses: GlossLayer | None = None,
    progress: Progress | None = None,
) -> None:
    """Encode the clauses of a written index and their glosses, as far as the cache lacks them; index the vectors.

    Nothing is done where those indexes of vectors stand already; damaged ones are made again.
    """
    index = ClauseIndex.open(folder, cache=cache, encoder=encoder)
    dense, near_glosses = index.stack.dense, index.stack.near_glosses
    if dense and (near_glosses or not glosses):
        with suppress(DamagedError):  # a damaged one is made again
            dense.verify()
            if near_glosses:
                near_glosses.verify()
            return
    target = _dense_folder(cache, index.manifest.id, encoder)
    target.mkdir(parents=True, exist_ok=True)
    if glosses:
        told = {row: of for row, clause in enumerate(index.clauses()) if (of := glosses.of(clause.text))}
        write_gloss_vectors(told, target, cache=cache, encoder=encoder, progress=progress)
    texts = (document(clause).passage() for clause in index.clauses())
    write_dense(VectorCache(cache, encoder).vectors(texts, progress=progress), target, encoder=encoder)


def _write_rows(clauses: list[Clause], marks: list[tuple[int, int]], topics: list[Topic], path: Path) -> None:
    import numpy as np

    articles: dict[tuple[str, str], int] = {}
    rows = np.zeros(
        len(clauses),
        dtype=[
            ("offset", "<i8"), ("length", "<i4"), ("article", "<i4"), ("newness", "<i4"), ("begins", "<i4"),
            ("not_before", "<i4"), ("ends", "<i4"), ("contested", "<i4"), ("level", "<i2"), ("topics", "<i8"),
            ("crc", "<u4"),
        ],
    )  # fmt: skip
    offset = 0
    for row, (clause, (length, crc)) in enumerate(zip(clauses, marks, strict=True)):
        expression, steps = clause.id.expression, "/".join(map(str, clause.id.steps))
        validity = clause.validity
        days = (validity.begins, validity.not_before, validity.ends, validity.contested_from)
        newest = expression.version or validity.begins or validity.not_before or date.min
        rows[row] = (
            offset,
            length,
            articles.setdefault((expression.key, steps), len(articles)),
            newest.toordinal(),
            *(day.toordinal() if day else 0 for day in days),
            _LEVELS.index(clause.level),
            sum(1 << topics.index(topic) for topic in clause.topics),
            crc,
        )
        offset += length
    np.save(path, rows, allow_pickle=False)


def _numbers(identifier: str) -> list[tuple[int, int]]:
    return [(step.number, step.sub) for step in ProvisionId.parse(identifier).steps]


def _mapped(path: Path, size: int) -> mmap | bytes:
    try:
        with path.open("rb") as file:
            if (found := path.stat().st_size) != size:
                raise DamagedError(f"{path} 有 {found} 字节，应为 {size}；请重新运行 yilun build")
            return mmap(file.fileno(), 0, access=ACCESS_READ) if size else b""
    except OSError as error:
        raise DamagedError(f"{path} 读不到（{error.strerror}）；请重新运行 yilun build") from error


def stored_meanings(folder: Path) -> dict[str, tuple[str, ...]]:
    """What glosses say of the clauses of an index, by id: written by a model, unreviewed.

    For readers of a clause; read without opening the index.
    """
    ids = (folder / _IDS).read_text("utf-8").splitlines()
    stored = json.loads((folder / _MEANINGS).read_text("utf-8"))
    return {ids[int(row)]: tuple(said) for row, said in stored.items()}


@dataclass(frozen=True, slots=True, eq=False)
class ClauseIndex:
    """An opened index: which clauses are law on a day, their records, and the stack that ranks them."""

    folder: Path
    manifest: Manifest
    ids: tuple[str, ...]
    topics: tuple[Topic, ...]
    stack: Stack
    _rows: npt.NDArray[np.void]
    _records: mmap | bytes
    _masks: dict[object, npt.NDArray[np.bool_]] = field(default_factory=dict)
    _meanings: list[Mapping[str, tuple[str, ...]]] = field(default_factory=list)
    _norms: list[NormMarks] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, *, cache: Path | None = None, encoder: Encoder | None = None) -> Self:
        """Open an index; with a cache folder and an encoder also its vectors, where they were made.

        DamagedError names the first file that is missing or not what was written. Of the records only
        the size is checked here, each one when it is read; the vectors with their first use.
        """
        import numpy as np

        from kg.manifest import Manifest

        manifest = Manifest.read(folder)
        if manifest.parameters.get("index_format") != str(FORMAT):
            raise InputError(f"索引 {folder} 由另一版本的 yilun 写成；请重新运行 yilun build")
        for name in (_IDS, _ROWS, _TOPICS, _MEANINGS, *MARK_FILES, *WORD_FILES):
            manifest.read_bytes(folder, name)
        ids = tuple((folder / _IDS).read_text("utf-8").splitlines())
        topics = tuple(map(Topic, (folder / _TOPICS).read_text("utf-8").splitlines()))
        rows = np.load(folder / _ROWS, allow_pickle=False)
        dense = near_glosses = None
        if cache and encoder:
            vectors = _dense_folder(cache, manifest.id, encoder)
            dense = DenseIndex.open(vectors, encoder, rows=len(ids))
            near_glosses = GlossVectors.open(vectors, encoder)
        works = [id_.partition("@")[0] for id_ in ids]
        stack = Stack.open(
            folder, len(ids), dense, near_glosses=near_glosses, works=works, ranking=ranking_for(encoder)
        )
        return cls(
            folder, manifest, ids, topics, stack, rows, _mapped(folder / _CLAUSES, int(rows["length"].sum()))
        )

    def verify(self) -> None:
        """Hash every file again, vectors too; DamagedError names those that differ by now."""
        if damaged := self.manifest.damaged(self.folder):
            raise DamagedError(
                f"索引 {self.folder} 中有文件损坏: {'、'.join(damaged)}；请重新运行 yilun build"
            )
        if self.stack.dense:
            self.stack.dense.verify()

    def __len__(self) -> int:
        return len(self.ids)

    def clause(self, row: int) -> Clause:
        """The clause of a row."""
        start = int(self._rows[row]["offset"])
        line = self._records[start : start + int(self._rows[row]["length"])]
        if crc32(line) != int(self._rows[row]["crc"]):
            raise DamagedError(
                f"{self.folder / _CLAUSES} 中 {self.ids[row]} 的记录已损坏；请重新运行 yilun build"
            )
        return decode_clause(line)

    def clauses(self) -> Iterator[Clause]:
        """Every clause, by id."""
        return (self.clause(row) for row in range(len(self)))

    def meanings(self, row: int) -> tuple[str, ...]:
        """What a row's glosses say it means: written by a model, unreviewed."""
        if not self._meanings:
            self._meanings.append(stored_meanings(self.folder))
        return self._meanings[0].get(self.ids[row], ())

    def row(self, identifier: str) -> int | None:
        """The row of a clause id, None if the index lacks it."""
        at = bisect_left(self.ids, identifier)
        return at if at < len(self.ids) and self.ids[at] == identifier else None

    def text_rows(self, identifier: str) -> range:
        """The rows of the text that a clause id belongs to, by id."""
        text = identifier.partition("/")[0]
        return range(bisect_left(self.ids, f"{text}/"), bisect_left(self.ids, f"{text}0"))  # "0" follows "/"

    def versions(self, key: str, steps: str) -> list[int]:
        """The rows of one article in every version of a work: key 中华人民共和国医师法, steps art25."""
        tail = f"/{steps}"
        return [
            row
            for row in self._rows_of(key)
            if self.ids[row].endswith(tail) and self.ids[row].partition("/")[2] == steps
        ]

    def _rows_of(self, key: str) -> range:
        start = bisect_left(self.ids, f"{key}@")
        return range(start, bisect_left(self.ids, f"{key}A", lo=start))  # "A" is the character after "@"

    def neighbours(self, row: int, distance: int = 1) -> list[int]:
        """The rows of the same text whose articles stand so near before and after, in the text's order."""
        order = sorted(self.text_rows(self.ids[row]), key=lambda one: _numbers(self.ids[one]))
        at = order.index(row)
        return [one for one in order[max(0, at - distance) : at + distance + 1] if one != row]

    def allowed(
        self, as_of: date, filters: Filters = EVERYTHING, *, keys: Collection[str] | None = None
    ) -> npt.NDArray[np.bool_]:
        """Which rows search may show: in force or unknown on that day, and let through by the filters.

        Of one article only one version: the newest in force, else the newest left. `keys` are the works
        that the filters' sources mean.
        """
        wanted_keys = None if keys is None else frozenset(keys)
        asked = (as_of, filters, wanted_keys)
        if (held := self._masks.get(asked)) is not None:
            return held
        mask = self._let_through(*self._dated(as_of), filters, wanted_keys)
        if len(self._masks) >= 64:
            self._masks.clear()
        self._masks[asked] = mask
        return mask

    def _dated(self, as_of: date) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Which rows are law on that day or may be, one version of an article; which are so by a stated date."""
        import numpy as np

        rows, day = self._rows, as_of.toordinal()
        ended = (rows["ends"] > 0) & (day >= rows["ends"])
        # A beginning and a bound that are not recorded are 0, which is before every day.
        not_yet = day < np.where(rows["begins"] > 0, rows["begins"], rows["not_before"])
        mask = ~(ended | not_yet)
        contested = (rows["contested"] > 0) & (day >= rows["contested"])
        in_force = mask & (rows["begins"] > 0) & ~contested
        order = np.lexsort((np.arange(len(rows)), rows["newness"], in_force, rows["article"]))
        left = order[mask[order]]
        superseded = left[:-1][rows["article"][left[:-1]] == rows["article"][left[1:]]]
        mask[superseded] = False
        return mask, in_force

    def _let_through(
        self,
        mask: npt.NDArray[np.bool_],
        in_force: npt.NDArray[np.bool_],
        filters: Filters,
        keys: frozenset[str] | None,
    ) -> npt.NDArray[np.bool_]:
        import numpy as np

        rows = self._rows
        if filters.levels is not None:
            mask &= np.isin(rows["level"], [_LEVELS.index(level) for level in filters.levels])
        if filters.topics is not None:
            bits = sum(1 << at for at, topic in enumerate(self.topics) if topic in filters.topics)
            mask &= (rows["topics"] & bits) != 0
        if keys is not None:
            of_works = np.zeros(len(rows), dtype=bool)
            for key in keys:
                of_works[self._rows_of(key)] = True
            mask &= of_works
        if filters.modalities is not None or filters.parties is not None:
            normed = np.zeros(len(rows), dtype=bool)
            normed[self._marks().rows(modalities=filters.modalities, parties=filters.parties)] = True
            mask &= normed
        return mask & in_force if filters.only_in_force else mask

    def _marks(self) -> NormMarks:
        if not self._norms:
            self._norms.append(NormMarks.open(self.folder))
        return self._norms[0]
