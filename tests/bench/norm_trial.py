"""What a trained component would add to the rules for norms: modality, bearer, and which norms to drop.

    python -m tests.bench.norm_trial --home HOME

Every norm that the rules find on the tuning gold (model-annotated, unreviewed) is a row; logistic regressions over what stands around
its cue, what the rules say and the shipped encoder's vector of the norm are cross-validated by work and set beside
the rules, which were written while this gold was read: the comparison favours the rules.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ingestion.norms.lexicon import read_lexicon
from ingestion.norms.predicate import AUTHORITY
from kg.build import Build
from kg.home import Home
from kg.pack import data_folder
from retrieval.adapted import adapted_encoder
from tests.bench.norm_bench import GOLD, Place, bind, pairs, predict, read_gold, same_bearer
from tests.bench.norm_train import FOLDS, folds

STRENGTHS = (0.03, 0.1, 0.3, 1.0)
"""Inverse regularisation; the best on the tuning gold is shown, which favours the trained component."""


class Found(NamedTuple):
    """A norm that the rules found, and the gold norm that it is, if any."""

    place: int
    said: Any
    gold: Any | None


def marks(text: str, said: Any) -> list[str]:
    """What stands around a norm, as words."""
    action, cue, bearer = said["action"] or "", said["cue"] or "", said["bearer"] or ""
    at = max(0, text.find(cue + action) if cue else text.find(action))
    after = text[at : at + len(cue) + 12]
    return [
        f"rule={said['modality']}", f"cue={cue}", f"rule+cue={said['modality']}+{cue}", f"first={action[:2]}", f"first1={action[:1]}", f"last={action[-2:]}",
        f"before={text[max(0, at - 2) : at]}", f"public={bool(AUTHORITY.search(bearer))}", f"bearer={bearer[-3:]}", f"who={bool(bearer)}",
        f"condition={bool(said['condition'])}", f"sanction={bool(said['sanction'])}", f"elided={said['bearer_elided']}",
        *(f"in={after[i : i + 2]}" for i in range(len(after) - 1)), *(f"act={action[i : i + 2]}" for i in range(min(len(action) - 1, 30))),
    ]  # fmt: skip


def cross_validated(x: Any, y: Any, fold: Any, strength: float) -> Any:
    """What a model fitted on the other folds says of each row."""
    from sklearn.linear_model import LogisticRegression

    said = np.empty(len(y), dtype=object)
    for part in range(FOLDS):
        train, test = fold != part, fold == part
        model = LogisticRegression(C=strength, max_iter=2000).fit(x[train], y[train])
        said[test] = model.predict(x[test])
    return said


def best(x: Any, y: Any, fold: Any) -> tuple[float, Any]:
    """The strength that does best, and what it says."""
    tried = [(float((cross_validated(x, y, fold, s) == y).mean()), -s, s) for s in STRENGTHS]
    strength = max(tried)[2]
    return strength, cross_validated(x, y, fold, strength)


def candidates(text: str, said: Any, parties: Sequence[str]) -> list[str | None]:
    """Whom a norm may bind: nobody, whom the rules name, and every party named before its action."""
    at = text.find(said["action"] or "")
    named = [p for p in parties if 0 <= text.find(p) < max(at, 1) or p == said["bearer"]]
    longest = [p for p in named if not any(p != o and p in o for o in named)]
    return list(dict.fromkeys([said["bearer"], None, *longest]))


def choice_marks(text: str, said: Any, who: str | None) -> list[float]:
    """What speaks for a candidate."""
    at = max(0, text.find(said["action"] or ""))
    cue = said["cue"] or ""
    where = text.find(who) if who else -1
    near = (at - where) if who and where >= 0 else 60
    head = text[max(0, at - len(cue) - len(who or "")) : max(0, at - len(cue))]
    return [
        float(who == said["bearer"]), float(who is None), float(who == said["bearer"] and said["bearer_elided"]), float(bool(who) and head.endswith(who or "x")),
        min(near, 60) / 60, float(bool(who) and bool(AUTHORITY.search(who or ""))), float(said["modality"] == "liability"), float(said["modality"] == "declaration" and who is None),
        float(where == 0), float(said["modality"] in ("power",) and bool(who) and bool(AUTHORITY.search(who or ""))), float(who is None and not cue),
        float(bool(who) and text[where + len(who or "") : where + len(who or "") + 1] == "的"), float(bool(who) and text[max(0, where - 1) : where] in "由对向"),
    ]  # fmt: skip


def bearer_trial(
    found: Sequence[Found], places: Sequence[Place], fold: Any, same: Callable[..., bool]
) -> tuple[float, float, float]:
    """Accuracy of the rules, of the trained choice, and of the best choice that there is."""
    from sklearn.linear_model import LogisticRegression

    parties = sorted({word for party in read_lexicon(data_folder()).parties.values() for word in party.words if len(word) > 1}, key=len, reverse=True)  # fmt: skip
    rows, right, owner = [], [], []
    options: list[list[str | None]] = []
    for n, one in enumerate(found):
        text = places[one.place].text
        options.append(candidates(text, one.said, parties))
        for who in options[-1]:
            rows.append(choice_marks(text, one.said, who))
            right.append(same(one.gold["bearer"], who) if one.gold else False)
            owner.append(n)
    x, y, of = np.array(rows), np.array(right), np.array(owner)
    at = np.array([fold[one.place] for one in found])[of]
    score = np.zeros(len(y))
    for part in range(FOLDS):
        model = LogisticRegression(C=1.0, max_iter=2000).fit(x[at != part], y[at != part])
        score[at == part] = model.predict_proba(x[at == part])[:, 1]
    rules = trained = reachable = 0
    for n in range(len(found)):
        mine = np.flatnonzero(of == n)
        rules += bool(y[mine[0]])
        trained += bool(y[mine[int(np.argmax(score[mine]))]])
        reachable += bool(y[mine].any())
    return rules / len(found), trained / len(found), reachable / len(found)


def main() -> None:
    """Run the command."""
    from sklearn.feature_extraction import DictVectorizer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args()
    build = Build(Home.resolve(options.home, {}).build(None))
    places = bind(build, read_gold(sorted(p.stem for p in GOLD.glob("tune*.jsonl")))).places
    said = predict(build, places)
    found = []
    missed = 0
    for at, place in enumerate(places):
        mine = said[place.row["id"]]["norms"]
        matched = {j: i for i, j in pairs(place.text, place.row["norms"], mine)}
        found += [
            Found(at, n, place.row["norms"][matched[j]] if j in matched else None) for j, n in enumerate(mine)
        ]
        missed += len(place.row["norms"]) - len(matched)
    fold = folds(places)
    of = np.array([fold[one.place] for one in found])
    words = DictVectorizer(sparse=False).fit_transform(
        [dict.fromkeys(marks(places[one.place].text, one.said), 1.0) for one in found]
    )
    encoder = adapted_encoder()
    assert encoder
    vectors = encoder.encode(
        [f"{one.said['bearer'] or ''}{one.said['cue'] or ''}{one.said['action'] or ''}" for one in found]
    )
    known = np.array([one.gold is not None for one in found])
    gold = np.array([one.gold["modality"] if one.gold else "" for one in found], dtype=object)
    rules = np.array([one.said["modality"] for one in found], dtype=object)
    print(
        f"{len(places)} provisions, {len(found)} norms found, {int(known.sum())} of them in the gold, {missed} missed"
    )
    print(f"modality of those in the gold: rules {(rules[known] == gold[known]).mean():.3f}")
    for name, x in (("words", words), ("words and vector", np.hstack([words, 3 * vectors]))):
        strength, told = best(x[known], gold[known], of[known])
        print(f"  trained on {name}: {(told == gold[known]).mean():.3f} (C {strength})")
    right = (rules == gold).astype(int)
    total = int(known.sum()) + missed
    print(f"norm with correct modality, F1: rules {2 * right.sum() / (len(found) + total):.3f}")
    for name, x in (("words", words), ("words and vector", np.hstack([words, 3 * vectors]))):
        strength, kept = best(x, right, of)
        kept = kept.astype(bool)
        print(f"  dropping what is trained on {name} to be wrong: {2 * right[kept].sum() / (kept.sum() + total):.3f} ({int((~kept).sum())} dropped, C {strength})")  # fmt: skip
    those = [one for one in found if one.gold]
    print(
        "bearer: rules {:.3f}, trained choice {:.3f}, best choice there is {:.3f}".format(
            *bearer_trial(those, places, fold, same_bearer())
        )
    )


if __name__ == "__main__":
    main()
