"""从异步程序检索：几个问题同时查，按次序得到结果。用法：python search_async.py [状态目录]"""

import asyncio
import sys
from datetime import date
from pathlib import Path

from retrieval import AsyncRetriever

QUESTIONS = ["手术前要不要把替代方案告诉病人", "病人的隐私谁来保护"]


async def main(home: Path | None) -> None:
    """几个问题同时检索。"""
    async with await AsyncRetriever.open(home) as law:
        found = await law.search_many(QUESTIONS, 2, as_of=date(2026, 11, 22))
    for question, hits in zip(QUESTIONS, found, strict=True):
        print(question)
        for hit in hits:
            print(f"  《{hit.title}》{hit.article} [{hit.status}] {hit.text[:40]}")


asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
