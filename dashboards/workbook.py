"""The Azure Workbook: the operator's questions asked of Log Analytics, where telemetry goes to Azure Monitor.

python -m dashboards.workbook > infra/workbook.json

A measurement is a row of the table `AppMetrics` there: `Sum` is a gauge's value and a counter's growth, and of a
histogram there are the sum and the count, and no buckets (Microsoft Learn, "Azure Monitor Logs reference: AppMetrics").
"""

from __future__ import annotations

import json
import sys
from typing import Literal

import msgspec

from dashboards.questions import PARTS
from shared.telemetry.instruments import TENANT

View = Literal["tiles", "timechart", "table"]

TIME = "TimeRange"
LATELY = "20m"
"""How old a statement may be to count as of now: four rounds of the timer that evaluates."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the workbook: what is asked, in words and in KQL."""

    title: str
    asks: str
    kql: str
    view: View = "timechart"
    width: int = 50
    unit: Literal["count", "seconds", "share"] = "count"


def _rows(name: str, where: str = "") -> str:
    tenant = f'tostring(Properties["{TENANT}"])'
    return (
        f'AppMetrics | where Name == "linekeeper.{name}"'
        f"{f' and {where}' if where else ''} | extend Tenant = {tenant}"
        ' | where Tenant in~ ({Tenant}) or "*" in ({Tenant})'
    )


def _of(attribute: str) -> str:
    return f'tostring(Properties["{attribute}"])'


def now(name: str, by: str = "", where: str = "", most: str = "sum") -> str:
    """What is stated now: all of a tenant's newest statement, then added up, or the worst of it.

    A series that it lacks is no more: what became of it is told by another one. All of a statement bear one time.
    """
    label = f" by {by.replace('.', '_')} = {_of(by)}" if by else ""
    lately = f"{_rows(name)} | where TimeGenerated > ago({LATELY})"
    return (
        f"{lately} | join kind=inner ({lately} | summarize TimeGenerated = max(TimeGenerated) by Tenant)"
        f" on Tenant, TimeGenerated{f' | where {where}' if where else ''}"
        " | summarize Sum = max(Sum) by Tenant, Series = tostring(Properties)"
        f"{' | extend Properties = parse_json(Series)' if by else ''} | summarize Value = {most}(Sum){label}"
    )


def over_time(name: str, by: str = "", where: str = "", most: str = "sum") -> str:
    """What was stated in each interval: the highest of each series, then added up, or the worst of them."""
    label = f"{by.replace('.', '_')} = {_of(by)}, " if by else ""
    return (
        f"{_rows(name, where)} | summarize Value = max(Sum) by bin(TimeGenerated, {{{TIME}:grain}}), Tenant,"
        " Series = tostring(Properties) | extend Properties = parse_json(Series)"
        f" | summarize Value = {most}(Value) by {label}bin(TimeGenerated, {{{TIME}:grain}})"
    )


def counted(name: str, by: str) -> str:
    """What was counted in each interval."""
    return (
        f"{_rows(name)} | summarize Value = sum(Sum) by {by.replace('.', '_')} = {_of(by)},"
        f" bin(TimeGenerated, {{{TIME}:grain}})"
    )


def recorded(name: str, by: str) -> str:
    """The mean of what was recorded in each interval; there are no buckets to have a quantile from."""
    label = f"{by.replace('.', '_')} = {_of(by)}"
    return (
        f"{_rows(name)} | summarize Value = sum(Sum) / sum(ItemCount) by {label}, bin(TimeGenerated, {{{TIME}:grain}})"
    )


TARGET, RESULT = "dependency/target", "dependency/resultCode"
"""What Azure Monitor's exporter makes of a request's host and status (0 without an answer): it takes the metric of
requests for one of its own, and leaves out all other attributes."""

HOLDS = 'tostring(Properties["disposition"]) in ("firing", "frozen")'

