from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx


async def demo(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "shared.cli", "demo", *arguments),
        # What is set around the demo is not the demo's: it brings its own settings.
        cwd=folder,
        env={**os.environ, "LINEKEEPER_TENANT_ID": "not a tenant"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_the_demo_played_once_ends_with_every_card_in_the_channel(tmp_path: Path) -> None:
    process = await demo(tmp_path, "--once")
    output, errors = await process.communicate()
    story = output.decode()
    assert process.returncode == 0, story + errors.decode()
    assert errors == b""
    scenes = (
        "5 must be bought",
        "Callers of 5 lines cannot be answered",
        "Somebody takes the licence from AA Main Line Seattle",
        "Graph notifies the service, which answers 202",
        "Callers to +14255550100 cannot be answered",
        "gives AA Main Line Seattle its licence back",
        "Mended for callers to +14255550100",
        "Somebody deletes the queue CQ Customer Service Berlin",
        "leads to what does not exist: AA Main Line Berlin",
        "the last agent of CQ Reception Berlin, leaves the company",
        "Callers to +493023125000 cannot be answered",
        "Free allocation fell from 85 to 45",
        "85 licences are owned and 45 are free of charge",
        "Every expected card arrived.",
    )
    places = [story.find(scene) for scene in scenes]
    assert -1 not in places
    assert places == sorted(places)


async def test_the_demo_stays_up_with_the_channel_to_look_at_until_it_is_interrupted(tmp_path: Path) -> None:
    process = await demo(tmp_path)
    assert process.stdout is not None
    page = ""
    async with asyncio.timeout(40):
        while line := (await process.stdout.readline()).decode():
            if "The channel stays at " in line:
                page = line.split("The channel stays at ")[1].split()[0]
                break
        async with httpx.AsyncClient() as client:
            cards = (await client.get(f"{page}/cards.json")).json()["cards"]
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
    assert len(cards) == 8
    assert process.returncode == 130
    assert b"Traceback" not in errors
