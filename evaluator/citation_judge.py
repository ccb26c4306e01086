"""One citation, whose article is known, against what the text says of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from evaluator.citation_elsewhere import Elsewhere, Elsewheres
from evaluator.citation_find import FoundCitation
from evaluator.citation_modality import quotation_flips, turned
from evaluator.citation_outcome import Detail, Outcome, Suggestion, Verified
from evaluator.citation_passage import Passage, Quoted
from evaluator.citation_quote import Comparison, Likeness, compare_quotation, official_stretch, plain
from evaluator.citation_resolve import Resolution
from evaluator.citation_support import Supports
from kg.build import Text
from kg.model import Provision
from kg.vocabulary import Kind

_INTRODUCES = re.compile(
    r"""^ [^“”"「」。]{0,16} (?: 规定 | 明确 | 写明 | 载明 | 原文 | 条文 | 表述 | 写道 | 写的是 | 写着 | 指出 | 明文 | 要求 | 强调
          | 所称 | 内容 | 全文 | 即 | 为 | 是 | 称 ) [^“”"「」。]{0,6} \Z | ^ \s* [::(]? \s* \Z""",
    re.VERBOSE,
)
_NESTED = re.compile(r"^\s?(?:规定)?的?[^,。]{0,24}的,")
_NESTED_BEFORE = re.compile(r"(?:依照|按照|根据|依据|违反|符合|具有|具备|丧失|属于|有|不按)(?:本法|本条例)?$")
_SHORT_QUOTE = 4
_CLAIMED = 0.4
"""The share of a claim that the cited article must hold for the claim to be called compared."""
_LEVEL_SHARE, _LEVEL_OWN, _LEVEL_MARGIN = 0.2, 0.3, 0.15
_LEVELS = (Kind.PARAGRAPH, Kind.ITEM, Kind.SUBITEM)
_LONGEST_RANGE = 60


class Cited(NamedTuple):
    """A citation with what it leads to and what is said of it.

    `besides` are the articles cited along with it for the same words, `named` those of the mention before it.
    """

    found: FoundCitation
    resolution: Resolution
    passage: Passage
    besides: frozenset[str]
    named: frozenset[str]


@dataclass(slots=True)
class Judgement:
    """What was found: faults in no order, suggestions, sentences of evidence, and what was compared."""

    faults: set[Outcome] = field(default_factory=set)
    details: list[Detail] = field(default_factory=list)
    suggested: list[Suggestion] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    basis: Verified = Verified.EXISTENCE
    likeness: Likeness | None = None
    share: float = 0.0
    quotation_fixes: list[tuple[Quoted, str]] = field(default_factory=list)

    def add(self, fault: Outcome, sentence: str, *details: Detail) -> None:
        """One fault with the sentence that says what was compared."""
        self.faults.add(fault)
        self.evidence.append(sentence)
        self.details += [detail for detail in details if detail not in self.details]


