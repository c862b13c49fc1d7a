"""One message of each kind, as the service composes and links it: for the pictures in docs/cards and for tests.

What is found is made up; the words around it, the commands and the links are the service's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from shared.alerting.allocation import allocation_changed, figures
from shared.alerting.compose import News, compose, item_of
from shared.alerting.decision import Reason
from shared.alerting.digest import digest, heartbeat
from shared.alerting.silences import Notice
from shared.licensing.counting import SkuCount
from shared.licensing.ledger import Allocation
from shared.licensing.policy import CURRENT
from shared.model.alert import Alert, GroupLog, Item, Message
from shared.model.directory import AssignedLicence
from shared.model.finding import Commands, Finding, Severity, Subject, SubjectKind
from shared.model.secret import Secret
from shared.model.silence import Silence
from shared.monitor.message_links import linked
from shared.monitor.proving import card_of
from shared.rules.catalogue import RULES
from shared.rules.powershell import set_user_licence
from shared.rules.rule import LICENCE_RULE_PAGE
from shared.settings import Settings

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
"""The id that the W3C's Trace Context takes for an example."""
BEGUN = NOW - timedelta(minutes=5)
SETTINGS = Settings(
    tenant="84bd8158-6d4d-4958-8b9f-9d6445542f95",
    notification_url="https://linekeeper.contoso.example",
    link_key=Secret("a key that signs nothing but samples"),
)
LEDGER = Allocation(
    policy=CURRENT.id,
    qualifying=600,
    entitled=85,
    owned=85,
    assigned=84,
    needed=90,
    free_to_claim=0,
    to_buy=5,
    paid=0,
    spare=1,
    seats_to_next=10,
    seats_to_lose=0,
    by_sku=(SkuCount(sku_id="06ebc4ee-1bb5-47dd-8120-11324bc54e06", part_number="SPE_E5", counted=500, why="bundle"),),
)
_ACCOUNT = "5b6a3c1e-7d2f-4a80-9c41-{:012}"
_SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
_TOPICS = {rule.id: rule.topic for rule in RULES}
_REMEDIES = {rule.id: rule.remedy for rule in RULES}
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
    "<img src=x onerror=alert(1)> # heading ${$root}",
    "\N{RIGHT-TO-LEFT OVERRIDE}selaS\N{RIGHT-TO-LEFT MARK} خدمة العملاء",
    "AA " + "Donaudampfschifffahrtsgesellschaft" * 8,
)


def unlicensed(place: int, name: str = "", number: str = "") -> Item:
    """A main line that lost its licence, as a message shows it."""
    alert = _lost(place, name, number)
    return item_of(alert.finding.key, alert)


def _lost(place: int, name: str = "", number: str = "") -> Alert:
    """A main line that lost its licence."""
    name = name or f"AA Main Line {_CITIES[place]}"
    number = number or f"+1425555{100 + place:04}"
    account = _ACCOUNT.format(place)
    commands = _assign(account, name)
    return _firing(
        "resource-account-unlicensed",
        "critical",
        Subject("resource_account", account, name),
        f"No licence: callers to {number} cannot be answered.",
        f"{_REMEDIES['resource-account-unlicensed']} {commands.powershell}",
        commands=commands,
        numbers=(number,),
    )


def _assign(account: str, name: str) -> Commands:
    body = {"addLicenses": [{"skuId": _SKU, "disabledPlans": []}], "removeLicenses": []}
    return Commands(
        powershell=set_user_licence(account, (AssignedLicence(_SKU),), ()),
        request=f"POST https://graph.microsoft.com/v1.0/users/{account}/assignLicense\n"
        f"Content-Type: application/json\n\n{json.dumps(body, separators=(',', ':'))}",
        admin_centre=f"Microsoft 365 admin center: Users > Active users > {name} > Licenses and apps: "
        "tick Microsoft Teams Phone Resource Account, then Save changes once.",
    )


def _firing(
    rule: str,
    severity: Severity,
    subject: Subject,
    summary: str,
    remedy: str = "",
    *,
    since: datetime = BEGUN,
    numbers: Iterable[str] = (),
    commands: Commands | None = None,
) -> Alert:
    finding = Finding(
        rule=rule,
        severity=severity,
        subject=subject,
        summary=summary,
        remedy=remedy or _REMEDIES[rule],
        evidence={"numbers": list(numbers)},
        commands=commands,
    )
    return Alert(finding=finding, topic=_TOPICS[rule], since=since)


def _told(
    family: str,
    alerts: Iterable[Alert],
    reason: Reason,
    *,
    known: Iterable[Alert] = (),
    now: datetime = NOW,
    news: News | None = None,
    facts: tuple[tuple[str, str], ...] = (),
) -> Message:
    """A group's message; `known` are those of its alerts that its channel was told of before."""
    message = compose(
        f"teams/{family}",
        {alert.finding.key: alert for alert in alerts},
        GroupLog(firing=tuple(alert.finding.key for alert in known), sent_at=BEGUN),
        reason,
        news=news or News(),
        tenant=SETTINGS.tenant,
        facts=facts,
        as_of=now,
    )
    return linked(msgspec.structs.replace(message, trace=TRACE), SETTINGS, now)


def _one() -> Message:
    return _told("accounts", [_lost(0)], "first")


def _twelve() -> Message:
    lost = [_lost(place) for place in range(len(_CITIES))]
    queue = _firing(
        "resource-account-sign-in-enabled",
        "warning",
        Subject("resource_account", _ACCOUNT.format(40), "CQ Reception Berlin"),
        "Sign-in is not blocked.",
        since=NOW - timedelta(days=2),
    )
    return _told("accounts", [*lost, queue], "new", known=[queue])


