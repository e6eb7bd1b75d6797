"""A review that is not finished: kept for whoever wrote it, and for nobody else."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.reviewing import (
    COMMENT,
    RESTORED,
    drafts,
    end_sessions,
    expect_written,
    form_of,
    visit,
    write,
)
from tests.browser.steps import sign_in
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.script import PortalScript
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]


def test_leaving_with_a_half_written_review_asks_first(reader: Page, own_case_url: str) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    write(reader)
    reader.on("dialog", stay)
    reader.get_by_role("link", name="Next case").click()
    expect(form_of(reader).get_by_label("Comment")).to_have_value(COMMENT)
    assert asked == ["beforeunload"]
    assert reader.url.startswith(own_case_url)
    reader.remove_listener("dialog", stay)


@pytest.fixture
def two_images(shared_portal: Installation, shared_script: PortalScript, page: Page) -> Page:
    """In front of the first of them."""
    files = {name: limb_png(uuid.uuid4().int % 1000, 200) for name in ("front", "side")}
    made = shared_script.upload(files)
    shared_script.wait_for(made)
    sign_in(page, shared_portal, "reader")
    visit(page, f"{shared_portal.url}/cases/{made}?image=1")
    return page


def asked_by(page: Page) -> list[str]:
    """What the browser asks from now on; it is answered with yes."""
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    return asked


def test_going_to_another_image_of_the_case_asks_nothing(two_images: Page) -> None:
    page, asked = two_images, asked_by(two_images)
    write(page)
    page.locator("#image-2").click()
    expect(page.locator("#result-title")).to_have_text("Image 2")
    expect_written(page)
    expect(page.locator("html[data-script]")).to_be_attached()
    page.keyboard.press("[")
    expect(page.locator("#result-title")).to_have_text("Image 1")
    expect_written(page)
    assert asked == []
    page.get_by_role("link", name="Help").click()
    expect(page.get_by_role("heading", name="Help")).to_be_visible()
    assert asked == ["beforeunload"]


def test_going_to_another_image_asks_where_the_draft_could_not_be_kept(two_images: Page) -> None:
    page, asked = two_images, asked_by(two_images)
    page.evaluate("void (Storage.prototype.setItem = () => { throw new DOMException('full'); })")
    write(page)
    page.locator("#image-2").click()
    expect(page.locator("#result-title")).to_have_text("Image 2")
    assert asked == ["beforeunload"]


def test_who_leaves_all_the_same_finds_the_draft_and_may_discard_it(
    shared_portal: Installation, reader: Page, own_case_url: str
) -> None:
    write(reader)
    reader.goto(f"{shared_portal.url}/help")
    visit(reader, own_case_url)
    expect_written(reader)
    reader.get_by_role("button", name="Discard it").click()
    expect(form_of(reader).get_by_label("Comment")).to_have_value("")
    expect(form_of(reader).get_by_label("Unsure", exact=True)).not_to_be_checked()
    assert drafts(reader) == []
    visit(reader, own_case_url)
    expect(reader.get_by_text(RESTORED)).to_be_hidden()


def test_a_draft_is_not_there_for_the_next_person_in_this_tab(
    shared_portal: Installation, reader: Page, own_case_url: str
) -> None:
    write(reader)
    end_sessions(shared_portal)
    sign_in(reader, shared_portal, "admin")
    visit(reader, own_case_url)
    expect(form_of(reader).get_by_label("Comment")).to_have_value("")
    assert drafts(reader) == []


def test_signing_out_leaves_no_draft(reader: Page) -> None:
    write(reader)
    assert len(drafts(reader)) == 1
    reader.get_by_role("button", name="Sign out").click()
    expect(reader.get_by_role("button", name="Sign in")).to_be_visible()
    assert drafts(reader) == []
