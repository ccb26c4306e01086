"""Seconds and memory of building, and of the commands, measured as whole processes.

    python -m tests.bench.build_bench [--corpus ../shared/corpus] [--full]

Each build starts in an empty home, so nothing is cached; --full adds all packaged laws and the corpus. Prints
Markdown. Latencies are taken in one warm process over the pack's cases (model-written, unreviewed).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

AS_OF = date(2026, 11, 22)


class Run(NamedTuple):
    """One process: its seconds on the clock and on the processor, its peak memory, and what it printed."""

    wall: float
    cpu: float
    peak_mb: float
    out: str


def run(*arguments: str) -> Run:
    """Run `yilun ...` and wait for it; a failure ends the benchmark."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    command = [sys.executable, "-c", _MEASURED, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{arguments}: exit {done.returncode}\n{done.stderr}")
    *_talk, peak = done.stderr.strip().splitlines()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(wall, cpu, int(peak) / 1024, done.stdout)


# The peak is that of the command's own process: children (the graph server) are counted apart by the system.
_MEASURED = """
import atexit, resource, sys
atexit.register(lambda: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr))
from app.cli import main
main()
"""


def builds(corpus: Path | None, *, full: bool) -> list[tuple[str, list[str]]]:
    """The builds to measure, with the arguments that make them."""
    wanted = [("packaged laws, ledger", [])]
    if full:
        wanted.append(("packaged laws, all 378", ["--sources", "all"]))
        if corpus:
            wanted.append(("corpus, ledger", ["--corpus", str(corpus)]))
            wanted.append(("corpus, all 664 files", ["--corpus", str(corpus), "--sources", "all"]))
    return wanted


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(
        f"{datetime.now().astimezone().date()}  {os.cpu_count()} cores, {_processor()}, Python {platform.python_version()}, load before {load:.1f}\n"
    )
    print("| build | texts | clauses | wall s | cpu s | peak MB | stages (s) | texts/s | unchanged s |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in builds(options.corpus, full=options.full):
            home = Path(folder) / name.replace(" ", "-").replace(",", "")
            clean = run("build", "--home", str(home), "--json", *arguments)
            report = json.loads(clean.out)
            again = run("build", "--home", str(home), "--json", *arguments)
            assert json.loads(again.out)["unchanged"]
            stages = "  ".join(f"{k} {v:.1f}" for k, v in report["seconds"].items())
            texts = report["counts"]["texts_read"]
            print(
                f"| {name} | {texts} | {report['counts']['clauses']} | {clean.wall:.1f} | {clean.cpu:.1f} | "
                f"{clean.peak_mb:.0f} | {stages} | {texts / clean.wall:.1f} | {again.wall:.1f} |",
                flush=True,
            )
        home = Path(folder) / "packaged-laws-ledger"
        print("\n| command (new process) | n | wall s median (max) |\n|---|---|---|")
        for arguments in (
            ["status"],
            ["article", "《医师法》第二十五条"],
            ["search", "知情同意", "--system", "bm25"],
            ["search", "知情同意"],
        ):
            walls = [run(*arguments, "--home", str(home)).wall for _ in range(5)]
            print(f"| yilun {' '.join(arguments)} | 5 | {statistics.median(walls):.2f} ({max(walls):.2f}) |")
        print("\n| warm process | n | ms p50 | ms p95 | cpu ms p50 | cpu ms p95 |\n|---|---|---|---|---|---|")
        latencies(home)


def latencies(home: Path) -> None:
    """Milliseconds of searching in one warm process."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from app.views import article_view, find_article
    from ingestion.scenarios import read_cases
    from kg.build import Build
    from kg.home import Home
    from kg.pack import data_folder
    from retrieval import Retriever

    build = Build(Home(home).build())
    retriever = Retriever.open(home, build=build)
    topics = {topic.name for topic in build.topics}
    cases = [case.scenario for case in read_cases(data_folder() / "cases", topics)][::5]
    cited = [f"《中华人民共和国民法典》第{n}条" for n in range(1, 201)]
    retriever.search("预热", 10, as_of=AS_OF)
    for name, queries in (("search: citation", cited), ("search: bm25", cases), ("search: default", cases)):
        system = "bm25" if name.endswith("bm25") else "default"
        _print(
            name,
            [_timed(lambda q=q, s=system: retriever.search(q, 10, as_of=AS_OF, system=s)) for q in queries],
        )
    _print(
        "article with its citations",
        [_timed(lambda q=q: article_view(build, *find_article(build, q, AS_OF), AS_OF)) for q in cited],
    )


def _timed(call: object) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()  # type: ignore[operator]  # a function without arguments
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def _print(name: str, taken: list[tuple[float, float]]) -> None:
    def at(share: float, values: list[float]) -> float:
        return sorted(values)[min(len(values) - 1, int(share * len(values)))]

    walls, cpus = [w for w, _ in taken], [c for _, c in taken]
    print(
        f"| {name} | {len(taken)} | {at(0.5, walls):.1f} | {at(0.95, walls):.1f} | {at(0.5, cpus):.1f} | {at(0.95, cpus):.1f} |"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    main()
