"""The Grafana dashboard, built with Grafana's own typed builders.

python -m dashboards.grafana > dashboards/linekeeper.json
"""

from __future__ import annotations

import sys

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.common import GraphThresholdsStyleMode, StackingMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.questions import PARTS, Question

SOURCE = "${source}"
HEIGHT = 7
RUNBOOKS = "https://SERVICE/api/runbooks"
"""Where a service hands the pages on what to do out: each site writes its own address there, once."""

Panel = stat.Panel | table.Panel | timeseries.Panel


def built() -> dashboard.Dashboard:
    """The whole dashboard."""
    made = (
        dashboard.Dashboard("Linekeeper")
        .uid("linekeeper")
        .description("Do our phone lines answer, what would not, what does it cost, and does somebody hear of it?")
        .tags(["linekeeper"])
        .refresh("1m")
        .time("now-24h", "now")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("source").label("Data source").type("prometheus"))
        .with_variable(
            dashboard.QueryVariable("tenant")
            .label("Tenant")
            .datasource(_source())
            .query("label_values(linekeeper_evaluation_age_seconds, linekeeper_tenant_id)")
            .include_all(include_all=True)
            .all_value(".*")
            .multi(multi=False)
        )
        .with_variable(dashboard.TextBoxVariable("runbooks").label("Runbooks").default_value(RUNBOOKS))
    )
    for part in PARTS:
        made = made.with_row(dashboard.Row(part.title))
        for question in part.questions:
            made = made.with_panel(_panel(question))
    return made


def text() -> str:
    """The dashboard's JSON."""
    return JSONEncoder(sort_keys=True, indent=2).encode(built().build()) + "\n"


def _source() -> models.DataSourceRef:
    return models.DataSourceRef(type_val="prometheus", uid=SOURCE)


def _panel(question: Question) -> Panel:
    panel: Panel
    if question.drawn == "stat":
        panel = stat.Panel()
    elif question.drawn == "table":
        panel = table.Panel().with_transformation(_columns(question))
    else:
        panel = _lines(question)
    panel = (
        panel.title(question.title)
        .description(question.asks)
        .datasource(_source())
        .unit(question.unit)
        .height(4 if question.drawn == "stat" else HEIGHT)
        .span(question.width)
        .no_value("nothing known")
        .thresholds(_thresholds(question))
    )
    if question.runbooks:
        panel = panel.links([_page(name) for name in question.runbooks])
    for index, query in enumerate(question.queries):
        instant = question.drawn in {"stat", "table"}
        target = prometheus.Dataquery().expr(query.expr).ref_id(chr(ord("A") + index)).datasource(_source())
        # A number is that of now: the last one of a range would stand long after the service has died.
        target = target.instant() if instant else target.range()
        if question.drawn == "table":
            target = target.format(PromQueryFormat.TABLE)
        panel = panel.with_target(target.legend_format(query.legend) if query.legend and not instant else target)
    return panel


def _page(name: str) -> dashboard.DashboardLink:
    link = dashboard.DashboardLink(f"What to do: {name}").type(models.DashboardLinkType.LINK)
    return link.url(f"${{runbooks}}/{name}").target_blank(target_blank=True)


def _columns(question: Question) -> models.DataTransformerConfig:
    """The table's columns in their order, and not the time at which it was asked."""
    names = list(question.columns)
    return models.DataTransformerConfig(
        id_val="organize",
        options={
            "excludeByName": {"Time": True},
            "indexByName": {name: place for place, name in enumerate(names)},
            "renameByName": dict(question.columns),
        },
    )


def _lines(question: Question) -> timeseries.Panel:
    panel = (
        timeseries.Panel()
        .line_width(1)
        .fill_opacity(30 if question.drawn == "stacked" else 0)
        .legend(common.VizLegendOptions().show_legend(show_legend=True))
    )
    if question.bad_below is None and question.from_zero:
        panel = panel.min(0)
    if {question.warn_from, question.bad_from, question.bad_below} != {None}:
        panel = panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    if question.drawn == "stacked":
        panel = panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    return panel


def _thresholds(question: Question) -> dashboard.ThresholdsConfig:
    """Green, then yellow and red from where the answer is not good; words and numbers say it too."""
    if question.bad_below is not None:
        steps = [models.Threshold(value=None, color="red"), models.Threshold(value=question.bad_below, color="green")]
    else:
        steps = [models.Threshold(value=None, color="green")]
        if question.warn_from is not None:
            steps.append(models.Threshold(value=question.warn_from, color="yellow"))
        if question.bad_from is not None:
            steps.append(models.Threshold(value=question.bad_from, color="red"))
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


if __name__ == "__main__":
    sys.stdout.write(text())
