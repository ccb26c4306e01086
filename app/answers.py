"""What one build answers, in the contracts' form: HTTP, MCP and whatever else asks get the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, Self

from app.api_models import (
    ArticleAnswer,
    CiteCheckAnswer,
    NormsAnswer,
    SearchAnswer,
    SearchOptions,
)
from app.ask_contract import AskResult
from app.asking import GraphDesk
from app.commands_cite import contract_row
from app.contracts import JudgeResult, SearchHit
from app.search_hits import found_rows, read_filters

if TYPE_CHECKING:
    from evaluator.citation_check import CitationChecker
    from kg.build import Build
    from kg.home import Home
    from retrieval import Retriever


class Answers:
    """The answers of one build. What is read of the build is read once; any number of threads may ask."""

    def __init__(self, build: Build, retriever: Retriever, graph: GraphDesk) -> None:
        self.build = build
        self.retriever = retriever
        self._graph = graph
        self._checker: CitationChecker | None = None
        self._opening = Lock()

    @classmethod
    def open(cls, home: Home, graph: GraphDesk, option: str | None = None) -> Self:
        """The answers of the build that `option` names, else of the one in use; `graph` stays whose it is."""
        from kg.build import Build
        from retrieval import Retriever

        build = Build(home.build(option))
        return cls(build, Retriever.open(home.root, build=build), graph)

    def warm(self, as_of: date) -> None:
        """Read now what the first questions would otherwise wait for: titles, vectors, encoder."""
        self.check("《医师法》第二十五条", as_of=as_of)
        self.retriever.search("《医师法》第二十五条规定的告知义务", 1, as_of=as_of)
        _ = self.build.citations

    def search(
        self, query: str, options: SearchOptions, *, as_of: date, identifier: str = ""
    ) -> SearchAnswer:
        """The clauses for a question, as `yilun search` finds them."""
        filters = read_filters(
            self.build,
            levels=options.levels,
            topics=options.topics,
            sources=options.sources,
            modalities=options.modalities,
            parties=options.parties,
            only_in_force=options.only_in_force,
        )
        hits = found_rows(
            self.retriever,
            query,
            options.k,
            as_of=as_of,
            filters=filters,
            system=options.system,
            neighbours=options.neighbours,
        )
        return SearchAnswer(
            id=identifier,
            hits=[SearchHit.model_validate(hit) for hit in hits],
            as_of=as_of,
            build=self.build.id,
        )

    def article(self, reference: str, *, as_of: date) -> ArticleAnswer:
        """The provision that a reference names, with all that `yilun article` says of it."""
        from app.views import article_view, find_article

        text, provision = find_article(self.build, reference, as_of)
        view = article_view(self.build, text, provision, as_of)
        return ArticleAnswer.model_validate({**asdict(view), "build": self.build.id})

    def norms(self, reference: str, *, as_of: date) -> NormsAnswer:
        """The norms of the provision that a reference names, as `yilun norms` gives them."""
        from app.norm_views import normed_provisions
        from app.views import find_article

        text, provision = find_article(self.build, reference, as_of)
        found = normed_provisions(self.build, text, provision, as_of)
        return NormsAnswer.model_validate(
            {"provisions": [asdict(entry) for entry in found], "as_of": as_of, "build": self.build.id}
        )

    def check(self, text: str, *, as_of: date, identifier: str = "") -> CiteCheckAnswer:
        """The citations of a text, as `yilun cite check` judges them."""
        found = self._citation_checker().check(text, as_of=as_of)
        return CiteCheckAnswer.model_validate(
            {
                "id": identifier,
                "citations": [contract_row(citation) for citation in found],
                "as_of": as_of,
                "build": self.build.id,
            }
        )

    def judge(self, scenario: str, *, as_of: date, k: int, identifier: str = "") -> JudgeResult:
        """The verdict on a scenario, as `yilun judge` gives it."""
        from evaluator.verdict import judge

        verdict = judge(scenario, self.build, self.retriever, as_of=as_of, k=k, identifier=identifier)
        return JudgeResult.model_validate(asdict(verdict))

    def ask(self, question: str, parameters: Mapping[str, str], *, as_of: date) -> AskResult:
        """The answers to a named question, as `yilun ask` gives them."""
        return self._graph.ask(self.build, question, parameters, as_of=as_of)

    def _citation_checker(self) -> CitationChecker:
        from evaluator.citation_check import CitationChecker

        with self._opening:
            if self._checker is None:
                self._checker = CitationChecker(self.build)
            return self._checker
