"""The demo's story: what happens in the tenant, and the cards that must follow, each on a line with its time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from simulator import ExportFile, PostedCard, SimulatedTenant, SimulatorServer

CARD_SECONDS = 20.0
MAIN_LINE = "AA Main Line Seattle"
BERLIN_LINE = "AA Main Line Berlin"
BERLIN_QUEUE = "CQ Reception Berlin"
SEATS_SKU = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
RESOURCE_ACCOUNT_SKU = "440eaaa8-b3e0-484b-a8be-62870b9ba70a"
SEATS_AFTER_RENEWAL = 100


class StoryError(Exception):
    """What should have followed did not; the text says what was waited for."""


class Stage:
    """Where the story plays: the simulated tenant and channel, the real service, and the reader's terminal."""

    def __init__(
        self,
        server: SimulatorServer,
        export: ExportFile,
        service_url: str,
        client: httpx.AsyncClient,
        console: Console,
        *,
        pause: float,
    ) -> None:
        self.server = server
        self.export = export
        self.service_url = service_url
        self.client = client
        self._console = console
        self._pause = pause
        self._begun = time.monotonic()
        self._seen = 0

    def say(self, text: str, *, sign: str = " ", style: str = "") -> None:
        """One line with its time since the start."""
        passed = time.monotonic() - self._begun
        self._console.print(
            Text.assemble((f"{int(passed // 60):02}:{passed % 60:04.1f}  ", "dim"), (f"{sign} {text}", style)),
            soft_wrap=True,
        )

    async def scene(self, text: str) -> None:
        """Say what happens next, with time to read what was before."""
        await asyncio.sleep(self._pause)
        self._console.print()
        self.say(text, style="bold")

    async def card(self, wanted: str, *, also: str = "", since: float | None = None) -> None:
        """Wait for a card that says something, and tell how long after the change it came.

        Raises:
            StoryError: no such card came in time.
        """

        def matches(posted: PostedCard) -> bool:
            return wanted in posted.text and also in posted.text

        try:
            posted = await self.server.channel.wait_for(matches, CARD_SECONDS, after=self._seen)
        except TimeoutError:
            raise StoryError(f"no card said {wanted!r} within {CARD_SECONDS:.0f} s") from None
        took = f"  ({time.monotonic() - since:.2f} s after the change)" if since is not None else ""
        self.say(f"Card: {headline(posted)}{took}", sign="\N{HEAVY CHECK MARK}", style="green")

    async def ring(self, timer: str) -> None:
        """Let a timer of the service run now."""
        (await self.client.post(f"{self.service_url}/admin/functions/{timer}")).raise_for_status()

    def turn_page(self) -> None:
        """From here on, only cards that come later count."""
        self._seen = len(self.server.channel.cards)


def headline(posted: PostedCard) -> str:
    """A card's first line, as a phone would show it."""
    runs = posted.card["body"][0]["items"][0]["inlines"]
    return "".join(run["text"] for run in runs)


def prepare(tenant: SimulatedTenant) -> None:
    """Lay ready what the story begins with: a queue that one person alone answers."""
    for agent in tenant.voice.queue(BERLIN_QUEUE).agents[1:]:
        tenant.voice.remove_agent(BERLIN_QUEUE, agent.object_id)


async def play(stage: Stage) -> None:
    """Play the whole story.

    Raises:
        StoryError: a card or a notification that should have come did not.
    """
    await _opening(stage)
    await _a_licence_is_taken(stage)
    await _and_given_back(stage)
    await _a_queue_is_deleted(stage)
    await _the_last_agent_leaves(stage)
    await _a_renewal(stage)
    stage.say("Every expected card arrived.", sign="\N{HEAVY CHECK MARK}", style="bold green")


