"""How well a cited article fits what the answer says of it, against the other articles of its law.

People tell a clause in their own words, so that few shared words prove nothing. But if what is said fits another
article of the same law much better, in words and (with an encoder and the build's vectors) in meaning, the number
or the title is probably wrong. A logistic head weighs the comparisons; it was trained on the citations of good
answers of the training folds and on the same citations with another number or title planted.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluator.citation_support import Supports
from kg.build import Build
from kg.manifest import read_sealed
from kg.pack import data_folder
from kg.problem import DamagedError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from retrieval.dense import DenseIndex
    from retrieval.index import ClauseIndex
    from retrieval.vectors import Encoder

_SENTENCE_END = re.compile(r"[。；！？!?;\n]")
_HANZI = re.compile(r"[\u4e00-\u9fff]")
_MENTION = re.compile(
    r"《[^》]{1,80}》|第[〇零一二两三四五六七八九十百千\d]{1,8}(?:条|款|项)(?:之[一二三四五六])?"
)
_HOLLOW, _LEAST = 6, 4
_LONGEST = 300
"""Characters that are encoded."""


@dataclass(frozen=True, slots=True)
class Around:
    """A mention's sentence, cut at the neighbouring mentions: the words before it and behind it."""

    before: str
    behind: str
    sentence: str

    @property
    def claim(self) -> str:
        """The words behind the mention, or all around it where those say next to nothing."""
        return self.behind if len(_HANZI.findall(self.behind)) >= _HOLLOW else self.before + self.behind


def around(text: str, spans: Sequence[tuple[int, int]]) -> list[Around]:
    """What stands around each of these spans.

    >>> [a.behind for a in around("《甲法》第一条规定不得出境，第二条另有规定。请复印。", [(0, 7), (14, 17)])]
    ['规定不得出境，', '另有规定']
    """
    ends = [match.start() for match in _SENTENCE_END.finditer(text)]
    found = []
    for start, end in spans:
        stop = next((e for e in ends if e >= end), len(text))
        begin = max((e + 1 for e in ends if e < start), default=0)
        behind = text[end : min([stop, *(s for s, _ in spans if s >= end)])]
        before = text[max([begin, *(e for _, e in spans if e <= start)]) : start]
        found.append(Around(before, behind, bare(text[begin:stop])))
    return found


def bare(text: str) -> str:
    """A text without titles and numbers of articles.

    >>> bare("《护士条例》第十六条要求报告")
    '要求报告'
    """
    return _MENTION.sub("", text)


