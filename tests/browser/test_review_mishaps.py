"""What goes wrong while a review is written: nothing is lost, and nothing is doubled."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, expect
from sqlalchemy import select, update

from portal.actions.batches import rerun_selection
from portal.actions.events import Actor
from portal.actions.reviews import CHANGED
from portal.db import db, transaction
from portal.models import Case, LoginSession, Release, Review, User
from portal.models.columns import utc_now
from tests.browser.steps import WITHIN_MS, save_review, sign_in
from tests.fixtures import rows
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.fixtures.running import PASSWORD
from tests.fixtures.script import PortalScript
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

COMMENT = "A long comment that nobody wants to write twice."
MARK = '[{"image":1,"x":10,"y":12,"width":20,"height":24}]'
RESTORED = "What you had written was restored."


@pytest.fixture
def case_id(shared_script: PortalScript) -> str:
    """A case of its own for each test, read by the release."""
    made = shared_script.upload({"limb": limb_png(uuid.uuid4().int % 1000, 200)})
    shared_script.wait_for(made)
    return made


@pytest.fixture
def case_url(shared_portal: Installation, case_id: str) -> str:
    return f"{shared_portal.url}/cases/{case_id}"


@pytest.fixture
def reader(shared_portal: Installation, page: Page, case_url: str) -> Page:
    """In front of the case, with nothing written."""
    sign_in(page, shared_portal, "reader")
    visit(page, case_url)
    return page


@pytest.fixture
def second(shared_portal: Installation, browser: Browser, case_url: str) -> Iterator[Page]:
    """Someone else at another machine."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, shared_portal, "admin")
    visit(page, case_url)
    yield page
    context.close()


def visit(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("html[data-script]")).to_be_attached()


def form_of(page: Page) -> Locator:
    return page.locator("#review-form")


def write(page: Page, word: str = "Unsure", comment: str = COMMENT) -> None:
    form = form_of(page)
    form.get_by_label(word, exact=True).check()
    form.get_by_label("Disagree", exact=True).check()
    form.get_by_label("Comment").fill(comment)


def mark(page: Page) -> None:
    """As the drawing tool does."""
    page.locator("[data-regions-field]").evaluate(
        "(field, text) => {field.value = text; field.dispatchEvent(new Event('input', {bubbles: true}));}",
        MARK,
    )


def save(page: Page) -> None:
    form_of(page).get_by_role("button", name="Save review").click()


def expect_written(page: Page) -> None:
    form = form_of(page)
    expect(form.get_by_label("Comment")).to_have_value(COMMENT)
    expect(form.get_by_label("Unsure", exact=True)).to_be_checked()
    expect(form.get_by_label("Disagree", exact=True)).to_be_checked()


def expect_saved(page: Page) -> None:
    expect(page.get_by_text("Your review was saved.")).to_be_visible()


def drafts(page: Page) -> list[str]:
    """What is kept, once the page's script had its turn."""
    expect(page.locator("html[data-script]")).to_be_attached()
    found: list[str] = page.evaluate("Object.keys(sessionStorage).filter((key) => key.includes('draft'))")
    return found


def words(portal: Installation, case_id: str) -> list[str]:
    """What the kept reviews of the case say, oldest first."""
    with portal.app.app_context():
        query = select(Review).where(Review.case_id == uuid.UUID(case_id)).order_by(Review.id)
        return [review.fracture for review in db.session.scalars(query)]


def end_sessions(portal: Installation) -> None:
    """Of all who read."""
    with portal.app.app_context(), transaction() as session:
        readers = select(User.id).where(User.role != "radiographer")
        ended = update(LoginSession).where(LoginSession.user_id.in_(readers)).values(revoked_at=utc_now())
        session.execute(ended.execution_options(synchronize_session=False))


def rerun(portal: Installation, case_id: str) -> None:
    """An admin lets the case be read again."""
    with portal.app.app_context():
        release_id = db.session.scalars(select(Release.id)).one()
        admin_id = db.session.scalars(select(User.id).where(User.role == "admin")).one()
        one = select(Case.id).where(Case.id == uuid.UUID(case_id))
        rerun_selection(one, case_id, release_id, "again", Actor(admin_id))


@contextmanager
def nothing_read(portal: Installation) -> Iterator[None]:
    """What is queued inside is read afterwards."""
    portal.kill("inference")
    try:
        yield
    finally:
        portal.start("inference")


