import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from simulator import TENANTS, SimulatorServer
from simulator.contoso import TENANT_ID

ROOT = Path(__file__).parents[2]


async def run(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        "simulator",
        *arguments,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def first_line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 10)).decode()
    process.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert (process.returncode, errors) == (0, b"")
    return line.strip()


async def test_the_command_prints_the_settings_and_ends_cleanly_on_a_signal() -> None:
    process = await run()
    assert process.stdout is not None
    lines = [(await asyncio.wait_for(process.stdout.readline(), 10)).decode() for _ in range(3)]
    process.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert [line.split("=")[0] for line in lines] == [
        "export LINEKEEPER_TENANT_ID",
        "export LINEKEEPER_GRAPH_URL",
        "export LINEKEEPER_TEAMS_WEBHOOK_URL",
    ]
    assert (process.returncode, errors) == (0, b"")


async def test_a_port_in_use_is_one_clear_line(server: SimulatorServer) -> None:
    port = server.url.rpartition(":")[2]
    process = await run("--port", port)
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 2
    [line] = errors.decode().splitlines()
    assert port in line


async def test_what_is_no_port_is_a_usage_error() -> None:
    for text in ("http", "65536"):
        process = await run("--port", text)
        _, errors = await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 2
        assert b"is no port" in errors


async def test_contoso_is_served_unless_another_tenant_is_named() -> None:
    assert await first_line(await run()) == f"export LINEKEEPER_TENANT_ID={TENANT_ID}"
    other = await first_line(await run("--tenant", "education"))
    assert other == "export LINEKEEPER_TENANT_ID=3f8e2f7c-6c5d-4b2a-9ea8-8c3d9f4b2c33"


@pytest.mark.parametrize(
    ("wrong", "right"), [("goverment", "government"), ("Rooms", "rooms"), ("edu", "education"), ("hostel", "hostile")]
)
async def test_a_tenant_that_does_not_exist_is_answered_with_the_nearest_name(wrong: str, right: str) -> None:
    process = await run("--tenant", wrong)
    output, errors = await asyncio.wait_for(process.communicate(), 10)
    assert (process.returncode, output) == (2, b"")
    assert errors.decode().splitlines()[-1].endswith(f"There is no tenant '{wrong}': did you mean '{right}'?")


async def test_the_help_names_every_tenant() -> None:
    process = await run("--help")
    output, _ = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0
    words = " ".join(output.decode().split())
    assert all(f"{name}: " in words for name in TENANTS)


async def test_an_export_is_there_from_the_start_and_follows_what_a_person_does(tmp_path: Path) -> None:
    path = tmp_path / "voice export.json"
    process = await run("--export", str(path))
    assert process.stdout is not None
    lines = [(await asyncio.wait_for(process.stdout.readline(), 10)).decode().strip() for _ in range(6)]
    assert f"export LINEKEEPER_VOICE_EXPORT='file:{path}'" in lines
    assert "CQ Sales Berlin" in {queue["Name"] for queue in json.loads(path.read_bytes())["callQueues"]}
    control = lines[-1].partition(": ")[2].removesuffix("/faults")
    async with httpx.AsyncClient() as person:
        done = await person.post(f"{control}/tenant", json={"action": "deleteQueue", "queue": "CQ Sales Berlin"})
        assert done.status_code == 200
    async with asyncio.timeout(10):
        # Another process writes the file: there is no event to wait for.
        while "CQ Sales Berlin" in {queue["Name"] for queue in json.loads(path.read_bytes())["callQueues"]}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert (process.returncode, errors) == (0, b"")


async def test_an_export_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    process = await run("--export", str(tmp_path / "nowhere" / "voice.json"))
    output, errors = await asyncio.wait_for(process.communicate(), 10)
    assert (process.returncode, output) == (2, b"")
    [line] = errors.decode().splitlines()
    assert "nowhere/voice.json: No such file or directory." in line


async def test_an_export_that_can_no_longer_be_written_ends_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    process = await run("--export", str(folder / "voice.json"))
    assert process.stdout is not None
    lines = [(await asyncio.wait_for(process.stdout.readline(), 10)).decode().strip() for _ in range(6)]
    (folder / "voice.json").unlink()
    folder.rmdir()
    control = lines[-1].partition(": ")[2].removesuffix("/faults")
    async with httpx.AsyncClient() as person:
        await person.post(f"{control}/tenant", json={"action": "optOut", "queue": "CQ Sales Berlin"})
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 2
    [line] = errors.decode().splitlines()
    assert line.startswith(f"The simulator cannot write {folder / 'voice.json'}: ")


async def test_every_address_that_is_printed_for_people_is_there() -> None:
    process = await run()
    assert process.stdout is not None
    addresses = []
    while not (line := (await asyncio.wait_for(process.stdout.readline(), 10)).decode()).endswith("README.md\n"):
        addresses += [word for word in line.split() if line.startswith("#") and word.startswith("http")]
    async with httpx.AsyncClient() as person:
        answers = {address: (await person.get(address)).status_code for address in addresses}
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), 10)
    assert len(addresses) == 3
    assert set(answers.values()) == {200}, answers
