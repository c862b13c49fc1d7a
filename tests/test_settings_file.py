"""The TOML file: what may stand in it, and what a user reads when something else does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.licensing.policy import CURRENT
from shared.model.errors import SettingsError
from shared.model.timing import Repeat, Timing
from shared.rules.thresholds import Thresholds
from shared.settings import load
from shared.settings_file import FileSettings, duration

TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"

Read = Callable[[str], FileSettings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def settings(text: str) -> FileSettings:
        path = tmp_path / "linekeeper.toml"
        path.write_text(text, encoding="utf-8")
        return load({"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_CONFIG": str(path)}).file

    return settings


@pytest.fixture
def refusal(read: Read) -> Callable[[str], str]:
    def text_of(text: str) -> str:
        with pytest.raises(SettingsError) as caught:
            read(text)
        said = str(caught.value)
        assert said.startswith("LINEKEEPER_CONFIG: ")
        assert "linekeeper.toml" in said
        assert len(said.splitlines()) == 1
        return said

    return text_of


Refusal = Callable[[str], str]


def test_an_empty_file_leaves_the_defaults(read: Read) -> None:
    defaults = read("")
    assert defaults == FileSettings()
    assert defaults.alerting == Timing(
        group_wait=timedelta(seconds=30),
        group_interval=timedelta(minutes=5),
        repeat=Repeat(critical=timedelta(hours=4), warning=timedelta(hours=24)),
    )


def test_what_the_file_says_is_taken_and_the_rest_stays(read: Read) -> None:
    settings = read('[alerting]\ngroup_wait = "45s"\n\n[alerting.repeat]\nwarning = "7d"\n')
    assert settings.alerting == Timing(
        group_wait=timedelta(seconds=45), repeat=Repeat(critical=timedelta(hours=4), warning=timedelta(days=7))
    )


def test_a_nested_table_may_stand_in_one_line(read: Read) -> None:
    settings = read('[alerting]\ngroup_interval = "1m"\nrepeat = { critical = "1h", warning = "2 h" }\n')
    assert settings.alerting.repeat == Repeat(critical=timedelta(hours=1), warning=timedelta(hours=2))
    assert settings.alerting.group_interval == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ('[alerting]\ngroup_wiat = "30s"', "group_wiat", "group_wait"),
        ('[alerting.repeat]\ncritcal = "4h"', "critcal", "critical"),
        ("[alertin]", "alertin", "alerting"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(
    refusal: Refusal, text: str, wrong: str, right: str
) -> None:
    said = refusal(text)
    assert f"`{wrong}`" in said
    assert f"did you mean `{right}`?" in said
    assert said.endswith("See docs/settings.md.")


def test_an_unknown_key_like_no_other_is_only_named(refusal: Refusal) -> None:
    said = refusal("[colours]")
    assert "`colours`" in said
    assert "did you mean" not in said


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[alerting]\ngroup_wait = "soon"', "alerting.group_wait"),
        ('[alerting]\ngroup_wait = ""', "alerting.group_wait"),
        ('[alerting]\ngroup_wait = "-5s"', "alerting.group_wait"),
        ('[alerting]\ngroup_interval = "5 minutes"', "alerting.group_interval"),
        ('[alerting.repeat]\ncritical = "4x"', "alerting.repeat.critical"),
        ("[alerting]\ngroup_wait = 30", "alerting.group_wait"),
        ("[alerting]\ngroup_wait = true", "alerting.group_wait"),
        ('[alerting]\nrepeat = "4h"', "alerting.repeat"),
        ('[alerting]\ngroup_wait = ["30s"]', "alerting.group_wait"),
        ("alerting = 5", "alerting"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(refusal: Refusal, text: str, place: str) -> None:
    assert place in refusal(text)


@pytest.mark.parametrize("value", ["9999999999d", "99999999999999999999s", "1" * 5000 + "h"])
def test_a_duration_beyond_all_calendars_is_named_by_its_path(refusal: Refusal, value: str) -> None:
    assert "alerting.group_wait" in refusal(f'[alerting]\ngroup_wait = "{value}"')


def test_a_repeat_shorter_than_the_group_interval_is_refused(refusal: Refusal) -> None:
    assert "repeat" in refusal('[alerting]\ngroup_interval = "1h"\n\n[alerting.repeat]\ncritical = "1m"')


@pytest.mark.parametrize(
    "text", ["group_wait", "[alerting", 'a = "b', '[alerting]\ngroup_wait = "1s"\ngroup_wait = "2s"']
)
def test_a_file_that_is_no_toml_is_named_with_the_place(refusal: Refusal, text: str) -> None:
    said = refusal(text)
    assert "is not TOML" in said


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "linekeeper.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"^LINEKEEPER_CONFIG: .*linekeeper\.toml is not TOML"):
        load({"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_CONFIG": str(path)})


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"^LINEKEEPER_CONFIG: .* cannot be read: (No such file|Is a directory)"):
        load({"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_CONFIG": str(tmp_path / name)})


@given(st.integers(0, 3_660), st.sampled_from(["s", "m", "h", "d"]))
def test_a_duration_is_a_number_and_a_unit(count: int, unit: str) -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert duration(f"{count}{unit}").total_seconds() == count * seconds
    assert duration(f" {count} {unit} ") == duration(f"{count}{unit}")


def test_a_site_overrides_the_policy_and_every_override_is_named(read: Read, tmp_path: Path) -> None:
    read(
        '[policy]\nbase = 30\nstep = 10\ncount = ["teams_rooms"]\nleave_out = ["shared_device"]\ncounts_trials = true\n'
        "[policy.skus]\n'{06EBC4EE-1BB5-47DD-8120-11324BC54E06}' = false\n"
    )
    policy = load(
        {"LINEKEEPER_TENANT_ID": TENANT, "LINEKEEPER_CONFIG": str(tmp_path / "linekeeper.toml")},
    ).policy
    assert policy.id == "2023-shared-devices"
    assert policy.entitled(10) == 31
    assert policy.overrides == (
        "base = 30 instead of 25",
        "counts_trials = true instead of false",
        "teams_rooms counts",
        "shared_device does not count",
        "SKU 06ebc4ee-1bb5-47dd-8120-11324bc54e06 does not count",
    )


def test_a_policy_that_nobody_overrides_names_nothing(read: Read) -> None:
    assert read("[policy]").policy.applied_to(CURRENT) == CURRENT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bsae = 30", "unknown field `bsae` - at `$.policy` (did you mean `base`?)"),
        ("counts_trails = true", "unknown field `counts_trails` - at `$.policy` (did you mean `counts_trials`?)"),
        ("base = -1", "`$.policy.base`"),
        ("step = 0", "`$.policy.step`"),
        ('count = ["team_rooms"]', "`$.policy.count[0]`"),
        ('count = ["resource_account"]', "`$.policy.count[0]`"),
        ('count = ["bundle"]\nleave_out = ["bundle"]', "policy.count and policy.leave_out both name bundle"),
        ("skus = { SPE_E5 = true }", "policy.skus: 'SPE_E5' is no SKU id, which is a GUID"),
        ("skus = 5", "`$.policy.skus`"),
        (
            'skus = { "440eaaa8-b3e0-484b-a8be-62870b9ba70a" = true }',
            "policy.skus names 440eaaa8-b3e0-484b-a8be-62870b9ba70a, which is the resource-account licence itself",
        ),
        (
            'skus = { "06ebc4ee-1bb5-47dd-8120-11324bc54e06" = true, "06EBC4EE1BB547DD812011324BC54E06" = false }',
            "policy.skus names 06ebc4ee-1bb5-47dd-8120-11324bc54e06 twice",
        ),
    ],
)
def test_a_wrong_policy_is_refused_with_its_path_and_the_nearest_right_name(
    refusal: Refusal, text: str, said: str
) -> None:
    assert said in refusal(f"[policy]\n{text}")


def test_thresholds_and_a_price_are_taken(read: Read) -> None:
    settings = read(
        '[rules]\nmargin_seats = 50\nsubscription_ending = "60d"\n\n[price]\nlicence = 8.10\ncurrency = "EUR"\n'
    )
    assert settings.rules == Thresholds(margin_seats=50, subscription_ending=timedelta(days=60))
    assert settings.price is not None
    assert settings.price.of(1000) == "8,100.00 EUR a month"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[rules]\nmargin_seats = -1", "rules.margin_seats"),
        ('[rules]\nsubscription_ending = "soon"', "rules.subscription_ending"),
        ("[price]\nlicence = 8", "price"),
        ('[price]\nlicence = -8\ncurrency = "EUR"', "price"),
        ('[price]\nlicence = nan\ncurrency = "EUR"', "price"),
        ('[price]\nlicence = 8\ncurrency = "euro"', "price.currency"),
        ('[price]\nlicence = 8\ncurrency = "EUR"\nper = "week"', "price.per"),
        ("[price]\nlicense = 8.0", "did you mean `licence`?"),
        ('[price]\nlicence = 1e2000000000\ncurrency = "EUR"', "price"),
        ("[rules.business_hours]\nopen = 08:00:00", "did you mean `opens`?"),
        ('[rules.business_hours]\nopens = "08:00:00Z"\ncloses = "18:00:00Z"', "without a zone of their own"),
        ("[rules.business_hours]\ndays = []\nopens = 08:00:00\ncloses = 18:00:00", "names no day"),
        ('[alerting]\ngroup_wait = "900000d"', "at most 3660 days"),
    ],
)
def test_a_wrong_threshold_or_price_is_named_by_its_path(refusal: Refusal, text: str, place: str) -> None:
    assert place in refusal(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[alerting.calendar]\nat = 08:00:00\ndigest_day = "monday"',
            "alerting.calendar.digest_day`: expected one of mon, tue, wed, thu, fri, sat, sun (did you mean `mon`?).",
        ),
        ('[policy]\ncount = ["room"]', "expected one of phone_standard, phone_with_calling_plan, shared_device, "),
        ("[alerting]\ngroup_wait = 30", '`$.alerting.group_wait`; write, for example, "30s".'),
        ('[sources]\nnumbers = "yes"', "`$.sources.numbers`; write, for example, true."),
        ('[[routes]]\nreceivers = "teams"', 'routes[0].receivers: Expected `array`, got `str`; write, for example, ["'),
        ('[price]\nlicence = 8\ncurrency = "eur"', '`$.price.currency`; write, for example, "EUR".'),
    ],
)
def test_a_wrong_value_is_answered_by_what_may_stand_there(refusal: Callable[[str], str], text: str, said: str) -> None:
    assert said in refusal(text)
