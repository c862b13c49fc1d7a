"""An attendant, or an association of an account, that Teams could not set up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.model.finding import Finding, Subject
from shared.model.voice import ProvisioningStatus
from shared.rules.line_words import VOICE_APPS_PAGE, LineWords, place
from shared.rules.naming import one_line
from shared.rules.rule import Rule
from shared.rules.snapshot import Snapshot

_SIP = "sipprovisioning"
_LONGEST_MESSAGE = 120


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """What is in error, of attendants by what was set up, and of associations by their account.

    A status that is unknown is no error: the integers that stand for statuses of attendants are not documented.
    """
    if snapshot.lines is None:
        return
    words = LineWords(snapshot.lines)
    yield from _of_attendants(words)
    yield from _of_associations(snapshot, words)


def _of_attendants(words: LineWords) -> Iterator[Finding]:
    for attendant in words.lines.attendants:
        for kind, failed in _in_error(attendant.statuses).items():
            sip = kind == _SIP
            what = one_line(failed[0].kind) or "a part of it"
            effect = "calls to it fail" if sip else "callers may not hear or be able to say what they should"
            yield Finding(
                rule=RULE.id,
                severity="critical" if sip else "warning",
                subject=words.subject(attendant),
                summary=f"Teams could not set up {what}: {effect}{_in_brackets(failed)}. {words.callers(attendant.id)}",
                remedy=f"{RULE.remedy} {place(attendant)}.",
                evidence={
                    "kind": failed[0].kind,
                    "message": _first_message(failed),
                    "failed": len(failed),
                    **words.evidence(attendant.id),
                },
                aspect=f"Status[{kind}]",
            )


def _of_associations(snapshot: Snapshot, words: LineWords) -> Iterator[Finding]:
    by_account: dict[str, list[ProvisioningStatus]] = {}
    for each in words.lines.export.statuses or ():
        by_account.setdefault(each.account, []).append(each.status)
    deleted = _deleted(snapshot, words)
    for account, statuses in sorted(by_account.items()):
        if account not in deleted:
            for kind, failed in _in_error(statuses).items():
                yield _association(words, account, kind, failed)


def _association(words: LineWords, account: str, kind: str, failed: list[ProvisioningStatus]) -> Finding:
    name = words.account(account)
    apps = words.lines.apps_by_account.get(account, ())
    subject = words.subject(apps[0]) if apps else Subject("resource_account", account, name)
    return Finding(
        rule=RULE.id,
        severity="critical",
        subject=subject,
        summary=f"Teams could not associate {name}: calls through this account fail{_in_brackets(failed)}."
        + (f" {words.callers(apps[0].id)}" if apps else ""),
        remedy=f"{RULE.remedy} Teams admin center: Voice > Resource accounts > {name}.",
        evidence={
            "account": account,
            "kind": failed[0].kind,
            "message": _first_message(failed),
            "failed": len(failed),
            **(words.evidence(apps[0].id) if apps else {}),
        },
        aspect=f"AssociationStatus[{account}][{kind}]",
    )


def _deleted(snapshot: Snapshot, words: LineWords) -> frozenset[str]:
    """The accounts that are gone: that is what is wrong with their lines, and not how they were once set up."""
    listed = {each.id for each in words.lines.export.instances or () if each.deleted}
    return frozenset((listed | snapshot.state.departed.keys()) - snapshot.state.accounts.keys())


def _in_error(statuses: Iterable[ProvisioningStatus]) -> dict[str, list[ProvisioningStatus]]:
    """What failed, by kind; in an order that is not the export's."""
    found: dict[str, list[ProvisioningStatus]] = {}
    for each in sorted(statuses, key=lambda each: (each.kind.casefold(), each.kind, each.message)):
        if each.status == "error":
            found.setdefault(each.kind.casefold(), []).append(each)
    return found


def _first_message(failed: list[ProvisioningStatus]) -> str:
    return next((one_line(each.message, _LONGEST_MESSAGE) for each in failed if each.message.strip()), "")


def _in_brackets(failed: list[ProvisioningStatus]) -> str:
    message = _first_message(failed).rstrip(".")
    return f" ({message})" if message else ""


RULE = Rule(
    id="voice-app-provisioning-failed",
    family="lines",
    severity="critical",
    title="Attendant or association that could not be set up",
    holds_when="Teams reports an error for a part of an attendant, or for an account's association with an attendant "
    "or queue; one that is pending, or whose status is not known, is no error",
    reads=frozenset({"voice"}),
    why="What could not be set up looks configured like any other, and calls fail, or greetings stay silent.",
    remedy="Save it again, or take the account away from it and associate it anew; then call it, and look at its "
    "status once more.",
    link=VOICE_APPS_PAGE,
    check=check,
    severity_varies="warning for greetings and for names that callers say",
    sharpened_by=frozenset({"accounts", "numbers"}),
)
