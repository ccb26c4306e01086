"""Search from async Python: the same hits, found in threads of its own, so that the event loop stays free."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from retrieval.filters import EVERYTHING, Filters
from retrieval.retriever import Hit, Retriever


class AsyncRetriever:
    """A retriever to `await`.

    Searching is work for a processor, not waiting: more `workers` than processors make nothing faster.

    For example `async with AsyncRetriever(Retriever.open(home)) as law: hits = await law.search(query, as_of=day)`.
    """

    def __init__(self, retriever: Retriever, *, workers: int = 2) -> None:
        self.retriever = retriever
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="yilun-search")

    @classmethod
    async def open(cls, home: Path | None, *, workers: int = 2) -> Self:
        """Open the index of the build in use under a home folder, without holding up the loop."""
        return cls(await asyncio.to_thread(Retriever.open, home), workers=workers)

    async def search(
        self,
        query: str,
        k: int = 10,
        *,
        as_of: date,
        filters: Filters = EVERYTHING,
        system: str = "default",
    ) -> list[Hit]:
        """What `Retriever.search` finds."""
        work = partial(self.retriever.search, query, k, as_of=as_of, filters=filters, system=system)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def search_many(
        self, queries: Sequence[str], k: int = 10, *, as_of: date, filters: Filters = EVERYTHING
    ) -> list[list[Hit]]:
        """The hits of each query, in the order of the queries."""
        asked = (self.search(query, k, as_of=as_of, filters=filters) for query in queries)
        return list(await asyncio.gather(*asked))

    async def close(self) -> None:
        """End the threads, when the searches in hand are done."""
        await asyncio.to_thread(self._pool.shutdown)

    async def __aenter__(self) -> Self:
        """The retriever itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()
