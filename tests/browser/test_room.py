"""Nothing runs out of its place: every page at 1024 px and on a phone, full of long words."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from portal.actions.batches import rerun_selection
from portal.actions.events import Actor
from portal.db import db
from portal.models import Case, Release, User
from tests.browser.steps import save_review, sign_in
from tests.browser.viewing import open_image
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.running import PASSWORD
from tests.fixtures.script import PortalScript
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

PAGES = (
    "/", "/worklist", "/cases/new", "/history", "/history/rerun", "/batches", "/releases", "/releases/1",
    "/releases/new", "/users", "/events", "/help", "/account",
)  # fmt: skip
LONG = {
    "patient_ref": "HOSPITAL-NORTH-PAEDIATRIC-TRAUMA-2026-000000417",
    "accession": "ACC2026" + "0" * 57,
    "body_part": "left distal radius and ulna, with carpus",
    "priority": "urgent",
    "notes": "Transferred from another site. " * 8 + "n" * 120,
}
OUT_OF_PLACE = """() => {
  const found = [], root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} px wide`);
  for (const panel of document.querySelectorAll('.panel, .viewer__tools, .case__head')) {
    const right = panel.getBoundingClientRect().right + 1;
    const scrolls = panel.matches('.viewer__tools') && root.clientWidth < 641;
    for (const part of panel.querySelectorAll('*')) {
      if (scrolls || part.closest('.visually-hidden, svg, option, dialog')) continue;
      if (part.getBoundingClientRect().right > right) found.push(part.outerHTML.slice(0, 120));
    }
  }
  return found.slice(0, 5);
}"""


@pytest.fixture(scope="module")
def case_url(shared_portal: Installation, shared_script: PortalScript) -> str:
    """All that is long: reference, notes, file name, a word of a comment; a refusal, a claim."""
    name = "IMG_20261120_101512_forearm_left_second_attempt_of_the_morning.png"
    files = {"hand.png": limb_png(99, 400), "wrist.png": limb_png(61, 448), name: limb_png(3)[:300]}
    case_id = shared_script.upload(files, **LONG)
    shared_script.wait_for(case_id)
    save_review(shared_portal, "reader", case_id, asks_second="y", comment="A long word: " + "o" * 90)
    claim(shared_portal, case_id)
    return f"{shared_portal.url}/cases/{case_id}"


def claim(portal: Installation, case_id: str) -> None:
    script = PortalScript(portal.url, "admin", PASSWORD)
    script.sign_in()
    token = {"csrf_token": script.token(f"/cases/{case_id}")}
    assert script.http.post(f"{portal.url}/cases/{case_id}/claim", data=token, timeout=20).ok


PARTS = [".case__head", ".strip", ".viewer", ".case__result", ".case__review", ".case__more"]


def test_where_there_is_one_column_one_goes_down_it_by_tab(
    shared_portal: Installation, case_url: str, browser: Browser
) -> None:
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    sign_in(page, shared_portal, "admin")
    open_image(page, case_url)
    in_order = f"[...document.querySelectorAll('{', '.join(PARTS)}')]"
    places = page.evaluate(f"{in_order}.map((part) => [part.className, part.getBoundingClientRect().top])")
    assert [name.split()[-1] for name, _ in places] == [part[1:] for part in PARTS]
    assert places == sorted(places, key=lambda place: place[1])


@pytest.mark.parametrize("width_px", [1024, 1600])
def test_where_there_are_two_columns_the_review_follows_the_result_at_once(
    shared_portal: Installation, case_url: str, browser: Browser, width_px: int
) -> None:
    page = wide(browser, shared_portal, width_px)
    open_image(page, case_url)
    images, result, review, more = (
        page.locator(name).bounding_box() for name in (".case__images", *PARTS[3:])
    )
    assert images
    assert result
    assert review
    assert more
    assert images["y"] == result["y"]
    assert images["x"] == more["x"] < result["x"] == review["x"]
    assert 0 < review["y"] - result["y"] - result["height"] < 20
    assert 0 < more["y"] - max(part["y"] + part["height"] for part in (images, result)) < 40


@pytest.mark.parametrize("address", ["/users", "/events"])
def test_on_a_phone_the_menu_shows_where_one_is(
    shared_portal: Installation, browser: Browser, address: str
) -> None:
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    sign_in(page, shared_portal, "admin")
    page.goto(f"{shared_portal.url}{address}")
    expect(page.locator(".topbar__link[aria-current]")).to_be_in_viewport(ratio=1)


def wide(browser: Browser, portal: Installation, width_px: int) -> Page:
    page = browser.new_context(viewport={"width": width_px, "height": 768}).new_page()
    sign_in(page, portal, "admin")
    return page


def out_of_place(page: Page, addresses: Sequence[str]) -> dict[str, list[str]]:
    found = {}
    for address in addresses:
        page.goto(address)
        page.locator("details").evaluate_all("parts => parts.forEach((part) => { part.open = true; })")
        if wrong := page.evaluate(OUT_OF_PLACE):
            found[address] = wrong
    return found


def test_every_page_fits_on_a_small_screen(
    shared_portal: Installation, case_url: str, browser: Browser
) -> None:
    page = wide(browser, shared_portal, 1024)
    addresses = [shared_portal.url + address for address in PAGES]
    assert out_of_place(page, [*addresses, case_url, f"{case_url}?image=3"]) == {}
    open_image(page, case_url)
    rows = {round(tool.bounding_box()["y"]) for tool in page.locator(".tool:visible").all()}  # type: ignore[index]
    assert len(rows) == 2, "the tools take two rows, so that the image has room"
    page.context.close()


def test_every_page_fits_on_a_phone(shared_portal: Installation, case_url: str, browser: Browser) -> None:
    batch_id = rerun(shared_portal, case_url, reason="r" * 200)
    page = wide(browser, shared_portal, 390)
    pages = [shared_portal.url + address for address in (*PAGES, f"/batches/{batch_id}")]
    of_case = [case_url + part for part in ("", "?image=3", "/correct", "/withdraw")]
    assert out_of_place(page, [*pages, *of_case]) == {}
    page.context.close()


def rerun(portal: Installation, case_url: str, reason: str) -> uuid.UUID:
    with portal.app.app_context():
        release_id = db.session.scalars(select(Release.id)).one()
        admin_id = db.session.scalars(select(User.id).where(User.role == "admin")).one()
        case = select(Case.id).where(Case.id == uuid.UUID(case_url[-36:]))
        return rerun_selection(case, case_url, release_id, reason, Actor(admin_id)).id
