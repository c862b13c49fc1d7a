"""What stands on a card that the running service posted leads where it says, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import httpx

import simulator
from shared.cli.demo import VOICE_EXPORT, running_service
from shared.cli.story import prepare


async def test_the_links_of_a_posted_card_open_its_pages_and_one_silences_what_the_card_is_about(
    tmp_path: Path,
) -> None:
    server = simulator.SimulatorServer(simulator.contoso())
    export = simulator.ExportFile(server.tenant, tmp_path / VOICE_EXPORT)
    prepare(server.tenant)
    export.refresh()
    async with server, running_service(server, tmp_path) as url, httpx.AsyncClient() as client:
        posted = await server.channel.wait_for(lambda card: "Callers of 5 lines" in card.text, timeout=30)
        links = {each["title"]: each["url"] for each in posted.card["actions"] if each["type"] == "Action.OpenUrl"}
        silence, status = links["Silence these 5"], links["Status page"]
        page = await client.get(silence)
        assert page.status_code == 200
        assert "Silence these 5 alerts" in page.text
        assert (await client.get(status)).status_code == 200
        assert (await client.get(f"{silence[:-2]}xx")).status_code == 401
        assert (await client.get(f"{status[:-2]}xx")).status_code == 401
        token = silence.partition("token=")[2]
        form = {"token": token, "action": "add", "for": "1h", "author": "Ada", "reason": "moving to Leith"}
        done = await client.post(f"{url}/api/silences", data=form)
        assert done.status_code == 303
        assert "Silenced until" in (await client.get(silence)).text
        assert "moving to Leith" in (await client.get(status)).text
