"""Runs the rules on a snapshot. A rule whose sources are not good enough is skipped and says so."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from shared.model.finding import Finding
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot


class Skipped(msgspec.Struct, frozen=True):
    """A rule that said nothing, and why: what it found before is neither confirmed nor mended."""

    rule: str
    why: str


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What all rules said of one snapshot; findings are ordered worst first."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def evaluate(rules: Iterable[Rule], snapshot: Snapshot) -> Evaluation:
    """Run every rule whose sources were read completely and recently."""
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    for rule in rules:
        obstacles = [why for source in sorted(rule.reads) if (why := snapshot.why_not_usable(source))]
        if obstacles:
            skipped.append(Skipped(rule.id, "; ".join(why.rstrip(".") for why in obstacles)))
        else:
            findings.extend(rule.check(snapshot))
    return Evaluation(findings=tuple(sorted(findings, key=lambda found: found.order)), skipped=tuple(skipped))
