"""A tree of calls as a Mermaid flowchart, for documents that draw such. Pure.

Mermaid refuses a text of more than 50,000 characters or 500 edges unless the page that shows it allows more
(Mermaid documentation, "Mermaid Config Schema": `maxTextSize`, `maxEdges`). What a name holds is never syntax: all but
letters, digits, spaces, commas and hyphens between letters is written as an entity code (Mermaid documentation,
"Flowcharts Syntax": "Entity codes to escape characters").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.model.finding import Finding, severity_rank
from shared.voice.branch import DRAWN_ELSEWHERE, EXISTENCE, Branch, Tree
from shared.voice.graph import Node, NodeKind

EDGES = 500
CHARACTERS = 48_000
"""Mermaid counts UTF-16 units and allows 50,000: the rest is for the head, the classes, and what was left out."""

LABEL = 80
CAUSES = 4
"""How many causes of a step are named."""

_INNER_HYPHEN = re.compile(r"(?<=[^\W\d_])#45;(?=[^\W\d_])")
"""Between letters it is no syntax, and the text stays readable."""

_BREAK = "<br/>"
_SHAPES: dict[NodeKind, tuple[str, str]] = {
    "number": ("([", "])"),
    "outside": ("([", "])"),
    "queue": ("[[", "]]"),
    "account": ("[/", "/]"),
    "nobody": ("((", "))"),
}
_BOX = ("[", "]")
_CLASSES = (
    "classDef critical stroke:#c00,stroke-width:4px",
    "classDef warning stroke:#b60,stroke-width:3px",
    "classDef missing stroke:#c00,stroke-dasharray:5",
)


def mermaid(tree: Tree) -> str:
    """The tree as a flowchart, every node once. What Mermaid would not draw is left out, and one node says how much."""
    chart = _Chart(tree)
    body = list(chart.body())
    return "\n".join(("flowchart LR", *body, *(f"  {each}" for each in _CLASSES), *chart.classes())) + "\n"


def escaped(text: str) -> str:
    """A text as part of a quoted label: one line, cut, and nothing in it is syntax of Mermaid, Markdown or HTML."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    # Mermaid itself writes entity codes with this ligature, and reads what a name holds of that a second time.
    line = line.replace("\N{LATIN SMALL LIGATURE FL}", "fl")
    cut = line if len(line) <= LABEL else line[: LABEL - 1].rstrip() + "…"
    return _INNER_HYPHEN.sub("-", "".join(each if each.isalnum() or each in " ," else f"#{ord(each)};" for each in cut))


class _Chart:
    """A flowchart as it grows."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._ids: dict[Node, str] = {}
        self._class_members: dict[str, list[str]] = {}
        self._drawn: dict[Node, Branch] = {}
        for branch in tree.branches:
            if branch.mark not in DRAWN_ELSEWHERE or branch.node not in self._drawn:
                self._drawn[branch.node] = branch

    def body(self) -> Iterator[str]:
        """The nodes and edges, as many as Mermaid draws."""
        room, edges = CHARACTERS, 0
        trail: list[Node] = []
        steps: set[tuple[Node, Node, str]] = set()
        for place, branch in enumerate(self._tree.branches):
            del trail[len(branch.rails) :]
            step = (trail[-1], branch.node, _edge_label(branch)) if trail else None
            trail.append(branch.node)
            is_new = branch.node not in self._ids
            added = [self._node(branch.node)] if is_new else []
            if step is not None and step not in steps:
                steps.add(step)
                edges += 1
                added.append(self._edge(*step))
            room -= sum(_units(line) + 1 for line in added)
            if room < 0 or edges > EDGES:
                if is_new:
                    del self._ids[branch.node]
                yield _left_out(len(self._tree.branches) - place + self._tree.left_out)
                return
            if is_new:
                room -= self._classify(branch.node)
            yield from added
        if self._tree.left_out:
            yield _left_out(self._tree.left_out)

    def classes(self) -> Iterator[str]:
        """Which nodes are broken."""
        for name, members in self._class_members.items():
            yield f"  class {','.join(members)} {name}"

    def _node(self, node: Node) -> str:
        self._ids[node] = f"n{len(self._ids)}"
        before, after = _SHAPES.get(node.kind, _BOX)
        return f'  {self._ids[node]}{before}"{_BREAK.join(_words(self._drawn[node]))}"{after}'

    def _edge(self, source: Node, target: Node, label: str) -> str:
        arrow = f'-->|"{label}"|' if label else "-->"
        return f"  {self._ids[source]} {arrow} {self._ids[target]}"

    def _classify(self, node: Node) -> int:
        """Put a node into its class; the characters that this takes."""
        branch = self._drawn[node]
        worst = min((each.severity for each in _findings(branch)), key=severity_rank, default=None)
        name = worst or ("missing" if branch.existence == "missing" else None)
        if name is None:
            return 0
        self._class_members.setdefault(name, []).append(self._ids[node])
        return len(self._ids[node]) + 1


def _words(branch: Branch) -> Iterator[str]:
    """The lines of a node's label: its name, what stands for it or answers it, and what is wrong with it."""
    if branch.node.kind == "nobody":
        yield "nobody answers: callers wait" if branch.end == "waits" else "the call ends"
    else:
        yield escaped(branch.name)
    yield from (f"account {escaped(str(each))}" for each in branch.accounts)
    if branch.more_accounts:
        yield f"and {branch.more_accounts} more accounts"
    if branch.agents is not None:
        yield escaped(str(branch.agents))
    if branch.existence:
        yield EXISTENCE[branch.existence]
    if branch.mark == "unreachable":
        yield "not reachable"
    for finding in _findings(branch):
        yield escaped(f"{finding.severity.upper()} {finding.rule}")
    if branch.more_findings:
        yield f"and {branch.more_findings} more findings"


def _findings(branch: Branch) -> tuple[Finding, ...]:
    """What is wrong with the node itself, not with the step to it."""
    return branch.findings or branch.known


def _edge_label(branch: Branch) -> str:
    words = [escaped(each) for each in branch.causes[:CAUSES]]
    if len(branch.causes) > CAUSES:
        words.append(f"{len(branch.causes) - CAUSES} more ways")
    words += [f"by {escaped(each)}" for each in branch.numbers]
    words += [escaped(f"{each.severity.upper()} {each.rule}") for each in branch.step_findings]
    return _BREAK.join(words)


def _left_out(lines: int) -> str:
    return f'  rest["{lines} more lines are left out here{_BREAK}ask for one line by its name or number"]'


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
