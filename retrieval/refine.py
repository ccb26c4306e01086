"""From a clause that was found to the 款 or 项 of it that the query is about."""

from __future__ import annotations

from collections.abc import Mapping

from kg.clause import Clause, ClauseParagraph
from retrieval.exact import Part, item_parts
from retrieval.tokens import tokens

# Of 419 gold clauses of several parts on the train and dev folds the 款 is right in 0.67.
_SMOOTHING = 300
# A 项 is short, so its length counts for more; it must be twice as near as the next. On the same folds
# 15 of the 49 clauses whose gold is a 项 then show one, 11 of them the right one; at 1.2, 23 and 16.
_ITEM_SMOOTHING = 20
_CLEAR = 2.0


def best_part(clause: Clause, terms: Mapping[str, float]) -> Part:
    """The paragraph that shares the most telling terms with the query for its length, or one 项 of it.

    `terms` are the query's terms with their rarity. A 项 is chosen only where it stands out from the other
    项 of its 款. The clause as a whole where it has one paragraph, or where no paragraph shares a term.
    Ties go to the earlier paragraph.
    """
    many = len(clause.paragraphs) > 1
    near = {at: _nearness(p.text, terms, _SMOOTHING) for at, p in enumerate(clause.paragraphs)}
    best = max(near, key=lambda at: near[at], default=None)
    if best is None or (many and near[best] == 0):
        return Part(str(clause.id), None, None, clause.text)
    paragraph = clause.paragraphs[best]
    if item := _clear_item(paragraph, terms):
        return item
    if not many:
        return Part(str(clause.id), None, None, clause.text)
    return Part(str(paragraph.id), paragraph.number, None, paragraph.text)


def _clear_item(paragraph: ClauseParagraph, terms: Mapping[str, float]) -> Part | None:
    items = item_parts(paragraph)
    if len(items) < 2:
        return None
    near = [_nearness(item.text, terms, _ITEM_SMOOTHING) for item in items]
    second, first = sorted(near)[-2:]
    return items[near.index(first)] if first > _CLEAR * second else None


def _nearness(text: str, terms: Mapping[str, float], smoothing: int) -> float:
    held = tokens(text)
    return sum(terms.get(term, 0.0) for term in sorted(set(held))) / (len(held) + smoothing)
