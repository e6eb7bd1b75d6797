"""What the case page gives the viewer to start from."""

from __future__ import annotations

import re

import flask
import pytest
from flask import Flask

from portal.queries.cases import read_case
from portal.settings import PROJECT_ROOT
from tests.fixtures import rows
from tests.fixtures.people import Person


def page_of(app: Flask, person: Person, images_count: int = 1) -> str:
    with app.app_context():
        case_id = rows.ready_case(images_count).id
        rows.read_all()
    return person.get(f"/cases/{case_id}").text


def part_of(page: str, start: str, end: str) -> str:
    return page.split(start, 1)[1].split(end, 1)[0]


def test_the_page_asks_for_each_module_of_the_viewer_at_once(app: Flask, as_reader: Person) -> None:
    asked = re.findall(r'rel="modulepreload" href="/static/js/viewer/(\w+)\.js"', page_of(app, as_reader))
    there = {path.stem for path in (PROJECT_ROOT / "static/js/viewer").glob("*.js")}
    assert sorted(asked) == sorted(there)


def test_size_bits_and_window_are_told_with_the_address_of_the_pixels(app: Flask, as_reader: Person) -> None:
    page = page_of(app, as_reader)
    assert re.search(r'data-pixels="/images/[0-9a-f-]{36}/pixels"', page)
    assert 'data-width="300" data-height="400" data-bits="8" data-low="0.0" data-high="255.0"' in page
    assert "data-spacing" not in page


@pytest.mark.parametrize(("tag", "told"), [("PixelSpacing", "object"), ("ImagerPixelSpacing", "detector")])
def test_the_spacing_is_told_with_where_it_holds(
    app: Flask, as_reader: Person, monkeypatch: pytest.MonkeyPatch, tag: str, told: str
) -> None:
    monkeypatch.setitem(rows.DECODED, "tags", {tag: "0.2\\0.1"})
    page = page_of(app, as_reader)
    assert f'data-spacing-x="0.1" data-spacing-y="0.2" data-spacing-at="{told}"' in page


def test_each_key_presses_one_button_only(app: Flask, as_reader: Person) -> None:
    page = page_of(app, as_reader, images_count=4)
    keys = [key for keys in re.findall(r'data-keys="([^"]+)"', page) for key in keys.split()]
    assert len(keys) == len(set(keys)) > 30


def test_every_action_of_a_button_exists(app: Flask, as_reader: Person) -> None:
    actions = set(re.findall(r'data-action="(\w+)', page_of(app, as_reader, images_count=4)))
    script = (PROJECT_ROOT / "static/js/viewer/actions.js").read_text("utf-8")
    start = script.index("export const ACTIONS")
    table = script[start : script.index("};", start)]
    assert actions == set(re.findall(r"^  (\w+):", table, re.MULTILINE))


@pytest.mark.parametrize(("images_count", "layouts"), [(1, []), (2, ["1", "2"]), (4, ["1", "2", "4"])])
def test_as_many_places_are_offered_as_the_case_fills(
    app: Flask, as_reader: Person, images_count: int, layouts: list[str]
) -> None:
    page = page_of(app, as_reader, images_count)
    assert re.findall(r'data-action="layout:(\d)"', page) == layouts
    assert re.findall(r'<template data-image="(\d)"', page) == [str(n) for n in range(2, images_count + 1)]


def test_the_overlay_is_off_and_the_result_says_how_much_is_in_it(app: Flask, as_reader: Person) -> None:
    box = {"x": 10, "y": 20, "width": 30, "height": 40, "score": 0.8, "kind": "solid"}
    with app.app_context():
        case = rows.read_case(answer=rows.finding(0.9, "fracture", boxes=[box, box]))
    page = as_reader.get(f"/cases/{case.id}").text
    switch = part_of(page, 'data-toggle="overlay"', ">")
    assert "checked" not in switch
    assert "2 places are marked." in part_of(page, 'id="result-title"', "</section>")
    assert 'data-behaviour="show-overlay"' in part_of(page, 'id="result-title"', "</section>")


def test_only_who_reviews_gets_the_drawing_tool(
    app: Flask, as_reader: Person, as_radiographer: Person
) -> None:
    assert 'data-action="mode:region"' in page_of(app, as_reader)
    assert 'data-action="mode:region"' not in page_of(app, as_radiographer)


def test_marks_of_reviews_lie_on_their_image(app: Flask) -> None:
    marks = [{"image": 2, "x": 10, "y": 20, "width": 30, "height": 40, "by": "eva"}]
    with app.app_context(), app.test_request_context():
        case = rows.ready_case(2)
        rows.read_all()
        first, second = read_case(case.id).images
        scene = flask.get_template_attribute("components/viewer.html", "scene")
        assert 'class="viewer__mark" x="10" y="20" width="30" height="40"' in scene(second, marks)
        assert "viewer__mark" not in scene(first, marks).replace("viewer__marks", "")
