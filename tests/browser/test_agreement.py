"""Agreeing with a reading that is not there yet, has changed, or says the opposite."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal.actions.reviews import CHANGED
from tests.browser.reviewing import (
    COMMENT,
    drafts,
    expect_saved,
    form_of,
    nothing_read,
    rerun,
    save,
    visit,
    words,
    write,
)
from tests.browser.steps import WITHIN_MS, sign_in
from tests.fixtures import rows
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.script import PortalScript
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]


def test_who_saves_after_the_reading_has_changed_looks_again_and_loses_only_the_agreement(
    shared_portal: Installation, shared_script: PortalScript, case_id: str, reader: Page, own_case_url: str
) -> None:
    write(reader)
    rerun(shared_portal, case_id)
    shared_script.wait_for(case_id)
    save(reader)
    expect(reader.get_by_role("link", name=CHANGED)).to_be_visible()
    for _ in range(2):  # as the portal sends it back, and as the draft restores it
        expect(form_of(reader).get_by_label("Comment")).to_have_value(COMMENT)
        expect(form_of(reader).get_by_label("Unsure", exact=True)).to_be_checked()
        expect(form_of(reader).get_by_label("Disagree", exact=True)).not_to_be_checked()
        visit(reader, own_case_url)
    assert words(shared_portal, case_id) == []
    form_of(reader).get_by_label("Agree", exact=True).check()
    save(reader)
    expect_saved(reader)
    assert words(shared_portal, case_id) == ["unsure"]
    assert drafts(reader) == []


def test_agreement_is_asked_for_when_the_reading_comes(
    shared_portal: Installation, shared_script: PortalScript, page: Page
) -> None:
    sign_in(page, shared_portal, "reader")
    with nothing_read(shared_portal):
        case_id = shared_script.upload({"limb": limb_png(uuid.uuid4().int % 1000, 200)})
        visit(page, f"{shared_portal.url}/cases/{case_id}")
        form_of(page).get_by_label("Comment").fill(COMMENT)
        expect(form_of(page).get_by_label("Agree", exact=True)).to_be_hidden()
    form_of(page).get_by_label("Agree", exact=True).check(timeout=WITHIN_MS)
    form_of(page).get_by_label("Unsure", exact=True).check()
    save(page)
    expect_saved(page)
    assert words(shared_portal, case_id) == ["unsure"]


def test_answers_that_contradict_each_other_are_told_before_they_are_sent(
    shared_portal: Installation, page: Page
) -> None:
    with shared_portal.app.app_context():
        case_id = rows.read_case(answer=rows.finding(0.9, "fracture")).id
    sign_in(page, shared_portal, "reader")
    visit(page, f"{shared_portal.url}/cases/{case_id}")
    form, told = form_of(page), form_of(page).get_by_text("The reading says fracture")
    form.get_by_label("No fracture", exact=True).check()
    expect(told).to_be_hidden()
    form.get_by_label("Agree", exact=True).check()
    expect(told).to_be_visible()
    form.get_by_label("Unsure", exact=True).check()
    expect(told).to_be_hidden()


def test_agreement_is_taken_back_when_another_reading_comes(
    shared_portal: Installation, case_id: str, reader: Page, own_case_url: str
) -> None:
    with nothing_read(shared_portal):
        rerun(shared_portal, case_id)
        visit(reader, own_case_url)
        write(reader)
    note = form_of(reader).get_by_text("The reading has changed: look again")
    expect(note).to_be_visible(timeout=WITHIN_MS)
    expect(form_of(reader).get_by_label("Disagree", exact=True)).not_to_be_checked()
    expect(form_of(reader).get_by_label("Comment")).to_have_value(COMMENT)
    visit(reader, own_case_url)
    expect(form_of(reader).get_by_label("Comment")).to_have_value(COMMENT)
    expect(form_of(reader).get_by_label("Disagree", exact=True)).not_to_be_checked()
    form_of(reader).get_by_label("Agree", exact=True).check()
    expect(note).to_be_hidden()
    save(reader)
    expect_saved(reader)
    assert words(shared_portal, case_id) == ["unsure"]


def test_the_way_back_brings_no_agreement_with_another_reading(
    shared_portal: Installation,
    shared_script: PortalScript,
    browser: Browser,
    case_id: str,
    own_case_url: str,
) -> None:
    context: BrowserContext = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, shared_portal, "reader")
    page.goto(own_case_url)
    write(page)
    page.goto(f"{shared_portal.url}/help")
    rerun(shared_portal, case_id)
    shared_script.wait_for(case_id)
    page.go_back()
    expect(form_of(page).get_by_label("Unsure", exact=True)).to_be_checked()
    expect(form_of(page).get_by_label("Disagree", exact=True)).not_to_be_checked()
    context.close()
