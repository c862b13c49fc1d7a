"""One message of each kind, as the service composes them: for the pictures in docs/cards and for tests in a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from shared.model.alert import Item, Message, Section
from shared.model.finding import Commands

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
BEGUN = NOW - timedelta(minutes=5)
RULE_PAGE = "https://learn.microsoft.com/microsoftteams/teams-add-on-licensing/virtual-user"
LINKS = (
    ("Silence for a day", "https://linekeeper.contoso.example/api/silence?signed=1"),
    ("Status page", "https://linekeeper.contoso.example/api/status"),
)
LEDGER = (("Free allocation", "85"), ("Owned", "85"), ("Assigned", "84"), ("Needed", "90"))
_ACCOUNT = "5b6a3c1e-7d2f-4a80-9c41-{:012}"
_SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
_UNLICENSED = "Resource account without a licence"
_CITIES = (
    "Seattle",
    "Chicago",
    "Atlanta",
    "Toronto",
    "London",
    "Manchester",
    "Dublin",
    "Paris",
    "Berlin",
    "Munich",
    "Zurich",
    "Madrid",
)

HOSTILE_NAMES = (
    "[Free gift](https://evil.example) <at>everyone</at>",
    "{{DATE(2026-11-20T10:00:00Z,SHORT)}} **bold** _it_ `code`",
    "<img src=x onerror=alert(1)> # heading",
    "\N{RIGHT-TO-LEFT OVERRIDE}selaS\N{RIGHT-TO-LEFT MARK} خدمة العملاء",
    "AA " + "Donaudampfschifffahrtsgesellschaft" * 8,
)


def _commands(account: str, name: str) -> Commands:
    body = f'{{"addLicenses":[{{"skuId":"{_SKU}","disabledPlans":[]}}],"removeLicenses":[]}}'
    return Commands(
        powershell=f"Set-MgUserLicense -UserId '{account}' -AddLicenses @(@{{SkuId='{_SKU}'}}) -RemoveLicenses @()",
        request=f"POST https://graph.microsoft.com/v1.0/users/{account}/assignLicense\n"
        f"Content-Type: application/json\n\n{body}",
        admin_centre=f"Microsoft 365 admin center: Users > Active users > {name} > Licenses and apps: "
        "tick Microsoft Teams Phone Resource Account, then Save changes once.",
    )


def unlicensed(place: int, name: str = "", number: str = "") -> Item:
    """A main line that lost its licence."""
    name = name or f"AA Main Line {_CITIES[place]}"
    number = number or f"+1425555{100 + place:04}"
    account = _ACCOUNT.format(place)
    commands = _commands(account, name)
    return Item(
        key=f"resource-account-unlicensed|{account}|",
        rule="resource-account-unlicensed",
        subject_kind="resource_account",
        subject_id=account,
        severity="critical",
        title=_UNLICENSED,
        name=name,
        summary=f"No licence: callers to {number} cannot be answered.",
        remedy=f"Assign the Teams Phone Resource Account licence: {commands.powershell}",
        commands=commands,
        numbers=(number,),
        since=BEGUN,
    )


def _alert(*sections: Section, **changed: object) -> Message:
    message = Message(
        kind="alert",
        group="teams/accounts",
        severity="critical",
        headline=_UNLICENSED,
        sections=sections,
        link=RULE_PAGE,
        links=LINKS,
        as_of=NOW,
        firing=sum(section.total for section in sections if section.kind != "resolved"),
        tenant="Contoso",
    )
    return msgspec.structs.replace(message, **changed)


def _one() -> Message:
    return _alert(Section(kind="new", items=(unlicensed(0),), total=1))


def _twelve() -> Message:
    lost = tuple(unlicensed(place) for place in range(len(_CITIES)))
    queue = Item(
        rule="resource-account-sign-in-enabled",
        subject_kind="resource_account",
        subject_id=_ACCOUNT.format(40),
        severity="warning",
        title="Resource account that allows sign-in",
        name="CQ Reception Berlin",
        summary="Sign-in is not blocked.",
        remedy="Block sign-in.",
        since=NOW - timedelta(days=2),
    )
    return _alert(Section(kind="new", items=lost, total=12), Section(kind="open", items=(queue,), total=1))


def _worse() -> Message:
    queue = Item(
        rule="call-queue-without-agents",
        subject_kind="voice_app",
        subject_id=_ACCOUNT.format(50),
        severity="critical",
        title="Call queue without agents",
        name="CQ Orders Munich",
        summary="It has no agents: callers wait in the queue until they hang up. Callers come by +498955500100 > AA "
        "Main Line Munich > key 2 > CQ Orders Munich; 1 number and 1 other app lead there.",
        remedy="Add agents. Teams admin center: Voice > Call queues > CQ Orders Munich > Call answering.",
        numbers=("+498955500100",),
        since=NOW - timedelta(hours=3),
        worse=True,
    )
    return _alert(Section(kind="new", items=(queue,), total=1), group="teams/lines")


def _resolved() -> Message:
    ended = msgspec.structs.replace(unlicensed(0), ended=BEGUN + timedelta(hours=2, minutes=5))
    return _alert(
        Section(kind="resolved", items=(ended,), total=1),
        severity="resolved",
        as_of=NOW + timedelta(hours=2),
        links=LINKS[1:],
    )


def _money() -> Message:
    short = Item(
        rule="allocation-short",
        subject_kind="tenant",
        severity="warning",
        title="Licences to buy",
        name="",
        summary="90 accounts need a licence and 85 are covered: 5 must be bought.",
        remedy="Buy 5 Teams Phone Resource Account licences, or delete accounts that nothing uses.",
        since=BEGUN,
    )
    return _alert(
        Section(kind="new", items=(short,), total=1), group="teams/allocation", severity="warning", facts=LEDGER
    )


def _announcement() -> Message:
    return Message(
        kind="announcement",
        group="teams/allocation",
        severity="warning",
        headline="Free allocation fell from 85 to 45",
        text="Qualifying licences changed: SPE_E5 -400. 45 of 90 accounts are not covered free of charge (5 before); "
        "their licences would now have to be paid for.",
        facts=(("Free allocation", "45"), *LEDGER[1:]),
        link=RULE_PAGE,
        as_of=NOW,
        tenant="Contoso",
    )


def _digest() -> Message:
    def section(rule: str, title: str, names: tuple[str, ...], total: int) -> Section:
        items = tuple(
            Item(
                rule=rule,
                severity="info",
                title=title,
                name=name,
                summary="Nothing leads to it.",
                remedy="Take it back.",
                since=NOW - timedelta(days=9 + place),
            )
            for place, name in enumerate(names)
        )
        return Section(kind="open", items=items, total=total)

    return Message(
        kind="digest",
        group="teams",
        severity="info",
        headline="12 things to tidy up, none urgent",
        facts=LEDGER,
        sections=(
            section(
                "resource-account-unassociated",
                "Resource account without an attendant or queue",
                ("AA Old Front Desk", "CQ Test 2024", "AA Summer Campaign"),
                7,
            ),
            section(
                "resource-account-licence-unused",
                "Licence on a resource account that is not used",
                ("CQ Fair Hanover", "AA Trade Show", "CQ Test 2025"),
                4,
            ),
            section("phone-plan-unknown", "Unknown phone plan", ("MCOEV_PILOT_2026",), 1),
        ),
        links=LINKS[1:],
        as_of=NOW,
        tenant="Contoso",
    )


def _heartbeat() -> Message:
    return Message(
        kind="heartbeat",
        group="teams",
        severity="info",
        headline="Linekeeper is watching, and this channel can be reached",
        text="5 findings are open, none of them critical",
        as_of=NOW,
    )


def _test() -> Message:
    return Message(kind="test", group="teams", severity="info", headline="Test card from Linekeeper", links=LINKS[1:])


def _notice() -> Message:
    return Message(
        kind="notice",
        group="teams",
        severity="info",
        headline="A silence ends within a day",
        text="The silence of resource-account-unlicensed for AA Main Line Berlin, by Ada Nowak (moving offices), ends "
        "on 21 November at 10:00 UTC. What still fires then is told again.",
        links=LINKS[1:],
        as_of=NOW,
    )


def _hostile() -> Message:
    named = tuple(unlicensed(place, name) for place, name in enumerate(HOSTILE_NAMES))
    return _alert(Section(kind="new", items=named[:3], total=3), Section(kind="open", items=named[3:], total=41))


def _mixed() -> Message:
    """Two findings in full, with names that are as bad as names can be."""
    return _alert(Section(kind="new", items=tuple(map(unlicensed, range(2), HOSTILE_NAMES[:2])), total=2))


def _reminder() -> Message:
    """Four hours later nothing has changed."""
    lost = tuple(unlicensed(place) for place in range(3))
    return _alert(
        Section(kind="open", items=lost, total=3),
        headline=f"Still open: 3 \N{MULTIPLICATION SIGN} {_UNLICENSED}",
        as_of=NOW + timedelta(hours=4),
    )


SAMPLES: dict[str, Message] = {
    "one": _one(),
    "twelve": _twelve(),
    "worse": _worse(),
    "reminder": _reminder(),
    "resolved": _resolved(),
    "money": _money(),
    "announcement": _announcement(),
    "digest": _digest(),
    "heartbeat": _heartbeat(),
    "test": _test(),
    "notice": _notice(),
    "hostile": _hostile(),
    "hostile-in-full": _mixed(),
}