def come_back(page: Page) -> None:
    """To the tab, from another one."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def sign_in_here(page: Page) -> None:
    page.get_by_label("User name").fill("reader")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_two_readers_who_save_at_the_same_moment_are_both_kept(
    shared_portal: Installation, case_id: str, case_url: str, reader: Page, second: Page
) -> None:
    write(reader, "Fracture", "I see one.")
    write(second, "No fracture", "I see none.")
    for page in (reader, second):
        page.evaluate(
            "setTimeout(() => document.querySelector('#review-form .button--primary').click(), 400)"
        )
    for page in (reader, second):
        expect_saved(page)
        visit(page, case_url)
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
    for words in (patient_ref, "Said by someone else.", "Download the original file"):
        expect(reader.locator("main")).not_to_contain_text(words)
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
    shared_portal: Installation, browser: Browser, case_url: str
) -> None:
    context: BrowserContext = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, shared_portal, "reader")
    page.goto(case_url)
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
    expect(reader.get_by_text("corrected at")).to_be_visible()
    expect(reader.get_by_text("replaced by a later correction")).to_be_visible()


def test_a_double_click_on_save_is_one_review(
    shared_portal: Installation, case_id: str, reader: Page
) -> None:
    write(reader)
    form_of(reader).get_by_role("button", name="Save review").dblclick()
    expect_saved(reader)
    assert words(shared_portal, case_id) == ["unsure"]


def test_leaving_with_a_half_written_review_asks_first(reader: Page, case_url: str) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    write(reader)
    reader.on("dialog", stay)
    reader.get_by_role("link", name="Next case").click()
    expect(form_of(reader).get_by_label("Comment")).to_have_value(COMMENT)
    assert asked == ["beforeunload"]
    assert reader.url.startswith(case_url)
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
    shared_portal: Installation, reader: Page, case_url: str
) -> None:
    write(reader)
    reader.goto(f"{shared_portal.url}/help")
    visit(reader, case_url)
    expect_written(reader)
    reader.get_by_role("button", name="Discard it").click()
    expect(form_of(reader).get_by_label("Comment")).to_have_value("")
    expect(form_of(reader).get_by_label("Unsure", exact=True)).not_to_be_checked()
    assert drafts(reader) == []
    visit(reader, case_url)
    expect(reader.get_by_text(RESTORED)).to_be_hidden()


def test_a_draft_is_not_there_for_the_next_person_in_this_tab(
    shared_portal: Installation, reader: Page, case_url: str
) -> None:
    write(reader)
    end_sessions(shared_portal)
    sign_in(reader, shared_portal, "admin")
    visit(reader, case_url)
    expect(form_of(reader).get_by_label("Comment")).to_have_value("")
    assert drafts(reader) == []


def test_signing_out_leaves_no_draft(reader: Page) -> None:
    write(reader)
    assert len(drafts(reader)) == 1
    reader.get_by_role("button", name="Sign out").click()
    expect(reader.get_by_role("button", name="Sign in")).to_be_visible()
    assert drafts(reader) == []


def test_who_saves_after_the_reading_has_changed_looks_again_and_loses_only_the_agreement(
    shared_portal: Installation, shared_script: PortalScript, case_id: str, reader: Page, case_url: str
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
        visit(reader, case_url)
    assert words(shared_portal, case_id) == []
    form_of(reader).get_by_label("Agree", exact=True).check()
    save(reader)
    expect_saved(reader)
    assert words(shared_portal, case_id) == ["unsure"]
    assert drafts(reader) == []


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
    shared_portal: Installation, case_id: str, reader: Page, case_url: str
) -> None:
    with nothing_read(shared_portal):
        rerun(shared_portal, case_id)
        visit(reader, case_url)
        write(reader)
    note = form_of(reader).get_by_text("The reading has changed: look again")
    expect(note).to_be_visible(timeout=WITHIN_MS)
    expect(form_of(reader).get_by_label("Disagree", exact=True)).not_to_be_checked()
    expect(form_of(reader).get_by_label("Comment")).to_have_value(COMMENT)
    visit(reader, case_url)
    expect(form_of(reader).get_by_label("Comment")).to_have_value(COMMENT)
    expect(form_of(reader).get_by_label("Disagree", exact=True)).not_to_be_checked()
    form_of(reader).get_by_label("Agree", exact=True).check()
    expect(note).to_be_hidden()
    save(reader)
    expect_saved(reader)
    assert words(shared_portal, case_id) == ["unsure"]


def test_the_way_back_brings_no_agreement_with_another_reading(
    shared_portal: Installation, shared_script: PortalScript, browser: Browser, case_id: str, case_url: str
) -> None:
    context: BrowserContext = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, shared_portal, "reader")
    page.goto(case_url)
    write(page)
    page.goto(f"{shared_portal.url}/help")
    rerun(shared_portal, case_id)
    shared_script.wait_for(case_id)
    page.go_back()
    expect(form_of(page).get_by_label("Unsure", exact=True)).to_be_checked()
    expect(form_of(page).get_by_label("Disagree", exact=True)).not_to_be_checked()
    context.close()
