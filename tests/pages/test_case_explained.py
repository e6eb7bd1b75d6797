"""How the page of one case explains a verdict: the two limits, and why boxes are solid or dotted."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.db import transaction
from portal.models import Release
from tests.fixtures import rows
from tests.fixtures.people import Person
from tests.pages.answers import text_of


def judged(**metrics: object) -> None:
    """The active release, with what its card says was measured."""
    release = rows.new_release()
    with transaction() as session:
        session.get_one(Release, release.id).card = {"name": release.name, "metrics": metrics}


def test_the_limits_are_explained_by_what_was_measured(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        judged(folds=[0, 1], rule_out_sensitivity=0.943, rule_in_specificity={"value": 0.9951})
        path = f"/cases/{rows.read_case().id}"
    page = text_of(as_reader, path)
    assert "to miss few fractures: of 100 fractured images 94 reached it." in page
    assert "few false alarms: of 100 images without a fracture over 99 stayed below it." in page
    assert "had never seen these images" in page
    assert 'href="/releases/1">All figures of release-1</a>' in as_reader.get(path).text


def test_images_are_called_unseen_only_where_the_card_says_so(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        judged(fold="some of them", rule_out_sensitivity=0.943, rule_in_specificity=0.951)
        path = f"/cases/{rows.read_case().id}"
    page = text_of(as_reader, path)
    assert "of 100 fractured images 94 reached it." in page
    assert "never seen" not in page


@pytest.mark.parametrize("metrics", [{}, {"rule_out_sensitivity": 0.943}, {"rule_in_specificity": 95}])
def test_no_figure_is_made_up_for_a_limit_that_was_not_measured(
    app: Flask, as_reader: Person, metrics: dict[str, float]
) -> None:
    with app.app_context():
        judged(**metrics)
        path = f"/cases/{rows.read_case().id}"
    page = text_of(as_reader, path)
    assert "How well they do so, the card of release-1 does not say." in page
    assert "of 100" not in page


@pytest.mark.parametrize(
    ("verdict", "kind", "score", "words"),
    [
        ("fracture", "solid", 0.6, "Solid: the verdict is fracture , and each place passed"),
        ("fracture", "dotted", 0.4, "Dotted: no place passed the threshold for boxes; this"),
        ("doubt", "dotted", 0.6, "Dotted: the verdict is doubt ."),
        ("doubt", "dotted", 0.4, "Dotted: no place passed the threshold for boxes; this"),
    ],
)
def test_the_page_says_why_boxes_are_solid_or_dotted(
    app: Flask, as_reader: Person, verdict: str, kind: str, score: float, words: str
) -> None:
    box = {"x": 10, "y": 20, "width": 30, "height": 40, "score": score, "kind": kind}
    with app.app_context():
        release = rows.new_release()
        with transaction() as session:
            session.get_one(Release, release.id).card = {"name": release.name, "box_threshold": 0.5}
        path = f"/cases/{rows.read_case(answer=rows.finding(0.5, verdict, boxes=[box])).id}"
    page = text_of(as_reader, path)
    assert words in page
    legend = "Solid boxes: the verdict is fracture. Dotted: it is doubt"
    assert legend in page
    rest = page.replace(legend, "")
    assert rest.count("Dotted:") + rest.count("Solid:") == 1


def test_an_image_without_boxes_explains_none(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        path = f"/cases/{rows.read_case(answer=rows.finding(0.05, 'no fracture')).id}"
    page = text_of(as_reader, path)
    assert "No place is marked." in page
    assert "Solid" not in page
    assert "Dotted" not in page
