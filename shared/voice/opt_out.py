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
    is not complete changes nothing. `before` is what this gave for the export before.
    """
    if not export.complete or export.queues is None:
        return dict(before)
    return {
        queue.id: min(before.get(queue.id, export.exported_at), export.exported_at)
        for queue in export.queues
        if nobody_opted_in(queue)
    }
