"""The retriever as a LangChain `BaseRetriever`; needs the extra `llm`."""

from __future__ import annotations

from datetime import date

from retrieval.retriever import Hit, Retriever

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
except ImportError as error:
    raise ImportError("retrieval.langchain 需要 langchain-core；请安装: pip install 'yilun[llm]'") from error


class ClauseRetriever(BaseRetriever):
    """Clauses that are law on a day, as documents: the quoted text, and the hit's other fields as metadata.

    For example `ClauseRetriever(retriever=retriever, as_of=date(2026, 10, 1)).invoke("知情同意")`.
    """

    retriever: Retriever
    as_of: date
    k: int = 10

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [_document(hit) for hit in self.retriever.search(query, self.k, as_of=self.as_of)]


def _document(hit: Hit) -> Document:
    metadata = hit.as_row()
    text = metadata.pop("text")
    return Document(page_content=str(text), id=hit.id, metadata=metadata)
