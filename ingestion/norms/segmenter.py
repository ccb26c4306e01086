"""Provisions as spaCy Docs: jieba behind a tokenizer of ours, cues and parties marked by a SpanRuler.

Tokens cut the text exactly (no blank is added or lost), so a span of tokens is a span of code points.
Boundaries are forced around cues that are words wherever they stand and around party names of three or more
characters. Shorter names and single characters (国家, 应, 处) are left to jieba, whose dictionary has our
words in it: forced, 国家 would cut 中国家庭, and 应 would cut 适应.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ingestion.norms.lexicon import Cue, CueKind, Lexicon

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

_FORCED = (CueKind.MODAL, CueKind.OPENER)
_FORCED_LENGTH = 3
_PUNCTUATION = re.compile(r"[\s，。；：、！？（）()《》“”\"「」【】\[\]〔〕,;:]")
_TITLE = re.compile(r"《[^》]{1,80}》")
CUE_LABEL, PARTY_LABEL = "cue", "party"


class Tokenizer:
    """Text to Doc. Called by spaCy; `cut` is the same without spaCy."""

    def __init__(self, vocab: Vocab, lexicon: Lexicon) -> None:
        import logging

        import jieba
        from jieba.posseg import POSTokenizer

        jieba.setLogLevel(logging.WARNING)
        self._vocab = vocab
        self._jieba = jieba.Tokenizer()
        forced = {w for w, cue in lexicon.cues.items() if cue.kind in _FORCED and len(w) > 1}
        forced |= {w for w in lexicon.party_of_word if len(w) >= _FORCED_LENGTH}
        for word in sorted({*lexicon.cues, *lexicon.party_of_word}):
            if len(word) > 1:
                self._jieba.add_word(word)
        self._jieba.del_word("应有")  # 制剂室应有…设施: a modal and a verb
        self._tags: dict[str, str] = POSTokenizer(self._jieba).word_tag_tab
        longest_first = sorted(forced, key=lambda w: (-len(w), w))
        self._forced = re.compile("|".join([*map(_alone, longest_first), _PUNCTUATION.pattern]))

    def __call__(self, text: str) -> Doc:
        """The Doc of a text; its tokens joined are the text."""
        from spacy.tokens import Doc

        words = self.cut(text)
        tags = [self._tags.get(word, "x") for word in words]
        return Doc(self._vocab, words=words, spaces=[False] * len(words), tags=tags)

    def cut(self, text: str) -> list[str]:
        """The tokens of a text."""
        words: list[str] = []
        position = 0
        for match in self._forced.finditer(text):
            words += self._cut(text[position : match.start()])
            words.append(match[0])
            position = match.end()
        return words + self._cut(text[position:])

    def _cut(self, piece: str) -> list[str]:
        return list(self._jieba.cut(piece, HMM=False)) if piece else []


def _alone(word: str) -> str:
    """The pattern of a forced word: 负责人 is none in 负责人体器官移植."""
    return re.escape(word) + ("(?![体类口群身])" if word.endswith("人") else "")


@dataclass(frozen=True, slots=True)
class Mark:
    """A cue or a party in a text: offsets, and which one it is."""

    start: int
    end: int
    cue: Cue | None = None
    party: str | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with where its tokens begin, jieba's tags of them (v verb, n noun, p preposition, d adverb …),
    its cues and parties, in order; parties do not overlap."""

    text: str
    bounds: tuple[int, ...]
    tags: tuple[str, ...]
    cues: tuple[Mark, ...]
    parties: tuple[Mark, ...]

    def tag_at(self, offset: int) -> str:
        """The tag of the token that holds a character."""
        index = bisect_right(self.bounds, offset) - 1
        return self.tags[index] if 0 <= index < len(self.tags) else ""

    def token_end(self, offset: int) -> int:
        """Where the token that holds a character ends."""
        index = bisect_right(self.bounds, offset)
        return self.bounds[index] if index < len(self.bounds) else len(self.text)


class Segmenter:
    """Marks texts. Making one loads jieba's dictionary (a second); marking takes about a millisecond."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon

    @cached_property
    def nlp(self) -> Language:
        """The spaCy pipeline: our tokenizer, then a SpanRuler with every cue and party."""
        import spacy

        nlp = spacy.blank("zh")
        nlp.tokenizer = Tokenizer(nlp.vocab, self.lexicon)
        ruler = nlp.add_pipe("span_ruler", config={"spans_key": "marks"})
        patterns: list[dict[str, object]] = [
            {"label": CUE_LABEL, "id": word, "pattern": word} for word in sorted(self.lexicon.cues)
        ]
        patterns += [
            {"label": PARTY_LABEL, "id": party, "pattern": word}
            for word, party in sorted(self.lexicon.party_of_word.items())
        ]
        ruler.add_patterns(patterns)  # type: ignore[attr-defined]  # SpanRuler, typed as any pipe
        return nlp

    def mark(self, text: str) -> Marked:
        """The cues and parties of a text."""
        doc = self.nlp(text)
        cues: list[Mark] = []
        parties: list[Mark] = []
        # longest first among those that begin together; a shorter one inside is left out
        titles = [m.span() for m in _TITLE.finditer(text)]  # 《…适用…若干问题的解释》 states nothing
        for span in sorted(doc.spans["marks"], key=lambda s: (s.start_char, -s.end_char)):
            found = cues if span.label_ == CUE_LABEL else parties
            if found and span.start_char < found[-1].end:
                continue
            if any(start < span.start_char < end for start, end in titles):
                continue
            if span.label_ == CUE_LABEL:
                cues.append(Mark(span.start_char, span.end_char, cue=self.lexicon.cues[span.id_]))
            else:
                parties.append(Mark(span.start_char, span.end_char, party=span.id_))
        return Marked(
            text,
            tuple(token.idx for token in doc),
            tuple(token.tag_ for token in doc),
            tuple(cues),
            tuple(parties),
        )
