"""A resource account of the one type on a voice app of the other."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.directory import Account
from shared.model.finding import Finding, Subject
from shared.model.voice import (
    ATTENDANT_APPLICATION,
    MAINLINE_ATTENDANT_APPLICATION,
    QUEUE_APPLICATION,
    AutoAttendant,
)
from shared.rules.line_words import listed
from shared.rules.listing import RESOURCE_ACCOUNTS
from shared.rules.naming import one_line, person_name
from shared.rules.reading import of_resource_accounts
from shared.rules.rule import RESOURCE_ACCOUNT_PAGE, Rule
from shared.rules.snapshot import Snapshot
from shared.voice.references import App

_TYPES = {
    ATTENDANT_APPLICATION: "Auto attendant",
    MAINLINE_ATTENDANT_APPLICATION: "Auto attendant",
    QUEUE_APPLICATION: "Call queue",
}
"""What the admin center calls the types of accounts, by the application ids that mark them."""


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Live accounts of a known type of Microsoft's that stand for an app of the other type."""
    lines = snapshot.lines
    if lines is None:
        return
    for account_id, apps in sorted(lines.apps_by_account.items()):
        instance = lines.instances.get(account_id)
        has = _TYPES.get(instance.application) if instance is not None else None
        others = [app for app in apps if _type_of(app) != has]
        if instance is None or has is None or not others or account_id not in lines.graph.live:
            continue
        known = snapshot.state.accounts.get(account_id)
        name = (known.name if known is not None else "") or instance.name
        admin_name = person_name(known) if known is not None else one_line(name) or account_id
        wanted = _type_of(others[0])
        yield Finding(
            rule=RULE.id,
            severity=RULE.severity,
            subject=Subject("resource_account", account_id, name),
            summary=f"Its type is {has}, and it stands for {_named(others[0])}.",
            remedy=f"{RULE.remedy} {RESOURCE_ACCOUNTS} > {admin_name} > Edit: set Resource account type to {wanted}; "
            f"or put an account of the type {wanted} in its place.",
            evidence={"application": instance.application, "type": has, "apps": listed(app.id for app in others)},
        )


@of_resource_accounts
def reading(snapshot: Snapshot, account: Account) -> str:
    """The account's type, and that of the voice apps for which it stands."""
    instance = snapshot.lines.instances.get(account.id) if snapshot.lines is not None else None
    if instance is None:
        return "Its type is not known: no voice export lists it."
    if instance.is_third_party:
        return f"Its application {one_line(instance.application)} is another vendor's."
    has = _TYPES.get(instance.application, "not known")
    types = " and ".join(sorted({_type_of(app) for app in snapshot.apps_of(account)}))
    return f"Its type is {has}; what it stands for is of the type {types}." if types else f"Its type is {has}."


def _type_of(app: App) -> str:
    return "Auto attendant" if isinstance(app, AutoAttendant) else "Call queue"


def _named(app: App) -> str:
    kind = "the auto attendant" if isinstance(app, AutoAttendant) else "the call queue"
    return f"{kind} {one_line(app.name) or app.id}"


RULE = Rule(
    id="resource-account-type-mismatch",
    family="lines",
    severity="warning",
    title="Resource account of the wrong type",
    holds_when="an auto attendant's application id is on the account of a call queue, or the other way round",
    reads=frozenset({"voice"}),
    why="Teams decides by the type of the account which service takes its calls: they may not reach the app behind it.",
    remedy="Make the types agree, then call the line.",
    link=RESOURCE_ACCOUNT_PAGE,
    check=check,
    sharpened_by=frozenset({"accounts"}),
    reading=reading,
)
