"""Receivers and routes: what may stand in the file, and what an operator reads when something else does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from shared.alerting.routing import ANNOUNCED, Route
from shared.model.addresses import WORKFLOWS_DOMAINS
from shared.model.receiver import AlertmanagerReceiver, BotReceiver, WebhookReceiver, WorkflowsReceiver
from shared.rules.catalogue import RULES
from shared.settings_receivers import Routing, _Alertmanager, _Bot, _Webhook, _Workflows, receivers_of
from shared.settings_routes import _Route

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
APP = "0f5c1a52-7a3f-4f6e-9a39-1c5f3d1f8a11"
WORKFLOW = "https://prod-1.westeurope.logic.azure.com:443/workflows/abc?sig=hush-1"
ENVIRONMENT = {
    "LINEKEEPER_OPS": WORKFLOW,
    "LINEKEEPER_DESK": WORKFLOW.replace("abc", "def"),
    "LINEKEEPER_BOT_PASSWORD": "hush-2",
    "LINEKEEPER_HOOK": "https://hooks.example.com/lines?key=hush-3",
    "LINEKEEPER_HOOK_SECRET": "hush-" * 8,
    "LINEKEEPER_PAGER": "https://lines:hush@alerts.example.com",
    "LINEKEEPER_CONNECTOR": "https://contoso.webhook.office.com/webhookb2/hush",
    "LINEKEEPER_ELSEWHERE": "https://hooks.example.com/hush",
    "LINEKEEPER_LOCAL": "http://127.0.0.1:8080/workflows/hush",
    "LINEKEEPER_SHORT": "hush",
    "LINEKEEPER_EMPTY": " ",
}
OPS = '[receivers.ops]\nkind = "workflows"\nurl = "env:LINEKEEPER_OPS"\n'
DESK = '[receivers.desk]\nkind = "workflows"\nurl = "env:LINEKEEPER_DESK"\n'
BOT = f"""
[receivers.team]
kind = "bot"
app_id = "{APP.upper()}"
app_password = "env:LINEKEEPER_BOT_PASSWORD"
tenant = "{TENANT}"
service_url = "https://smba.trafficmanager.net/amer/"
team = "19:team@thread.tacv2"
channel = "19:lines@thread.tacv2"
"""
HOOK = '[receivers.hook]\nkind = "webhook"\nurl = "env:LINEKEEPER_HOOK"\nsecret = "env:LINEKEEPER_HOOK_SECRET"\n'
PAGER = '[receivers.pager]\nkind = "alertmanager"\nurl = "env:LINEKEEPER_PAGER"\n'


def read(text: str, environment: Mapping[str, str] | None = None, *, local: bool = False) -> Routing:
    # As the settings do it.
    tables = tomllib.loads(text, parse_float=Decimal)
    return receivers_of(tables, ENVIRONMENT if environment is None else environment, local=local)


def refusal(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The one line that says what is wrong, and nothing secret."""
    with pytest.raises(ValueError, match=r"receiver|route|LINEKEEPER_TEAMS_WEBHOOK_URL") as caught:
        read(text, environment)
    said = str(caught.value)
    assert len(said.splitlines()) == 1
    assert "hush" not in said
    return said


def test_without_tables_there_is_the_channel_of_the_one_variable() -> None:
    routing = read("", {"LINEKEEPER_TEAMS_WEBHOOK_URL": WORKFLOW})
    [teams] = routing.receivers
    assert isinstance(teams, WorkflowsReceiver)
    assert (teams.name, teams.kind, teams.url.reveal()) == ("teams", "workflows", WORKFLOW)
    assert (teams.per_second, teams.per_hour, teams.send_resolved, teams.heartbeat) == (1.0, 60, True, True)
    assert (routing.routes, routing.notes) == ((), ())


