"""Whether the directory has what a call flow refers to."""

from __future__ import annotations

from shared.model.tenant import TenantState
from shared.voice.references import Verdict


def in_directory(state: TenantState, object_id: str) -> Verdict:
    """Whether the directory has an object; what it was not asked for is not judged.

    Deletions are told of accounts that are followed, and lookups of anything that a call flow holds: the later counts.
    """
    if object_id in state.accounts:
        return "resolved"
    departed, known = state.departed.get(object_id), state.referenced.get(object_id)
    if known is None:
        return "missing" if departed is not None else "not_judged"
    if known.kind == "nobody" or (departed is not None and departed.read_at >= known.read_at):
        return "missing"
    return "resolved"
