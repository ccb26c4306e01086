"""Glosses: what a provision means in everyday words, for matching people's words with those of law.

Written by a language model and not reviewed; they help to find a provision and are never quoted as law.
A gloss is bound to the text that it was written for: `bindings.tsv` keeps, for each glossed article and
款, its id, a hash and a sketch of its words (no text can be read back). So any collection of articles
finds its glosses, whatever its ids; where the words have changed too much, the gloss is left out.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kg.pack import data_folder, read_jsonl
from kg.problem import DamagedError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BINDINGS = "bindings.tsv"
_FIELDS = ("title", "article", "paragraph", "gloss", "situations", "keywords")


@dataclass(frozen=True, slots=True)
class Gloss:
    """The plain meaning of a provision, situations in which it governs, and words people search with."""

    title: str
    article: str
    paragraph: int | None
    item: int | None
    gloss: str
    situations: tuple[str, ...]
    keywords: tuple[str, ...]

    def words(self) -> str:
        """Everything that can be matched with a query."""
        return "\n".join((self.gloss, *self.situations, *self.keywords))


def read_glosses(folder: Path) -> list[Gloss]:
    """The glosses of a folder's jsonl files, in order; DamagedError names file, line and fault."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, row in read_jsonl(path):
            fault = _fault(row) if isinstance(row, dict) else "不是一个对象"
            if fault:
                raise DamagedError(f"{path}:{number}: {fault}；请改正该行")
            found.append(_gloss(cast("dict[str, Any]", row)))
    return found


def _fault(row: Mapping[str, Any]) -> str | None:
    if missing := [name for name in _FIELDS if name not in row]:
        return f"须有 {'、'.join(_FIELDS)}，缺 {'、'.join(missing)}"
    for name in ("title", "article", "gloss"):
        if not isinstance(row[name], str) or not row[name].strip():
            return f"{name} 为空或不是文字"
    for name in ("situations", "keywords"):
        if not isinstance(row[name], list) or not all(
            isinstance(one, str) and one.strip() for one in row[name]
        ):
            return f"{name} 须为非空文字的列表"
    if not row["article"].startswith("第") or "条" not in row["article"]:
        return f"article 应写作 第…条，今为 {row['article']!r}"
    return None


def _gloss(row: Mapping[str, Any]) -> Gloss:
    return Gloss(
        row["title"],
        row["article"],
        row["paragraph"],
        row.get("item"),
        row["gloss"],
        tuple(row["situations"]),
        tuple(row["keywords"]),
    )


_LABEL = re.compile(
    r"""
    ^ \s*
    (?:
        (?: 《? [^《》\s第]{2,40} 》? \s* )                  # the work's name, which a blank must end:
        第 [〇零一二三四五六七八九十百千\d]+ 条 (?: 之 [一二三四五六七八九十\d]+ )? (?: [\s：:] | $ )+
        # 违反本法第三十条规定的 is no label
    |   第 [〇零一二三四五六七八九十百千\d]+ 条 (?: 之 [一二三四五六七八九十\d]+ )? (?! [第规至、和的所] ) [\s：:]*
    )
    """,
    re.VERBOSE,
)
_WORDS = re.compile(r"[\u4e00-\u9fff0-9A-Za-z]+")


def without_label(text: str) -> str:
    """A provision without the name and number that some collections write before it.

    >>> without_label("第三条　医师应当尽责。")
    '医师应当尽责。'
    >>> without_label("违反本法第三条规定的，处罚款。")
    '违反本法第三条规定的，处罚款。'
    """
    return _LABEL.sub("", text)


def bare(text: str) -> str:
    """The words of a provision without its label, blanks and punctuation: the same in every edition.

    >>> bare("第一千二百一十九条　医务人员在诊疗活动中应当，说明。")
    '医务人员在诊疗活动中应当说明'
    """
    return "".join(_WORDS.findall(without_label(text)))


_SHORTEST = 8
"""Texts with fewer words than this are too common to be told apart."""
_ROWS, _BANDS = 3, 8
_ALIKE = 0.6
"""The share of three-character runs in common from which a text counts as an edition of another."""


def digest(words: str) -> str:
    """A short hash of bare words."""
    return hashlib.blake2b(words.encode(), digest_size=8).hexdigest()


@cache
def _factors() -> npt.NDArray[np.uint64]:
    import numpy as np

    seeds = (hashlib.blake2b(f"sketch {n}".encode(), digest_size=8).digest() for n in range(_ROWS * _BANDS))
    return np.asarray([int.from_bytes(seed, "little") | 1 for seed in seeds], dtype=np.uint64)