def test_without_anything_there_is_no_receiver_and_what_there_is_to_tell_waits_for_the_default_one() -> None:
    routing = read("", {})
    assert routing == Routing()
    assert routing.ways.receivers == ("teams",)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://hooks.example.com/hush", "its host is none of"),
        ("https://contoso.webhook.office.com/hush", "connector"),
        ("http://127.0.0.1/hush", "only https"),
        ("hush", "no URL"),
    ],
)
def test_a_wrong_url_in_the_one_variable_is_refused_by_its_name(url: str, said: str) -> None:
    text = refusal("", {"LINEKEEPER_TEAMS_WEBHOOK_URL": url})
    assert text.startswith("LINEKEEPER_TEAMS_WEBHOOK_URL must be the https URL of a Teams Workflows webhook")
    assert said in text


def test_each_kind_of_receiver_is_read() -> None:
    routing = read(OPS + BOT + HOOK + PAGER)
    ops, team, hook, pager = routing.receivers
    assert isinstance(ops, WorkflowsReceiver)
    assert isinstance(team, BotReceiver)
    assert isinstance(hook, WebhookReceiver)
    assert isinstance(pager, AlertmanagerReceiver)
    assert [each.name for each in routing.receivers] == ["ops", "team", "hook", "pager"]
    assert [each.kind for each in routing.receivers] == ["workflows", "bot", "webhook", "alertmanager"]
    assert (team.app_id, team.tenant, team.multi_tenant) == (APP, TENANT, False)
    assert team.service_url == "https://smba.trafficmanager.net/amer"
    assert team.app_password.reveal() == "hush-2"
    assert hook.secret.reveal() == ENVIRONMENT["LINEKEEPER_HOOK_SECRET"]
    assert pager.url.reveal() == ENVIRONMENT["LINEKEEPER_PAGER"]
    assert routing.notes == ()


def test_secrets_show_in_no_text_of_the_routing() -> None:
    assert "hush" not in repr(read(OPS + BOT + HOOK + PAGER))


def test_a_receiver_has_a_pace_and_wishes() -> None:
    more = "per_second = 0.5\nper_hour = 10\nsend_resolved = false\nheartbeat = false\n"
    routing = read(OPS + more + DESK)
    ops = routing.receivers[0]
    assert (ops.per_second, ops.per_hour, ops.send_resolved, ops.heartbeat) == (0.5, 10, False, False)
    ways = routing.ways
    assert ways.receivers == ("ops", "desk")
    assert (ways.quiet, ways.without_resolved) == (frozenset({"ops"}), frozenset({"ops"}))


@pytest.mark.parametrize(
    ("receiver", "said"),
    [
        (OPS + 'ulr = "x"', "receivers.ops: unknown key `ulr` (did you mean `url`?)"),
        (OPS + 'secret = "x"', "receivers.ops: unknown key `secret`"),
        (HOOK + 'hosts = ["x.y"]', "receivers.hook: unknown key `hosts`"),
        ('[receivers.ops]\nkind = "workflows"', "receivers.ops.url: is missing"),
        (HOOK.replace("secret =", "#"), "receivers.hook.secret: is missing"),
        (BOT.replace("channel =", "#"), "receivers.team.channel: is missing"),
        ("[receivers.ops]", "receivers.ops.kind: expected one of workflows, bot, webhook, alertmanager"),
        (OPS.replace("workflows", "workflow"), "alertmanager (did you mean `workflows`?)"),
        (OPS.replace('"workflows"', "5"), "receivers.ops.kind: expected one of"),
        (OPS.replace('"workflows"', "[1]"), "receivers.ops.kind: expected one of"),
        (OPS.replace(".ops", '."Ops/1"'), "receivers: `Ops/1` is no name"),
        (OPS + "per_second = 0", "receivers.ops.per_second: Expected `float` > 0.0"),
        (OPS + 'per_hour = "60"', "receivers.ops.per_hour: Expected `int`, got `str`"),
        (OPS + "per_hour = 0", "receivers.ops.per_hour: Expected `int` >= 1"),
        (OPS + "heartbeat = 1", "receivers.ops.heartbeat: Expected `bool`, got `int`"),
        (OPS + "hosts = [5]", "receivers.ops.hosts[0]: Expected `str`, got `int`"),
        (OPS + 'hosts = ["https://x.y"]', "receivers.ops.hosts[0]: expected a domain"),
        ("receivers = 5", "receivers: expected a table"),
        ("[receivers]\nops = 5", "receivers.ops: expected a table"),
        (BOT.replace(APP.upper(), "me"), "receivers.team.app_id: expected a GUID"),
        (BOT.replace(TENANT, "contoso.com"), "receivers.team.tenant: expected a GUID"),
        (BOT.replace("19:lines@", "lines@"), "receivers.team.channel: expected an id of the form 19:"),
        (BOT.replace("smba.trafficmanager.net", "example.com"), "receivers.team.service_url: its host is none of"),
    ],
)
def test_a_wrong_receiver_is_refused_with_its_place_and_the_nearest_right_name(receiver: str, said: str) -> None:
    assert said in refusal(receiver)


