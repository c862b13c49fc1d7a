"""The service with its export in a blob: from the setting to the document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared.model.tenant import TenantState
from shared.monitor.assembly import store_of
from shared.monitor.runtime import Runtime
from simulator import SimulatorServer, contoso
from simulator.export import export_document

if TYPE_CHECKING:
    from tests.azurite.server import Azurite
    from tests.exports.conftest import WrittenBlob


class Exported:
    """The simulated tenant's export in a blob, and the service that looks for it there."""

    def __init__(self, sim: SimulatorServer, blob: WrittenBlob, runtime: Runtime) -> None:
        self._sim = sim
        self._blob = blob
        self._runtime = runtime

    def write(self, at: datetime) -> None:
        self._blob.write(msgspec.json.encode(export_document(self._sim.tenant, exported_at=at)))

    def remove(self) -> None:
        self._blob.remove()

    async def look(self) -> TenantState:
        await self._runtime.service.read_lines()
        settings = self._runtime.settings
        return (await store_of(settings).load(settings.tenant)).state


@pytest.fixture
async def exported(azurite: Azurite, blob: WrittenBlob, tmp_path: Path) -> AsyncIterator[Exported]:
    async with SimulatorServer(contoso()) as sim:
        runtime = Runtime(
            {
                "LINEKEEPER_TENANT_ID": sim.tenant.tenant_id,
                "LINEKEEPER_GRAPH_URL": sim.graph_url,
                "LINEKEEPER_STORE": f"sqlite:{tmp_path / 'linekeeper.db'}",
                "LINEKEEPER_VOICE_EXPORT": "blob:{}/{}".format(*blob.address),
                "AzureWebJobsStorage": azurite.connection_string,
            }
        )
        await runtime.service.read_licences()
        yield Exported(sim, blob, runtime)
        await runtime.close()


async def test_an_export_in_a_blob_enters_the_document_and_so_does_the_next_one(exported: Exported) -> None:
    made = datetime.now(UTC) - timedelta(hours=1)
    exported.write(made)
    first = await exported.look()
    assert first.source("voice").state == "complete"
    assert first.source("voice").complete_as_of == made
    assert first.voice is not None
    assert first.voice.attendants
    exported.write(made + timedelta(minutes=30))
    assert (await exported.look()).source("voice").complete_as_of == made + timedelta(minutes=30)


async def test_a_blob_that_is_not_there_is_a_failed_read_and_what_was_known_stays(exported: Exported) -> None:
    exported.write(datetime.now(UTC) - timedelta(hours=1))
    before = await exported.look()
    exported.remove()
    after = await exported.look()
    assert after.source("voice").state == "failed"
    assert "no voice export where LINEKEEPER_VOICE_EXPORT says" in (after.source("voice").problem or "")
    assert after.voice == before.voice
