"""Runs the rules on a snapshot. A rule that cannot judge all that it is about says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext

import msgspec

from shared.model.finding import Finding
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot


class Skipped(msgspec.Struct, frozen=True):
    """A rule that could not judge, or only in part, and why.

    What it found before and does not find now is neither confirmed nor mended.
    """

    rule: str
    why: str


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What all rules said of one snapshot; findings are ordered worst first."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()


Around = Callable[[str], AbstractContextManager[object]]
"""What is put around each rule's run, given its id: to time it."""


def evaluate(rules: Iterable[Rule], snapshot: Snapshot, around: Around = nullcontext) -> Evaluation:
    """Run every rule whose sources were read completely and recently.

    One that judges in part only is told among the skipped ones, beside what it finds.
    """
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    for rule in rules:
        obstacles = [why for source in sorted(rule.reads) if (why := snapshot.why_not_usable(source))]
        if obstacles:
            skipped.append(Skipped(rule.id, "; ".join(why.rstrip(".") for why in obstacles)))
        else:
            with around(rule.id):
                findings.extend(rule.check(snapshot))
                why = rule.judged_in_part(snapshot) if rule.judged_in_part is not None else ""
            if why:
                skipped.append(Skipped(rule.id, why.rstrip(".")))
    return Evaluation(findings=tuple(sorted(findings, key=lambda found: found.order)), skipped=tuple(skipped))