@pytest.mark.parametrize(
    ("receiver", "key"),
    [
        (OPS.replace("env:LINEKEEPER_OPS", WORKFLOW), "receivers.ops.url"),
        (HOOK.replace("env:LINEKEEPER_HOOK_SECRET", "hush-" * 8), "receivers.hook.secret"),
        (BOT.replace("env:LINEKEEPER_BOT_PASSWORD", "hush-2"), "receivers.team.app_password"),
        (OPS.replace("env:LINEKEEPER_OPS", "env:LINEKEEPER OPS"), "receivers.ops.url"),
    ],
)
def test_a_secret_in_the_file_is_refused_with_the_way_to_do_it(receiver: str, key: str) -> None:
    text = refusal(receiver)
    assert text.startswith(f"{key}: a secret has no place in this file")
    assert f'write {key.rpartition(".")[2]} = "env:NAME_OF_THE_VARIABLE"' in text


@pytest.mark.parametrize("name", ["LINEKEEPER_EMPTY", "LINEKEEPER_MISSING"])
def test_a_variable_that_holds_nothing_is_named(name: str) -> None:
    said = f"receivers.ops.url: the environment variable {name} is not set"
    assert refusal(OPS.replace("LINEKEEPER_OPS", name)) == said


def test_a_key_that_is_too_short_to_sign_with_is_refused() -> None:
    said = "receivers.hook.secret: expected at least 32 characters in LINEKEEPER_SHORT"
    assert refusal(HOOK.replace("LINEKEEPER_HOOK_SECRET", "LINEKEEPER_SHORT")) == said


def test_a_url_that_may_not_be_posted_to_is_refused_with_its_place() -> None:
    text = refusal(OPS.replace("LINEKEEPER_OPS", "LINEKEEPER_CONNECTOR"))
    assert text.startswith("receivers.ops.url (env:LINEKEEPER_CONNECTOR): this is the URL of an Office 365 connector")
    assert "Workflows" in text
    assert "hosts = " in refusal(OPS.replace("LINEKEEPER_OPS", "LINEKEEPER_ELSEWHERE"))


def test_a_site_allows_a_domain_of_its_own() -> None:
    text = OPS.replace("LINEKEEPER_OPS", "LINEKEEPER_ELSEWHERE") + 'hosts = ["example.com"]'
    assert [each.name for each in read(text).receivers] == ["ops"]


def test_a_receiver_on_this_machine_is_taken_only_beside_a_local_graph() -> None:
    text = OPS.replace("LINEKEEPER_OPS", "LINEKEEPER_LOCAL")
    assert [each.name for each in read(text, local=True).receivers] == ["ops"]
    assert "only https" in refusal(text)


def test_two_receivers_that_are_one_place_are_refused() -> None:
    assert refusal(OPS + DESK.replace("LINEKEEPER_DESK", "LINEKEEPER_OPS")) == (
        "receivers.desk: the same place as receivers.ops"
    )
    assert refusal(BOT + BOT.replace(".team]", ".other]")) == "receivers.other: the same place as receivers.team"
    other_channel = BOT.replace(".team]", ".other]").replace("lines@", "desk@")
    assert len(read(BOT + other_channel).receivers) == 2


