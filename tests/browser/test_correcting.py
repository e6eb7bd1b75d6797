"""A wrong patient reference is put right, while someone else corrects the same case."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.reviewing import sign_out_in_another_tab, visit
from tests.browser.steps import WITHIN_MS, sign_in
from tests.corpus.dicom_bytes import dicom
from tests.corpus.pictures import radiograph
from tests.fixtures.installation import Installation
from tests.fixtures.script import PortalScript
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

NAMED = "PID-777"
OTHER_PATIENT = "The file names another patient than the case"


@pytest.fixture
def case_id(shared_script: PortalScript) -> str:
    """Its file names NAMED; the radiographer mistyped that."""
    file = dicom(radiograph(300, 400), _00100020=NAMED)
    made = shared_script.upload({"hand.dcm": file}, patient_ref="PID-717", body_part="hand")
    shared_script.wait_for(made)
    return made


@pytest.fixture
def second(shared_portal: Installation, browser: Browser) -> Iterator[Page]:
    """An admin at another machine."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, shared_portal, "admin")
    yield page
    context.close()


def open_form(page: Page, case_url: str) -> None:
    visit(page, case_url)
    page.get_by_role("link", name="Correct the details").click()
    expect(page.get_by_role("heading", name="Correct the details")).to_be_visible()
    expect(page.locator("html[data-script]")).to_be_attached()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save the details").click()


def test_a_wrong_reference_is_put_right_and_the_file_is_compared_again(
    shared_portal: Installation, page: Page, second: Page, own_case_url: str, complaints: list[str]
) -> None:
    sign_in(page, shared_portal, "radiographer")
    visit(page, own_case_url)
    expect(page.locator(".case__result")).to_contain_text(OTHER_PATIENT)
    open_form(page, own_case_url)
    open_form(second, own_case_url)

    second.get_by_label("Body part").fill("left hand")
    save(second)
    expect(second.get_by_text("Corrected: body part.")).to_be_visible()

    reference = page.get_by_label("Patient reference")
    reference.fill(NAMED)
    reference.press("Enter")
    expect(page.get_by_label("Accession number")).to_be_focused()
    save(page)
    expect(page.get_by_text("Someone else changed these details")).to_be_visible()
    expect(reference).to_have_value(NAMED)
    expect(page.get_by_label("Body part")).to_have_value("left hand")
    save(page)

    expect(page.get_by_role("heading", name=NAMED)).to_be_visible()
    expect(page.get_by_text("The file names the patient of this case.")).to_be_visible(timeout=WITHIN_MS)
    expect(page.locator(".case__result")).not_to_contain_text("patient")
    expect(page.locator("section[aria-labelledby=corrections-title]")).to_contain_text("was “PID-717”")
    expect(page.locator(".story")).to_contain_text("Corrected: patient reference")
    assert not re.search("PID|777", page.url)
    assert [complaint for complaint in complaints if "409" not in complaint] == []

    page.goto(f"{shared_portal.url}/history")
    search = page.locator(".search__control")
    search.fill("PID-777")
    search.press("Enter")
    expect(page.locator("tbody .table__lead")).to_have_text([NAMED])


def test_signing_out_in_another_tab_clears_the_form(
    shared_portal: Installation, page: Page, own_case_url: str
) -> None:
    sign_in(page, shared_portal, "radiographer")
    open_form(page, own_case_url)
    expect(page.get_by_label("Patient reference")).to_have_value("PID-717")
    sign_out_in_another_tab(page, shared_portal)
    expect(page.locator("main input:visible")).to_have_count(0)
    page.get_by_role("link", name="Sign in again").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
