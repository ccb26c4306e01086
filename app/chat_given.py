"""Questions to a model that calls no tools: clauses are retrieved first and given with each, in the form of alignment's prompts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from alignment.prompt import LABEL, prompt, show
from app.answers import Answers
from app.chat import Event, Looked, Spoken, checked
from evaluator.llm_answer import Failed, Failure
from evaluator.llm_model import Endpoint, failure_of, legible, open_model, unusable

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk


class GivenClauses:
    """Each question on its own, with the first `count` clauses for it: what an aligned model was trained to see."""

    def __init__(self, endpoint: Endpoint, answers: Answers, *, as_of: date, count: int) -> None:
        self._endpoint, self._answers, self._as_of, self._count = endpoint, answers, as_of, count
        self._model = open_model(endpoint, None)

    def ask(self, question: str) -> Iterator[Event]:
        """The clauses that are given, the model's words as they come, then the answer checked, or why there is none.

        A label of a clause that was not given counts as an article that was not read.
        """
        hits = self._answers.retriever.search(question, self._count, as_of=self._as_of)
        clauses = show(self._answers.build, dict.fromkeys(hit.id for hit in hits), as_of=self._as_of)
        ids = tuple(one.id for one in clauses)
        yield Looked("search_law", question, ids)
        turns = [(one["role"], one["content"]) for one in prompt(question, clauses, as_of=self._as_of)]
        whole: AIMessageChunk | None = None
        try:
            for chunk in self._model.stream(turns):
                whole = chunk if whole is None else whole + chunk
                if chunk.text:
                    yield Spoken(legible(chunk.text))
        except Exception as error:
            if (failed := failure_of(error, self._endpoint)) is None:
                raise
            yield failed
            return
        if whole is None or not whole.text.strip():
            yield Failed(Failure.MALFORMED, f"{self._endpoint.url} 没有作答")
        elif failed := unusable(whole, self._endpoint):
            yield failed
        else:
            reply = checked(whole.text, self._answers, ids, as_of=self._as_of)
            given = {one.label for one in clauses}
            others = (m.group() for m in LABEL.finditer(reply.text) if m["label"] not in given)
            yield replace(reply, unread=(*reply.unread, *dict.fromkeys(others)))
