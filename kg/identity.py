"""Names of dated versions and of their provisions: made from what a thing is, never random.

An expression is `key@YYYY-MM-DD`, or `key@unknown~n` where no source gives its date. A provision adds
steps: `/art25/p1/i2` is 第二十五条第一款第（二）项. Leaf ids hold no chapter, so regrouping chapters changes
none; a sole paragraph is `p1` in the id and left out when shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Self
from urllib.parse import quote, unquote

from kg.numerals import chinese_numeral
from kg.problem import InputError
from kg.vocabulary import Kind

_RESERVED = re.compile(r"[/@~\s]")
_EXPRESSION = re.compile(
    r"(?P<key>[^/@~]+)@(?:(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})|unknown~(?P<n>[1-9][0-9]*))"
)
_STEP = re.compile(
    # Four digits at most: no statute has a numeral for more.
    r"(?P<code>[a-z]+)(?P<number>[1-9][0-9]{0,3})?(?:-(?P<sub>[1-9][0-9]{0,3}))?(?:~(?P<nth>[2-9]|[1-9][0-9]{1,3}))?"
)
_BY_CODE = {kind.code: kind for kind in Kind}


@dataclass(frozen=True, slots=True, order=True)
class ExpressionId:
    """One dated version of a source.

    >>> str(ExpressionId("中华人民共和国医师法", date(2021, 8, 20)))
    '中华人民共和国医师法@2021-08-20'
    >>> ExpressionId.parse("处方管理办法@unknown~1").nth
    1
    """

    key: str
    version: date | None
    nth: int = 0

    def __post_init__(self) -> None:
        if not self.key or _RESERVED.search(self.key):
            raise InputError(f"源文件标识 {self.key!r} 为空或含有 / @ ~ 空白，不能用作 id；请在台账中改正")
        if (self.version is None) != (self.nth > 0):
            raise InputError(f"版本 {self.key}: 有日期时不得有序号，无日期时须有序号")

    def __str__(self) -> str:
        return f"{self.key}@{self.version.isoformat()}" if self.version else f"{self.key}@unknown~{self.nth}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id back; InputError if it is not one."""
        match = _EXPRESSION.fullmatch(text)
        if not match:
            raise InputError(f"不是版本 id: {text!r}；应如 中华人民共和国医师法@2021-08-20")
        try:
            version = date.fromisoformat(match["date"]) if match["date"] else None
        except ValueError:
            raise InputError(f"不是版本 id: {text!r}；{match['date']} 不是日历上的日期") from None
        return cls(match["key"], version, int(match["n"] or 0))


@dataclass(frozen=True, slots=True)
class Step:
    """One step down the tree: 第二十五条 is `Step(Kind.ARTICLE, 25)`, 第十七条之一 `Step(Kind.ARTICLE, 17, 1)`.

    `number` is 0 for kinds that have none (front, preamble, tail, an unnumbered 附则). `nth` is 2 or more
    where a text repeats a number among siblings, so that ids stay unique.
    """

    kind: Kind
    number: int = 0
    sub: int = 0
    nth: int = 1

    def __str__(self) -> str:
        number = str(self.number) if self.number else ""
        sub = f"-{self.sub}" if self.sub else ""
        nth = f"~{self.nth}" if self.nth > 1 else ""
        return f"{self.kind.code}{number}{sub}{nth}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one step back; InputError if it is not one."""
        match = _STEP.fullmatch(text)
        if not match or match["code"] not in _BY_CODE:
            raise InputError(f"不是条款 id 的一级: {text!r}；应如 art25、p1、i2、s1")
        return cls(
            _BY_CODE[match["code"]], int(match["number"] or 0), int(match["sub"] or 0), int(match["nth"] or 1)
        )

    def display(self) -> str:
        """The step in the words of a citation: 第二十五条, 第一款, 第（二）项, 第1目."""
        match self.kind:
            case Kind.ARTICLE:
                sub = f"之{chinese_numeral(self.sub)}" if self.sub else ""
                return f"第{chinese_numeral(self.number)}条{sub}"
            case Kind.ITEM:
                return f"第（{chinese_numeral(self.number)}）项"
            case Kind.SUBITEM:
                return f"第{self.number}目"
            case Kind.POINT:
                return f"第{self.number}点"
            case Kind.ANNEX:
                return f"附件{self.number}" if self.number else "附件"
            case _ if self.number:
                return f"第{chinese_numeral(self.number)}{self.kind.zh}"
            case _:
                return self.kind.zh


@dataclass(frozen=True, slots=True)
class ProvisionId:
    """A provision of one expression.

    >>> p = ProvisionId.parse("中华人民共和国医师法@2021-08-20/art25/p1/i2")
    >>> p.display()
    '第二十五条第一款第（二）项'
    >>> ProvisionId.parse(ProvisionId.from_url(p.url()).__str__()) == p
    True
    """

    expression: ExpressionId
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return "/".join([str(self.expression), *map(str, self.steps)])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id back; InputError if it is not one."""
        head, *steps = text.split("/")
        return cls(ExpressionId.parse(head), tuple(Step.parse(step) for step in steps))

    def url(self) -> str:
        """The id percent-encoded as one URL path segment."""
        return quote(str(self), safe="")

    @classmethod
    def from_url(cls, text: str) -> Self:
        """The inverse of `url`."""
        return cls.parse(unquote(text))

    @property
    def parent(self) -> Self | None:
        """The id one step up, None at the top."""
        return type(self)(self.expression, self.steps[:-1]) if len(self.steps) > 1 else None

    def child(self, step: Step) -> Self:
        """The id one step down."""
        return type(self)(self.expression, (*self.steps, step))

    def step(self, kind: Kind) -> Step | None:
        """The first step of that kind, None if the id has none."""
        return next((step for step in self.steps if step.kind is kind), None)

    def display(self, *, sole_paragraph: bool = False) -> str:
        """The place in the words of a citation; a sole paragraph is left out."""
        shown = [s for s in self.steps if not (sole_paragraph and s.kind is Kind.PARAGRAPH)]
        return "".join(step.display() for step in shown)


def article_of(identifier: str) -> str:
    """The id of the article that a provision lies in; the provision's own where it lies in none.

    >>> article_of("护士条例@2020-03-27/art16/p1"), article_of("某指南@2020-01-01/n3/n1")
    ('护士条例@2020-03-27/art16', '某指南@2020-01-01/n3/n1')
    """
    parsed = ProvisionId.parse(identifier)
    step = parsed.step(Kind.ARTICLE)
    return f"{parsed.expression}/{step}" if step else identifier
