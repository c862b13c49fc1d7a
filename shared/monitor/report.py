"""What is known of a tenant, as one document for people's programs (`audit --json`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shared.licensing.ledger import Allocation
from shared.model.finding import Finding
from shared.model.sources import SOURCES, ReadState, Source
from shared.model.tenant import TenantState
from shared.monitor.evaluate import judge
from shared.monitor.occasion import Occasion
from shared.rules.engine import Skipped

SCHEMA = 1


class SourceReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How well a source is known; `as_of` is its last complete read (UTC)."""

    state: ReadState
    as_of: datetime | None = None
    problem: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Allocation and findings; `allocation` is None where it could not be worked out."""

    tenant: str
    as_of: datetime
    sources: dict[Source, SourceReport]
    allocation: Allocation | None
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]

    @property
    def is_blind(self) -> bool:
        """Whether licences or accounts could not be read: then the rest means little."""
        return any(self.sources[source].state != "complete" for source in ("licences", "accounts"))


def report(state: TenantState, occasion: Occasion) -> Report:
    """The report of a document at a moment."""
    snapshot, evaluation = judge(state, occasion)
    sources = {source: _source(state, source) for source in SOURCES}
    sound = not snapshot.why_not_usable("licences") and not snapshot.why_not_usable("accounts")
    return Report(
        tenant=state.tenant,
        as_of=occasion.now,
        sources=sources,
        allocation=snapshot.allocation if sound else None,
        findings=evaluation.findings,
        skipped=evaluation.skipped,
    )


def to_json(document: Report) -> bytes:
    """The report as JSON, schema 1."""
    return msgspec.json.encode(to_builtins(document))


def to_builtins(document: Report) -> dict[str, Any]:
    """What the JSON of a report is made of, by its keys; `findings` are plain dictionaries."""
    body: dict[str, Any] = {"schema": SCHEMA, **msgspec.structs.asdict(document)}
    body["as_of"] = document.as_of.replace(microsecond=0)
    body["sources"] = {
        name: msgspec.structs.replace(each, as_of=each.as_of.replace(microsecond=0)) if each.as_of else each
        for name, each in document.sources.items()
    }
    body["findings"] = [_finding(finding) for finding in document.findings]
    return body


def _finding(finding: Finding) -> dict[str, Any]:
    fields = msgspec.structs.asdict(finding)
    if not finding.aspect:
        del fields["aspect"]
    if finding.commands is None:
        del fields["commands"]
    return fields


def _source(state: TenantState, source: Source) -> SourceReport:
    known = state.source(source)
    return SourceReport(state=known.state, as_of=known.complete_as_of, problem=known.problem)
