"""What is no export of this tenant and version is refused, by a sentence that says where and what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from shared.model.errors import ExportUnreadable, SourceError
from shared.model.voice import VoiceExport
from shared.voice.export import LARGEST, LARGEST_ROW, MOST_OBJECTS, MOST_VALUES, read_export

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TENANT = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
STRANGER = "11111111-2222-4333-8444-555555555555"
SECRET = "Adele Archer"
LISTS = ("autoAttendants", "callQueues", "applicationInstances", "associations", "associationStatus")

Json = dict[str, object]


def document(**changed: object) -> Json:
    head = {"schemaVersion": 1, "tenantId": TENANT, "exportedAt": "2026-11-20T08:00:05Z", "complete": True}
    return {**head, "errors": [], **{key: [] for key in LISTS}, **changed}


def read(content: bytes) -> VoiceExport:
    return read_export(content, tenant=TENANT, now=NOW)


def refused(content: bytes) -> str:
    with pytest.raises(ExportUnreadable) as caught:
        read(content)
    text = str(caught.value)
    assert text.startswith("the voice export cannot be read at $")
    assert text.endswith(".")
    return text.removeprefix("the voice export cannot be read at ")


def refusal(**changed: object) -> str:
    return refused(json.dumps(document(**changed)).encode())


def test_a_refused_export_is_a_source_that_could_not_be_read() -> None:
    assert issubclass(ExportUnreadable, SourceError)


@pytest.mark.parametrize("content", [b"", b"<html>", b"{", b'{"schemaVersion": 1,}', b"{} {}", b"\xef\xbb\xbf", b"nul"])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    assert refused(content).startswith("$: ")


@pytest.mark.parametrize("content", [b"[]", b"null", b"1", b'"text"'])
def test_what_is_no_object_is_refused(content: bytes) -> None:
    assert refused(content).startswith("$: Expected `object`, got ")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_json_does_not_know_is_refused_even_where_nothing_is_read(number: str) -> None:
    assert "JSON is malformed" in refused(b'{"unknown": {"x": %s}}' % number.encode())


@pytest.mark.parametrize("key", ["schemaVersion", "tenantId", "exportedAt", "complete"])
def test_a_document_without_its_head_is_refused(key: str) -> None:
    given = document()
    del given[key]
    assert refused(json.dumps(given).encode()) == f"$.{key}: it is missing; run the exporter again."


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schemaVersion", "1"),
        ("schemaVersion", True),
        ("schemaVersion", 1.5),
        ("schemaVersion", None),
        ("tenantId", 1),
        ("tenantId", None),
        ("exportedAt", 1795161605),
        ("exportedAt", None),
        ("complete", "true"),
        ("complete", 1),
        ("complete", None),
    ],
)
def test_a_head_of_another_type_is_refused(key: str, value: object) -> None:
    assert refusal(**{key: value}).startswith(f"$.{key}: Expected ")


def test_a_newer_schema_asks_for_a_newer_linekeeper_whatever_else_it_holds() -> None:
    text = refusal(schemaVersion=2, complete="perhaps", callQueues=7)
    assert text == "$.schemaVersion: it is 2, this version reads 1; upgrade Linekeeper."


@pytest.mark.parametrize("schema", [0, -1])
def test_an_older_schema_asks_for_a_newer_exporter(schema: int) -> None:
    assert refusal(schemaVersion=schema).endswith("this version reads 1; upgrade the exporter.")


def test_another_tenants_document_is_refused_without_naming_it() -> None:
    text = refusal(tenantId=STRANGER)
    assert text.startswith("$.tenantId: it is of another tenant; ")
    assert STRANGER not in text


def test_an_export_of_the_future_is_refused_beyond_five_minutes() -> None:
    assert read(json.dumps(document(exportedAt="2026-11-20T10:05:00Z")).encode()).complete is True
    assert refusal(exportedAt="2026-11-20T10:05:01Z").startswith("$.exportedAt: it is in the future; ")
    assert refusal(exportedAt="9999-12-31T23:59:59-12:00").startswith("$.exportedAt: it is ")


@pytest.mark.parametrize(
    "written",
    ["", "yesterday", "2026-11-20T08:00:05", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "/Date(now)/"],
)
def test_a_time_that_says_no_instant_is_refused(written: str) -> None:
    assert refusal(exportedAt=written) == ("$.exportedAt: it is no time in UTC; write it as 2026-11-20T08:00:00Z.")


@pytest.mark.parametrize("key", LISTS)
@pytest.mark.parametrize("value", [7, "text", True, [7], ["text"], [[]]])
def test_a_list_of_something_else_is_refused(key: str, value: object) -> None:
    path = f"$.{key}[0]" if isinstance(value, list) else f"$.{key}"
    assert refusal(**{key: value}).startswith(f"{path}: Expected `object`, got ")


@pytest.mark.parametrize("key", LISTS)
@pytest.mark.parametrize("row", [{}, {"Name": SECRET}, {"Id": None}, {"Identity": ""}, {"value": [], "Count": 0}])
def test_a_row_without_an_id_is_refused_by_its_place(key: str, row: Json) -> None:
    text = refusal(**{key: [{"Id": "x", "ConfigurationId": "y"}, row]})
    assert text == f"$.{key}[1]: no id; run the exporter again."


@pytest.mark.parametrize(
    ("key", "row", "path"),
    [
        ("autoAttendants", {"Name": 7}, "[0].Name"),
        ("autoAttendants", {"DefaultCallFlow": []}, "[0].DefaultCallFlow"),
        ("autoAttendants", {"CallFlows": [{"Menu": {"MenuOptions": [{}, {"Action": []}]}}]},
         "[0].CallFlows[0].Menu.MenuOptions[1].Action"),
        ("autoAttendants", {"Operator": {"Id": 5}}, "[0].Operator.Id"),
        ("autoAttendants", {"Schedules": [5]}, "[0].Schedules[0]"),
        ("autoAttendants", {"Status": [{"Status": 1.5}]}, "[0].Status[0].Status"),
        ("callQueues", {"Users": 7}, "[0].Users"),
        ("callQueues", {"Users": [["nested"]]}, "[0].Users[0]"),
        ("callQueues", {"Agents": [{"ObjectId": "x", "OptIn": "True"}]}, "[0].Agents[0].OptIn"),
        ("callQueues", {"NoAgentAction": True}, "[0].NoAgentAction"),
        ("applicationInstances", {"PhoneNumber": 14255550100}, "[0].PhoneNumber"),
        ("associations", {"ConfigurationId": 7}, "[0].ConfigurationId"),
        ("associationStatus", {"Status": {}}, "[0].Status"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_its_path(key: str, row: Json, path: str) -> None:
    text = refusal(**{key: [{"Id": "x", **row}]})
    assert text.startswith(f"$.{key}{path}: ")
    assert text.endswith("; export it with ConvertTo-Json -Depth 10 or more.")


def test_the_path_into_a_list_that_is_one_object_has_no_index() -> None:
    assert refusal(callQueues={"Id": "x", "Name": 7}).startswith("$.callQueues.Name: ")
    assert refusal(errors={"stage": 7}).startswith("$.errors.stage: ")
    assert refusal(errors=[None, 7]).startswith("$.errors[1]: ")


@pytest.mark.parametrize(
    ("key", "row", "path"),
    [
        ("autoAttendants", {"DefaultCallFlow": "Microsoft.Rtc.Management.Hosted.OAA.CallFlow"}, "DefaultCallFlow"),
        ("autoAttendants", {"DefaultCallFlow": {"Menu": {"MenuOptions": "System.Collections.Generic.List`1[Option]"}}},
         "DefaultCallFlow.Menu.MenuOptions"),
        ("autoAttendants", {"Operator": "Microsoft.Rtc.Management.Hosted.OAA.Models.CallableEntity"}, "Operator"),
        ("autoAttendants", {"Operator": {"Id": "@{Guid=1}"}}, "Operator.Id"),
        ("autoAttendants", {"Schedules": ["Microsoft.Rtc.Management.Hosted.OAA.Models.Schedule"]}, "Schedules[0]"),
        ("callQueues", {"Users": f"{TENANT} {STRANGER}"}, "Users"),
        ("callQueues", {"Agents": [None, "Microsoft.Rtc.Management.Hosted.HuntGroup.Models.Agent"]}, "Agents[1]"),
        ("callQueues", {"DistributionLists": "System.Guid[]"}, "DistributionLists"),
        ("callQueues", {"DistributionLists": "Microsoft.Rtc.Management.Agent.Model"}, "DistributionLists"),
        ("callQueues", {"New": [1.5, {"a": None}], "ShiftsTeamId": "System.Guid[]"}, "ShiftsTeamId"),
        ("callQueues", {"Agents": {"ObjectId": "@{Guid=}"}}, "Agents.ObjectId"),
    ],
)  # fmt: skip
def test_an_export_whose_depth_was_too_small_is_refused_and_not_read_as_ids(key: str, row: Json, path: str) -> None:
    text = refusal(**{key: [{"Id": "x", **row}]})
    assert text.startswith(f"$.{key}[0].{path}: ")
    assert text.endswith("; export it with ConvertTo-Json -Depth 10 or more.")


@pytest.mark.parametrize("users", [{"value": [STRANGER], "Count": 1}, [{"DisplayName": SECRET}]])
def test_an_object_that_could_hold_no_id_is_not_taken_for_nobody(users: object) -> None:
    assert refusal(callQueues=[{"Id": "x", "Users": users}]).startswith("$.callQueues[0].Users")


def test_an_id_of_a_thousand_characters_is_refused() -> None:
    assert refusal(callQueues=[{"Id": "x" * 1_000}]).startswith("$.callQueues[0].Id: a type's name, ")


@pytest.mark.parametrize(
    "row", [{"Name": SECRET, "Users": 7}, {"Users": [SECRET]}, {"Id": SECRET}, {"NoAgentAction": [SECRET]}]
)
def test_no_refusal_tells_what_stands_in_the_document(row: Json) -> None:
    assert "Adele" not in refusal(callQueues=[{"Id": "x", **row}])


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b'{"callQueues":' + b"[" * 1_000_000,
        b'{"callQueues":[{"Users":' + b"[" * 1_000_000,
    ],
)
def test_a_document_of_brackets_is_refused(bomb: bytes) -> None:
    assert refused(bomb).startswith("$: ")


@pytest.mark.parametrize("depth", [300, 900, 990, 100_000])
def test_an_id_inside_an_id_inside_an_id_is_read_or_refused(depth: int) -> None:
    nested = '{"Id":' * depth + '"x"' + "}" * depth
    content = json.dumps(document()).replace('"callQueues": []', f'"callQueues": [{nested}]').encode()
    try:
        assert [each.id for each in read(content).queues or ()] == ["x"]
    except ExportUnreadable as problem:
        assert "nested too deeply" in str(problem)  # noqa: PT017 - either is right, and which one depends on the stack


def test_a_document_above_the_limit_is_refused_with_its_size() -> None:
    assert refused(b" " * (LARGEST + 1)) == ("$: it is larger than 256 MiB; export it with ConvertTo-Json -Compress.")


@pytest.mark.parametrize("filler", [b"," * (MOST_VALUES + 1), b"{" * (MOST_OBJECTS + 1)])
def test_a_document_of_too_many_values_is_refused_before_it_is_read(filler: bytes) -> None:
    assert refused(b'{"x": "' + filler + b'"}').startswith("$: it has more than ")


def test_a_row_that_is_larger_than_any_voice_app_is_refused() -> None:
    assert refusal(callQueues=[{"Id": "x"}, {"Id": "y", "Name": "x" * LARGEST_ROW}]).startswith(
        "$.callQueues[1]: it is larger than 8 MiB; "
    )


@pytest.mark.parametrize(
    ("content", "coding"),
    [
        (b'{"schemaVersion": 1, "tenantId": "\xff"}', "UTF-8"),
        (b"\xff\xfe{\x00\x00\xd8", "UTF-16"),
        (b"\xff\xfe{\x00}\x00\x00", "UTF-16"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, coding: str) -> None:
    assert f"it is no {coding} text" in refused(content)


@pytest.mark.parametrize("digits", [4_299, 4_301, 100_000])
def test_an_integer_of_thousands_of_digits_is_unknown_or_refused(digits: int) -> None:
    given = json.dumps(document()).replace('"callQueues": []', '"callQueues": {"Id": "x", "NoAgentAction": %s}')
    content = (given % ("1" * digits)).encode()
    if digits < 4_300:
        (found,) = read(content).queues or ()
        assert found.no_agent.action == "unknown"
    else:
        assert refused(content).startswith("$.callQueues.NoAgentAction: Integer value out of range; ")