class Judge:
    """Compares citations with the articles that they name."""

    def __init__(self, supports: Supports, elsewheres: Elsewheres) -> None:
        self.supports = supports
        self.elsewheres = elsewheres

    def judge(self, cited: Cited) -> Judgement:
        """Everything that can be said of a citation whose article exists."""
        judgement = Judgement()
        resolution = cited.resolution
        if resolution.article is None or resolution.text is None:
            return judgement
        quoted = self._quotations(cited, judgement)
        if _is_nested(cited):
            return judgement
        self._claim(cited, judgement, quoted=quoted)
        if resolution.outcome is Outcome.WRONG_LEVEL and not judgement.suggested:
            judgement.suggested.append(
                Suggestion(resolution.text.expression.title, resolution.article.id.display())
            )
        return judgement

    # -- quotations --------------------------------------------------------------------------------

    def _quotations(self, cited: Cited, judgement: Judgement) -> bool:
        """Compare the quotations that belong to the citation; whether there were any."""
        any_compared = False
        for quoted in cited.passage.quotations:
            compared = self._one_quotation(cited, quoted, judgement)
            any_compared = any_compared or compared
        if any_compared and Outcome.QUOTE_MISMATCH not in judgement.faults:
            judgement.basis = Verified.QUOTATION
        return any_compared

    def _one_quotation(self, cited: Cited, quoted: Quoted, judgement: Judgement) -> bool:
        resolution, passage = cited.resolution, cited.passage
        text, article = resolution.text, resolution.article
        assert text is not None and article is not None
        behind = quoted.start >= passage.behind_span[0]
        if not behind and (passage.front or judgement.likeness):
            return False
        length = len(plain(quoted.words))
        if length < _SHORT_QUOTE:
            return False
        comparison = compare_quotation(quoted.words, _official(text, resolution.provisions, article))
        if comparison.same:
            judgement.likeness = comparison.likeness
            judgement.evidence.append(f"{comparison.likeness.zh}：“{_short(quoted.words)}”")
            self._level_of_quotation(cited, quoted, judgement)
            return True
        if any(self._has(identifier, quoted.words) for identifier in cited.besides):
            return False
        introduced = behind and self._introduced(cited, quoted)
        other = self.elsewheres.of_quotation(
            quoted.words, text, resolution.as_of, besides={str(article.id), *cited.besides}
        )
        if other and (introduced or length >= 10) and comparison.cover < 0.9:
            judgement.add(
                Outcome.WRONG_NUMBER,
                f"所引“{_short(quoted.words)}”见于《{other.text.expression.title}》{other.article.id.display()}，不在{article.id.display()}",
            )
            judgement.suggested.append(_suggestion(other))
            return True
        return self._altered(cited, quoted, comparison, judgement, introduced=introduced)

    def _altered(
        self, cited: Cited, quoted: Quoted, comparison: Comparison, judgement: Judgement, *, introduced: bool
    ) -> bool:
        article = cited.resolution.article
        assert article is not None
        length = len(plain(quoted.words))
        if comparison.likeness is Likeness.ALTERED and (
            length >= 10 or (introduced and comparison.cover >= 0.7)
        ):
            said = "；".join(difference.zh() for difference in comparison.differences[:5])
            flips = quotation_flips(comparison.official, quoted.words)
            judgement.add(
                Outcome.QUOTE_MISMATCH,
                f"引文与{article.id.display()}原文不同：{said}。原文：“{_short(comparison.official, 120)}”",
                *([Detail.MODALITY_FLIP] if flips else []),
            )
            judgement.likeness = comparison.likeness
            text = cited.resolution.text
            assert text is not None
            if words := official_stretch(text.words(article), comparison.official):
                judgement.quotation_fixes.append((_inside_marks(quoted), words))
            return True
        if introduced and length >= 12 and comparison.likeness is Likeness.UNLIKE:
            judgement.add(
                Outcome.QUOTE_MISMATCH, f"{article.id.display()}中没有“{_short(quoted.words)}”这样的文字"
            )
            judgement.likeness = comparison.likeness
            return True
        return False

    def _introduced(self, cited: Cited, quoted: Quoted) -> bool:
        lead = cited.passage.behind[: quoted.start - 1 - cited.passage.behind_span[0]]
        return bool(_INTRODUCES.match(lead))

    def _has(self, identifier: str, words: str) -> bool:
        text, provision = self.elsewheres.build.provision(identifier)
        return compare_quotation(words, text.words(provision)).same

    def _level_of_quotation(self, cited: Cited, quoted: Quoted, judgement: Judgement) -> None:
        """A quotation that stands in the article, but in another 款 or 项 than the one named."""
        resolution = cited.resolution
        text, article = resolution.text, resolution.article
        assert text is not None and article is not None
        named = resolution.provisions
        if not named or named[0].kind not in _LEVELS:
            return
        if any(compare_quotation(quoted.words, _with_lead(text, p)).same for p in named):
            return
        right = next(
            (
                p
                for p in text.below(article)
                if p.kind is named[0].kind and compare_quotation(quoted.words, text.words(p)).same
            ),
            None,
        )
        if right:
            judgement.add(
                Outcome.WRONG_LEVEL,
                f"所引文字在{right.id.display()}，不在{named[0].id.display()}",
            )
            judgement.suggested.append(Suggestion(text.expression.title, right.id.display()))

    # -- claims ------------------------------------------------------------------------------------

    def _claim(self, cited: Cited, judgement: Judgement, *, quoted: bool) -> None:
        resolution, passage = cited.resolution, cited.passage
        text, article = resolution.text, resolution.article
        assert text is not None and article is not None
        held = self._held(resolution)
        sides = [self.supports.weights(side) for side in (passage.before, passage.behind)]
        around = max(self.supports.share(side, held) for side in sides)
        weights = self.supports.weights(passage.claim)
        judgement.share = self.supports.share(weights, held)
        if (
            judgement.share >= _CLAIMED
            and sum(weights.values()) >= 40
            and judgement.basis is Verified.EXISTENCE
        ):
            judgement.basis = Verified.CLAIM
        if not quoted and self._elsewhere(cited, judgement, around):
            return
        if not quoted:
            self._level_of_claim(cited, judgement, weights)
        self._turned(cited, judgement, quoted=quoted)

    def _held(self, resolution: Resolution) -> frozenset[str]:
        """The terms of the cited article, of all articles where a range is cited."""
        text, article = resolution.text, resolution.article
        assert text is not None and article is not None
        held = self.supports.terms(text, article)
        for provision in resolution.provisions[1:_LONGEST_RANGE]:
            held |= self.supports.terms(text, provision)
        return held

    def _elsewhere(self, cited: Cited, judgement: Judgement, around: float) -> bool:
        resolution, passage = cited.resolution, cited.passage
        text, article = resolution.text, resolution.article
        assert text is not None and article is not None
        front = passage.front
        # Words before a citation may belong to the mention before it.
        own = {str(p.id) for p in resolution.provisions[:_LONGEST_RANGE]}
        besides = {str(article.id), *own, *(cited.besides if front else cited.named)}
        other = self.elsewheres.of_claim(
            passage.claim, text, self._held(resolution), front=front, around=around, besides=besides
        ) or self.elsewheres.in_other_laws(
            passage.claim, around, resolution.as_of, front=front, besides=besides
        )
        if other is None:
            return False
        here = other.text.expression.title if other.text is not text else ""
        named = f"《{here}》{other.article.id.display()}" if here else other.article.id.display()
        judgement.add(
            Outcome.WRONG_NUMBER,
            f"所述“{_short(other.words)}”的用词 {other.share:.0%} 见于{named}，{article.id.display()}只有 {other.own:.0%}",
        )
        judgement.suggested.append(_suggestion(other))
        return True

    def _level_of_claim(self, cited: Cited, judgement: Judgement, weights: dict[str, float]) -> None:
        resolution = cited.resolution
        text, article, named = resolution.text, resolution.article, resolution.provisions
        assert text is not None and article is not None
        if len(named) != 1 or named[0].kind not in _LEVELS or sum(weights.values()) < 60:
            return
        own = self.supports.share(weights, self.supports.terms(text, named[0]))
        if own > _LEVEL_OWN:
            return
        others = [p for p in text.below(article) if p.kind is named[0].kind and p.id != named[0].id]
        shares = [(self.supports.share(weights, self.supports.terms(text, p)), p) for p in others]
        share, right = max(shares, key=lambda pair: pair[0], default=(0.0, None))
        if right and share >= _LEVEL_SHARE and share - own >= _LEVEL_MARGIN:
            judgement.add(
                Outcome.WRONG_LEVEL,
                f"所述用词 {share:.0%} 见于{right.id.display()}，{named[0].id.display()}只有 {own:.0%}",
            )
            judgement.suggested.append(Suggestion(text.expression.title, right.id.display()))

    def _turned(self, cited: Cited, judgement: Judgement, *, quoted: bool) -> None:
        resolution, passage = cited.resolution, cited.passage
        text, article = resolution.text, resolution.article
        assert text is not None and article is not None
        claim = _unquoted(passage.claim) if quoted else passage.claim
        for fault in turned(claim, text.words(article)):
            judgement.add(Outcome.UNSUPPORTED, fault.zh(), fault.detail)


