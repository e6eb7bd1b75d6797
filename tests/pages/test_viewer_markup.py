"""What the case page gives the viewer to start from."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from portal.settings import PROJECT_ROOT
from tests.fixtures import rows
from tests.fixtures.people import Person


def page_of(app: Flask, person: Person) -> str:
    with app.app_context():
        case = rows.read_case()
    return person.get(f"/cases/{case.id}").text


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
    keys = [
        key for keys in re.findall(r'data-keys="([^"]+)"', page_of(app, as_reader)) for key in keys.split()
    ]
    assert len(keys) == len(set(keys)) > 20


def test_every_action_of_a_button_exists(app: Flask, as_reader: Person) -> None:
    actions = set(re.findall(r'data-action="(\w+)', page_of(app, as_reader)))
    script = (PROJECT_ROOT / "static/js/viewer/actions.js").read_text("utf-8")
    start = script.index("export const ACTIONS")
    table = script[start : script.index("};", start)]
    assert actions == set(re.findall(r"^  (\w+):", table, re.MULTILINE))
