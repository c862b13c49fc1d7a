"""How Azure Storage is reached: by an identity, or on this machine; nothing else, and no secret is repeated."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.errors import SettingsError
from shared.settings import load
from shared.settings_storage import is_container, needed_by, refuse_unresolved, storage_of

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
CLIENT = "5f0e6d6e-3c1c-4b6e-9a58-0f6d8a3c2b11"
KEY = "c2VjcmV0c2VjcmV0c2VjcmV0"
HERE = (
    f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={KEY};"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
)
SERVICES = {
    "AzureWebJobsStorage__blobServiceUri": "https://lines.blob.core.windows.net/",
    "AzureWebJobsStorage__queueServiceUri": "https://lines.queue.core.windows.net",
}
ELSEWHERE = {
    "an account's key": f"DefaultEndpointsProtocol=https;AccountName=lines;AccountKey={KEY}",
    "a signature": f"BlobEndpoint=https://lines.blob.core.windows.net;SharedAccessSignature=sv=2026&sig={KEY}",
    "queues elsewhere": HERE.replace("http://127.0.0.1:10001", "https://lines.queue.core.windows.net"),
    "tables elsewhere": f"{HERE}TableEndpoint=https://lines.table.core.windows.net",
    "a second place elsewhere": f"{HERE}BlobSecondaryEndpoint=https://lines-secondary.blob.core.windows.net",
    "a name that only looks local": HERE.replace("127.0.0.1", "127.0.0.1.example.com"),
    "an endpoint that the SDK does not see": HERE.replace("BlobEndpoint", " BlobEndpoint"),
    "no queues": HERE.partition("QueueEndpoint")[0],
    "a proxy elsewhere": "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://lines.example.com",
    "no connection string": "lines",
    "an emulator without a key": HERE.replace(KEY, ""),
    "a key that is none": HERE.replace(KEY, f"{KEY}!"),
    "an address that is none": HERE.replace("127.0.0.1:10000", "[127.0.0.1"),
}


def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        storage_of(environment)
    text = str(refused.value)
    assert "\n" not in text
    assert "docs/settings.md" in text
    assert KEY not in text
    return text


def test_without_a_variable_there_is_no_storage() -> None:
    assert storage_of({}) is None
    assert storage_of({"AzureWebJobsStorage": " ", "AzureWebJobsStorage__credential": "managedidentity"}) is None


def test_an_account_is_reached_by_its_services_and_an_identity() -> None:
    found = storage_of(SERVICES)
    assert found is not None
    assert (found.blob_url, found.queue_url) == (
        "https://lines.blob.core.windows.net",
        "https://lines.queue.core.windows.net",
    )
    assert found.connection_string is None
    assert not found.managed_identity


def test_an_accounts_name_stands_for_its_services() -> None:
    found = storage_of({"AzureWebJobsStorage__accountName": "lines"})
    assert found is not None
    assert found.blob_url == "https://lines.blob.core.windows.net"
    assert found.queue_url == "https://lines.queue.core.windows.net"


@pytest.mark.parametrize("name", SERVICES)
def test_one_services_url_tells_that_of_the_other(name: str) -> None:
    assert storage_of({name: SERVICES[name]}) == storage_of(SERVICES)


def test_one_services_url_under_a_name_of_ones_own_does_not() -> None:
    text = refusal({"AzureWebJobsStorage__blobServiceUri": "https://files.contoso.example"})
    assert text.startswith("AzureWebJobsStorage__queueServiceUri must be https://ACCOUNT.queue.core.windows.net")


def test_a_managed_identity_may_be_the_only_one_that_is_tried() -> None:
    found = storage_of(
        {**SERVICES, "AzureWebJobsStorage__credential": "managedidentity", "AzureWebJobsStorage__clientId": CLIENT}
    )
    assert found is not None
    assert (found.managed_identity, found.client_id) == (True, CLIENT)


@pytest.mark.parametrize(
    ("part", "value", "form"),
    [
        ("accountName", "Lines", "3 to 24 small letters and digits"),
        ("blobServiceUri", "http://lines.blob.core.windows.net", "https://ACCOUNT.blob.core.windows.net"),
        ("blobServiceUri", "https://lines.blob.core.windows.net/?sig=secret", "https://ACCOUNT.blob.core.windows.net"),
        ("queueServiceUri", "lines", "https://ACCOUNT.queue.core.windows.net"),
        ("queueServiceUri", "https://[lines", "https://ACCOUNT.queue.core.windows.net"),
        ("credential", "key", "managedidentity, or not set"),
        ("clientId", "lines", "a GUID"),
    ],
)
def test_a_part_of_an_identitys_connection_that_is_wrong_is_named_with_its_form(
    part: str, value: str, form: str
) -> None:
    text = refusal({**SERVICES, f"AzureWebJobsStorage__{part}": value})
    assert text.startswith(f"AzureWebJobsStorage__{part} must be ")
    assert form in text
    assert "secret" not in text


@pytest.mark.parametrize(
    "text",
    [
        HERE,
        HERE.replace("127.0.0.1", "localhost"),
        HERE.replace("127.0.0.1", "[::1]"),
        HERE.replace("BlobEndpoint", "blobendpoint"),
        f"{HERE}TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;",
        "UseDevelopmentStorage=true",
        "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1",
    ],
)
def test_an_emulator_on_this_machine_is_reached_by_its_connection_string(text: str) -> None:
    found = storage_of({"AzureWebJobsStorage": f" {text} "})
    assert found is not None
    assert found.connection_string is not None
    assert found.connection_string.reveal() == text
    assert KEY not in repr(found)


@pytest.mark.parametrize("text", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_connection_string_that_leads_elsewhere_or_nowhere_is_refused(text: str) -> None:
    assert refusal({"AzureWebJobsStorage": text}).startswith("AzureWebJobsStorage ")


@pytest.mark.parametrize("kind", ["an account's key", "a signature"])
def test_who_gives_a_key_is_told_to_use_an_identity(kind: str) -> None:
    text = refusal({**SERVICES, "AzureWebJobsStorage": ELSEWHERE[kind]})
    assert "a key or a signature, and those are not used: remove it, set AzureWebJobsStorage__accountName" in text


@given(st.text(alphabet=st.characters(blacklist_characters="\x00"), min_size=1))
def test_any_text_is_taken_or_refused(text: str) -> None:
    with suppress(SettingsError):
        storage_of({"AzureWebJobsStorage": text})


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("linekeeper", True),
        ("a-1", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("ab", False),
        ("Lines", False),
        ("a--b", False),
        ("-ab", False),
        ("ab-", False),
        ("a_b", False),
        ("abc\n", False),
    ],
)
def test_a_containers_name_is_small_letters_digits_and_single_hyphens(name: str, *, fits: bool) -> None:
    assert is_container(name) == fits


def test_a_store_in_a_container_needs_a_connection_and_says_how() -> None:
    with pytest.raises(SettingsError) as refused:
        load({"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": "blob:linekeeper"})
    assert str(refused.value) == str(needed_by("LINEKEEPER_STORE=blob:linekeeper"))
    assert "set AzureWebJobsStorage__accountName" in str(refused.value)


def test_a_store_in_a_container_is_taken_with_a_connection() -> None:
    settings = load({"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": "blob:linekeeper", **SERVICES})
    assert settings.store == "blob:linekeeper"
    assert settings.storage == storage_of(SERVICES)


@pytest.mark.parametrize("text", ["blob:", "blob:Lines", "blob:a/b", "sqlite:", "table:lines", "linekeeper"])
def test_a_store_that_is_none_is_refused_with_its_form(text: str) -> None:
    with pytest.raises(SettingsError, match=r"LINEKEEPER_STORE must be sqlite:PATH or blob:CONTAINER"):
        load({"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_STORE": text, **SERVICES})


@pytest.mark.parametrize(
    "name", ["LINEKEEPER_CLIENT_STATE", "LINEKEEPER_TEAMS_WEBHOOK_URL", "AzureWebJobsStorage__blobServiceUri"]
)
def test_a_key_vault_reference_that_was_not_resolved_stops_the_start(name: str) -> None:
    environment = {
        "LINEKEEPER_TENANT_ID": TENANT,
        **SERVICES,
        name: " @Microsoft.KeyVault(SecretUri=https://lines.vault.azure.net/secrets/hidden) ",
    }
    with pytest.raises(SettingsError) as refused:
        load(environment)
    assert str(refused.value).startswith(f"{name} holds a Key Vault reference that was not resolved")
    assert "hidden" not in str(refused.value)


def test_a_key_vault_reference_of_somebody_else_is_not_ours_to_judge() -> None:
    refuse_unresolved({"OTHER": "@Microsoft.KeyVault(VaultName=v;SecretName=s)"})
