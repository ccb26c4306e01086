"""Finding the clause that governs: exact citations, lexical and dense search, fusion."""

from retrieval.async_retriever import AsyncRetriever
from retrieval.filters import Filters
from retrieval.index import ClauseIndex, index_vectors, write_index
from retrieval.retriever import Hit, Retriever

__all__ = ["AsyncRetriever", "ClauseIndex", "Filters", "Hit", "Retriever", "index_vectors", "write_index"]