@dataclass(frozen=True, slots=True)
class Head:
    """A logistic head over standardised comparisons; one that could not be made counts as the mean."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: float

    def probability(self, values: Sequence[float | None]) -> float:
        """The probability that number or title is wrong."""
        parts = zip(values, self.mean, self.scale, self.weights, strict=True)
        logit = self.bias + sum(w * (v - m) / s for v, m, s, w in parts if v is not None)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def heads(folder: Path | None = None) -> Mapping[str, Head]:
    """The shipped heads: `words`, and `meaning` for words and vectors together."""
    path = (folder or data_folder() / "models" / "guardian") / "citations.json"
    try:
        stored = json.loads(read_sealed(path.parent, path.name))["heads"]
        return {
            name: Head(
                tuple(one["mean"]), tuple(one["scale"]), tuple(one["weights"]), one["bias"], one["threshold"]
            )
            for name, one in stored.items()
        }
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedError(f"读不到评分模型 {path}：{error}；请重新安装 yilun") from error


def open_vectors(build: Build, cache: Path) -> Vectors | None:
    """The vectors of a build, None where there is no encoder or no vectors were made."""
    from retrieval.adapted import adapted_encoder
    from retrieval.dense import DenseIndex
    from retrieval.index import ClauseIndex
    from retrieval.retriever import INDEX_FOLDER

    index = ClauseIndex.open(build.path / INDEX_FOLDER, cache=cache, encoder=adapted_encoder())
    dense = index.stack.dense
    return Vectors(index, dense) if isinstance(dense, DenseIndex) else None


class Vectors:
    """Cosines of what is said with the articles of a build, from the vectors made with its index."""

    def __init__(self, index: ClauseIndex, dense: DenseIndex) -> None:
        self._index = index
        self._dense = dense
        self._known: dict[str, npt.NDArray[np.float32]] = {}

    @property
    def encoder(self) -> Encoder:
        """What made the vectors."""
        return self._dense.encoder

    def encode(self, text: str) -> npt.NDArray[np.float32]:
        """The vector of a text as a query; those of the last answers are kept."""
        if text not in self._known:
            if len(self._known) > 512:
                self._known.clear()
            self._known[text] = self._dense.encoder.encode_query(text[:_LONGEST])[0]
        return self._known[text]

    def comparisons(self, text: str, identifier: str) -> list[float | None]:
        """How near the article is to a text, and how it stands among those of its law and of the build."""
        import numpy as np

        rows = self._index.text_rows(identifier)
        own = self._index.row(identifier)
        if own is None or len(_HANZI.findall(text)) < _LEAST:
            return [None] * MEANING
        everywhere = self._dense.cosines(self.encode(text))
        near = everywhere[rows.start : rows.stop]
        mine = float(everywhere[own])
        others = np.delete(near, own - rows.start)
        best = float(others.max()) if len(others) else 0.0
        spread = float(near.std()) + 1e-6
        return [
            mine,
            mine - best,
            math.log1p(int((near > mine).sum())),
            math.log1p(int((everywhere > mine).sum())),
            mine - float(everywhere.max()),
            (mine - float(near.mean())) / spread,
        ]


WORDS, MEANING = 4, 6
"""How many comparisons are made of one text, by words and by vectors."""


class CitationFit:
    """Compares citations with the articles that they name and with those that they do not."""

    def __init__(self, build: Build, vectors: Vectors | None, head: Head) -> None:
        from retrieval.index import ClauseIndex
        from retrieval.retriever import INDEX_FOLDER

        self._build = build
        self._supports = Supports(ClauseIndex.open(build.path / INDEX_FOLDER).stack.lexical)
        self._vectors = vectors
        self._head = head

    @classmethod
    def untrained(cls, build: Build, vectors: Vectors | None) -> CitationFit:
        """One that compares but finds no fault: for training a head."""
        return cls(build, vectors, Head((), (), (), 0.0, 2.0))

    @classmethod
    def shipped(cls, build: Build, vectors: Vectors | None, folder: Path | None = None) -> CitationFit:
        """One with the head that fits what there is to compare by."""
        return cls(build, vectors, heads(folder)["meaning" if vectors else "words"])

    def misfit(self, article: str, words: Around, query: str, response: str) -> float | None:
        """The probability that the number or title is wrong; None below the threshold."""
        found = self._head.probability(self.comparisons(article, words, query, response))
        return found if found >= self._head.threshold else None

    def comparisons(self, article: str, words: Around, query: str, response: str) -> list[float | None]:
        """Everything that the head weighs, in its order; `article` is the id of the article cited."""
        whole = query + bare(response)
        found: list[float | None] = [
            float(len(_HANZI.findall(words.behind))),
            float(len(_HANZI.findall(words.before))),
        ]
        for text in (words.claim, words.sentence, whole):
            found += self._by_words(text, article)
        if self._vectors:
            for text in (bare(words.claim), words.sentence, query):
                found += self._vectors.comparisons(text, article)
        return found

    def _by_words(self, said: str, article: str) -> list[float]:
        weights = self._supports.weights(said)
        text, provision = self._build.provision(article)
        ranked = self._supports.ranked(weights, text)
        mine = next((s.share for s in ranked if s.article.id == provision.id), 0.0)
        best = next((s.share for s in ranked if s.article.id != provision.id), 0.0)
        ahead = sum(s.share > mine for s in ranked)
        return [mine, mine - best, math.log1p(ahead), sum(weights.values())]

    def likelier(self, article: str, words: Around) -> str | None:
        """The article of the same law that what is said fits best in words, for the reader; None if none does."""
        text, provision = self._build.provision(article)
        ranked = self._supports.ranked(self._supports.weights(words.claim), text)
        return next((str(s.article.id) for s in ranked if s.article.id != provision.id), None)
