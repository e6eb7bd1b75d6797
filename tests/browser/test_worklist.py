"""A reader's way through the worklist in a real browser; nothing is read by a worker meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.actions.case_claims import claim_first
from portal.actions.events import Actor
from tests.browser.reviewing import sign_out_in_another_tab
from tests.browser.steps import WITHIN_MS, sign_in
from tests.fixtures import rows
from tests.fixtures.installation import Installation
from tests.needs import needs_chromium

pytestmark = [needs_chromium, pytest.mark.slow]


def add_cases(web: Installation, *names: str, **facts: Any) -> None:
    with web.app.app_context():
        for name in names:
            rows.new_case(patient_ref=name, **facts)


def press(page: Page, key: str) -> None:
    """Once the page's script listens: on a busy machine it comes noticeably after the heading."""
    expect(page.locator("html[data-script]")).to_be_attached()
    page.keyboard.press(key)


def test_a_reader_goes_from_case_to_case(web: Installation, page: Page, complaints: list[str]) -> None:
    add_cases(web, "P-1", "P-2", "P-3", "P-4")
    add_cases(web, "P-now", priority="urgent")
    sign_in(page, web, "reader")
    page.get_by_role("link", name="Worklist").click()
    expect(page.locator("tbody tr").first).to_contain_text("P-now")
    page.get_by_role("button", name="Read P-2").click()
    expect(page.get_by_text("You are reading this since")).to_be_visible()

    press(page, "j")
    expect(page.get_by_role("heading", name="P-3")).to_be_visible()
    press(page, "k")
    expect(page.get_by_role("heading", name="P-2")).to_be_visible()

    review = page.locator("#review-form")
    review.get_by_label("Comment").fill("jk do not lead away while one types")
    review.get_by_label("No fracture", exact=True).check()
    expect(review.get_by_label("Agree", exact=True)).to_be_hidden()  # there is no reading to agree with
    review.get_by_role("button", name="Save and next").click()
    expect(page.get_by_role("heading", name="P-now")).to_be_visible()
    expect(page.get_by_text("Your review was saved; this is the next case.")).to_be_visible()

    page.get_by_role("link", name="Worklist").first.click()
    expect(page.locator("tbody tr")).to_have_count(4)
    page.get_by_role("button", name="Stop reading P-now").click()
    expect(page.get_by_role("button", name="Read P-now")).to_be_visible()
    assert complaints == []


def test_new_cases_come_in_without_moving_what_is_looked_at(
    web: Installation, page: Page, complaints: list[str]
) -> None:
    add_cases(web, *(f"P-{number:02}" for number in range(30)))
    sign_in(page, web, "reader")
    page.goto(f"{web.url}/worklist")
    button = page.get_by_role("button", name="Read P-20")
    button.focus()
    before = button.bounding_box()
    assert page.evaluate("window.scrollY") > 0
    add_cases(web, "P-new-1", "P-new-2", priority="urgent")
    with web.app.app_context():
        claim_first(Actor(rows.new_user("reader").id))
    expect(page.locator("tbody tr").first).to_contain_text("P-new-1", timeout=WITHIN_MS)
    expect(page.locator("tbody tr").first).to_contain_text("since")
    assert button.evaluate("element => element === document.activeElement")
    after = button.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) <= 1
    expect(page.locator("[data-line=announcement]")).to_have_text("32 cases to be read.")
    assert complaints == []


