"""What the service tells Prometheus: every instrument that is declared, no other, and nothing outside its bounds."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from shared.telemetry.instruments import INSTRUMENTS, Attribute
from simulator import SimulatorServer
from simulator.contoso import RESOURCE_ACCOUNT, user_id
from simulator.export import export_document
from tools.metrics_page import prometheus_name

Start = Callable[..., Awaitable[asyncio.subprocess.Process]]
MAIN_LINE = "AA Main Line Seattle"
BY_PROMETHEUS = frozenset({"le"})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


@pytest.fixture
async def scraped(
    contoso: SimulatorServer, environment: dict[str, str], start: Start, tmp_path: Path
) -> AsyncIterator[str]:
    """What a service says to Prometheus that has read a tenant, heard of a change and told of it."""
    port, metrics_port = free_port(), free_port()
    (tmp_path / "voice.json").write_bytes(json.dumps(export_document(contoso.tenant)).encode())
    environment |= {
        "LINEKEEPER_NOTIFICATION_URL": f"http://127.0.0.1:{port}",
        "LINEKEEPER_METRICS_PORT": str(metrics_port),
        "LINEKEEPER_VOICE_EXPORT": f"file:{tmp_path / 'voice.json'}",
    }
    await start(environment, "serve", "--port", str(port))
    await contoso.channel.wait_for(lambda card: "5 must be bought" in card.text, 20)
    contoso.tenant.remove_license(user_id(MAIN_LINE), RESOURCE_ACCOUNT)
    await contoso.channel.wait_for(lambda card: MAIN_LINE in card.text, 20)
    async with httpx.AsyncClient() as client:
        await client.post(f"http://127.0.0.1:{port}/admin/functions/deliver")
        yield await _with_counts(client, f"http://127.0.0.1:{metrics_port}/metrics")


async def _with_counts(client: httpx.AsyncClient, url: str) -> str:
    """The answer once a post has been counted: the card is seen before the service has its answer."""
    async with asyncio.timeout(10):
        while True:
            text = (await client.get(url)).text
            if re.search(r'delivery_heartbeat_age_seconds\{receiver="teams"\}', text):
                return text
            await asyncio.sleep(0.1)


async def test_prometheus_is_told_of_every_declared_instrument_and_of_no_other(scraped: str) -> None:
    told = {family.name: family for family in text_string_to_metric_families(scraped) if family.name != "target_info"}
    declared = {prometheus_name(each).removesuffix("_total"): each for each in INSTRUMENTS.values()}
    assert told.keys() == declared.keys()
    assert not re.search("(?m)^(# TYPE .*)$(?s:.*)^\\1$", scraped)
    for name, family in told.items():
        kinds = {"counter": "counter", "histogram": "histogram"}
        assert family.type == kinds.get(declared[name].kind, "gauge")
        allowed = {_label(each): each for each in declared[name].attributes}
        for sample in family.samples:
            for label, value in sample.labels.items():
                assert label in allowed.keys() | BY_PROMETHEUS, (name, label)
                # Of a label that only some points have, Prometheus writes the others with nothing in it.
                if label in allowed and allowed[label].values and value:
                    assert value in allowed[label].values, (name, label, value)


async def test_metrics_carry_no_id_of_the_directory_no_name_and_no_number(scraped: str) -> None:
    points = [line for line in scraped.splitlines() if not line.startswith(("#", "target_info"))]
    assert len(points) > 100
    guid = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
    for line in points:
        assert not guid.search(line)
        assert "Seattle" not in line
        assert "@" not in line
        assert not re.search(r'"\+?\d{7,}"', line)


def _label(attribute: Attribute) -> str:
    return attribute.name.replace(".", "_")
