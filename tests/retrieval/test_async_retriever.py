from __future__ import annotations

import asyncio
from datetime import date

import pytest
from clause_samples import PlainEncoder, sample_build

from kg.problem import InputError
from kg.vocabulary import Level
from retrieval import AsyncRetriever, Filters, Retriever

DAY = date(2026, 10, 1)
QUERIES = ["告知病情", "《医师法》第二十五条", "没有关系的字句", ""] * 4


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    folder, encoder = tmp_path_factory.mktemp("build"), PlainEncoder()
    return Retriever.over(sample_build(folder, encoder=encoder), cache=folder / "cache", encoder=encoder)


def test_many_at_once_find_what_one_after_another_finds(retriever: Retriever) -> None:
    async def main() -> None:
        async with AsyncRetriever(retriever, workers=3) as law:
            found = await law.search_many(QUERIES, 3, as_of=DAY)
            laws = await law.search("告知", as_of=DAY, filters=Filters(levels=[Level.LAW]))
        assert found == [retriever.search(query, 3, as_of=DAY) for query in QUERIES]
        assert laws == retriever.search("告知", as_of=DAY, filters=Filters(levels=[Level.LAW]))

    asyncio.run(main())


def test_the_loop_goes_on_meanwhile(retriever: Retriever) -> None:
    async def main() -> None:
        async with AsyncRetriever(retriever) as law:
            searching = asyncio.create_task(law.search("告知病情", as_of=DAY))
            turns = 0
            while not searching.done():
                turns += 1
                await asyncio.sleep(0)
        assert turns > 1

    asyncio.run(main())


def test_errors_come_through(retriever: Retriever) -> None:
    async def main() -> None:
        async with AsyncRetriever(retriever) as law:
            with pytest.raises(InputError, match="k = 0"):
                await law.search("告知", 0, as_of=DAY)

    asyncio.run(main())
