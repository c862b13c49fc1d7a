from __future__ import annotations

from pathlib import Path

import pytest

from shared.host import HostSettings, HostSettingsError, read_host_settings


def written(folder: Path, text: str) -> Path:
    path = folder / "host.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_host_json_without_extensions_means_azures_defaults(tmp_path: Path) -> None:
    settings = read_host_settings(written(tmp_path, '\ufeff{"version": "2.0", "logging": {}}'))
    assert settings == HostSettings()
    assert (settings.route_prefix, settings.batch_size, settings.refill_at) == ("api", 16, 8)
    assert (settings.max_dequeue_count, settings.visibility_timeout, settings.max_polling_interval) == (5, 0, 60)


def test_what_a_host_json_says_is_honoured_and_what_it_says_besides_is_ignored(tmp_path: Path) -> None:
    text = """{"extensions": {"http": {"routePrefix": "/v1/", "hsts": {}}, "blobs": {}, "queues": {
        "batchSize": 4, "newBatchThreshold": 1, "maxDequeueCount": 3, "visibilityTimeout": "00:00:30",
        "maxPollingInterval": "1.02:03:04.5", "messageEncoding": "none"}}}"""
    assert read_host_settings(written(tmp_path, text)) == HostSettings(
        route_prefix="v1",
        batch_size=4,
        new_batch_threshold=1,
        max_dequeue_count=3,
        visibility_timeout=30.0,
        max_polling_interval=93784.5,
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "`$`"),
        ("[]", "expected"),
        ('{"extensions": {"queues": {"batchSize": 33}}}', "`$.extensions.queues.batchSize`"),
        ('{"extensions": {"queues": {"maxDequeueCount": "5"}}}', "`$.extensions.queues.maxDequeueCount`"),
        ('{"extensions": {"queues": {"visibilityTimeout": "30"}}}', "`$.extensions.queues.visibilityTimeout`"),
        ('{"extensions": {"http": []}}', "`$.extensions.http`"),
    ],
)
def test_a_broken_host_json_is_named_with_the_place_in_it(tmp_path: Path, text: str, place: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(HostSettingsError) as caught:
        read_host_settings(path)
    assert str(path) in str(caught.value)
    assert place.lower() in str(caught.value).lower()


def test_a_missing_host_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostSettingsError, match=r"host\.json cannot be read: No such file"):
        read_host_settings(tmp_path / "host.json")


def test_an_application_setting_overrides_a_value_whatever_its_capitals(tmp_path: Path) -> None:
    path = written(tmp_path, '{"extensions": {"queues": {"batchSize": 4, "visibilityTimeout": "00:00:30"}}}')
    settings = read_host_settings(
        path,
        {
            "AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:00:01",
            "AZUREFUNCTIONSJOBHOST__EXTENSIONS__QUEUES__MAXDEQUEUECOUNT": "2",
            "AzureFunctionsJobHost__extensions__http__routePrefix": "v2",
            "AzureFunctionsJobHost__logging__logLevel__default": "Warning",
            "visibilityTimeout": "00:00:09",
        },
    )
    assert settings == HostSettings(route_prefix="v2", batch_size=4, visibility_timeout=1.0, max_dequeue_count=2)


@pytest.mark.parametrize(("setting", "value"), [("batchSize", "33"), ("maxDequeueCount", "five")])
def test_an_override_that_is_wrong_is_named(tmp_path: Path, setting: str, value: str) -> None:
    name = f"AzureFunctionsJobHost__extensions__queues__{setting}"
    with pytest.raises(HostSettingsError, match=f"{name}: .*{setting}"):
        read_host_settings(written(tmp_path, "{}"), {name: value})
