"""The application settings that Bicep makes are those that the app reads, and enough to start it in every variant."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

import pytest

from functions.notifications_hub import CONNECTION as HUB_CONNECTION
from shared.settings import EVENT_HUB, load
from shared.settings_storage import CONNECTION as STORAGE_CONNECTION
from shared.telemetry.exporting import destinations_of
from tests.infra.bicep import ROOT, references, template

APP = template("modules/app.bicep")
VAULT = template("modules/vault.bicep")
STORAGE = template("modules/storage.bicep")

ALWAYS = "always"
OPTIONAL = {
    "tenants": {"LINEKEEPER_TENANT_ID"},
    "registration": {"LINEKEEPER_APP_ID"},
    "hub": {
        "LINEKEEPER_EVENT_HUB",
        "EventHubConnection__fullyQualifiedNamespace",
        "EventHubConnection__credential",
        "EventHubConnection__clientId",
    },
    "previousClientState": {"LINEKEEPER_CLIENT_STATE_PREVIOUS"},
    "teamsWebhook": {"LINEKEEPER_TEAMS_WEBHOOK_URL"},
    "link": {"LINEKEEPER_LINK_KEY"},
    "api": {"LINEKEEPER_API_KEY"},
    "voice": {"LINEKEEPER_VOICE_EXPORT"},
    "config": {"LINEKEEPER_CONFIG"},
    "otlp": {"OTEL_EXPORTER_OTLP_ENDPOINT"},
}
NOT_ON_AZURE = {
    "LINEKEEPER_METRICS_PORT",  # instances that come and go cannot be asked; metrics are sent
}
READ_BY_THE_HOST = {
    f"{STORAGE_CONNECTION}__tableServiceUri",  # its diagnostic events
    f"{HUB_CONNECTION}__fullyQualifiedNamespace",
    f"{HUB_CONNECTION}__credential",
    f"{HUB_CONNECTION}__clientId",
}

CLIENT_ID = "7b9f1d1e-2d5c-4f6a-9a55-0f6f0b1c2d3e"
# What stands behind each expression once everything is made. A secret is what its reference is resolved to.
MADE = {
    "tenant().tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
    "identityClientId": CLIENT_ID,
    "environment().authentication.loginEndpoint": "https://login.microsoftonline.com/",
    "storage.properties.primaryEndpoints.blob": "https://stlines.blob.core.windows.net/",
    "storage.properties.primaryEndpoints.queue": "https://stlines.queue.core.windows.net/",
    "storage.properties.primaryEndpoints.table": "https://stlines.table.core.windows.net/",
    "insights.properties.ConnectionString": "InstrumentationKey=6f2d0a5e-8c1e-4d2d-a7ad-3f9f7f1b7c55",
    "graphUrl": "https://graph.microsoft.com/v1.0",
    "root": "https://func-linekeeper-x.azurewebsites.net",
    "eventHubUrl": (
        "EventHub:https://evhns-linekeeper-x.servicebus.windows.net/eventhubname/graph-notifications"
        "?tenantId=contoso.onmicrosoft.com"
    ),
    "documentsContainer": "linekeeper",
    "voiceContainer": "voice",
    "policy": "2023-shared-devices",
    "tracesKept": "0.1",
    "appId": "c0ffee00-0000-4000-8000-000000000001",
    "eventHub": "graph-notifications",
    "eventHubHost": "evhns-linekeeper-x.servicebus.windows.net",
    "otlpEndpoint": "https://collector.contoso.example",
}
SECRETS = {
    "linekeeper-client-state": "0" * 64,
    "linekeeper-client-state-previous": "1" * 64,
    "linekeeper-teams-webhook-url": "https://prod-01.westeurope.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?sig=y",
    "linekeeper-link-key": "2" * 64,
    "linekeeper-api-key": "3" * 64,
}


def settings_of(variable: str) -> dict[str, str]:
    """A group of application settings by its variable in app.bicep: each name with its expression as it is written."""
    (text,) = re.findall(
        rf"^var {variable} = (?:[^{{\n]*?\? (?:{{}} : )?)?{{\n(.*?)^}}", APP.text, re.DOTALL | re.MULTILINE
    )
    return dict(re.findall(r"^  (\w+): (.+)$", text, re.MULTILINE))


GROUPS = {variable: settings_of(variable) for variable in (ALWAYS, *OPTIONAL)}
SET = {name: expression for group in GROUPS.values() for name, expression in group.items()}


def made(expression: str, *, hub: bool) -> str:
    """What an expression comes to."""
    chosen = re.fullmatch(r"empty\((\w+)\) \? (.+) : (.+)", expression)
    if chosen:
        return made(chosen[3] if hub else chosen[2], hub=hub)
    secret = re.fullmatch(r"'\$\{secret\}([a-z-]+)\)'", expression)
    if secret:
        return SECRETS[secret[1]]
    if expression.startswith("'"):
        return re.sub(r"\$\{([^}]+)\}", lambda match: MADE[match[1]], expression.strip("'"))
    return MADE[expression]


def environment(variables: set[str], config: str) -> dict[str, str]:
    groups = [GROUPS[ALWAYS], *(GROUPS[variable] for variable in variables if variable != "config")]
    merged = {name: made(each, hub="hub" in variables) for group in groups for name, each in group.items()}
    return merged | ({"LINEKEEPER_CONFIG": config} if "config" in variables else {})


def read_by_the_app() -> set[str]:
    """Every setting of our own that a deployed module names."""
    ignored = {"cli", "host"}
    modules = [ROOT / "function_app.py", *(ROOT / "functions").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    return {
        name
        for path in modules
        if not ignored & set(path.relative_to(ROOT).parts)
        for name in re.findall(r'"(LINEKEEPER_[A-Z_]+)"', path.read_text(encoding="utf-8"))
    }


def test_the_settings_are_all_of_these_groups_and_those_of_the_vault() -> None:
    (properties,) = (each["properties"] for each in APP.resources("Microsoft.Web/sites/config").values())
    merged: Mapping[str, Any] = properties["function"]["parameters"]
    assert set(merged.values()) == {ALWAYS, *OPTIONAL, "furtherSecrets"}
    assert {variable: set(group) for variable, group in GROUPS.items() if variable != ALWAYS} == OPTIONAL


def test_every_setting_that_is_made_is_read() -> None:
    ours = {name for name in SET if name.startswith("LINEKEEPER_")}
    assert ours <= read_by_the_app()


def test_every_setting_that_is_read_is_made() -> None:
    ours = {name for name in SET if name.startswith("LINEKEEPER_")}
    assert read_by_the_app() - ours == NOT_ON_AZURE


def test_what_others_read_is_named_by_a_trigger_a_library_or_the_host() -> None:
    storage = {
        f"{STORAGE_CONNECTION}__{part}" for part in ("credential", "clientId", "blobServiceUri", "queueServiceUri")
    }
    libraries = {
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "AZURE_AUTHORITY_HOST",
        "AZURE_CLIENT_ID",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    }
    others = {name for name in SET if not name.startswith("LINEKEEPER_")}
    assert others == storage | libraries | READ_BY_THE_HOST


CHOICES = [
    set(chosen)
    for size in (1, 2, len(OPTIONAL) - 1, len(OPTIONAL))
    for chosen in itertools.combinations(sorted(OPTIONAL), size)
    if "tenants" in chosen or "config" in chosen
]


@pytest.mark.parametrize("variables", CHOICES, ids=lambda chosen: "+".join(sorted(chosen)))
def test_the_app_starts_with_what_is_made(variables: set[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    config = tmp_path_factory.mktemp("site") / "linekeeper.toml"
    listed = '[[tenants]]\nid = "84bd8158-6d4d-4958-8b9f-9d6445542f95"\n'
    config.write_text("" if "tenants" in variables else listed, encoding="utf-8")
    if "tenants" not in variables and "voice" in variables:
        variables = variables - {"voice"}
    environ = environment(variables, str(config))
    settings = load(environ)
    assert settings.tenant_ids == (MADE["tenant().tenantId"],)
    assert settings.store == "blob:linekeeper"
    assert settings.storage is not None
    assert (settings.storage.managed_identity, settings.storage.client_id) == (True, CLIENT_ID)
    assert settings.storage.blob_url == "https://stlines.blob.core.windows.net"
    assert settings.storage.queue_url == "https://stlines.queue.core.windows.net"
    assert settings.by_event_hub == ("hub" in variables)
    assert settings.public_url == MADE["root"]
    assert (settings.voice_export is not None) == ("voice" in variables)
    assert bool(settings.routing.receivers) == ("teamsWebhook" in variables)
    telemetry = destinations_of(environ)
    assert (telemetry.azure_client_id, telemetry.share) == (CLIENT_ID, 0.1)
    assert telemetry.otlp == ("otlp" in variables)


def test_the_containers_of_the_settings_are_made() -> None:
    containers = STORAGE.resources("Microsoft.Storage/storageAccounts/blobServices/containers").values()
    assert {"linekeeper", "voice"} <= {each["name"] for each in containers}


def test_every_secret_that_a_setting_refers_to_is_in_the_vault_under_the_same_condition() -> None:
    referred = {
        secret: (name, variable)
        for variable, group in GROUPS.items()
        for name, expression in group.items()
        for secret in re.findall(r"\$\{secret\}([a-z-]+)\)", expression)
    }
    assert {secret: name for secret, (name, _) in referred.items()} == {
        secret: secret.replace("-", "_").upper() for secret in SECRETS
    }
    kept = VAULT.part("resources")
    written = {
        each["config"].get("config", each["config"])["name"]: "condition" in each["config"]
        for each in kept.values()
        if each["type"] == "Microsoft.KeyVault/vaults/secrets"
    }
    assert written == {secret: variable != ALWAYS for secret, (_, variable) in referred.items()}


def test_a_secret_travels_by_reference_alone() -> None:
    for name in ("clientState", "previousClientState", "teamsWebhookUrl", "linkKey", "apiKey"):
        assert name not in APP.part("parameters")
    main = template("main.bicep").text
    for name in ("clientState", "teamsWebhookUrl", "linkKey", "apiKey"):
        assert references(main).count(name) <= 3  # declared, asked for, and given to the vault


def test_further_secrets_are_referred_to_by_names_that_a_vault_takes() -> None:
    assert "replace(toLower(trim(each)), '_', '-')" in APP.text
    assert "for each in furtherNames" in APP.text


def test_where_graph_is_told_to_deliver_is_an_address_that_the_settings_take() -> None:
    events = template("modules/events.bicep")
    (hub,) = events.resources("Microsoft.EventHub/namespaces/eventhubs").values()
    (written,) = re.findall(r"^output notificationUrl string = '(.+)'$", events.text, re.MULTILINE)
    host = "evhns-linekeeper-x.servicebus.windows.net"
    made_of = {"hub.name": hub["name"], "tenantDomain": "contoso.onmicrosoft.com"}
    url = re.sub(r"\$\{([^}]+)\}", lambda match: made_of.get(match[1], host), written)
    assert url == MADE["eventHubUrl"]
    match = EVENT_HUB.fullmatch(url)
    assert match is not None
    assert match["hub"] == MADE["eventHub"]