@pytest.mark.parametrize(
    ("address", "has_search"), [("/worklist", True), ("/history", True), ("/batches", False)]
)
def test_signing_out_in_another_tab_clears_the_list(
    web: Installation, page: Page, address: str, has_search: bool
) -> None:
    add_cases(web, "P-1", "P-2")
    sign_in(page, web, "reader")
    page.goto(web.url + address)
    if has_search:
        page.locator(".search__control").fill("P-")
        page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("main")).to_contain_text("P-2")
    sign_out_in_another_tab(page, web)
    expect(page.locator("main")).not_to_contain_text("P-")
    page.get_by_role("link", name="Sign in again").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_ticked_cases_are_changed_together_and_stay_ticked_meanwhile(
    web: Installation, page: Page, complaints: list[str]
) -> None:
    add_cases(web, "P-1", "P-2", "P-3")
    sign_in(page, web, "reader")
    page.goto(f"{web.url}/worklist")
    press(page, "j")
    expect(page.get_by_role("link", name="P-1")).to_be_focused()
    press(page, "x")
    press(page, "j")
    expect(page.get_by_role("link", name="P-2")).to_be_focused()
    press(page, "x")
    expect(page.get_by_text("2 ticked")).to_be_visible()

    add_cases(web, "P-new", priority="urgent")
    expect(page.locator("tbody tr").first).to_contain_text("P-new", timeout=WITHIN_MS)
    for name, is_ticked in (("P-new", False), ("P-1", True), ("P-2", True), ("P-3", False)):
        expect(page.get_by_role("checkbox", name=f"Choose {name}")).to_be_checked(checked=is_ticked)
    expect(page.get_by_role("link", name="P-2")).to_be_focused()
    everything = page.get_by_role("checkbox", name="All cases on this page")
    assert everything.evaluate("box => box.indeterminate")

    page.get_by_role("button", name="I read these").click()
    expect(page.get_by_text("2 cases claimed.")).to_be_visible()
    expect(page.get_by_role("button", name="Stop reading P-1")).to_be_visible()
    expect(page.get_by_role("button", name="Read P-3")).to_be_visible()
    expect(page.locator("html[data-script]")).to_be_attached()
    everything.check()
    expect(page.get_by_text("4 ticked")).to_be_visible()
    page.get_by_role("checkbox", name="Choose P-3").uncheck()
    expect(everything).not_to_be_checked()
    page.get_by_role("button", name="Mark urgent").click()
    expect(page.get_by_text("2 cases marked urgent. 1 case left as before: already urgent.")).to_be_visible()
    expect(page.locator("tbody tr").last).to_contain_text("P-3")
    assert complaints == []


def test_columns_and_filters_are_kept_for_the_next_visit(
    web: Installation, page: Page, complaints: list[str]
) -> None:
    add_cases(web, "P-hand", accession="A-1")
    add_cases(web, "P-hip", body_part="left hip")
    sign_in(page, web, "reader")
    page.goto(f"{web.url}/worklist")
    page.get_by_role("combobox", name="Body part").select_option("hip")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_text("Save this selection").click()
    page.get_by_label("Name of this selection").fill("Hips")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("“Hips” is saved.")).to_be_visible()

    page.get_by_role("link", name="Clear").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Accession").check()
    page.get_by_role("checkbox", name="Images").uncheck()
    page.get_by_role("button", name="Use these columns").click()
    expect(page.get_by_role("columnheader", name="Accession")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Images")).to_have_count(0)

    page.get_by_role("link", name="Hips").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("P-hip")
    page.get_by_role("button", name="Delete the saved filter Hips").click()
    expect(page.get_by_text("“Hips” is deleted.")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Accession")).to_be_visible()
    assert complaints == []


def test_without_a_script_all_and_one_are_ticked_and_sent(web: Installation, browser: Browser) -> None:
    add_cases(web, "P-1", "P-2", "P-3")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, web, "reader")
    page.goto(f"{web.url}/worklist")
    page.get_by_role("checkbox", name="Choose P-2").check()
    page.get_by_role("button", name="Mark urgent").click()
    expect(page.locator("tbody tr").first).to_contain_text("P-2")
    page.get_by_role("checkbox", name="All cases on this page").check()
    page.get_by_role("button", name="I read these").click()
    expect(page.get_by_text("3 cases claimed.")).to_be_visible()
    context.close()


def test_the_sheet_of_keys_opens_on_the_worklist(web: Installation, page: Page) -> None:
    add_cases(web, "P-1")
    sign_in(page, web, "reader")
    page.goto(f"{web.url}/worklist")
    press(page, "?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_contain_text("Choose the line that has the focus")
    press(page, "j")
    expect(page.get_by_role("link", name="P-1")).not_to_be_focused()
    page.keyboard.press("Escape")
    press(page, "j")
    expect(page.get_by_role("link", name="P-1")).to_be_focused()
