"""A newer model in the browser: published, made active, and refused when it is not what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import WITHIN_MS, sign_in, upload, written
from tests.browser.test_walk import shot
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.needs import needs_chromium, needs_redis
from worker.vision.card import ReleaseCard, file_sha256
from worker.vision.tiny import write_tiny_release

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]


def publish(page: Page, portal: Installation, files: list[Path]) -> None:
    page.goto(f"{portal.url}/releases/new")
    page.set_input_files("input[type=file]", files)
    page.get_by_role("button", name="Publish").click()


def make_active(page: Page) -> None:
    page.get_by_text("Make it active…").click()
    page.get_by_role("button", name="Yes, make it active").click()
    expect(page.get_by_role("status")).to_contain_text("This release is active")


def failing_its_self_test(folder: Path) -> Path:
    """A release whose files are those of its card, but whose network answers otherwise than it once did."""
    made, other = write_tiny_release(folder / "bad", "bad"), write_tiny_release(folder / "other", seed=9)
    (made / "golden.npz").write_bytes((other / "golden.npz").read_bytes())
    card = ReleaseCard.read(made)
    golden = {"golden.npz": file_sha256(made / "golden.npz")}
    replace(card, checksums={**card.checksums, **golden}).write(made)
    return made


def test_published_release_reads_new_cases_once_it_is_active(
    sqlite_portal: Installation, page: Page, tmp_path: Path
) -> None:
    sign_in(page, sqlite_portal, "admin")
    made = sorted(write_tiny_release(tmp_path / "made", "second", seed=5).iterdir())
    publish(page, sqlite_portal, made[:3])
    expect(page.get_by_role("alert")).to_contain_text("weights.safetensors is missing")
    shot(page, "release-refused")
    publish(page, sqlite_portal, made)
    page.wait_for_url(re.compile(r"/releases/\d+$"), timeout=WITHIN_MS)
    expect(page.get_by_role("status")).to_contain_text("“second” is published.")
    make_active(page)
    shot(page, "release")
    case = upload(page, sqlite_portal, written(tmp_path, chest=limb_png(60, 400)), "P-1", "chest")
    expect(page.locator("[data-is-done=true]").first).to_be_attached(timeout=WITHIN_MS)
    expect(page.get_by_role("link", name="second")).to_be_visible()
    expect(page.get_by_text("a reading of “chest” is outside that.")).to_be_visible()
    shot(page, "case-caution")
    assert case == page.url


def test_release_that_fails_its_self_test_reads_nothing_and_says_so(
    sqlite_portal: Installation, page: Page, tmp_path: Path
) -> None:
    sign_in(page, sqlite_portal, "admin")
    publish(page, sqlite_portal, sorted(failing_its_self_test(tmp_path).iterdir()))
    page.wait_for_url(re.compile(r"/releases/\d+$"), timeout=WITHIN_MS)
    release = page.url
    make_active(page)
    case = upload(page, sqlite_portal, written(tmp_path, hand=limb_png(60, 400)), "P-1")
    told = page.get_by_text("A worker refuses this release")
    for _ in range(30):
        page.goto(release)
        if told.is_visible():
            break
        page.wait_for_timeout(1000)
    expect(told).to_contain_text("the self-test failed")
    shot(page, "release-trouble")
    page.goto(case)
    expect(page.locator("[data-is-done=true]")).to_have_count(0)
    expect(page.locator(".verdict")).to_contain_text("Waiting")
