"""The page of releases says what the cards say, and nothing else."""

from __future__ import annotations

from flask import Flask

from portal.db import transaction
from portal.models import Release
from tests.fixtures import rows
from tests.fixtures.people import Person


def test_figures_of_the_card_are_shown_and_missing_ones_are_not_made_up(
    app: Flask, as_radiographer: Person
) -> None:
    card = {
        "name": "full", "architecture": "mobilenet", "metrics": {"fold": 4, "auroc": 0.9123},
        "operating_points": {"rule_out": 0.2, "rule_in": 0.7}, "body_parts": ["hand", "leg"],
        "training_data": {"name": "FracAtlas"},
    }  # fmt: skip
    with app.app_context(), transaction() as session:
        session.add(Release(name="full", weights_sha256="f" * 64, card=card, state="active"))
    page = as_radiographer.get("/releases").text
    for words in ("AUROC", "0.912", "fold 4", "FracAtlas", "hand, leg", "no fracture below 20 %"):
        assert words in page
    assert "Sensitivity" not in page


def test_an_empty_card_says_that_nothing_was_judged(app: Flask, as_radiographer: Person) -> None:
    with app.app_context():
        rows.new_release()
    assert "nothing that its card states" in as_radiographer.get("/releases").text


def test_without_a_release_the_page_says_so(as_radiographer: Person) -> None:
    assert "nothing can be read" in as_radiographer.get("/releases").text
