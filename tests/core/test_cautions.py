"""Which readings come with a caution because of the part of the body."""

from __future__ import annotations

from typing import Any

import pytest

from portal.queries.body_parts import parts_named
from portal.queries.cautions import LEAST_FRACTURED, cautions

CARD: dict[str, Any] = {
    "body_parts": ["hand", "wrist", "leg", "hip", "shoulder"],
    "training_data": {"name": "FracAtlas"},
}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("hand", ("hand",)),
        ("Left HAND, 2 views", ("hand",)),
        ("HAND\\WRIST", ("hand", "wrist")),
        ("both feet", ("foot",)),
        ("lower leg", ("leg",)),
        ("TIBIA", ("leg",)),
        ("upper arm r.", ("upper arm",)),
        ("LSPINE", ("spine",)),
        ("EXTREMITY", ()),
        ("left", ()),
        ("Handgelenk", ("Handgelenk",)),
    ],
)
def test_body_parts_are_found_in_what_people_and_machines_write(text: str, parts: tuple[str, ...]) -> None:
    assert parts_named(text) == parts


@pytest.mark.parametrize("text", ["hand", "Wrist", "left leg", "finger", "", "EXTREMITY"])
def test_no_caution_for_a_part_that_is_covered_or_not_named(text: str) -> None:
    assert cautions(CARD, [text, ""]) == ()


@pytest.mark.parametrize("text", ["chest", "CHEST", "knee", "Handgelenk"])
def test_part_outside_the_training_is_told_with_what_was_trained(text: str) -> None:
    (sentence,) = cautions(CARD, [text])
    assert sentence.startswith("This release was trained on hand, wrist, leg, hip and shoulder;")
    assert f"“{text if text == 'Handgelenk' else text.lower()}” is outside that" in sentence


@pytest.mark.parametrize("part", ["hip", "shoulder"])
def test_part_with_too_few_fractures_is_read_with_a_caution(part: str) -> None:
    (sentence,) = cautions(CARD, [f"left {part}"])
    assert f"“{part}” is not known" in sentence


@pytest.mark.parametrize("data", [{}, {"name": "not stated"}, {"name": ["FracAtlas", "ours"]}])
def test_nothing_is_said_of_how_many_fractures_unknown_data_holds(data: dict[str, Any]) -> None:
    assert cautions(CARD | {"training_data": data}, ["hip"]) == ()


@pytest.mark.parametrize(
    ("part", "fractured", "is_warned"),
    [
        ("hip", LEAST_FRACTURED, False),
        ("hip", LEAST_FRACTURED - 1, True),
        ("leg", LEAST_FRACTURED - 1, True),
        ("leg", None, False),
        ("hip", None, True),
    ],
)
def test_count_on_the_card_decides_where_there_is_one(
    part: str, fractured: int | None, is_warned: bool
) -> None:
    card = CARD | {"metrics": {"body_parts": {part: {"images": 900, "fractured": fractured}}}}
    assert bool(cautions(card, [part])) == is_warned


def test_form_and_file_are_both_asked_and_nothing_is_said_twice() -> None:
    assert len(cautions(CARD, ["skull", "SKULL"])) == 1
    assert len(cautions(CARD, ["hand", "CHEST"])) == 1
    assert len(cautions(CARD, ["hip", "CHEST"])) == 2


@pytest.mark.parametrize(
    "card",
    [{}, {"body_parts": None}, {"body_parts": "hand", "metrics": [1]}, {"metrics": {"body_parts": [1]}}],
)
def test_card_without_usable_entries_claims_nothing_about_training(card: dict[str, Any]) -> None:
    assert cautions(card, ["chest"]) == ()
