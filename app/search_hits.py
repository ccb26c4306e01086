"""A search as it is asked for and answered everywhere: filters in readers' words, hits as contract rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any

from kg.norm import Modality
from kg.problem import InputError
from kg.vocabulary import Level, Topic

if TYPE_CHECKING:
    from kg.build import Build
    from retrieval import Filters, Retriever


def read_filters(
    build: Build,
    *,
    levels: Collection[str] | None = None,
    topics: Collection[str] | None = None,
    sources: Collection[str] | None = None,
    modalities: Collection[str] | None = None,
    parties: Collection[str] | None = None,
    only_in_force: bool = False,
) -> Filters:
    """The filters that these words mean; an empty list is none. InputError names what is not known.

    A modality is written as its value or in Chinese: prohibition, 禁止.
    """
    from retrieval import Filters

    known = [entry.name for entry in build.topics]
    if unknown := sorted(set(topics or ()) - set(known)):
        raise InputError(f"没有场景 {'、'.join(unknown)}；此构建有：{'、'.join(known)}")
    return Filters(
        levels=[_level(level) for level in levels] if levels else None,
        topics=[Topic(topic) for topic in topics] if topics else None,
        sources=sources or None,
        modalities=[_modality(modality) for modality in modalities] if modalities else None,
        parties=parties or None,
        only_in_force=only_in_force,
    )


def _level(word: str) -> Level:
    try:
        return Level(word)
    except ValueError:
        raise InputError(f"没有位阶 {word!r}；有：{'、'.join(Level)}") from None


def _modality(word: str) -> Modality:
    for modality in Modality:
        if word in (modality.value, modality.zh):
            return modality
    raise InputError(f"没有规范类型 {word!r}；有：{'、'.join(f'{m.zh}（{m.value}）' for m in Modality)}")


def found_rows(
    retriever: Retriever,
    query: str,
    k: int,
    *,
    as_of: date,
    filters: Filters,
    system: str = "default",
    neighbours: int = 0,
) -> list[dict[str, Any]]:
    """The hits as rows of the contract, each with the articles so near to it in its text, if any are asked for."""
    hits = retriever.search(query, k, as_of=as_of, filters=filters, system=system)
    if not neighbours:
        return [hit.as_row() for hit in hits]
    return [
        {
            **hit.as_row(),
            "neighbours": [
                {"id": near.id, "article": near.article, "text": near.text}
                for near in retriever.neighbours(hit, as_of=as_of, distance=neighbours)
            ],
        }
        for hit in hits
    ]
