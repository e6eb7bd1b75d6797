"""The main pages in a real browser: upload, result, history, re-run. Screenshots go to `artefacts/`."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.actions.releases import publish
from portal.settings import PROJECT_ROOT
from tests.browser.steps import WITHIN_MS, sign_in, upload, written
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import forearm_png, limb_png
from tests.needs import needs_chromium, needs_redis
from worker.vision.tiny import write_tiny_release

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

SHOTS = PROJECT_ROOT / "artefacts" / "screenshots"
PAGES = (
    "/", "/worklist", "/cases/new", "/history", "/batches", "/releases", "/users", "/events", "/help",
    "/account",
)  # fmt: skip


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def test_upload_result_history_and_rerun(
    sqlite_portal: Installation, page: Page, complaints: list[str], tmp_path: Path
) -> None:
    sign_in(page, sqlite_portal, "admin")
    shot(page, "dashboard")
    files = written(tmp_path, hand=limb_png(60, 400), wrist=limb_png(61, 400), broken=limb_png(3)[:300])
    case = upload(page, sqlite_portal, files, "P-2026-17")
    expect(page.get_by_text("Release").first).to_be_visible(timeout=WITHIN_MS)
    expect(page.locator("[data-is-done=true]").first).to_be_attached(timeout=WITHIN_MS)
    expect(page.locator(".viewer__image")).to_be_visible()
    shot(page, "case")

    page.goto(f"{sqlite_portal.url}/history")
    page.get_by_label("Patient reference or accession number").fill("p-2026")
    page.get_by_role("button", name="Search").click()
    assert "p-2026" not in page.url.lower(), "a patient reference never stands in a URL"
    expect(page.get_by_role("link", name="P-2026-17").first).to_be_visible()
    shot(page, "history")

    made = write_tiny_release(tmp_path / "second", name="second", seed=5)
    with sqlite_portal.app.app_context():
        publish(made, sqlite_portal.settings.releases_dir)
    page.goto(f"{sqlite_portal.url}/batches")
    page.locator("tbody a").first.click()
    page.get_by_text("Re-run this batch").click()
    page.get_by_label("Release").select_option(label="second")
    page.get_by_label("Reason").fill("A newer model")
    page.get_by_role("button", name="Re-run").click()
    expect(page.locator("[data-is-done=true]").first).to_be_attached(timeout=WITHIN_MS)
    shot(page, "batch")

    page.goto(case)
    rows = page.locator("table tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("second")
    expect(rows.last).to_contain_text("tiny")
    assert complaints == []


def test_reader_reviews_a_case(
    sqlite_portal: Installation, page: Page, complaints: list[str], tmp_path: Path
) -> None:
    sign_in(page, sqlite_portal, "reader")
    upload(page, sqlite_portal, written(tmp_path, hand=limb_png(99, 400)), "P-1")
    expect(page.locator("[data-is-done=true]").first).to_be_attached(timeout=WITHIN_MS)
    review = page.locator("#review-form")
    review.get_by_label("Fracture", exact=True).check()
    review.get_by_label("Disagree").check()
    review.get_by_label("Comment").fill("Buckle of the distal radius")
    review.get_by_role("button", name="Save review").click()
    expect(page.locator(".reviews__comment")).to_have_text("Buckle of the distal radius")
    shot(page, "reviewed")
    assert complaints == []


def test_pages_work_without_javascript(sqlite_portal: Installation, browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, sqlite_portal, "radiographer")
    upload(page, sqlite_portal, written(tmp_path, hand=limb_png(7, 400)), "P-1")
    for _ in range(60):
        if page.locator("[data-is-done=true]").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator(".viewer__image")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_pages_of_each_scheme_are_kept_as_pictures(
    sqlite_portal: Installation, browser: Browser, tmp_path: Path, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{sqlite_portal.url}/login")
    shot(page, f"{scheme}-login")
    sign_in(page, sqlite_portal, "admin")
    files = written(tmp_path, forearm=forearm_png(), wrist=limb_png(61, 448), broken=b"not an image")
    upload(page, sqlite_portal, files, "P-1")
    expect(page.locator("[data-is-done=true]").first).to_be_attached(timeout=WITHIN_MS)
    shot(page, f"{scheme}-case")
    for address in PAGES:
        answer = page.goto(sqlite_portal.url + address)
        assert answer is not None
        assert answer.ok, address
        shot(page, f"{scheme}-{address.strip('/').replace('/', '-') or 'dashboard'}")
    context.close()
