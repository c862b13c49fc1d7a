"""The page of pictures shows each card that is drawn, and says in words what it shows."""

from __future__ import annotations

import re
from pathlib import Path

from tools.picture import SHOTS
from tools.sample_cards import SAMPLES

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURE = re.compile(r'<img src="cards/([a-z-]+)\.png" width="([0-9]+)" alt="([^"]*)">')


def test_the_page_shows_each_picture_once_in_its_width_and_in_words() -> None:
    shown = PICTURE.findall((DOCS / "cards.md").read_text())
    assert {name: int(width) for name, width, _ in shown} == {name: shot.width for name, shot in SHOTS.items()}
    assert len(shown) == len(SHOTS)
    assert not [name for name, _, said in shown if len(said) < 20]


def test_every_picture_is_there_and_no_other() -> None:
    assert {each.stem for each in (DOCS / "cards").iterdir()} == set(SHOTS)


def test_only_samples_are_drawn() -> None:
    assert {shot.sample for shot in SHOTS.values()} <= set(SAMPLES)
