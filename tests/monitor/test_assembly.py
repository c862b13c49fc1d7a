"""The parts of one tenant's monitor, as its settings have them."""

from __future__ import annotations

import pytest

from shared.alerting.routing import Route
from shared.model.receiver import WorkflowsReceiver
from shared.model.secret import Secret
from shared.monitor.assembly import assemble, subscription_url
from shared.settings import Settings
from shared.settings_receivers import Routing
from shared.settings_tenants import Tenant
from shared.state.memory import MemoryStore
from shared.telemetry.telemetry import Telemetry
from tests.monitor.conftest import NOWHERE, Clock

CONTOSO = "84bd8158-6d4d-4958-8b9f-9d6445542f95"
FABRIKAM = "0d2c5b6f-6a0e-4d8e-8d0c-0f5f5a7c1b22"
HUB = "EventHub:https://lines.servicebus.windows.net/eventhubname/graph?tenantId=contoso.com"
WEBHOOK = "https://prod-1.westeurope.logic.azure.com/workflows/{}?sig=hush"
TWO = Settings(
    tenant="",
    tenants=(Tenant(id=CONTOSO), Tenant(id=FABRIKAM)),
    graph_url=NOWHERE,
    routing=Routing(
        receivers=tuple(
            WorkflowsReceiver(name=name, url=Secret(WEBHOOK.format(name))) for name in ("noc", "contoso", "fabrikam")
        ),
        routes=(
            Route(receivers=("noc",)),
            Route(receivers=("contoso",), tenants=(CONTOSO,)),
            Route(receivers=("fabrikam",), tenants=(FABRIKAM,)),
        ),
    ),
)


class Queues:
    """Queues that nobody looks at here."""

    async def depth(self, queue: str) -> int | None:  # noqa: ARG002 - as any has it
        return 0


async def test_of_several_tenants_each_can_send_to_its_own_channels_and_one_looks_at_the_queues_that_all_share(
    telemetry: Telemetry, clock: Clock
) -> None:
    queues = Queues()
    senders, watching = {}, {}
    for tenant in TWO.tenant_ids:
        monitor = assemble(TWO.of(tenant), telemetry, clock, MemoryStore(), queues)
        senders[tenant], watching[tenant] = set(monitor.senders), monitor.queues
        assert monitor.paces.keys() == monitor.senders.keys() == set(monitor.routes.receivers)
        await monitor.close()
    assert senders == {CONTOSO: {"noc", "contoso"}, FABRIKAM: {"noc", "fabrikam"}}
    assert watching == {CONTOSO: queues, FABRIKAM: None}


def test_there_is_no_monitor_of_several_tenants_at_once(telemetry: Telemetry, clock: Clock) -> None:
    with pytest.raises(ValueError, match=r"choose it by Settings\.of"):
        assemble(TWO, telemetry, clock, MemoryStore())


@pytest.mark.parametrize(
    ("given", "told"),
    [(None, None), (HUB, HUB), ("https://lines.example.com", "https://lines.example.com/api/notifications")],
)
def test_graph_is_told_of_the_webhook_by_its_path_and_of_an_event_hub_as_it_is_written(
    given: str | None, told: str | None
) -> None:
    assert subscription_url(Settings(tenant=CONTOSO, notification_url=given)) == told
