"""What goes wrong while a review is saved: nothing is lost, and nothing is doubled."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal.db import db
from portal.models import Case
from tests.browser.reviewing import (
    COMMENT,
    MARK,
    RESTORED,
    come_back,
    drafts,
    end_sessions,
    expect_saved,
    expect_written,
    form_of,
    mark,
    save,
    sign_in_here,
    visit,
    words,
    write,
)
from tests.browser.steps import save_review, sign_in
from tests.fixtures.installation import Installation
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]


@pytest.fixture
def second(shared_portal: Installation, browser: Browser, own_case_url: str) -> Iterator[Page]:
    """Someone else at another machine."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, shared_portal, "admin")
    visit(page, own_case_url)
    yield page
    context.close()


def test_two_readers_who_save_at_the_same_moment_are_both_kept(
    shared_portal: Installation, case_id: str, own_case_url: str, reader: Page, second: Page
) -> None:
    write(reader, "Fracture", "I see one.")
    write(second, "No fracture", "I see none.")
    for page in (reader, second):
        page.evaluate(
            "setTimeout(() => document.querySelector('#review-form .button--primary').click(), 400)"
        )
    for page in (reader, second):
        expect_saved(page)
        visit(page, own_case_url)
        expect(page.get_by_text("A third reader decides")).to_be_visible()
        expect(page.locator(".reviews__item")).to_have_count(2)
    assert sorted(words(shared_portal, case_id)) == ["no", "yes"]


def test_a_session_that_ends_while_one_writes_costs_nothing(
    shared_portal: Installation, case_id: str, reader: Page
) -> None:
    write(reader)
    mark(reader)
    end_sessions(shared_portal)
    save(reader)
    expect(reader.get_by_label("What you had written")).to_have_value(COMMENT)
    assert words(shared_portal, case_id) == []
    reader.get_by_role("link", name="Sign in and go back to the case").click()
    sign_in_here(reader)
    reader.wait_for_url(re.compile(case_id))
    expect(reader.get_by_text(RESTORED)).to_be_visible()
    expect_written(reader)
    expect(reader.locator("[data-regions-field]")).to_have_value(MARK)
    save(reader)
    expect_saved(reader)
    expect(reader.get_by_text("1 region on image 1")).to_be_visible()
    assert words(shared_portal, case_id) == ["unsure"]
    assert drafts(reader) == []


def test_who_comes_back_to_a_read_case_signed_out_sees_only_what_one_wrote(
    shared_portal: Installation, case_id: str, reader: Page
) -> None:
    with shared_portal.app.app_context():
        patient_ref = db.session.get_one(Case, uuid.UUID(case_id)).patient_ref
    expect(reader.get_by_role("heading", name=patient_ref)).to_be_visible()
    save_review(shared_portal, "admin", case_id, comment="Said by someone else.")
    visit(reader, reader.url)
    expect(reader.get_by_text("Said by someone else.")).to_be_visible()
    write(reader)
    end_sessions(shared_portal)
    come_back(reader)
    expect(reader.get_by_text("You were signed out.")).to_be_visible()
    for hidden in (patient_ref, "Said by someone else.", "Download the original file"):
        expect(reader.locator("main")).not_to_contain_text(hidden)
    expect_written(reader)
    reader.on("dialog", lambda dialog: dialog.accept())
    reader.get_by_role("link", name="Sign in again").click()
    sign_in_here(reader)
    reader.wait_for_url(re.compile(case_id))
    expect_written(reader)


def test_who_comes_back_to_a_read_case_finds_it_as_it_was(reader: Page) -> None:
    reader.locator(".viewer").evaluate("viewer => { viewer.dataset.known = 'yes'; }")
    with reader.expect_response(re.compile("/live")):
        come_back(reader)
    expect(reader.locator(".viewer[data-known]")).to_be_visible()


def test_without_a_script_the_words_come_back_to_be_copied(
    shared_portal: Installation, browser: Browser, own_case_url: str
) -> None:
    context: BrowserContext = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, shared_portal, "reader")
    page.goto(own_case_url)
    write(page)
    end_sessions(shared_portal)
    save(page)
    expect(page.get_by_label("What you had written")).to_have_value(COMMENT)
    context.close()


def test_going_back_after_saving_and_saving_again_adds_nothing(
    shared_portal: Installation, case_id: str, reader: Page
) -> None:
    write(reader)
    save(reader)
    expect_saved(reader)
    for _ in range(2):
        reader.go_back()
        form_of(reader).evaluate("details => { details.open = true; }")
        write(reader)
        save(reader)
        expect_saved(reader)
    assert words(shared_portal, case_id) == ["unsure"]
    expect(reader.locator(".reviews__item")).to_have_count(1)


def test_going_back_and_changing_ones_mind_is_a_correction(
    shared_portal: Installation, case_id: str, reader: Page
) -> None:
    write(reader)
    save(reader)
    expect_saved(reader)
    reader.go_back()
    form_of(reader).evaluate("details => { details.open = true; }")
    write(reader, "Fracture")
    save(reader)
    expect_saved(reader)
    assert words(shared_portal, case_id) == ["unsure", "yes"]
    expect(reader.get_by_text(re.compile("corrected today, [0-9]"))).to_be_visible()
    expect(reader.get_by_text("replaced by a later correction")).to_be_visible()


def test_a_double_click_on_save_is_one_review(
    shared_portal: Installation, case_id: str, reader: Page
) -> None:
    write(reader)
    form_of(reader).get_by_role("button", name="Save review").dblclick()
    expect_saved(reader)
    assert words(shared_portal, case_id) == ["unsure"]


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (390, 844)])
def test_a_review_that_was_not_saved_is_the_first_thing_seen(reader: Page, width: int, height: int) -> None:
    reader.set_viewport_size({"width": width, "height": height})
    form_of(reader).get_by_label("Comment").fill(COMMENT)
    save(reader)
    failure = reader.locator("[data-error-summary]")
    expect(failure).to_be_focused()
    expect(failure).to_be_in_viewport(ratio=1)
    expect(failure).to_contain_text("Your review was not saved")
    expect(reader).to_have_title(re.compile("^Error"))
    failure.get_by_role("link", name="Say whether you agree with the reading.").click()
    expect(form_of(reader).get_by_label("Agree", exact=True)).to_be_focused()
    expect(form_of(reader).get_by_label("Comment")).to_have_value(COMMENT)