def test_the_one_variable_beside_receivers_that_do_not_use_it_is_noted() -> None:
    environment = {**ENVIRONMENT, "LINEKEEPER_TEAMS_WEBHOOK_URL": WORKFLOW.replace("abc", "ghi")}
    assert read(OPS, environment).notes == ("LINEKEEPER_TEAMS_WEBHOOK_URL is set, and no receiver of the file uses it",)
    used = OPS.replace("LINEKEEPER_OPS", "LINEKEEPER_TEAMS_WEBHOOK_URL")
    assert read(used, environment).notes == ()


ALL = '[[routes]]\nreceivers = ["ops"]\n'


def test_a_route_is_read_with_all_that_it_names() -> None:
    routing = read(
        OPS
        + DESK
        + ALL
        + f"""
[[routes]]
receivers = ["ops", "desk"]
severities = ["critical", "warning"]
families = ["lines", "accounts"]
rules = ["voice-app-*", "resource-account-unlicensed"]
tenants = ["{TENANT.upper()}"]
"""
    )
    assert routing.routes == (
        Route(receivers=("ops",)),
        Route(
            receivers=("ops", "desk"),
            severities=("critical", "warning"),
            families=("lines", "accounts"),
            rules=("voice-app-*", "resource-account-unlicensed"),
            tenants=(TENANT,),
        ),
    )
    assert routing.ways.named("voice-app-loop", "lines", "critical", TENANT) == ("desk", "ops")
    assert routing.ways.named("voice-app-loop", "lines", "info", TENANT) == ("ops",)


def test_routes_may_lead_to_the_default_receiver_even_before_it_has_a_url() -> None:
    text = ALL.replace("ops", "teams")
    assert read(text, {"LINEKEEPER_TEAMS_WEBHOOK_URL": WORKFLOW}).routes == (Route(receivers=("teams",)),)
    assert read(text, {}).routes == (Route(receivers=("teams",)),)


def test_what_is_announced_can_be_routed_by_its_name() -> None:
    routing = read(
        OPS + ALL + '[[routes]]\nreceivers = ["ops"]\nrules = ["allocation-changed"]\nfamilies = ["allocation"]'
    )
    assert routing.routes[1].rules == ("allocation-changed",)


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ('receivers = ["opps"]', "routes[0].receivers[0]: `opps` is no receiver (did you mean `ops`?)"),
        ("receivers = []", "routes[0].receivers: an empty list matches nothing"),
        ("", "routes[0].receivers: is missing"),
        ('receivers = "ops"', "routes[0].receivers: Expected `array`, got `str`"),
        ('receivers = ["ops", "ops"]', "routes[0].receivers: `ops` is there twice"),
        ('receivers = ["https://x/hush"]', "routes[0].receivers[0]: a URL is no receiver"),
        ('receivers = ["ops"]\nseverity = ["critical"]', "unknown key `severity` (did you mean `severities`?)"),
        (
            'receivers = ["ops"]\nseverities = ["critcal"]',
            "routes[0].severities[0]: `critcal` is no severity (did you mean `critical`?)",
        ),
        ('receivers = ["ops"]\nseverities = []', "routes[0].severities: an empty list matches nothing"),
        (
            'receivers = ["ops"]\nfamilies = ["line"]',
            "routes[0].families[0]: `line` is no family (did you mean `lines`?)",
        ),
        (
            'receivers = ["ops"]\nrules = ["voice-app-lop"]',
            "`voice-app-lop` is no rule (did you mean `voice-app-loop`?)",
        ),
        ('receivers = ["ops"]\nrules = ["voiceapp-*"]', "routes[0].rules[0]: `voiceapp-*` is no rule"),
        ('receivers = ["ops"]\nrules = ["voice-app-?oop"]', "nor a pattern of a to z, 0 to 9, - and *"),
        ('receivers = ["ops"]\nrules = [""]', "routes[0].rules[0]: `` is no rule"),
        (
            'receivers = ["ops"]\nfamilies = ["lines"]\nrules = ["voice-app-*", "allocation-*"]',
            "routes[0].rules[1]: allocation-* is of the family allocation, which this route does not name",
        ),
        ('receivers = ["ops"]\ntenants = ["contoso"]', "routes[0].tenants[0]: expected a tenant's id, a GUID"),
        (f'receivers = ["ops"]\ntenants = ["{TENANT}", "{TENANT.upper()}"]', "is there twice"),
        ('receivers = ["ops"]\ntenants = []', "routes[0].tenants: an empty list matches nothing"),
        ('receivers = ["ops"]\n[[routes]]\nreceivers = ["ops"]', "routes[1]: the same as routes[0]"),
    ],
)
def test_a_wrong_route_is_refused_with_its_place_and_the_nearest_right_name(route: str, said: str) -> None:
    assert said in refusal(f"{OPS}[[routes]]\n{route}")


