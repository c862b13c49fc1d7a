"""Every setting: missing, wrong and right, and what a user reads when it is wrong."""

from __future__ import annotations

import pytest

from shared.licensing.policy import CURRENT
from shared.model.errors import SettingsError
from shared.model.receiver import WorkflowsReceiver
from shared.model.secret import Secret
from shared.settings import Settings, load

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
LOCAL_GRAPH = "http://127.0.0.1:8080/v1.0"
WEBHOOK = "https://prod-1.westeurope.logic.azure.com:443/workflows/abc?sig=hush-hush"
CLIENT_STATE = "hush-" * 8


def read(**named: str) -> Settings:
    """Settings from `graph_url="…"` for LINEKEEPER_GRAPH_URL, and so on."""
    environment = {"LINEKEEPER_TENANT_ID": TENANT}
    return load(environment | {f"LINEKEEPER_{name.upper()}": value for name, value in named.items()})


def refusal(**named: str) -> str:
    """The one line that says what is wrong."""
    with pytest.raises(SettingsError) as caught:
        read(**named)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    return text


def test_a_tenant_is_all_that_is_required() -> None:
    settings = load({"LINEKEEPER_TENANT_ID": TENANT})
    assert settings == Settings(tenant=TENANT)
    assert (settings.graph_url, settings.store) == ("https://graph.microsoft.com/v1.0", "sqlite:linekeeper.db")
    assert (settings.notification_url, settings.client_state, settings.routing.receivers) == (None, None, ())
    assert settings.policy == CURRENT
    assert not settings.graph_is_local


def test_settings_that_are_empty_are_missing() -> None:
    empty = dict.fromkeys(["graph_url", "notification_url", "client_state", "teams_webhook_url"], " ")
    assert read(**empty, store="", policy="", config="") == Settings(tenant=TENANT)


def test_other_variables_are_nobodys_business() -> None:
    assert load({"LINEKEEPER_TENANT_ID": TENANT, "PATH": "/bin", "LINEKEEPER_COLOUR": "red"}).tenant == TENANT


def test_a_tenant_is_taken_in_any_spelling_of_a_guid() -> None:
    assert read(tenant_id=f" {TENANT.upper()} ").tenant == TENANT


@pytest.mark.parametrize("tenant", ["contoso.onmicrosoft.com", TENANT[:-1]])
def test_a_tenant_that_is_no_guid_is_refused(tenant: str) -> None:
    assert refusal(tenant_id=tenant).startswith("LINEKEEPER_TENANT_ID must be ")


def test_without_a_tenant_nothing_starts() -> None:
    with pytest.raises(
        SettingsError, match=r"^LINEKEEPER_TENANT_ID is missing.*GUID.*\[\[tenants\]\].*docs/settings\.md"
    ):
        load({})


def test_graph_may_be_another_cloud_and_loses_its_last_slash() -> None:
    assert read(graph_url="https://graph.microsoft.us/v1.0/").graph_url == "https://graph.microsoft.us/v1.0"


@pytest.mark.parametrize("url", [LOCAL_GRAPH, "http://localhost/v1.0", "http://[::1]:1/v1.0", "https://127.0.0.1/v1.0"])
def test_graph_on_this_machine_may_speak_plain_http(url: str) -> None:
    assert read(graph_url=url).graph_is_local


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.microsoft.com/v1.0",
        "http://localhost.example.com/v1.0",
        "http://127.0.0.1.example.com/v1.0",
        "http://127.0.0.1@example.com/v1.0",
        "http://10.0.0.1/v1.0",
        "ftp://127.0.0.1/v1.0",
        "graph.microsoft.com",
        "https://",
        "https://host:port/",
        "https://host:99999/",
        "https://[::1/",
    ],
)
def test_a_graph_url_of_another_form_is_refused(url: str) -> None:
    text = refusal(graph_url=url)
    assert text.startswith("LINEKEEPER_GRAPH_URL must be a URL of the form https://HOST/v1.0")
    assert text.endswith("See docs/settings.md.")


def test_a_notification_url_needs_its_secret() -> None:
    settings = read(notification_url="https://lines.contoso.com/", client_state=CLIENT_STATE)
    assert settings.notification_url == "https://lines.contoso.com"
    assert settings.client_state is not None
    assert settings.client_state.reveal() == CLIENT_STATE
    assert refusal(notification_url="https://lines.contoso.com").startswith("LINEKEEPER_CLIENT_STATE must be ")


