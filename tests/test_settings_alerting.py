"""The TOML file's times of alerting: what is read, and what is refused with its place."""

from __future__ import annotations

import tomllib
from datetime import time, timedelta

import pytest

from shared.model.errors import SettingsError
from shared.model.timing import Calendar
from shared.settings_file import checked
from shared.settings_receivers import receivers_of


def refusal(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        checked("site.toml", tomllib.loads(text))
    return str(caught.value)


def test_a_calendar_is_read_as_it_is_documented() -> None:
    text = '[alerting.calendar]\nat = 08:00:00\ndigest_day = "fri"\ntime_zone = "Europe/Berlin"\n'
    timing = checked("site.toml", tomllib.loads(text)).alerting
    assert timing.calendar == Calendar(at=time(8), digest_day="fri", time_zone="Europe/Berlin")
    assert timing.digest == timedelta(days=7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[alerting]\ngroup_interval = "1h"\n[alerting.repeat]\ncritical = "1m"',
            "`repeat.critical` (1m) is shorter than `group_interval` (1h): make it at least as long - at `$.alerting`",
        ),
        ('[alerting]\ngroup_wait = "10m"', "`group_interval` (5m) is shorter than `group_wait` (10m)"),
        (
            '[alerting.calendar]\nat = 08:00:00\ntime_zone = "Berlin"',
            "such as Europe/Berlin - at `$.alerting.calendar`",
        ),
        ('[alerting.calendar]\nat = 08:00:00\ndigestday = "mon"', "(did you mean `digest_day`?)"),
        ('[alerting]\ncalendar = "mondays"', "Expected `object | null`, got `str` - at `$.alerting.calendar`"),
        (
            '[alerting.pending]\nresource-account-phone-license = "10m"',
            "`resource-account-phone-license` is no rule (did you mean `resource-account-phone-licence`?)",
        ),
        ('[alerting.pending]\nallocation-changed = "10m"', "alerting.pending: `allocation-changed` is no rule"),
    ],
)
def test_what_contradicts_itself_or_means_nothing_is_refused_with_place_and_remedy(text: str, said: str) -> None:
    refused = refusal(text)
    assert refused.startswith("LINEKEEPER_CONFIG: site.toml: ")
    assert said in refused
    assert refused.endswith("See docs/settings.md.")


def test_an_alertmanager_forgets_what_it_is_not_reminded_of_and_a_webhook_does_not() -> None:
    text = """
[receivers.pager]
kind = "alertmanager"
url = "env:PAGER"
[receivers.ops]
kind = "workflows"
url = "env:OPS"
"""
    environment = {
        "PAGER": "https://alertmanager.example.com",
        "OPS": "https://prod-01.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=hush",
    }
    assert receivers_of(tomllib.loads(text), environment).ways.forgetful == {"pager"}
