"""Since when nobody takes a queue's calls: what each export tells of its agents, remembered from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.model.voice import CallQueue, VoiceExport


def nobody_opted_in(queue: CallQueue) -> bool:
    """Whether a queue has agents, and it is known of every one that they have opted out."""
    told = {agent.id for agent in queue.agents}
    return bool(told) and told.issuperset(queue.users) and all(agent.opted_in is False for agent in queue.agents)


def opted_out_since(before: Mapping[str, datetime], export: VoiceExport) -> dict[str, datetime]:
    """Which export first told of each queue that nobody is opted in, by the queue's id, once `export` was read too.

    A queue with somebody opted in, or of whom that is not known, is forgotten, as is one that is gone. An export that
    is not complete adds no queue: of those known it only tells in which of them somebody is opted in, and these are
    forgotten. `export` is the one that was read, or what is known after it; `before` is what this gave for the export
    before.
    """
    if not export.complete or export.queues is None:
        back = {queue.id for queue in export.queues or () if any(agent.opted_in for agent in queue.agents)}
        return {queue_id: since for queue_id, since in before.items() if queue_id not in back}
    return {
        queue.id: min(before.get(queue.id, export.exported_at), export.exported_at)
        for queue in export.queues
        if nobody_opted_in(queue)
    }