@pytest.mark.parametrize("length", [32, 128])
def test_a_client_state_of_a_fitting_length_is_taken(length: int) -> None:
    settings = read(client_state="s" * length)
    assert settings.client_state is not None
    assert len(settings.client_state.reveal()) == length


@pytest.mark.parametrize("length", [1, 31, 129, 5000])
def test_a_client_state_of_another_length_is_refused_without_a_word_of_it(length: int) -> None:
    text = refusal(client_state="z" * length)
    assert text.startswith("LINEKEEPER_CLIENT_STATE must be a secret of 32 to 128 characters")
    assert "z" not in text


@pytest.mark.parametrize("name", ["link_key", "api_key", "client_state_previous"])
def test_an_optional_secret_is_taken_where_it_is_long_enough_and_never_shown(name: str) -> None:
    settings = read(**{name: CLIENT_STATE})
    kept = {"link_key": settings.link_key, "api_key": settings.api_key}.get(name, settings.previous_client_state)
    assert kept is not None
    assert kept.reveal() == CLIENT_STATE
    assert "hush" not in repr(settings)
    for length in (1, 31, 129):
        text = refusal(**{name: "z" * length})
        assert text.startswith(f"LINEKEEPER_{name.upper()} must be a secret of 32 to 128 characters")
        assert "z" not in text


@pytest.mark.parametrize("key", ["ä" * 40, "two words " * 4, "a\tb" * 20])
def test_an_api_key_that_no_header_carries_is_refused(key: str) -> None:
    text = refusal(api_key=key)
    assert text.startswith("LINEKEEPER_API_KEY must be a secret that fits into a header")
    assert key not in text


@pytest.mark.parametrize("name", ["notification_url", "teams_webhook_url"])
def test_urls_on_this_machine_may_speak_plain_http_only_beside_a_local_graph(name: str) -> None:
    local = {name: "http://127.0.0.1:9000/hook", "client_state": CLIENT_STATE}
    assert read(**local, graph_url=LOCAL_GRAPH).graph_is_local
    assert refusal(**local).startswith(f"LINEKEEPER_{name.upper()} must be ")
    elsewhere = local | {name: "http://example.com/hook"}
    assert refusal(**elsewhere, graph_url=LOCAL_GRAPH).startswith(f"LINEKEEPER_{name.upper()} must be ")


def test_a_webhook_is_kept_whole() -> None:
    settings = read(teams_webhook_url=WEBHOOK)
    (receiver,) = settings.routing.receivers
    assert isinstance(receiver, WorkflowsReceiver)
    assert (receiver.name, receiver.url.reveal()) == ("teams", WEBHOOK)


@pytest.mark.parametrize("webhook", ["http://hush-hush.example.com/?sig=hush", "hush-hush", "https://:443/hush"])
def test_a_wrong_webhook_is_refused_without_a_word_of_it(webhook: str) -> None:
    text = refusal(teams_webhook_url=webhook)
    assert text.startswith("LINEKEEPER_TEAMS_WEBHOOK_URL must be ")
    assert "hush" not in text


def test_secrets_show_in_no_text_of_the_settings() -> None:
    settings = read(notification_url="https://lines.contoso.com", client_state=CLIENT_STATE, teams_webhook_url=WEBHOOK)
    secret = Secret("hush")
    texts = [repr(settings), str(settings), f"{settings}", repr(secret), str(secret), f"{secret}", f"{secret!r}"]
    assert not [text for text in texts if "hush" in text]


def test_a_secret_is_not_shown_by_the_error_of_another_setting() -> None:
    text = refusal(client_state=CLIENT_STATE, teams_webhook_url=WEBHOOK, policy="none")
    assert "hush" not in text


def test_a_store_names_its_kind_and_its_place() -> None:
    assert read(store="sqlite:data/lines.db").store == "sqlite:data/lines.db"


@pytest.mark.parametrize("store", ["sqlite", "sqlite:", "postgres:lines", "data/lines.db"])
def test_a_store_of_another_form_is_refused(store: str) -> None:
    assert refusal(store=store).startswith("LINEKEEPER_STORE must be sqlite:PATH")


def test_a_policy_is_chosen_by_its_id() -> None:
    assert read(policy="2019-07-virtual-user").policy.id == "2019-07-virtual-user"


def test_an_unknown_policy_is_refused_with_those_that_there_are() -> None:
    text = refusal(policy="2019")
    policies = "2019-07-virtual-user, 2022-08-all-ras, 2023-shared-devices"
    assert text.startswith(f"LINEKEEPER_POLICY must be one of {policies}")