@pytest.mark.parametrize("routes", ["routes = 5", "routes = [5]", 'routes = "ops"', "[routes]"])
def test_routes_of_another_shape_are_refused(routes: str) -> None:
    assert refusal(routes).startswith("routes")


def test_a_receiver_that_no_route_leads_to_is_noted() -> None:
    assert read(OPS + DESK + ALL).notes == ("receivers.desk: no route leads there",)


def test_critical_findings_that_go_nowhere_are_noted() -> None:
    routes = '[[routes]]\nreceivers = ["ops"]\nfamilies = ["lines", "allocation"]\n'
    families = read(OPS + routes).notes
    assert families == (
        "routes: critical findings of the family accounts go nowhere",
        "routes: critical findings of the family monitor go nowhere",
    )
    mild = '[[routes]]\nreceivers = ["ops"]\nseverities = ["warning", "info"]\n'
    assert len(read(OPS + mild).notes) == 4
    mine = f'[[routes]]\nreceivers = ["ops"]\ntenants = ["{TENANT}"]\n'
    assert read(OPS + mine).notes == ()


def test_single_rules_that_go_nowhere_are_named() -> None:
    text = (
        OPS + '[[routes]]\nreceivers = ["ops"]\nrules = ["a*", "c*", "l*", "n*", "p*", "r*", "s*", "t*", "v*", "d*"]\n'
    )
    assert not [note for note in read(text).notes if "voice-app-loop" in note]
    without = text.replace('"c*", ', "")
    [note] = [note for note in read(without).notes if "call-queue" in note]
    assert note.startswith("routes: critical findings of call-queue-")


def test_tables_of_others_are_left_alone() -> None:
    assert read("[alerting]\nhold = 3\n", {}) == Routing()


def test_what_the_documentation_shows_can_be_pasted() -> None:
    docs = (Path(__file__).resolve().parent.parent / "docs" / "channels.md").read_text(encoding="utf-8")
    shown = "\n".join(re.findall(r"```toml\n(.*?)```", docs, re.DOTALL)).replace("19:…@", "19:lines@")
    environment = {
        "LINEKEEPER_OPS_WEBHOOK": WORKFLOW,
        "LINEKEEPER_BOT_PASSWORD": "hush",
        "LINEKEEPER_HOOK_URL": ENVIRONMENT["LINEKEEPER_HOOK"],
        "LINEKEEPER_HOOK_SECRET": ENVIRONMENT["LINEKEEPER_HOOK_SECRET"],
        "LINEKEEPER_ALERTMANAGER_URL": ENVIRONMENT["LINEKEEPER_PAGER"],
    }
    routing = read(shown, environment)
    assert [each.kind for each in routing.receivers] == ["workflows", "bot", "webhook", "alertmanager"]
    assert len(routing.routes) == 3
    assert routing.notes == ("receivers.team: no route leads there",)


def test_the_documentation_names_every_key_host_and_family() -> None:
    docs = (Path(__file__).resolve().parent.parent / "docs" / "channels.md").read_text(encoding="utf-8")
    for table in (_Workflows, _Bot, _Webhook, _Alertmanager, _Route):
        for field in msgspec.structs.fields(table):
            assert re.search(rf"\b{field.encode_name}\b", docs), field.encode_name
    for name in (*WORKFLOWS_DOMAINS, *{rule.family for rule in RULES}, *ANNOUNCED):
        assert name in docs