def _is_nested(cited: Cited) -> bool:
    """有第十条规定情形的，…: a place inside what another article is said to say."""
    passage = cited.passage
    if cited.found.explicit:
        return False
    return bool(_NESTED.match(passage.behind) or (passage.follows and _NESTED_BEFORE.search(passage.before)))


def _official(text: Text, provisions: Sequence[Provision], article: Provision) -> str:
    """The words that a quotation may come from: the article, or every article of a range."""
    articles = [p for p in provisions if p.kind is Kind.ARTICLE]
    if len(articles) > 1:
        return "\n".join(text.words(p) for p in articles)
    return text.words(article)


def _with_lead(text: Text, provision: Provision) -> str:
    """A provision with the words that lead into it: those of the 款 before the first 项."""
    lead = [a for a in text.ancestors(provision) if a.kind in (Kind.PARAGRAPH, Kind.ITEM)]
    return "\n".join(text.official[a.start : a.head_end] for a in lead) + "\n" + text.words(provision)


def _inside_marks(quoted: Quoted) -> Quoted:
    """A quotation without the marks at its two ends, which stay as they are when its words are replaced."""
    head = len(quoted.words) - len(re.sub(r"^\W+", "", quoted.words))
    tail = len(quoted.words) - len(re.sub(r"\W+$", "", quoted.words))
    words = quoted.words[head : len(quoted.words) - tail]
    return Quoted(quoted.start + head, quoted.end - tail, words)


def _unquoted(claim: str) -> str:
    return re.sub(r"“[^“”]*”?|「[^「」]*」?|\"[^\"]*\"?", "", claim)


def _short(words: str, most: int = 40) -> str:
    line = " ".join(words.split()).strip(" ,:;。、")
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _suggestion(other: Elsewhere) -> Suggestion:
    return Suggestion(other.text.expression.title, other.article.id.display())
