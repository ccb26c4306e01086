"""A build's graph as rows: nodes by label, edges by type and ends, sorted, ready to be stored anywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from ingestion.compile import Compiled
from ingestion.norms.likeness import Kinship
from ingestion.norms.protection import protected
from kg.build import CitationTarget, Text
from kg.model import Provision
from kg.norm import Norm
from kg.schema import EdgeKind, Label, RelationType
from kg.text import digest
from kg.vocabulary import Kind, Topic

Row = dict[str, Any]

_SOURCE_TOPIC = EdgeKind(Label.SOURCE, RelationType.APPLIES_IN, Label.TOPIC)
_SCENARIO_TOPIC = EdgeKind(Label.SCENARIO, RelationType.APPLIES_IN, Label.TOPIC)
_HAS_VERSION = EdgeKind(Label.SOURCE, RelationType.HAS_VERSION, Label.EXPRESSION)
_CONTAINS_TOP = EdgeKind(Label.EXPRESSION, RelationType.CONTAINS, Label.PROVISION)
_CONTAINS = EdgeKind(Label.PROVISION, RelationType.CONTAINS, Label.PROVISION)
_NEXT = EdgeKind(Label.PROVISION, RelationType.NEXT, Label.PROVISION)
_DEFINES = EdgeKind(Label.PROVISION, RelationType.DEFINES, Label.TERM)
_IMPLEMENTS = EdgeKind(Label.EXPRESSION, RelationType.IMPLEMENTS, Label.SOURCE)
_SUPERSEDES = EdgeKind(Label.EXPRESSION, RelationType.SUPERSEDES, Label.EXPRESSION)
_REVIEWS_PROVISION = EdgeKind(Label.REVIEW, RelationType.REVIEWS, Label.PROVISION)
_REVIEWS_SOURCE = EdgeKind(Label.REVIEW, RelationType.REVIEWS, Label.SOURCE)
_GOVERNED_BY = EdgeKind(Label.SCENARIO, RelationType.GOVERNED_BY, Label.PROVISION)

_STATES = EdgeKind(Label.PROVISION, RelationType.STATES, Label.NORM)
_BINDS = EdgeKind(Label.NORM, RelationType.BINDS, Label.PARTY)
_TOWARDS = EdgeKind(Label.NORM, RelationType.TOWARDS, Label.PARTY)
_SUBCLASS_OF = EdgeKind(Label.PARTY, RelationType.SUBCLASS_OF, Label.PARTY)
_NORM_EMBODIES = EdgeKind(Label.NORM, RelationType.EMBODIES, Label.PRINCIPLE)
_NORM_TOPIC = EdgeKind(Label.NORM, RelationType.APPLIES_IN, Label.TOPIC)

_UNREVIEWED = "由模型撰写，未经法律专家审核"


def node_rows(compiled: Compiled) -> dict[Label, list[Row]]:
    """The nodes of a build, sorted by id; absent properties are left out."""
    held = {text.expression.id.key for text in compiled.texts}
    rows: dict[Label, list[Row]] = defaultdict(list)
    for source in compiled.sources:
        rows[Label.SOURCE].append(
            {
                "id": source.key, "title": source.title, "level": source.level.value,
                "short_titles": list(source.short_titles), "aliases": list(source.aliases),
                "issuing_body": source.issuing_body, "document_number": source.document_number,
                "status_word": source.status, "topics": list(source.topics),
                "official_publication": source.official_publication, "acquisition": source.acquisition,
                "why": source.why, "in_ledger": source.in_ledger, "held": source.key in held,
            }
        )  # fmt: skip
    for text in compiled.texts:
        rows[Label.EXPRESSION].append(_expression(text))
        for order, provision in enumerate(text.provisions):
            rows[Label.PROVISION].append(_provision(text, provision, order))
    defined = {topic.name: topic.definition for topic in compiled.topics}
    used = {t for s in compiled.sources for t in s.topics} | {c.scene for c in compiled.cases}
    used |= {Topic(e.name) for norms in compiled.norms.values() for n in norms for e in n.topics}
    rows[Label.TOPIC] = [
        {"id": name, "name": name, "definition": defined.get(name, "")} for name in used | set(defined)
    ]
    terms = {(d.provision.id.expression.key, d.term) for d in compiled.definitions}
    rows[Label.TERM] = [{"id": f"term:{key}/{term}", "term": term, "source": key} for key, term in terms]
    for case in compiled.cases:
        rows[Label.SCENARIO].append(
            {
                "id": case.id, "scene": case.scene, "text": case.scenario, "stance": case.stance,
                "principles": case.principles, "authorship": _UNREVIEWED,
            }
        )  # fmt: skip
    for norms in compiled.norms.values():
        rows[Label.NORM] += map(_norm, norms)
    rows[Label.REVIEW] = [
        {
            "id": f"review:{one.id}", "act": one.act.value, "state": state.value, "author": one.author,
            "time": one.time.isoformat(), "reason": one.reason, "target": one.target, "field": one.field,
        }
        for one, state in compiled.reviews
    ]  # fmt: skip
    lexicon = compiled.lexicon
    levels = {level.party: level for level in lexicon.levels}
    rows[Label.PARTY] = [
        {"id": p.id, "name": p.id, "words": list(p.words)}
        | ({"rank": levels[p.id].rank, "words": list(levels[p.id].words)} if p.id in levels else {})
        for p in lexicon.parties.values()
    ]
    rows[Label.PRINCIPLE] = [
        {"id": p.id, "name": p.name, "definition": p.definition, "sources": list(p.sources)}
        for p in lexicon.principles.values()
    ]
    return {
        label: sorted(map(_filled, found), key=lambda r: str(r["id"]))
        for label, found in sorted(rows.items())
    }


def edge_rows(compiled: Compiled) -> dict[EdgeKind, list[Row]]:
    """The edges of a build, sorted by their ends; `id` is unique within a kind."""
    rows: dict[EdgeKind, dict[str, Row]] = defaultdict(dict)

    def add(kind: EdgeKind, ends: tuple[str, str], mark: str = "", **properties: Any) -> None:
        identifier = f"{ends[0]}>{ends[1]}" + (f"#{mark}" if mark else "")
        rows[kind][identifier] = {"id": identifier, "from": ends[0], "to": ends[1], **properties}

    for source in compiled.sources:
        for topic in source.topics:
            add(_SOURCE_TOPIC, (source.key, topic))
    for text in compiled.texts:
        expression = str(text.expression.id)
        add(_HAS_VERSION, (text.expression.id.key, expression))
        for parent, child in _tree(text):
            if parent is None:
                add(_CONTAINS_TOP, (expression, str(child.id)))
            else:
                add(_CONTAINS, (str(parent.id), str(child.id)))
        articles = [p for p in text.provisions if p.kind is Kind.ARTICLE]
        for before, after in pairwise(articles):
            add(_NEXT, (str(before.id), str(after.id)))
    for citation in compiled.citations:
        for target in citation.targets:
            kind = EdgeKind(Label.PROVISION, RelationType.CITES, _target_label(target))
            add(
                kind, (citation.provision, target.id),
                f"{citation.start}-{citation.end}-{target.from_date or ''}",
                start=citation.start, end=citation.end, surface=citation.surface, outcome=citation.outcome,
                basis=target.basis, from_date=target.from_date, until_date=target.until_date,
            )  # fmt: skip
    for definition in compiled.definitions:
        term = f"term:{definition.provision.id.expression.key}/{definition.term}"
        add(_DEFINES, (str(definition.provision.id), term), start=definition.start, end=definition.end)
    for by, work, surface in compiled.bases:
        add(_IMPLEMENTS, (str(by), work), surface=surface)
    kinship = Kinship(compiled.lexicon)
    for event in compiled.supersessions:
        add(_SUPERSEDES, (event.by, event.ended), since=event.since, evidence=event.evidence)
    for norms in compiled.norms.values():
        for norm in norms:
            add(_STATES, (str(norm.provision), norm.id))
            for party in norm.bearers:
                add(_BINDS, (norm.id, party), elided=norm.bearer_elided, bearer_from=norm.bearer_from.value)
            harmed = protected(norm, kinship)
            for party in sorted({*norm.counterparties, *harmed}):
                add(
                    _TOWARDS, (norm.id, party),
                    counterparty=party in norm.counterparties, protects=party in harmed,
                )  # fmt: skip
            for kind, found in ((_NORM_EMBODIES, norm.principles), (_NORM_TOPIC, norm.topics)):
                for evidence in found:
                    add(kind, (norm.id, evidence.name), score=evidence.score, evidence=list(evidence.words))
    for narrow in compiled.lexicon.parties.values():
        for wider in narrow.broader:
            add(_SUBCLASS_OF, (narrow.id, wider))
    provisions = {str(p.id) for text in compiled.texts for p in text.provisions}
    works = {source.key for source in compiled.sources}
    for one, _ in compiled.reviews:
        if one.target in works:
            add(_REVIEWS_SOURCE, (f"review:{one.id}", one.target))
        elif one.target in provisions:
            add(_REVIEWS_PROVISION, (f"review:{one.id}", one.target))
    for tie in compiled.ties:
        kind = EdgeKind(_label(tie.source), tie.type, _label(tie.target))
        add(
            kind,
            (tie.source, tie.target),
            f"{tie.start}",
            evidence=tie.evidence,
            start=tie.start,
            end=tie.end,
            method=tie.method.value,
            confidence=tie.confidence,
        )
    for case in compiled.cases:
        add(_SCENARIO_TOPIC, (case.id, case.scene))
    for binding in compiled.bindings:
        add(_GOVERNED_BY, (binding.scenario, str(binding.provision.id)), binding.role, role=binding.role)
    return {
        kind: sorted(map(_filled, found.values()), key=lambda r: (str(r["from"]), str(r["to"]), str(r["id"])))
        for kind, found in sorted(rows.items(), key=lambda pair: str(pair[0]))
    }


def _expression(text: Text) -> Row:
    expression = text.expression
    validity = expression.validity
    return {
        "id": str(expression.id), "title": expression.title, "source": expression.id.key,
        "version_date": str(expression.id.version or ""), "begins": str(validity.begins or ""),
        "not_before": str(validity.not_before or ""), "ends": str(validity.ends or ""),
        "contested_from": str(validity.contested_from or ""), "validity_note": expression.validity_note,
        "origin": expression.origin.name, "origin_place": expression.origin.place,
        "origin_sha256": expression.origin.sha256, "witnesses": len(expression.witnesses),
        "articles": expression.articles, "text_sha256": digest(text.official),
    }  # fmt: skip


def _provision(text: Text, provision: Provision, order: int) -> Row:
    words = provision.heading if provision.kind.is_container else text.words(provision)
    return {
        "id": str(provision.id), "expression": str(text.expression.id), "kind": provision.kind.value,
        "label": provision.label, "heading": provision.heading,
        "display": provision.id.display(), "text": words, "sha256": digest(words),
        "start": provision.start, "end": provision.end, "order": order, "sole": provision.sole,
    }  # fmt: skip


def _norm(norm: Norm) -> Row:
    spans = {role.value: span.text for role, span in norm.spans().items()}
    return {
        "id": norm.id, "provision": str(norm.provision), "expression": str(norm.provision.expression),
        "modality": norm.modality.value, **spans, "bearer_from": norm.bearer_from.value,
        "bearers": list(norm.bearers), "counterparties": list(norm.counterparties),
        "method": norm.method.value, "confidence": norm.confidence,
    }  # fmt: skip


def _label(identity: str) -> Label:
    """The label of the node that a tie names."""
    if "#n" in identity:
        return Label.NORM
    if identity.startswith("term:"):
        return Label.TERM
    return Label.PROVISION if "/" in identity else Label.EXPRESSION


def _tree(text: Text) -> Iterator[tuple[Provision | None, Provision]]:
    open_: list[Provision] = []
    for provision in text.provisions:
        while open_ and open_[-1].end <= provision.start:
            open_.pop()
        yield (open_[-1] if open_ else None), provision
        open_.append(provision)


def _target_label(target: CitationTarget) -> Label:
    if "@" not in target.id:
        return Label.SOURCE
    return Label.PROVISION if "/" in target.id else Label.EXPRESSION


def _filled(row: Row) -> Row:
    return {name: value for name, value in row.items() if value not in ("", None, [])}
