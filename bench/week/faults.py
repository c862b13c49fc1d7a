"""What goes wrong with an instance: it dies at a certain point of its work, hangs, or is overtaken when it saves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, get_args

import httpx

from bench.week.tenant import TENANT
from shared.delivery.sender import Delivered, Result
from shared.delivery.workflows import WorkflowsWebhook
from shared.model.alert import Message
from shared.model.secret import Secret
from shared.model.tenant import TenantState
from shared.monitor.deliver import CLAIM
from shared.state.store import ATTEMPTS, Loaded

if TYPE_CHECKING:
    from bench.week.channels import Channel
    from bench.week.service import Instance

Fault = Literal[
    "load", "before save", "after save", "before post", "after post", "slow post", "between", "conflict", "conflicts"
]
FAULTS: tuple[Fault, ...] = get_args(Fault)


class Died(BaseException):
    """A process ended in the middle of its work: nobody catches that."""


class Line:
    """An instance's way to a channel: a real sender of cards, and a transport that ends at the channel."""

    def __init__(self, instance: Instance, channel: Channel) -> None:
        self._instance = instance
        self._channel = channel
        self._taken = False
        self._size = 0
        url = Secret(f"https://{channel.name}.example/workflows/1?sig=none")
        self._webhook = WorkflowsWebhook(url, httpx.AsyncClient(transport=httpx.MockTransport(self._answer)))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self._size = len(request.content)
        answer, self._taken = await self._channel.answer(request)
        return answer

    async def send(self, message: Message, receipt: str = "") -> Result:
        """Post, unless the process dies before or right after it."""
        instance, cast, name = self._instance, self._instance.cast, self._channel.name
        instance.live()
        if instance.spends("before post"):
            instance.die()
        state = (await cast.store.load(TENANT)).state
        self._taken, self._size = False, 0
        if instance.spends("slow post"):
            await self._hang(message, state)
        result = await self._webhook.send(message, receipt)
        now = cast.clock.now
        if isinstance(result, Delivered) != self._taken:
            cast.witness.record.breaks(now, f"an answer misread: {name} {result}")
        post = cast.witness.posted(name, message, state, self._size, now) if self._size else None
        if not self._taken:
            cast.witness.rejected(name, now)
        elif post is not None:
            instance.holds[name] = post
            cast.witness.accepted(post, now)
            if instance.dead:
                cast.witness.in_flight(post)
            if instance.spends("after post"):
                instance.die()
        return result

    async def _hang(self, message: Message, state: TenantState) -> None:
        """Hang for longer than a claim lasts, so that another instance takes over: as if it had died, and came back."""
        instance, cast = self._instance, self._instance.cast
        instance.fault = None
        cast.witness.record.counts["crashes"] += 1
        cast.witness.record.counts["crashes: hung while posting"] += 1
        post = cast.witness.posts.posted(self._channel.name, message, state, cast.clock.now)
        if post is not None:
            cast.witness.in_flight(post)
        cast.clock.pass_by(CLAIM.total_seconds() + 1)
        for _ in range(200):
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Let go of the sender."""
        await self._webhook.close()


class Disk:
    """An instance's way to the common store."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._store = instance.cast.store

    async def load(self, tenant: str) -> Loaded:
        """Load, unless the process dies of it."""
        self._instance.live()
        if self._instance.spends("load"):
            self._instance.die()
        loaded = await self._store.load(tenant)
        if self._instance.cast.chance.random() < 0.2:  # noqa: PLR2004 - often enough for two to cross
            await asyncio.sleep(0)
        return loaded

    async def save(self, state: TenantState, version: str) -> bool:
        """Save, unless the process dies before or after it, or somebody else has saved in between."""
        instance = self._instance
        instance.live()
        if instance.spends("before save"):
            instance.die()
        if instance.spends("conflict", "conflicts"):
            await self._somebody_else_saves(instance)
        if not await self._store.save(state, version):
            instance.cast.witness.record.counts["saves that conflicted"] += 1
            return False
        instance.cast.saved(instance, state)
        if instance.spends("after save"):
            instance.die()
        return True

    async def _somebody_else_saves(self, instance: Instance) -> None:
        loaded = await self._store.load(TENANT)
        await self._store.save(loaded.state, loaded.version)
        if instance.fault == "conflict" or instance.cast.conflicts >= ATTEMPTS - 1:
            instance.fault, instance.cast.conflicts = None, 0
        else:
            instance.cast.conflicts += 1
