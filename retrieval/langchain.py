"""The retriever as a LangChain `BaseRetriever`; needs the extra `llm`."""

from __future__ import annotations

from datetime import date

from retrieval.filters import EVERYTHING, Filters
from retrieval.retriever import Hit, Retriever

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from pydantic import SkipValidation
except ImportError as error:
    raise ImportError("retrieval.langchain 需要 langchain-core；请安装: pip install 'yilun[llm]'") from error


class ClauseRetriever(BaseRetriever):
    """Clauses that are law on a day, as documents: the quoted text, and the hit's other fields as metadata.

    A 项 is quoted below the words of its 款 that govern it, which the metadata hold apart as `lead_in`.

    For example `ClauseRetriever(retriever=retriever, as_of=date(2026, 10, 1)).invoke("知情同意")`.
    """

    retriever: Retriever
    as_of: date
    k: int = 10
    filters: SkipValidation[Filters] = EVERYTHING

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        hits = self.retriever.search(query, self.k, as_of=self.as_of, filters=self.filters)
        return [_document(hit) for hit in hits]


def _document(hit: Hit) -> Document:
    metadata = hit.as_row()
    del metadata["text"]
    words = f"{hit.lead_in}\n{hit.text}" if hit.lead_in else hit.text
    return Document(page_content=words, id=hit.id, metadata=metadata)
