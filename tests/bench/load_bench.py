"""The service under load on loopback: throughput, latency, errors, and the memory it holds over time.

    python -m tests.bench.load_bench --home HOME --seconds 10
    python -m tests.bench.load_bench --home HOME --soak 30

Each client is one kept connection that asks again as soon as it is answered (a closed loop: when the service is
slow, less is asked of it, so that latencies at 64 clients say how long a queue is, not what an open crowd would
meet). The clients and the service share the machine. Questions are scenarios of the pack (model-written,
unreviewed): only their wording is used. `busy` (503, the queue is full) is counted apart: it is a promised answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from urllib.parse import quote

from tests.bench.api_bench import ANSWER, DAY, questions

Ask = Callable[[int], bytes]
"""The bytes of the n-th request."""


@dataclass(slots=True)
class Seen:
    """What the clients met: milliseconds of the requests answered 200, and every other outcome by name."""

    milliseconds: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def request(method: str, path: str, body: object = None) -> bytes:
    """One HTTP/1.1 request for a kept connection."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def routes(asked: Sequence[str]) -> dict[str, Ask]:
    """What is asked, by the name of its row."""
    day = DAY.isoformat()
    return {
        "article": lambda _: request("GET", f"/v1/article?ref={quote('《医师法》第二十五条')}&as_of={day}"),
        "cite/check": lambda _: request("POST", "/v1/cite/check", {"text": ANSWER, "as_of": day}),
        "search": lambda n: request("POST", "/v1/search", {"query": asked[n % len(asked)], "as_of": day}),
    }


def mixed(kinds: dict[str, Ask]) -> Ask:
    """The routes in turn."""
    each = list(kinds.values())
    return lambda n: each[n % len(each)](n // len(each))


async def client(port: int, ask: Ask, first: int, step: int, until: float, seen: Seen) -> None:
    """Ask until the time is over; a connection that breaks is counted and opened anew."""
    number, streams = first, None
    while time.perf_counter() < until:
        began = time.perf_counter()
        try:
            streams = streams or await asyncio.open_connection("127.0.0.1", port)
            async with asyncio.timeout(60):
                status = await exchange(*streams, ask(number))
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            seen.others[type(error).__name__] += 1
            if streams:
                streams[1].close()
            streams = None
            await asyncio.sleep(0.05)
            continue
        if status == 200:
            seen.milliseconds.append((time.perf_counter() - began) * 1000)
        else:
            seen.others["busy" if status == 503 else str(status)] += 1
            if status == 503:
                await asyncio.sleep(1)  # what Retry-After asks for
        number += step
    if streams:
        streams[1].close()


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: bytes) -> int:
    """Send one request and read its answer to the end; its status."""
    writer.write(asked)
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:"))
    await reader.readexactly(length)
    return int(lines[0].split()[1])


async def loaded(port: int, ask: Ask, clients: int, seconds: float) -> Seen:
    """So many clients for so long; `seconds` of what they saw ends with the last answer, not with the last question."""
    began = time.perf_counter()
    seen, until = Seen(), began + seconds
    await asyncio.gather(*(client(port, ask, n, clients, until, seen) for n in range(clients)))
    seen.seconds = time.perf_counter() - began
    return seen


def told(seen: Seen) -> dict[str, object]:
    """The row of one run."""
    row: dict[str, object] = {"n": len(seen.milliseconds), "others": dict(seen.others)}
    if len(seen.milliseconds) > 1:
        cuts = quantiles(seen.milliseconds, n=100, method="inclusive")
        row |= {"per_second": round(len(seen.milliseconds) / seen.seconds, 1)}
        row |= {f"p{p}_ms": round(cuts[p - 1], 1) for p in (50, 95, 99)}
    return row


def resident(pid: int) -> float:
    """MiB of memory that a process holds (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise ProcessLookupError(pid)


def growth(samples: Sequence[tuple[float, float]]) -> float:
    """MiB an hour by least squares over the second half of (seconds, MiB): what is filled at first is no leak.

    >>> round(growth([(0, 90), (60, 100), (120, 101), (180, 102)]), 6)
    60.0
    """
    half = samples[len(samples) // 2 :]
    seconds, held = (sum(column) / len(half) for column in zip(*half, strict=True))
    spread = sum((s - seconds) ** 2 for s, _ in half)
    return sum((s - seconds) * (m - held) for s, m in half) / spread * 3600 if spread else 0.0


def soak(port: int, pid: int, ask: Ask, minutes: float) -> dict[str, object]:
    """Eight clients for so many minutes, memory looked at every ten seconds."""
    samples: list[tuple[float, float]] = []
    over = threading.Event()
    began = time.perf_counter()

    def look() -> None:
        while not over.wait(10):
            samples.append((round(time.perf_counter() - began), resident(pid)))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        seen = asyncio.run(loaded(port, ask, 8, minutes * 60))
    finally:
        over.set()
        watcher.join()
    row = told(seen) | {"samples_s_mib": samples[:: max(1, len(samples) // 30)]}
    return row | ({"growth_mib_per_hour": round(growth(samples), 1)} if len(samples) > 3 else {})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=10, help="of each run")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument(
        "--soak", type=float, default=0, metavar="MINUTES", help="one long run of all routes instead"
    )
    given = parser.parse_args()
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--rate", "1000000", "--home", str(given.home)]  # fmt: skip
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr
    figures: dict[str, object] = {}
    try:
        port = int(server.stderr.readline().split("/v1/health")[0].rpartition(":")[2])
        drain = threading.Thread(target=server.stderr.read)  # else its log fills the pipe and it waits
        drain.start()
        kinds = routes(questions())
        asyncio.run(loaded(port, mixed(kinds), 2, 3))
        figures["rss_mib_warm"] = resident(server.pid)
        if given.soak:
            figures["soak"] = soak(port, server.pid, mixed(kinds), given.soak)
        else:
            for name, ask in kinds.items():
                for clients in given.clients:
                    row = told(asyncio.run(loaded(port, ask, clients, given.seconds)))
                    figures[f"{name}, {clients} clients"] = row | {"rss_mib": resident(server.pid)}
        server.send_signal(signal.SIGTERM)
        figures["exit"] = server.wait(30)
        drain.join()
    finally:
        server.kill()
        server.wait()
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
