"""Nothing runs out of its place: every page at 1024 px, upload and case on a phone, full of long words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from playwright.sync_api import Browser, Page

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
    "accession": "ACC-2026-11-20-000000000417-B",
    "body_part": "left distal radius and ulna, with carpus",
    "priority": "urgent",
    "notes": "Transferred from another site. " * 8,
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


def test_upload_and_case_fit_on_a_phone(shared_portal: Installation, case_url: str, browser: Browser) -> None:
    page = wide(browser, shared_portal, 390)
    addresses = [f"{shared_portal.url}/cases/new", case_url, f"{case_url}?image=3"]
    assert out_of_place(page, addresses) == {}
    page.context.close()
