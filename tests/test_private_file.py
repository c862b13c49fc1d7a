"""Files that only their owner may read."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.host import SqliteQueueStore
from shared.private_file import make_private
from shared.state.sqlite import SqliteStore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


def keep_a_document(path: Path) -> None:
    asyncio.run(SqliteStore(path).load("tenant"))


def keep_a_queue(path: Path) -> None:
    with SqliteQueueStore(path) as store:
        store.put("work", b"a")
        # While it is open, its log and index lie beside it.
        assert {mode_of(each) for each in path.parent.iterdir()} == {mode_of(path)}


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture(params=[0o000, 0o022], ids="umask {:03o}".format)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_umask")
@pytest.mark.parametrize("keep", [keep_a_document, keep_a_queue])
def test_what_holds_names_and_numbers_is_for_its_owner_alone_whatever_the_umask(
    tmp_path: Path, keep: Callable[[Path], None]
) -> None:
    keep(tmp_path / "linekeeper.db")
    assert mode_of(tmp_path / "linekeeper.db") == 0o600


@pytest.mark.parametrize("keep", [keep_a_document, keep_a_queue])
def test_a_file_that_exists_keeps_its_mode(tmp_path: Path, keep: Callable[[Path], None]) -> None:
    path = tmp_path / "linekeeper.db"
    path.touch()
    path.chmod(0o640)
    keep(path)
    assert mode_of(path) == 0o640


def test_where_no_file_can_be_made_nothing_happens(tmp_path: Path) -> None:
    make_private(tmp_path / "no such folder" / "linekeeper.db")
    assert list(tmp_path.iterdir()) == []
