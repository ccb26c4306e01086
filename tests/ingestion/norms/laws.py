"""Short texts as the extractor gets them: an article of one 款, with its 项 if there are any."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ingestion.document import read_document
from ingestion.norms.extract import Extractor
from ingestion.readers.acquired import Acquired, Form
from kg.build import Text
from kg.dates import Validity
from kg.identity import ExpressionId
from kg.model import Expression, Origin
from kg.norm import Norm
from kg.text import digest

IDENTITY = ExpressionId("试法", date(2020, 1, 1))


def text_of(*paragraphs: str, chapter: str = "") -> Text:
    """A law of one article with these 款; lines beginning with （一） are 项 of the 款 before them."""
    heading = f"第一章　{chapter}\n\n" if chapter else ""
    raw = f"# 试法\n\n{heading}第一条　" + "\n\n".join(paragraphs) + "\n"
    document = read_document(Acquired(Origin("试", "试法.md", digest(raw)), raw, Form.MARKDOWN, ()))
    expression = Expression(
        IDENTITY, "试法", Validity(date(2020, 1, 1), None, None, None), "", document.origin
    )
    provisions = tuple(replace(p, id=replace(p.id, expression=IDENTITY)) for p in document.provisions)
    return Text(expression, document.text, provisions)


def norms_of(extractor: Extractor, *paragraphs: str) -> list[Norm]:
    """The norms of such a law."""
    return extractor.norms(text_of(*paragraphs))


def outline(norm: Norm) -> str:
    """A norm on one line: modality|cue|bearer (* elided)|action|condition|exception."""
    star = "*" if norm.bearer_elided else ""
    parts = [
        norm.modality.value,
        norm.cue.text if norm.cue else "",
        (norm.bearer.text if norm.bearer else "") + star,
        " ".join(norm.action.text.split()) if norm.action else "",
        " ".join(norm.condition.text.split()) if norm.condition else "",
        " ".join(norm.exception.text.split()) if norm.exception else "",
    ]
    return "|".join(parts)
