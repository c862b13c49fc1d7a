"""What the log says once everything has been read."""

from __future__ import annotations

import pytest

from shared.monitor.baseline import in_words


@pytest.mark.parametrize(
    ("accounts", "findings", "said"),
    [
        (90, 6, "90 accounts are followed, 6 findings hold"),
        (1, 1, "1 account is followed, 1 finding holds"),
        (0, 0, "0 accounts are followed, 0 findings hold"),
    ],
)
def test_one_is_spoken_of_as_one(accounts: int, findings: int, said: str) -> None:
    assert in_words(accounts, findings) == said
