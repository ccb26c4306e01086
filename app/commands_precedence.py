"""`yilun precedence`: which of two conflicting provisions applies, and by which article of 立法法."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from app.terminal import AsOfOption, BuildOption, HomeOption, JsonOption, open_build, print_json, read_day
from kg.home import Home
from kg.problem import InputError


def precedence(
    first: Annotated[str, typer.Argument(help="《医师法》第二十五条，或条款 id")],
    second: Annotated[str, typer.Argument(help="《民法典》第一千二百一十九条，或条款 id")],
    special: Annotated[
        str, typer.Option("--special", help="哪一个是特别规定：first、second、neither（范围相同）或 unknown")
    ] = "unknown",
    home: HomeOption = None,
    build: BuildOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """两条规定不一致时适用哪一条：位阶、特别与一般、新与旧；不能确定的，由谁裁决。是否不一致由使用者判断。

    例：yilun precedence "《民法典》第一千二百一十九条" "《医师法》第二十五条" --special second
    """
    from app.views import find_article, name_of
    from kg.precedence import basis_provision
    from kg.precedence import precedence as decide
    from kg.standing import Narrower, standing, suggested

    if special not in set(Narrower):
        raise InputError(f"--special {special!r} 不是 {'、'.join(Narrower)} 之一")
    made = open_build(Home.resolve(home, os.environ), build)
    day = read_day(as_of)
    sides = [standing(made, str(find_article(made, one, day)[1].id)) for one in (first, second)]
    answer = decide(*sides, as_of=day, special=Narrower(special))
    hint = suggested(made, sides[0].id, sides[1].id)
    basis: list[dict[str, Any]] = []
    for one in answer.basis:
        found = basis_provision(made, one, day)
        text, provision = made.provision(found) if found else (None, None)
        words = text.words(provision) if text and provision else ""
        basis.append({"name": one.display(), "id": str(found) if found else None, "text": words})
    if as_json:
        print_json(
            {
                "first": sides[0].id,
                "second": sides[1].id,
                "outcome": answer.outcome.value,
                "principle": answer.principle.value,
                "reason": answer.reason,
                "basis": basis,
                "decider": answer.decider,
                "cautions": list(answer.cautions),
                "suggested_special": hint.value,
                "as_of": day.isoformat(),
                "build": made.id,
            }
        )
        return
    names = [name_of(made, side.id) for side in sides]
    told = {
        "first": f"不一致之处适用{names[0]}，不适用{names[1]}",
        "second": f"不一致之处适用{names[1]}，不适用{names[0]}",
        "both": "各自适用，不是法律上的冲突",
        "neither": "两者都不适用",
        "undetermined": "未定（undetermined）",
    }
    print(f"{told[answer.outcome.value]} — {answer.principle.zh}，按 {day}")
    print(answer.reason)
    if answer.decider:
        print(f"裁决：{answer.decider}")
    for caution in answer.cautions:
        print(f"注意：{caution}")
    if special == "unknown" and hint is not Narrower.UNKNOWN:
        print(f"提示：按抽取的规范（未经审核），--special {hint.value}；请对照原文后决定")
    for one_basis in basis:
        print(f"依据 {one_basis['name']}  {one_basis['id'] or '（此构建没有其文本）'}")
        if one_basis["text"]:
            print("  " + one_basis["text"].replace("\n", "\n  "))
