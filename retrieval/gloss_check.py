"""Check the gloss files, and bind each gloss to the text of its provision.

    python -m retrieval.gloss_check --home DIR --as-of DAY [--write]

Prints what is wrong: glosses whose provision the build lacks, repeated ones, situations that carry a run of
the provision's own words. With --write the bindings are written into data/glosses/bindings.tsv; bindings of
provisions that this build lacks are kept.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kg.pack import data_folder
from retrieval.glosses import BINDINGS, Binding, Gloss, bare, bind, read_bindings, read_glosses
from retrieval.train_pairs import Shelf

_LONGEST_RUN = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at in a gloss."""

    gloss: Gloss
    fault: str


def check(glosses: Iterable[Gloss], shelf: Shelf) -> Iterator[Finding | Binding]:
    """What is wrong with these glosses, and the bindings of those whose provision is held."""
    seen: Counter[tuple[str, str, int | None, int | None]] = Counter()
    bound: set[tuple[str, int | None]] = set()
    for gloss in glosses:
        place = (gloss.title, gloss.article, gloss.paragraph, gloss.item)
        seen[place] += 1
        if seen[place] == 2:
            yield Finding(gloss, "重复")
        clauses = list(shelf.clauses(gloss.title, gloss.article))
        if not clauses:
            yield Finding(gloss, "构建中没有该条")
        for clause in clauses:
            numbers = {p.number for p in clause.paragraphs}
            if gloss.paragraph is not None and gloss.paragraph not in numbers | {
                1 if None in numbers else None
            }:
                yield Finding(gloss, f"该条没有第 {gloss.paragraph} 款")
            for situation in gloss.situations:
                if run := copied(situation, clause.text):
                    yield Finding(gloss, f"情形照抄条文“{run}”")
            places: list[tuple[int | None, str, str]] = [(None, str(clause.id), clause.text)]
            if len(clause.paragraphs) > 1:
                places += [(p.number, str(p.id), p.text) for p in clause.paragraphs]
            for paragraph, id_, text in places:
                made = bind(id_, gloss.title, gloss.article, paragraph, text)
                if made and (id_, paragraph) not in bound:
                    bound.add((id_, paragraph))
                    yield made


def copied(situation: str, text: str) -> str | None:
    """The first run of more than twelve words that a situation shares with the provision, if any.

    >>> copied("他说：医师应当向患者或者其近亲属说明病情", "医师在诊疗活动中应当向患者或者其近亲属说明病情")
    '应当向患者或者其近亲属说'
    """
    words, law = bare(situation), bare(text)
    for start in range(len(words) - _LONGEST_RUN + 1):
        run = words[start : start + _LONGEST_RUN]
        if run in law:
            return run
    return None


def main() -> int:
    """Print findings; exit 1 if one names a 款 that is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()

    from kg.build import Build
    from kg.home import Home
    from retrieval.retriever import Retriever

    build = Build(Home.resolve(options.home, os.environ).build())
    folder = data_folder() / "glosses"
    glosses = read_glosses(folder)
    found = list(check(glosses, Shelf(build, Retriever.over(build), options.as_of)))
    findings = [one for one in found if isinstance(one, Finding)]
    for finding in findings:
        place = f"{finding.gloss.title}{finding.gloss.article}"
        print(f"{place} 款 {finding.gloss.paragraph}: {finding.fault}")
    bindings = [one for one in found if isinstance(one, Binding)]
    print(f"{len(glosses)} 条释义，{len(bindings)} 处绑定，{len(findings)} 处须看")
    if options.write:
        held = {one.id: one for one in read_bindings(folder / BINDINGS)} | {one.id: one for one in bindings}
        lines = "".join(f"{held[id_].line()}\n" for id_ in sorted(held))
        (folder / BINDINGS).write_text(lines, "utf-8", newline="\n")
    return int(any("没有第" in finding.fault for finding in findings))


if __name__ == "__main__":
    raise SystemExit(main())
