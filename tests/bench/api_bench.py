"""Throughput and latency of `yilun serve` on loopback, beside the same searches in one Python process.

    python -m tests.bench.api_bench --home HOME --seconds 10

Questions are the first hundred cases of the pack (model-written, unreviewed): only their wording is used.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from statistics import quantiles

import httpx

from kg.pack import data_folder
from retrieval import Retriever

DAY = date(2026, 11, 22)
ANSWER = (
    "依照《医师法》第二十五条，医师应当向患者说明病情；《民法典》第一千二百二十六条要求对患者的隐私保密。"
)


def questions() -> list[str]:
    rows = [
        json.loads(line)
        for path in sorted((data_folder() / "cases").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [row["scenario"] for row in sorted(rows, key=lambda row: row["id"])[:100]]


def told(milliseconds: list[float], seconds: float) -> dict[str, float]:
    cuts = quantiles(milliseconds, n=100, method="inclusive")
    return {
        "n": len(milliseconds), "per_second": round(len(milliseconds) / seconds, 1),
        "p50_ms": round(cuts[49], 1), "p95_ms": round(cuts[94], 1),
    }  # fmt: skip


def measured(work: Callable[[int], object], seconds: float) -> tuple[list[float], float]:
    found, began, number = [], time.perf_counter(), 0
    while (now := time.perf_counter()) - began < seconds:
        work(number)
        found.append((time.perf_counter() - now) * 1000)
        number += 1
    return found, time.perf_counter() - began


def over_http(
    url: str, clients: int, seconds: float, ask: Callable[[httpx.Client, int], httpx.Response]
) -> dict[str, float]:
    def one(client_number: int) -> list[float]:
        with httpx.Client(base_url=url, timeout=60) as client:

            def work(number: int) -> None:
                ask(client, number * clients + client_number).raise_for_status()

            work(0)
            return measured(work, seconds)[0]

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        found = [ms for part in pool.map(one, range(clients)) for ms in part]
    return told(found, time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    asked = questions()
    retriever = Retriever.open(given.home)
    retriever.search(asked[0], as_of=DAY)
    alone = told(*measured(lambda n: retriever.search(asked[n % len(asked)], as_of=DAY), given.seconds))
    figures: dict[str, object] = {"clauses": len(retriever.index), "search in Python": alone}
    command = [
        sys.executable, "-m", "app.cli", "serve", "--port", "0", "--rate", "1000000", "--home", str(given.home),
    ]  # fmt: skip
    began = time.perf_counter()
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ})
    assert server.stderr
    try:
        url = server.stderr.readline().split()[0].removesuffix("/v1/health")
        with ThreadPoolExecutor(1) as drain:
            drain.submit(server.stderr.read)  # else its log fills the pipe and it waits
            httpx.get(f"{url}/v1/health", timeout=60).raise_for_status()
            figures["start_s"] = round(time.perf_counter() - began, 1)
            day = DAY.isoformat()
            routes: dict[str, Callable[[httpx.Client, int], httpx.Response]] = {
                "health": lambda c, _: c.get("/v1/health"),
                "article": lambda c, _: c.get(
                    "/v1/article", params={"ref": "《医师法》第二十五条", "as_of": day}
                ),
                "cite/check": lambda c, _: c.post("/v1/cite/check", json={"text": ANSWER, "as_of": day}),
                "search": lambda c, n: c.post(
                    "/v1/search", json={"query": asked[n % len(asked)], "as_of": day}
                ),
            }
            for name, ask in routes.items():
                for clients in (1, 8):
                    figures[f"{name}, {clients} clients"] = over_http(url, clients, given.seconds, ask)
            server.send_signal(signal.SIGTERM)
            figures["exit"] = server.wait(30)
    finally:
        server.kill()
        server.wait()
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
