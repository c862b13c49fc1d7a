"""Every query of the dashboard, asked of a real Prometheus that has looked at a real service for a while."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from dashboards.questions import PARTS, Query
from simulator import SimulatorServer, contoso
from simulator.contoso import RESOURCE_ACCOUNT, line_names, unlicensed_line_names, user_id
from tools.observed_service import scraped, until_it_answers

QUERIES = {
    f"{question.title}: {query.legend}": query
    for part in PARTS
    for question in part.questions
    for query in question.queries
}
WINDOW = "15s"


@pytest.fixture(scope="module")
def server(prometheus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What Prometheus answered to each query, and which rules it could not evaluate."""
    return asyncio.run(_asked(prometheus, tmp_path_factory.mktemp("prometheus")))


async def _asked(prometheus: Path, folder: Path) -> dict[str, list[str]]:
    async with (
        SimulatorServer(contoso(), notification_delay=0.01) as sim,
        httpx.AsyncClient() as client,
        scraped(sim, folder, prometheus, client) as observed,
    ):
        api = f"{observed.prometheus}/api/v1"
        lag = 'linekeeper_detection_lag_seconds_count{trigger="notification"}'
        # What is recorded for the first time has no earlier value to be seen against; the second time it has.
        licensed = [name for name in line_names() if name not in unlicensed_line_names()]
        for told, name in enumerate(licensed[:2]):
            sim.tenant.remove_license(user_id(name), RESOURCE_ACCOUNT)
            await until_it_answers(client, f"{api}/query?query={lag} > {told}", r'"result":\[\{')
        await asyncio.sleep(3)
        answers = {query.expr: await _answer(client, api, query) for query in QUERIES.values()}
        rules = (await client.get(f"{api}/rules")).json()["data"]["groups"]
        answers["rules"] = [rule["name"] for group in rules for rule in group["rules"] if rule["health"] != "ok"]
        return answers


async def _answer(client: httpx.AsyncClient, api: str, query: Query) -> list[str]:
    """The values that a query has, as Prometheus writes them."""
    expr = query.expr.replace("$tenant", ".*").replace("$__rate_interval", WINDOW)
    answer = (await client.get(f"{api}/query", params={"query": expr})).json()
    assert answer["status"] == "success", (expr, answer)
    return [series["value"][1] for series in answer["data"]["result"]]


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_has_an_answer_on_real_data(server: dict[str, list[str]], query: Query) -> None:
    assert server[query.expr]
    if "histogram_quantile" in query.expr:
        assert any(value != "NaN" for value in server[query.expr])


def test_every_rule_of_the_alerts_was_evaluated_without_an_error(server: dict[str, list[str]]) -> None:
    assert server["rules"] == []