ASKED: tuple[Asked, ...] = (
    Asked(
        title="Lines now",
        asks="How many attendants and queues answer, and how many would not put a caller through?",
        kql=now("voice_app.count", "health"),
        view="tiles",
    ),
    Asked(
        title="Findings now",
        asks="How many things are wrong, and how badly?",
        kql=now("finding.active", "severity", HOLDS),
        view="tiles",
    ),
    Asked(
        title="Last evaluation",
        asks="How old is all that stands here?",
        kql=(
            f"{_rows('evaluation.age')} | summarize arg_max(TimeGenerated, Sum) by Tenant"
            ' | project Tenant, Seconds = Sum + datetime_diff("second", now(), TimeGenerated)'
        ),
        view="table",
        unit="seconds",
    ),
    Asked(
        title="Findings by rule",
        asks="What is wrong, and by which rule?",
        kql=f"{now('finding.active', 'rule.id', HOLDS)} | where Value > 0 | order by Value desc",
        view="table",
    ),
    Asked(
        title="Findings by severity",
        asks="Is it getting better?",
        kql=over_time("finding.active", "severity", HOLDS),
    ),
    Asked(
        title="Oldest finding",
        asks="Is something left lying?",
        kql=over_time("finding.age.max", "severity", most="max"),
        unit="seconds",
    ),
    Asked(
        title="The licence ledger",
        asks="How does what is owned and needed stand to what is free of charge?",
        kql=(
            "union ("
            + over_time("license.allocation.limit")
            + " | extend Line = 'entitled'), ("
            + over_time("license.owned.count", where='tostring(Properties["license.state"]) in ("enabled", "warning")')
            + " | extend Line = 'owned'), ("
            + over_time("license.needed.count")
            + " | extend Line = 'needed')"
        ),
    ),
    Asked(
        title="Headroom",
        asks="How many more accounts can be licensed free of charge? How many, below zero, are paid for?",
        kql=over_time("license.allocation.headroom"),
    ),
    Asked(
        title="Detection lag",
        asks="How long, on average, from hearing of a change to the finding?",
        kql=recorded("detection.lag", "trigger"),
        unit="seconds",
    ),
    Asked(
        title="Age of what was read",
        asks="Is anything no longer read?",
        kql=over_time("source.age", "source", most="min"),
        unit="seconds",
    ),
    Asked(
        title="Posts",
        asks="Do the receivers take what they are told?",
        kql=(
            f"{_rows('delivery.attempts')} | summarize Value = sum(Sum) by"
            f' Line = strcat({_of("receiver")}, " ", {_of("outcome")}), bin(TimeGenerated, {{{TIME}:grain}})'
        ),
    ),
    Asked(
        title="Requests",
        asks="What does Graph cost, and are we put off?",
        kql=(
            'AppMetrics | where Name == "http.client.request.duration" | summarize Value = sum(ItemCount) by'
            f' Line = strcat({_of(TARGET)}, " ", {_of(RESULT)}),'
            f" bin(TimeGenerated, {{{TIME}:grain}})"
        ),
    ),
    Asked(
        title="What found the changes",
        asks="How good are Graph's hints, and what did they miss, so that only a timer found it?",
        kql=counted("change.detected", "found_by"),
    ),
    Asked(
        title="Poisoned messages",
        asks="Was anything given up?",
        kql=over_time("queue.depth", "queue", most="max"),
    ),
)


def built() -> dict[str, object]:
    """The workbook as Azure stores it."""
    return {
        "version": "Notebook/1.0",
        "items": [
            {
                "type": 1,
                "name": "head",
                "content": {"json": _head()},
            },
            {"type": 9, "name": "parameters", "content": _parameters()},
            *(_item(place, each) for place, each in enumerate(ASKED)),
        ],
        "fallbackResourceIds": [],
        "$schema": "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json",
    }


def text() -> str:
    """The workbook's JSON."""
    return json.dumps(built(), indent=2) + "\n"


def _head() -> str:
    pages = dict.fromkeys(name for part in PARTS for question in part.questions for name in question.runbooks)
    named = ", ".join(f"`{page}`" for page in pages)
    return (
        f"# Linekeeper\nWhat to do where an answer is bad: `/api/runbooks/PAGE` of the service, of the pages {named}."
    )


def _parameters() -> dict[str, object]:
    return {
        "version": "KqlParameterItem/1.0",
        "queryType": 0,
        "resourceType": "microsoft.operationalinsights/workspaces",
        "parameters": [
            {
                "id": "5f0c8e52-3a0b-4b61-9d0e-3d1f1f6a7c01",
                "version": "KqlParameterItem/1.0",
                "name": TIME,
                "label": "Time",
                "type": 4,
                "isRequired": True,
                "value": {"durationMs": 86_400_000},
                "typeSettings": {
                    "selectableValues": [{"durationMs": hours * 3_600_000} for hours in (1, 6, 24, 72, 168, 720)],
                    "allowCustom": True,
                },
            },
            {
                "id": "5f0c8e52-3a0b-4b61-9d0e-3d1f1f6a7c02",
                "version": "KqlParameterItem/1.0",
                "name": "Tenant",
                "type": 2,
                "isRequired": True,
                "multiSelect": True,
                "quote": "'",
                "delimiter": ",",
                "value": ["value::all"],
                "query": (
                    f'AppMetrics | where Name == "linekeeper.evaluation.age" | distinct Tenant = {_of(TENANT)}'
                    " | where isnotempty(Tenant)"
                ),
                "queryType": 0,
                "resourceType": "microsoft.operationalinsights/workspaces",
                "timeContextFromParameter": TIME,
                "typeSettings": {"additionalResourceOptions": ["value::all"], "selectAllValue": "*"},
            },
        ],
    }


def _item(place: int, each: Asked) -> dict[str, object]:
    return {
        "type": 3,
        "name": f"query {place}",
        "customWidth": str(each.width),
        "content": {
            "version": "KqlItem/1.0",
            "query": each.kql,
            "size": 1,
            "title": f"{each.title}: {each.asks}",
            "noDataMessage": "nothing known",
            "queryType": 0,
            "resourceType": "microsoft.operationalinsights/workspaces",
            "timeContextFromParameter": TIME,
            "visualization": each.view,
            **_settings(each),
        },
    }


def _settings(each: Asked) -> dict[str, object]:
    # 24: seconds, 1: a share, 17: a number, as the workbooks' own editor writes them.
    unit = {"seconds": 24, "share": 1, "count": 17}[each.unit]
    if each.view == "timechart":
        return {
            "chartSettings": {"ySettings": {"numberFormatSettings": {"unit": unit, "options": {"style": "decimal"}}}}
        }
    if each.view == "tiles":
        content = {"columnMatch": "Value", "formatter": 12, "formatOptions": {"palette": "none"}}
        label = "health" if "health" in each.kql else "severity"
        return {"tileSettings": {"titleContent": {"columnMatch": label}, "leftContent": content, "showBorder": True}}
    return {}


if __name__ == "__main__":
    sys.stdout.write(text())