async def _opening(stage: Stage) -> None:
    server = stage.server
    stage.say("Contoso: 500 seats with Phone System, 100 shared devices, 90 attendants and queues.", style="bold")
    stage.say(f"Simulated Microsoft Graph: {server.graph_url}")
    stage.say(f"The real service: {stage.service_url}, subscribed to changes and with the tenant read")
    stage.say(f"The channel, to look at in a browser: {server.channel_page_url}")
    await stage.card("5 must be bought", also="90 accounts need a licence")
    await stage.card("Resource account without a licence", also="New (5)")


async def _a_licence_is_taken(stage: Stage) -> None:
    await stage.scene(f"Somebody takes the licence from {MAIN_LINE}.")
    begun = await _change_main_line(stage, stage.server.tenant.remove_license)
    await stage.card("New (1)", also=MAIN_LINE, since=begun)


async def _and_given_back(stage: Stage) -> None:
    await stage.scene(f"An administrator gives {MAIN_LINE} its licence back.")
    begun = await _change_main_line(stage, stage.server.tenant.assign_license)
    await stage.card("Mended (1)", also=MAIN_LINE, since=begun)


async def _a_queue_is_deleted(stage: Stage) -> None:
    menu = stage.server.tenant.voice.attendant(BERLIN_LINE).default_call_flow.menu
    assert menu is not None  # noqa: S101 - the simulated tenant's main lines have one
    key, queue_id = next(
        (option.dtmf_response, option.call_target.id)
        for option in menu.menu_options
        if option.call_target is not None and option.call_target.type == "ConfigurationEndpoint"
    )
    name = stage.server.tenant.voice.queue(queue_id).name
    await stage.scene(f"Somebody deletes the queue {name}, to which key {key[-1]} of {BERLIN_LINE} leads.")
    stage.turn_page()
    begun = time.monotonic()
    stage.server.tenant.voice.delete_queue(queue_id)
    stage.export.refresh()
    stage.say("The script that exports attendants and queues has run; the timer that looks for a new export is rung.")
    await stage.ring("voice")
    await stage.card("does not exist", also=BERLIN_LINE, since=begun)


async def _the_last_agent_leaves(stage: Stage) -> None:
    tenant = stage.server.tenant
    agent = tenant.users[tenant.voice.queue(BERLIN_QUEUE).agents[0].object_id]
    await stage.scene(f"{agent.display_name}, the last agent of {BERLIN_QUEUE}, leaves the company.")
    begun = await _change(stage, lambda: tenant.soft_delete(agent.id))
    await stage.card("Call queue", also=BERLIN_QUEUE, since=begun)


async def _a_renewal(stage: Stage) -> None:
    await stage.scene("The yearly renewal: 400 of the 500 seats are dropped.")
    stage.turn_page()
    begun = time.monotonic()
    stage.server.tenant.set_enabled_units(SEATS_SKU, SEATS_AFTER_RENEWAL)
    stage.say("Graph notifies nobody of licences: the timer that reads them every five minutes is rung now.")
    await stage.ring("licences")
    await stage.card("Free allocation fell from 85 to 45", since=begun)
    await stage.card("85 licences are owned and 45 are free of charge", since=begun)


async def _change_main_line(stage: Stage, change: Callable[[str, str], object]) -> float:
    """Change the main line's licences, and give the time of the change."""
    line = next(user for user in stage.server.tenant.users.values() if user.display_name == MAIN_LINE)
    return await _change(stage, lambda: change(line.id, RESOURCE_ACCOUNT_SKU))


async def _change(stage: Stage, change: Callable[[], object]) -> float:
    """Change the directory, wait for Graph's notification, and give the time of the change."""
    notifier = stage.server.notifier
    stage.turn_page()
    told = len(notifier.deliveries)
    begun = time.monotonic()
    change()
    while not (fresh := notifier.deliveries[told:]):
        if time.monotonic() - begun > CARD_SECONDS:
            raise StoryError("Graph's notification was not delivered")
        await asyncio.sleep(0.01)
    stage.say(f"Graph notifies the service, which answers {fresh[0].status} in {fresh[0].seconds * 1000:.0f} ms.")
    return begun