def _worse() -> Message:
    queue = _firing(
        "call-queue-without-agents",
        "critical",
        Subject("voice_app", _ACCOUNT.format(50), "CQ Orders Munich"),
        "It has no agents: callers wait in the queue until they hang up. Callers come by +498955500100 > AA Main Line "
        "Munich > key 2 > CQ Orders Munich > nobody; 1 number and 1 other app lead there.",
        since=NOW - timedelta(hours=3),
        numbers=("+498955500100",),
    )
    key = queue.finding.key
    return _told("lines", [queue], "new", news=News(worsened=frozenset({key})))


def _resolved() -> Message:
    lost, now = _lost(0), NOW + timedelta(hours=2)
    ended = msgspec.structs.replace(lost, phase="resolved", ended=BEGUN + timedelta(hours=2, minutes=5))
    return _told("accounts", [ended], "all_resolved", known=[lost], now=now)


def _mended_and_open() -> Message:
    """Of three lines that were down, two answer again."""
    lost, now = [_lost(place) for place in range(3)], NOW + timedelta(minutes=40)
    ended = [msgspec.structs.replace(each, phase="resolved", ended=now) for each in lost[:2]]
    return _told("accounts", [*ended, lost[2]], "some_resolved", known=lost, now=now)


def _money() -> Message:
    short = _firing(
        "allocation-short",
        "warning",
        Subject("tenant", SETTINGS.tenant),
        "90 accounts need a licence and 85 are covered: 5 must be bought.",
        "Buy 5 Microsoft Teams Phone Resource Account licences, or delete accounts that nothing uses.",
    )
    return _told("allocation", [short], "first", facts=figures(LEDGER))


def _announcement() -> Message:
    rows = (msgspec.structs.replace(LEDGER.by_sku[0], counted=100),)
    ledger = msgspec.structs.replace(LEDGER, qualifying=200, entitled=45, by_sku=rows)
    message = allocation_changed(85, ledger, {"SPE_E5": 500}, now=NOW, link=LICENCE_RULE_PAGE)
    return linked(
        msgspec.structs.replace(message, group=f"teams/{message.group}", tenant=SETTINGS.tenant), SETTINGS, NOW
    )


def _digest() -> Message:
    def hints(rule: str, kind: SubjectKind, summary: str, *names: str) -> list[Alert]:
        return [
            _firing(rule, "info", Subject(kind, f"{rule}/{place}", name), summary, since=NOW - timedelta(days=9))
            for place, name in enumerate(names)
        ]

    alerts = [
        *hints(
            "resource-account-unassociated",
            "resource_account",
            "It stands for no attendant or queue.",
            "AA Old Front Desk",
            "CQ Test 2024",
            "AA Summer Campaign",
            "AA Trade Fair",
        ),
        *hints(
            "resource-account-licence-unused",
            "resource_account",
            "Its licence is not used.",
            "CQ Fair Hanover",
            "CQ Test 2025",
        ),
        *hints("phone-plan-unknown", "sku", "It holds a phone plan that is not known.", "MCOEV_PILOT_2026"),
        _lost(0),
    ]
    message = digest(
        "teams",
        {alert.finding.key: alert for alert in alerts},
        tenant=SETTINGS.tenant,
        facts=figures(LEDGER),
        as_of=NOW,
    )
    return linked(message, SETTINGS, NOW)


def _heartbeat() -> Message:
    alerts = {alert.finding.key: alert for alert in map(_lost, range(2))}
    return linked(heartbeat("teams", alerts, tenant=SETTINGS.tenant, as_of=NOW), SETTINGS, NOW)


def _test() -> Message:
    return linked(card_of("teams", SETTINGS.tenant, NOW), SETTINGS, NOW)


def _notice() -> Message:
    account = _ACCOUNT.format(8)
    silence = Silence(
        id="s1",
        rules=("resource-account-unlicensed",),
        subjects=(account,),
        starts=NOW - timedelta(days=6),
        ends=NOW + timedelta(days=1),
        author="Ada Nowak",
        reason="moving offices",
        created=NOW - timedelta(days=6),
    )
    notice = Notice("ending", silence, {account: "AA Main Line Berlin"}, ("AA Main Line Berlin",))
    message = Message(
        kind="notice",
        group="teams",
        severity="info",
        headline=notice.headline,
        text=notice.text,
        tenant=SETTINGS.tenant,
    )
    return linked(message, SETTINGS, NOW)


def _hostile() -> Message:
    named = [_lost(place, name) for place, name in enumerate(HOSTILE_NAMES)]
    return _told("accounts", named, "new", known=named[3:])


def _hostile_in_full() -> Message:
    """Two findings in full, with names that are as bad as names can be."""
    return _told("accounts", [_lost(place, name) for place, name in enumerate(HOSTILE_NAMES[:2])], "first")


def _reminder() -> Message:
    """Four hours later nothing has changed."""
    lost = [_lost(place) for place in range(3)]
    return _told("accounts", lost, "repeat", known=lost, now=NOW + timedelta(hours=4))


def _many() -> Message:
    """Five hundred lines at once."""
    return _told("accounts", [_lost(n, f"AA Line {n:03}", f"+1425555{n:04}") for n in range(500)], "first")


SAMPLES: dict[str, Message] = {
    "one": _one(),
    "twelve": _twelve(),
    "worse": _worse(),
    "reminder": _reminder(),
    "resolved": _resolved(),
    "mended-and-open": _mended_and_open(),
    "many": _many(),
    "money": _money(),
    "announcement": _announcement(),
    "digest": _digest(),
    "heartbeat": _heartbeat(),
    "test": _test(),
    "notice": _notice(),
    "hostile": _hostile(),
    "hostile-in-full": _hostile_in_full(),
}
