"""The list of tenants: what may stand in it, what an operator reads when something else does, and what is whose."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from shared.alerting.routing import Route
from shared.licensing.policy import CURRENT
from shared.model.errors import LinekeeperError, SettingsError
from shared.model.secret import Secret
from shared.settings import Settings, load
from shared.settings_tenants import Tenant, derived_state, guid

CONTOSO = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
FABRIKAM = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
STRANGER = "11111111-6d4d-4958-8b9f-9d6445542f95"
CLIENT_STATE = "hush-" * 8
PREVIOUS = "hiss-" * 8
ROOT = "https://lines.example.com"
TWO = f"""
[[tenants]]
id = "{CONTOSO.upper()}"
name = "Contoso"

[[tenants]]
id = "{FABRIKAM}"
name = "Fabrikam Dental"
policy = "2019-07-virtual-user"
voice_export = "file:exports/fabrikam.json"
"""
RECEIVERS = """
[receivers.noc]
kind = "workflows"
url = "env:NOC"

[receivers.contoso]
kind = "workflows"
url = "env:CONTOSO"

[receivers.fabrikam]
kind = "workflows"
url = "env:FABRIKAM"
"""
WEBHOOKS = {
    name: f"https://prod-1.westeurope.logic.azure.com:443/workflows/{name}?sig=hush"
    for name in ("NOC", "CONTOSO", "FABRIKAM")
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "site.toml"


def read(config: Path, text: str = TWO, **named: str) -> Settings:
    """Settings from a file, and from `tenant_id="…"` for LINEKEEPER_TENANT_ID and so on."""
    config.write_text(text, encoding="utf-8")
    environment = {f"LINEKEEPER_{name.upper()}": value for name, value in named.items()}
    return load(WEBHOOKS | environment | {"LINEKEEPER_CONFIG": str(config)})


def refusal(config: Path, text: str = TWO, **named: str) -> str:
    """The one line that says what is wrong."""
    with pytest.raises(SettingsError) as caught:
        read(config, text, **named)
    said = str(caught.value)
    assert len(said.splitlines()) == 1
    assert "hush" not in said
    return said


def test_a_list_takes_the_place_of_the_one_variable(config: Path) -> None:
    settings = read(config)
    assert settings.several
    assert settings.tenant_ids == (CONTOSO, FABRIKAM)
    assert (settings.tenant, settings.usual) == ("", "")
    assert [each.label for each in settings.tenants] == [f"Contoso ({CONTOSO})", f"Fabrikam Dental ({FABRIKAM})"]


def test_each_tenant_has_what_is_its_own_and_shares_the_rest(config: Path) -> None:
    settings = read(config, store="sqlite:all.db")
    contoso, fabrikam = (settings.of(tenant) for tenant in settings.tenant_ids)
    assert (contoso.tenant, contoso.several, contoso.label) == (CONTOSO, False, f"Contoso ({CONTOSO})")
    assert (contoso.policy, contoso.voice_export) == (CURRENT, None)
    assert (fabrikam.policy.id, fabrikam.voice_export) == ("2019-07-virtual-user", Path("exports/fabrikam.json"))
    assert contoso.store == fabrikam.store == "sqlite:all.db"


def test_what_goes_wrong_with_the_shared_queues_is_told_of_one_tenant_alone(config: Path) -> None:
    settings = read(config)
    assert [settings.of(each).watches_queues for each in settings.tenant_ids] == [True, False]
    settings = read(config, tenant_id=FABRIKAM)
    assert [settings.of(each).watches_queues for each in settings.tenant_ids] == [False, True]
    assert load({"LINEKEEPER_TENANT_ID": CONTOSO}).watches_queues


def test_a_list_of_one_is_that_tenant(config: Path) -> None:
    settings = read(config, f'[[tenants]]\nid = "{CONTOSO}"\n', voice_export="file:lines.json")
    assert (settings.tenant, settings.several, settings.tenant_ids) == (CONTOSO, False, (CONTOSO,))
    assert settings.voice_export == Path("lines.json")
    assert settings.label == CONTOSO


def test_beside_a_list_the_variable_names_the_tenant_that_commands_are_about(config: Path) -> None:
    settings = read(config, tenant_id=FABRIKAM.upper())
    assert (settings.tenant, settings.usual) == ("", FABRIKAM)
    assert settings.chosen("").tenant == FABRIKAM
    assert settings.chosen("contoso").tenant == CONTOSO


def test_a_variable_that_names_none_of_the_list_is_refused(config: Path) -> None:
    assert refusal(config, tenant_id=STRANGER).startswith("LINEKEEPER_TENANT_ID must be one of the [[tenants]]")
    assert refusal(config, tenant_id="contoso").startswith("LINEKEEPER_TENANT_ID must be the tenant's id")


@pytest.mark.parametrize("named", [CONTOSO, CONTOSO.upper(), f"{{{CONTOSO}}}", "Contoso", " cONTOSO "])
def test_a_tenant_is_chosen_by_its_id_or_its_name_in_any_spelling(config: Path, named: str) -> None:
    assert read(config).chosen(named).tenant == CONTOSO


def test_where_none_of_several_is_named_the_error_lists_them(config: Path) -> None:
    with pytest.raises(LinekeeperError) as caught:
        read(config).chosen("")
    assert str(caught.value) == (
        f"there are 2 tenants: name one by --tenant. They are Contoso ({CONTOSO}), Fabrikam Dental ({FABRIKAM})."
    )


def test_a_name_that_nobody_has_is_answered_by_the_nearest_and_all_that_there_are(config: Path) -> None:
    with pytest.raises(LinekeeperError) as caught:
        read(config).chosen("Fabricam Dental")
    said = str(caught.value)
    assert "no tenant is called `Fabricam Dental` (did you mean `Fabrikam Dental`?)" in said
    assert said.endswith(f"There are Contoso ({CONTOSO}), Fabrikam Dental ({FABRIKAM}).")
    with pytest.raises(LinekeeperError, match=f"^no tenant is called `{STRANGER}`.*There is only {CONTOSO}\\.$"):
        load({"LINEKEEPER_TENANT_ID": CONTOSO}).chosen(STRANGER)


def test_the_one_tenant_of_the_variable_may_be_named_and_need_not_be() -> None:
    settings = load({"LINEKEEPER_TENANT_ID": CONTOSO})
    assert settings.chosen("") is settings
    assert settings.chosen(CONTOSO.upper()) is settings
    assert settings.of(CONTOSO) is settings


def test_the_settings_of_who_is_not_watched_are_refused(config: Path) -> None:
    for settings in (read(config), load({"LINEKEEPER_TENANT_ID": CONTOSO})):
        for tenant in (STRANGER, ""):
            with pytest.raises(LinekeeperError, match="is not watched by this service"):
                settings.of(tenant)


def table(**keys: str) -> str:
    return "[[tenants]]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tenants = []", "tenants: an empty list watches nobody"),
        ("[tenants]\nid = 7", "tenants: expected tables, each as [[tenants]]"),
        ('tenants = "all"', "tenants: expected tables, each as [[tenants]]"),
        ('tenants = ["x"]', "tenants[0]: expected a table"),
        (table(name="Contoso"), "tenants[0].id: is missing"),
        (table(id=""), "tenants[0].id: expected a tenant's id, a GUID"),
        (table(id="contoso.onmicrosoft.com"), "tenants[0].id: expected a tenant's id, a GUID"),
        ("[[tenants]]\nid = 7", "tenants[0].id: Expected `str`, got `int`"),
        (table(id=CONTOSO, nmae="x"), "tenants[0]: unknown key `nmae` (did you mean `name`?)"),
        (table(id=CONTOSO, client_state="x" * 40), "tenants[0]: unknown key `client_state`"),
        (table(id=CONTOSO, name=FABRIKAM), "tenants[0].name: expected a name for people, not a GUID"),
        (table(id=CONTOSO, name="x" * 81), "tenants[0].name: expected at most 80 characters on one line"),
        (table(id=CONTOSO, name="a\\nb"), "tenants[0].name: expected at most 80 characters on one line"),
        (
            table(id=CONTOSO) + table(id=CONTOSO.upper(), name="Twin"),
            f"tenants[1].id: {CONTOSO} is that of tenants[0] too",
        ),
        (
            table(id=CONTOSO, name="Contoso") + table(id=FABRIKAM, name=" CONTOSO "),
            "tenants[1].name: `CONTOSO` is that of tenants[0] too",
        ),
        (
            table(id=CONTOSO, voice_export="file:x.json") + table(id=FABRIKAM, voice_export="file:x.json"),
            "tenants[1].voice_export: the same as that of tenants[0]; an export is of one tenant",
        ),
    ],
)
def test_a_wrong_list_is_refused_with_the_place_and_the_reason(config: Path, text: str, complaint: str) -> None:
    assert refusal(config, text).startswith(f"LINEKEEPER_CONFIG: {config}: {complaint}")


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"policy": "2019"}, "LINEKEEPER_CONFIG: tenants[1].policy must be one of 2019-07-virtual-user"),
        ({"voice_export": "ftp:x"}, "LINEKEEPER_CONFIG: tenants[1].voice_export must be file:PATH or blob:"),
        ({"voice_export": "blob:exports/x.json"}, "LINEKEEPER_CONFIG: tenants[1].voice_export=blob:exports/x.json"),
    ],
)
def test_what_is_wrong_with_one_tenant_stops_the_start_and_not_its_first_use(
    config: Path, keys: dict[str, str], complaint: str
) -> None:
    assert complaint in refusal(config, table(id=CONTOSO) + table(id=FABRIKAM, **keys))


def test_several_tenants_do_not_share_one_export(config: Path) -> None:
    said = refusal(config, voice_export="file:lines.json")
    assert said.startswith("LINEKEEPER_VOICE_EXPORT must be left out with several tenants")


def test_an_identity_that_ignores_the_tenant_is_refused_beside_a_list(config: Path) -> None:
    config.write_text(TWO, encoding="utf-8")
    alone = {"AZURE_IDENTITY_DISABLE_MULTITENANTAUTH": "1"}
    with pytest.raises(SettingsError, match=r"AZURE_IDENTITY_DISABLE_MULTITENANTAUTH must be left out beside"):
        load(alone | {"LINEKEEPER_CONFIG": str(config)})
    assert load(alone | {"LINEKEEPER_TENANT_ID": CONTOSO}).tenant == CONTOSO


def test_each_tenants_client_state_is_an_hmac_of_its_id_under_the_sites_secret(config: Path) -> None:
    settings = read(config, notification_url=ROOT, client_state=CLIENT_STATE, client_state_previous=PREVIOUS)
    for tenant in (CONTOSO, FABRIKAM):
        wanted = [
            hmac.new(secret.encode(), tenant.encode(), hashlib.sha256).hexdigest()
            for secret in (CLIENT_STATE, PREVIOUS)
        ]
        own = settings.of(tenant)
        assert own.client_state is not None
        assert own.previous_client_state is not None
        assert [own.client_state.reveal(), own.previous_client_state.reveal()] == wanted
        assert [each.reveal() for each in settings.client_states(tenant)] == wanted
        assert [each.reveal() for each in own.client_states(tenant)] == wanted


def test_a_client_state_is_what_graph_takes_and_no_two_tenants_have_the_same() -> None:
    secret = Secret("s" * 128)
    states = {derived_state(secret, tenant).reveal() for tenant in (CONTOSO, FABRIKAM, STRANGER)}
    assert {len(state) for state in states} == {64}
    assert len(states) == 3


def test_one_tenant_alone_is_told_the_secret_itself_as_ever() -> None:
    settings = load({"LINEKEEPER_TENANT_ID": CONTOSO, "LINEKEEPER_CLIENT_STATE": CLIENT_STATE})
    assert [each.reveal() for each in settings.client_states(CONTOSO)] == [CLIENT_STATE]


def test_an_application_id_is_a_guid(config: Path) -> None:
    assert read(config, app_id=STRANGER.upper()).of(FABRIKAM).app_id == STRANGER
    assert refusal(config, app_id="linekeeper").startswith("LINEKEEPER_APP_ID must be the application (client) id")


def routes(*ways: tuple[str, str]) -> str:
    """Routes to receivers, each for one tenant or, where that is "", for all."""
    return (
        TWO
        + RECEIVERS
        + "".join(
            f'[[routes]]\nreceivers = ["{receiver}"]\n' + (f'tenants = ["{tenant}"]\n' if tenant else "")
            for receiver, tenant in ways
        )
    )


def names(settings: Settings) -> list[str]:
    return [each.name for each in settings.routing.receivers]


def test_a_tenant_has_the_receivers_that_its_routes_lead_to_and_no_other(config: Path) -> None:
    settings = read(config, routes(("noc", ""), ("contoso", CONTOSO), ("fabrikam", FABRIKAM.upper())))
    assert names(settings) == ["noc", "contoso", "fabrikam"]
    assert names(settings.of(CONTOSO)) == ["noc", "contoso"]
    assert names(settings.of(FABRIKAM)) == ["noc", "fabrikam"]
    ways = settings.of(FABRIKAM).routing.ways
    assert ways.receivers == ("noc", "fabrikam")
    assert ways.named("voice-app-loop", "lines", "critical", FABRIKAM) == ("fabrikam", "noc")
    assert settings.routing.notes == ()


def test_without_routes_every_tenant_has_every_receiver(config: Path) -> None:
    settings = read(config, TWO + RECEIVERS)
    assert names(settings.of(CONTOSO)) == names(settings.of(FABRIKAM)) == ["noc", "contoso", "fabrikam"]


def test_a_tenant_that_no_route_takes_is_told_nowhere_and_the_start_says_so(config: Path) -> None:
    settings = read(config, routes(("contoso", CONTOSO)))
    alone = settings.of(FABRIKAM)
    assert names(alone) == []
    assert alone.routing.ways.named("voice-app-loop", "lines", "critical", FABRIKAM) == ()
    note = f"routes: none is of the tenant Fabrikam Dental ({FABRIKAM}): nothing of it is told"
    assert note in settings.routing.notes


def test_what_no_route_takes_of_one_tenant_alone_is_said_at_the_start(config: Path) -> None:
    only_lines = f'[[routes]]\nreceivers = ["fabrikam"]\nfamilies = ["lines"]\ntenants = ["{FABRIKAM}"]\n'
    settings = read(config, routes(("contoso", CONTOSO), ("noc", CONTOSO)) + only_lines)
    untold = [note for note in settings.routing.notes if "go nowhere" in note]
    assert (
        f"routes: critical findings of the family accounts go nowhere, of the tenant Fabrikam Dental ({FABRIKAM})"
        in (untold)
    )
    assert not [note for note in untold if "Contoso" in note or "family lines" in note]


def test_a_route_of_a_tenant_that_is_not_watched_is_refused_with_the_nearest_that_is(config: Path) -> None:
    almost = FABRIKAM[:-1] + "3"
    said = refusal(config, routes(("noc", ""), ("fabrikam", almost)))
    assert f"routes[1].tenants[0]: {almost} is none of [[tenants]] (did you mean `{FABRIKAM}`?)" in said


def test_a_tenant_without_a_name_is_called_by_its_id() -> None:
    assert Tenant(id=CONTOSO).label == CONTOSO
    assert guid(" x ") == ""


def test_a_route_that_names_a_tenant_takes_no_other() -> None:
    route = Route(receivers=("noc",), tenants=(CONTOSO,))
    assert route.takes("voice-app-loop", "lines", "critical", CONTOSO)
    assert not route.takes("voice-app-loop", "lines", "critical", FABRIKAM)


HUB = "EventHub:https://contoso-lines.servicebus.windows.net/eventhubname/graph?tenantId=contoso.com"


def test_notifications_go_to_an_event_hub_where_the_url_says_so(config: Path) -> None:
    settings = read(config, notification_url=HUB, event_hub="graph", client_state=CLIENT_STATE, public_url=ROOT)
    assert (settings.notification_url, settings.by_event_hub, settings.public_url) == (HUB, True, ROOT)
    assert settings.of(CONTOSO).notification_url == HUB
    vault = "EventHub:https://lines.vault.azure.net/secrets/hub?tenantId=contoso.com"
    assert read(config, notification_url=vault, event_hub="graph", client_state=CLIENT_STATE).by_event_hub


def test_an_event_hub_is_no_place_that_people_could_visit(config: Path) -> None:
    hub = read(config, notification_url=HUB, event_hub="graph", client_state=CLIENT_STATE)
    assert hub.public_url is None
    webhook = read(config, notification_url=ROOT, client_state=CLIENT_STATE)
    assert (webhook.by_event_hub, webhook.public_url) == (False, ROOT)
    assert not read(config).by_event_hub


@pytest.mark.parametrize(
    "url",
    [
        "EventHub:",
        HUB.replace("https", "http"),
        HUB.replace("servicebus.windows.net", "example.com"),
        HUB.partition("?")[0],
        HUB.replace("/eventhubname/graph", ""),
        HUB + "&x=y",
        HUB.lower(),
    ],
)
def test_an_event_hub_of_another_form_is_refused(config: Path, url: str) -> None:
    said = refusal(config, notification_url=url, event_hub="graph", client_state=CLIENT_STATE)
    assert said.startswith("LINEKEEPER_NOTIFICATION_URL must be ")


@pytest.mark.parametrize("hub", ["", "another"])
def test_the_trigger_must_know_the_hub_that_graph_delivers_to(config: Path, hub: str) -> None:
    said = refusal(config, notification_url=HUB, event_hub=hub, client_state=CLIENT_STATE)
    assert said.startswith("LINEKEEPER_EVENT_HUB must be the name of the event hub")


def test_an_event_hub_needs_the_client_state_too(config: Path) -> None:
    assert refusal(config, notification_url=HUB, event_hub="graph").startswith("LINEKEEPER_CLIENT_STATE must be")
