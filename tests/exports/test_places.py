"""Wherever the export lies, it is read whole, only when it has changed, and refused before it is loaded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from shared.model.errors import NotThere, SourceError

if TYPE_CHECKING:
    from tests.exports.conftest import Written

LARGEST = 16 * 1024 * 1024


async def test_what_was_written_is_what_is_read(written: Written) -> None:
    content = bytes(range(256)) * 4096
    written.write(content)
    export = await written.place(LARGEST).read("")
    assert export is not None
    assert export.content == content
    assert export.version


async def test_a_large_export_comes_in_pieces_and_is_whole(written: Written) -> None:
    content = b"".join(number.to_bytes(4, "big") for number in range(9 * 1024 * 256 + 1))
    written.write(content)
    export = await written.place(LARGEST).read("")
    assert export is not None
    assert export.content == content


async def test_an_export_that_is_known_is_not_read_again(written: Written) -> None:
    written.write(b"{}")
    place = written.place(LARGEST)
    export = await place.read("")
    assert export is not None
    assert await place.read(export.version) is None
    assert await written.place(LARGEST).read(export.version) is None


async def test_an_export_that_was_written_anew_is_another_one_even_if_it_says_the_same(written: Written) -> None:
    written.write(b'{"a": 1}')
    place = written.place(LARGEST)
    first = await place.read("")
    written.write(b'{"a": 1}')
    assert first is not None
    second = await place.read(first.version)
    assert second is not None
    assert (second.content, second.version == first.version) == (first.content, False)


async def test_the_version_of_another_place_is_not_known(written: Written) -> None:
    written.write(b"{}")
    assert await written.place(LARGEST).read("12-34-56") is not None
    assert await written.place(LARGEST).read('"0x8DBC0FFEE"') is not None


async def test_an_empty_export_is_read_as_empty(written: Written) -> None:
    written.write(b"")
    export = await written.place(LARGEST).read("")
    assert export is not None
    assert export.content == b""


async def test_an_export_that_is_not_there_is_told_by_the_setting_that_names_its_place(written: Written) -> None:
    with pytest.raises(NotThere, match="no voice export where LINEKEEPER_VOICE_EXPORT says"):
        await written.place(LARGEST).read("")


async def test_an_export_that_has_gone_is_not_taken_for_the_known_one(written: Written) -> None:
    written.write(b"{}")
    place = written.place(LARGEST)
    export = await place.read("")
    assert export is not None
    written.remove()
    with pytest.raises(NotThere):
        await place.read(export.version)


@pytest.mark.parametrize("size", [10, 11])
async def test_the_largest_that_is_read_is_read_and_one_byte_more_is_refused(written: Written, size: int) -> None:
    written.write(b"x" * size)
    place = written.place(10)
    if size == 10:
        assert await place.read("") is not None
    else:
        with pytest.raises(SourceError, match="is 11 bytes long, and at most 10 are read"):
            await place.read("")


async def test_the_loop_runs_on_while_an_export_is_read(written: Written) -> None:
    written.write(b"x" * LARGEST)
    reading = asyncio.create_task(written.place(LARGEST).read(""))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert await reading is not None
    assert turns > 10