def sketch(words: str) -> npt.NDArray[np.uint16]:
    """A min-hash of the three-character runs of bare words: alike texts share most of its 24 numbers."""
    import numpy as np

    codes = np.frombuffer(words.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    runs = (codes[:-2] << np.uint64(42)) | (codes[1:-1] << np.uint64(21)) | codes[2:]
    mixed = (runs[:, None] * _factors()[None, :]) >> np.uint64(16)
    least = ((mixed * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(24)).min(axis=0)
    return np.asarray(least & np.uint64(0xFFFF), dtype=np.uint16)


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A glossed article, or one 款 of it, by what can be recognised of its words."""

    id: str
    title: str
    article: str
    paragraph: int | None
    digest: str
    sketch: npt.NDArray[np.uint16]

    def line(self) -> str:
        """The binding as a line of `bindings.tsv`."""
        drawn = base64.b64encode(self.sketch.astype("<u2").tobytes()).decode()
        return "\t".join((self.id, self.title, self.article, str(self.paragraph or ""), self.digest, drawn))


def bind(id_: str, title: str, article: str, paragraph: int | None, text: str) -> Binding | None:
    """The binding of a provision with this text; None where the text is too short to be recognised."""
    words = bare(text)
    if len(words) < _SHORTEST:
        return None
    return Binding(id_, title, article, paragraph, digest(words), sketch(words))


def read_bindings(path: Path) -> list[Binding]:
    """The lines of `bindings.tsv`; none where the file is absent."""
    import numpy as np

    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            id_, title, article, paragraph, hashed, drawn = line.split("\t")
            numbers = np.frombuffer(base64.b64decode(drawn), dtype="<u2")
            found.append(Binding(id_, title, article, int(paragraph) if paragraph else None, hashed, numbers))
        except ValueError as error:
            raise DamagedError(f"{path}:{number}: 不是六列的绑定行；请恢复该文件") from error
    return found


class GlossLayer:
    """Glosses by the words of the provision that they explain."""

    def __init__(self, glosses: Iterable[Gloss], bindings: Iterable[Binding]) -> None:
        held: dict[tuple[str, str], list[Gloss]] = defaultdict(list)
        for gloss in glosses:
            held[gloss.title, gloss.article].append(gloss)
        self._held = dict(held)
        self._bindings = [one for one in bindings if (one.title, one.article) in held]
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._bands: dict[tuple[int, bytes], list[int]] = defaultdict(list)
        for place, one in enumerate(self._bindings):
            self._exact[one.digest].append(place)
            for band in _band_keys(one.sketch):
                self._bands[band].append(place)

    @classmethod
    def shipped(cls, keep: Callable[[Gloss], bool] = lambda _: True) -> GlossLayer:
        """The glosses of the project's own data pack that `keep` accepts."""
        return cls.of_pack(data_folder(), keep)

    @classmethod
    def of_pack(cls, pack: Path, keep: Callable[[Gloss], bool] = lambda _: True) -> GlossLayer:
        """The glosses of a data pack that `keep` accepts; none where the pack has none."""
        folder = pack / "glosses"
        if not folder.is_dir():
            return cls([], [])
        return cls([gloss for gloss in read_glosses(folder) if keep(gloss)], read_bindings(folder / BINDINGS))

    def __len__(self) -> int:
        return sum(map(len, self._held.values()))

    def of(self, text: str) -> tuple[Gloss, ...]:
        """The glosses of the provision with these words, or with nearly these.

        Of an article all, of a 款 its own and those of the whole article. Exact matches rule out near
        ones; among near ones the most alike counts.
        """
        words = bare(text)
        if len(words) < _SHORTEST or not self._bindings:
            return ()
        places = self._exact.get(digest(words)) or self._near(words)
        found = (gloss for place in places for gloss in self._of_place(self._bindings[place]))
        return tuple(dict.fromkeys(found))

    def _of_place(self, place: Binding) -> Iterator[Gloss]:
        for gloss in self._held[place.title, place.article]:
            if place.paragraph is None or gloss.paragraph in (None, place.paragraph):
                yield gloss

    def _near(self, words: str) -> Sequence[int]:
        drawn = sketch(words)
        candidates = {place for band in _band_keys(drawn) for place in self._bands.get(band, ())}
        alike = {place: float((self._bindings[place].sketch == drawn).mean()) for place in candidates}
        best = max(alike.values(), default=0.0)
        return sorted(place for place, share in alike.items() if share == best) if best >= _ALIKE else ()


def _band_keys(drawn: npt.NDArray[np.uint16]) -> Iterator[tuple[int, bytes]]:
    for band in range(_BANDS):
        yield band, drawn[band * _ROWS : (band + 1) * _ROWS].tobytes()
