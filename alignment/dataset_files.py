"""Writing a folder of training data: rows, what overlaps with evaluation files, and a manifest."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from alignment.dataset import Assembled, Assembler, Shape
from alignment.leakage import GRAM, Overlap, Seen, entries
from alignment.llama_factory import export
from alignment.rows import LABELS, PREFERENCES, PROMPTS, SFT, write_rows
from evaluator.cases import Case
from kg.build import Build
from kg.manifest import file_digest
from retrieval.retriever import Retriever


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows of each kind were written, and how many cases or pairs were left out for which reason."""

    counts: Mapping[str, int]
    left_out: Mapping[str, int]


def write_dataset(
    out: Path,
    build: Build,
    retriever: Retriever,
    cases: Sequence[Case],
    *,
    as_of: date,
    shape: Shape,
    against: Sequence[Path],
    most_overlap: float,
    llama_factory: bool,
    progress: Callable[[str, int, int], None],
) -> Written:
    """Write the four files of rows and the manifest into a folder, which is made. The same inputs give the same bytes."""
    assembler = Assembler(build, retriever, cases, as_of=as_of, shape=shape)
    made = Assembled()
    for number, case in enumerate(cases, 1):
        assembler.add(case, made)
        progress("案例", number, len(cases))
    overlaps = _without_overlap(made, {case.id: case for case in cases}, against, most_overlap)
    out.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter(row.kind for row in made.sft)
    counts["preferences"] = write_rows(out / PREFERENCES, made.preferences)
    counts["labels"] = write_rows(out / LABELS, made.labels)
    counts["prompts"] = write_rows(out / PROMPTS, made.prompts)
    write_rows(out / SFT, made.sft)
    if llama_factory:
        export(out / "llama-factory", made.sft, made.preferences)
    manifest = {
        "as_of": as_of.isoformat(),
        "authorship": "案例与回答由语言模型撰写，未经审核；推理由程序写成",
        "build": build.id,
        "cases_sha256": hashlib.sha256("".join(case.model_dump_json() for case in cases).encode()).hexdigest(),
        "counts": dict(sorted(counts.items())),
        "faults": dict(sorted(Counter(row.fault for row in made.preferences).items())),
        "folds_of_prompts": dict(sorted(Counter(row.fold for row in made.prompts).items())),
        "scenes_of_prompts": dict(sorted(Counter(row.scene for row in made.prompts).items())),
        "left_out": dict(sorted(made.left_out.items())),
        "overlap": {"gram": GRAM, "most": most_overlap, "files": {p.name: file_digest(p) for p in against},
                    "found": [asdict(one) for one in overlaps]},
        "shape": asdict(shape),
        "files": {name: file_digest(out / name) for name in (SFT, PREFERENCES, LABELS, PROMPTS)},
    }  # fmt: skip
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (out / "manifest.json").write_text(text, encoding="utf-8")
    return Written(counts, made.left_out)


def _without_overlap(
    made: Assembled, cases: Mapping[str, Case], against: Sequence[Path], most: float
) -> list[Overlap]:
    """Drop the rows of cases whose story shares more than `most` of its runs with the files; what overlaps, told.

    The law shown in prompts is common to all and does not count; the stories and answers do.
    """
    if not against:
        return []
    seen = Seen(text for path in against for _, text in entries(path))
    trained = {row.case for row in made.sft} | {row.case for row in made.preferences}
    told = {
        name: "\n".join((cases[name].scenario, *(a.text for a in cases[name].answers))) for name in trained
    }
    found = [seen.overlap(text, name) for name, text in sorted(told.items())]
    dropped = {one.place for one in found if one.share > most}
    made.sft[:] = [row for row in made.sft if row.case not in dropped]
    made.preferences[:] = [row for row in made.preferences if row.case not in dropped]
    made.labels[:] = [row for row in made.labels if row.case not in dropped]
    if dropped:
        made.left_out["overlap: 与评测文件重合"] += len(dropped)
    return [one for one in found if one.share > 0]
