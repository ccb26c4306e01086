"""Hostile inputs without end: every reader of tests/hostile with as many as asked for, and the line of a log.

    python -m tests.bench.soak --inputs 1000000 [--seed 1] [--log docs/benchmarks/soak.jsonl] [--day 2026-12-01]

Each check gets its share; the same seed gives the same inputs. A failure is told with its seed, and the run goes on. A text of a hundred megabytes
in one line is read once.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from datetime import date
from pathlib import Path

from ingestion.readers.files import SIZE_LIMIT, read_file
from tests.hostile.generated import CHECKS

_TOLD = 5


def long_line() -> None:
    """A file just under the limit, all of it one line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_bytes("第一条 护士应当尊重病人。".encode() * ((SIZE_LIMIT - 100) // 38))
        found = read_file(path, "a.txt")
        assert found.text is not None and len(found.text.raw) > 30_000_000


def main() -> int:
    """Run, print, log; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--day", type=date.fromisoformat, help="the date of the log line")
    options = parser.parse_args()
    each, failed = options.inputs // len(CHECKS), 0
    told = {}
    long_line()
    for name, check in CHECKS.items():
        check(random.Random(0))  # what is made once
        before, wrong = time.perf_counter(), []
        for number in range(each):
            seed = options.seed * 10**9 + number
            try:
                check(random.Random(seed))
            except Exception:
                wrong.append(seed)
                if len(wrong) <= _TOLD:
                    print(f"{name} seed {seed}\n{traceback.format_exc()}", file=sys.stderr)
        failed += len(wrong)
        told[name] = {
            "inputs": each,
            "failed": len(wrong),
            "seeds": wrong[:_TOLD],
            "seconds": round(time.perf_counter() - before, 1),
        }
        print(name, json.dumps(told[name]), flush=True)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    line = {
        "day": str(options.day), "commit": commit, "seed": options.seed, "inputs": each * len(CHECKS), "failed": failed,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), "checks": told,
    }  # fmt: skip
    if options.log:
        with options.log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(json.dumps({k: v for k, v in line.items() if k != "checks"}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
