"""The lines of a tree of calls as values: what is drawn of a call flow, before its form and its colours."""

from __future__ import annotations

from typing import Literal

import msgspec

from shared.model.finding import Finding
from shared.voice.graph import Node

Existence = Literal["", "missing", "unverified"]
Mark = Literal["", "above", "below", "circle", "continued", "unreachable", "no_number", "unassociated", "third_party"]
End = Literal["", "ends", "waits"]

EXISTENCE: dict[Existence, str] = {"": "", "missing": "does not exist", "unverified": "not known to exist"}
"""What is said of whether something is there."""

DRAWN_ELSEWHERE: frozenset[Mark] = frozenset({"above", "below", "circle"})


class Standing(msgspec.Struct, frozen=True):
    """A resource account that stands for an app, by its name, and whether it is there."""

    name: str
    existence: Existence = ""

    def __str__(self) -> str:
        return f"{self.name} ({EXISTENCE[self.existence]})" if self.existence else self.name


class Agents(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers a queue.

    `opted_in` is None where the export says it of nobody. `names` are the first agents', where they were asked for,
    those that have opted out marked so; `missing` counts agents that the directory does not have.
    """

    count: int = 0
    opted_in: int | None = None
    missing: int = 0
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    more_groups: int = 0
    channel: bool = False
    shifts: bool = False

    def __str__(self) -> str:
        parts = [f"{self.count} {'agent' if self.count == 1 else 'agents'}"] if self.count else []
        if self.opted_in is not None:
            parts.append(f"{self.opted_in} opted in")
        if self.missing:
            parts.append(f"{self.missing} of them not existing")
        parts += [f"group {each}" for each in self.groups]
        if self.more_groups:
            parts.append(f"{self.more_groups} more {'group' if self.more_groups == 1 else 'groups'}")
        parts += ["a channel"] * self.channel + ["a shifts group"] * self.shifts
        return ", ".join(parts) or "nobody"


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a tree: a step of a call, and what it comes to.

    `rails` tell of each level, its own last, whether more follows on it; a root has none. `causes` are what makes a
    call come here. `numbers` and `accounts` are what it passes on the way; of an app that is drawn here, `accounts` are
    all that stand for it. `findings` are about the node and what stands for it, `step_findings` about the step to it;
    `known` are about a node that is drawn elsewhere, and are told there. Names are flat; causes may not be.
    """

    rails: tuple[bool, ...] = ()
    causes: tuple[str, ...] = ()
    node: Node
    name: str
    numbers: tuple[str, ...] = ()
    accounts: tuple[Standing, ...] = ()
    more_accounts: int = 0
    existence: Existence = ""
    mark: Mark = ""
    end: End = ""
    agents: Agents | None = None
    findings: tuple[Finding, ...] = ()
    step_findings: tuple[Finding, ...] = ()
    more_findings: int = 0
    known: tuple[Finding, ...] = ()

    @property
    def lines(self) -> int:
        """How many lines it takes, with what is beneath it."""
        told = len(self.findings) + len(self.step_findings) + bool(self.more_findings)
        return 1 + (self.agents is not None) + told


class Tree(msgspec.Struct, frozen=True):
    """The branches, each before what it leads to; `left_out` lines more were not kept."""

    branches: tuple[Branch, ...]
    left_out: int = 0
