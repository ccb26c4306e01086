"""The tree of a text while it grows: open nodes on a stack, ids that are unique, problems with their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from kg.identity import ExpressionId, ProvisionId, Step
from kg.model import Provision
from kg.problem import Problem, Severity
from kg.vocabulary import Kind


@dataclass(slots=True, eq=False)
class Node:
    """A provision under construction.

    `depth` orders open nodes: a new one closes those that are as deep or deeper. `seen` counts the numbers
    used below it, `last` holds the number used last, by kind and depth.
    """

    kind: Kind
    step: Step
    id: ProvisionId
    start: int
    head_end: int = -1
    end: int = -1
    label: str = ""
    heading: str = ""
    depth: int = 0
    children: list[Node] = field(default_factory=list)
    seen: Counter[tuple[Kind, int, int]] = field(default_factory=Counter)
    last: dict[tuple[Kind, int], tuple[int, int]] = field(default_factory=dict)


class Tree:
    """Nodes open and close in the order of the text, so that their heads partition it.

    `scope` is the text itself, or the annex being read: articles are numbered inside it, whatever chapter
    they stand in.
    """

    def __init__(self, expression: ExpressionId) -> None:
        self.root = Node(Kind.FRONT, Step(Kind.FRONT), ProvisionId(expression, ()), 0, depth=-1000)
        self.scope = self.root
        self.stack: list[Node] = [self.root]
        self.problems: list[Problem] = []

    def open(
        self, kind: Kind, parent: Node, start: int, *, number: int = 0, sub: int = 0, label: str = ""
    ) -> Node:
        """Open a node below `parent`, which is open; everything open inside `parent` ends at `start`."""
        self.close_to(parent, start)
        base = self.scope if kind is Kind.ARTICLE else parent
        key = (kind, number, sub)
        base.seen[key] += 1
        step = Step(kind, number, sub, base.seen[key])
        node = Node(kind, step, base.id.child(step), start, label=label)
        if step.nth > 1 and kind is Kind.ARTICLE:
            self.problem(Severity.WARNING, "article_repeated", node, f"{label}出现多次")
        if parent.head_end < 0:
            parent.head_end = start
        parent.children.append(node)
        self.stack.append(node)
        return node

    def close(self, end: int) -> None:
        """Close the innermost open node."""
        node = self.stack.pop()
        node.end = end
        if node.head_end < 0:
            node.head_end = end

    def close_to(self, node: Node, end: int) -> None:
        """Close what is open inside a node."""
        while self.stack[-1] is not node:
            self.close(end)
        if node is self.root:
            self.scope = self.root

    def innermost(self, kind: Kind) -> Node | None:
        """The innermost open node of a kind."""
        return next((node for node in reversed(self.stack) if node.kind is kind), None)

    def problem(self, severity: Severity, code: str, node: Node, text: str) -> None:
        """Record a problem at a node."""
        self.problems.append(Problem(severity, code, str(node.id), text))

    def provisions(self) -> tuple[Provision, ...]:
        """Every node that was opened, in document order."""
        return tuple(_walk(self.root))


def _walk(node: Node) -> Iterator[Provision]:
    paragraphs = sum(child.kind is Kind.PARAGRAPH for child in node.children)
    for child in node.children:
        sole = child.kind is Kind.PARAGRAPH and paragraphs == 1 and node.kind is Kind.ARTICLE
        yield Provision(
            child.id, child.kind, child.start, child.head_end, child.end, child.label, child.heading, sole
        )
        yield from _walk(child)
