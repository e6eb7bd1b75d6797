"""A radiographer's morning: six images come in, one is broken, and the reading starts late."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from portal.refusals import REASONS
from tests.browser.steps import WITHIN_MS, sign_in, upload
from tests.corpus.dicom_bytes import dicom
from tests.corpus.jpegs import jpeg
from tests.corpus.pictures import radiograph
from tests.corpus.pngs import png
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import forearm_png, limb_png
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

VERDICT = re.compile("fracture|doubt|no fracture|out of scope")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, list[Path]]:
    """What lies on the desk, by patient: six images, one of them cut off while it was copied."""
    folders = {
        "P-wrist": {
            "wrist.jpg": jpeg(radiograph(300, 400)),
            "wrist-16bit.png": png(radiograph(300, 400, bits=16)),
        },
        "P-hip": {"hip.dcm": dicom()},
        "P-hand": {"hand.png": limb_png(61, 448)[:300]},
        "P-forearm": {"forearm-ap.png": forearm_png(), "forearm-lateral.jpg": jpeg(radiograph(500, 800))},
        "mended": {"hand.png": limb_png(61, 448)},
    }
    return {patient: written(tmp_path / patient, contents) for patient, contents in folders.items()}


def written(folder: Path, contents: dict[str, bytes]) -> list[Path]:
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def names(part: Locator) -> Locator:
    return part.locator(".case-list__name")


def test_a_radiographers_morning(
    sqlite_portal: Installation, page: Page, complaints: list[str], files: dict[str, list[Path]]
) -> None:
    sqlite_portal.kill("inference")
    sign_in(page, sqlite_portal, "radiographer")
    upload(page, sqlite_portal, files["P-wrist"], "P-wrist", "left wrist")
    upload(page, sqlite_portal, files["P-hip"], "P-hip", "hip")
    upload(page, sqlite_portal, files["P-hand"], "P-hand")
    upload(page, sqlite_portal, files["P-forearm"], "P-forearm", "forearm", priority="Urgent")

    page.goto(sqlite_portal.url)
    waiting, trouble = (page.locator(f"section[aria-labelledby={name}]") for name in ("waiting", "trouble"))
    expect(names(waiting)).to_have_text(["P-forearm", "P-wrist", "P-hip"], timeout=WITHIN_MS)
    expect(names(trouble)).to_have_text(["P-hand"], timeout=WITHIN_MS)
    expect(trouble).to_contain_text("Refused")
    expect(trouble).to_contain_text(REASONS["truncated"])
    trouble.get_by_role("link", name="P-hand").click()
    expect(page.locator(".verdict")).to_have_text("Refused")
    expect(page.locator(".result__reason")).to_have_text(REASONS["truncated"])
    expect(page.locator(".story")).to_contain_text(f"Image 1 refused: {REASONS['truncated']}")

    page.get_by_role("link", name="Send a good file as a new case").click()
    expect(page.get_by_role("heading", name="New case")).to_be_visible()
    upload(page, sqlite_portal, files["mended"], "P-hand")
    page.goto(sqlite_portal.url)
    expect(names(waiting)).to_have_text(["P-forearm", "P-wrist", "P-hip", "P-hand"], timeout=WITHIN_MS)

    sqlite_portal.start("inference")
    expect(waiting).to_contain_text("Nothing waits.", timeout=WITHIN_MS)
    page.get_by_role("link", name="History").click()
    page.get_by_label("Sort").select_option("Urgent first")
    page.get_by_role("button", name="Apply").click()
    rows = page.locator("tbody tr")
    expect(rows.locator(".table__lead")).to_have_text(["P-forearm", "P-hand", "P-hand", "P-hip", "P-wrist"])
    results = rows.locator("td[data-label=Result]")
    expect(results).to_have_text([VERDICT, VERDICT, re.compile("Refused"), VERDICT, VERDICT])
    assert complaints == []


def test_the_broken_one_of_several_is_named_and_the_others_are_read(
    sqlite_portal: Installation, page: Page, files: dict[str, list[Path]]
) -> None:
    sign_in(page, sqlite_portal, "radiographer")
    upload(page, sqlite_portal, [*files["P-hand"], *files["P-forearm"]], "P-both")
    expect(page.locator("[data-is-done=true]").first).to_be_attached(timeout=WITHIN_MS)
    strip = page.locator(".strip__item")
    expect(strip.first).to_contain_text("Refused")
    expect(strip.nth(1).locator(".badge")).to_have_text(VERDICT)
    page.goto(f"{sqlite_portal.url}/history")
    result = page.locator("tbody td[data-label=Result]")
    expect(result).to_contain_text(VERDICT)
    expect(result).to_contain_text(f"1 of 3 images refused: {REASONS['truncated']}")
