"""What goes wrong while a case is sent: no file and no word is lost, and nothing is doubled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Dialog, Locator, Page, expect
from sqlalchemy import func, select, update

from portal.db import db, transaction
from portal.models import Case, LoginSession
from portal.models.columns import utc_now
from tests.browser.steps import sign_in, written
from tests.fixtures.installation import Installation
from tests.fixtures.pictures import limb_png
from tests.needs import needs_chromium, needs_redis

pytestmark = [needs_chromium, needs_redis, pytest.mark.slow]

NOTES = "Fell from a ladder: a long story that nobody wants to type twice."
CASE = re.compile("/cases/[0-9a-f-]{36}")
LOSE_ONE_ANSWER = """() => {
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (content) {
    XMLHttpRequest.prototype.send = send;
    this.addEventListener("readystatechange", () => this.readyState === 2 && this.abort());
    this.send(content);
  };
}"""
"""The connection ends when the portal begins to answer."""
UNKNOWN = "it is not known whether this was saved"


@pytest.fixture
def form(shared_portal: Installation, page: Page) -> Page:
    """A radiographer in front of an empty form."""
    sign_in(page, shared_portal, "radiographer")
    page.goto(f"{shared_portal.url}/cases/new")
    expect(page.locator("html[data-script]")).to_be_attached()
    return page


def fill(form: Page, folder: Path, patient_ref: str) -> None:
    form.set_input_files("input[type=file]", written(folder, wrist=limb_png(61, 200)))
    form.get_by_label("Patient reference").fill(patient_ref)
    form.get_by_label("Notes").fill(NOTES)


def press_upload(form: Page) -> None:
    form.get_by_role("button", name="Upload case").click()


def summary(form: Page) -> Locator:
    return form.locator("[data-error-summary]")


def count(portal: Installation, patient_ref: str) -> int:
    with portal.app.app_context():
        query = select(func.count()).select_from(Case).where(Case.patient_ref == patient_ref)
        return db.session.scalars(query).one()


def end_sessions(portal: Installation) -> None:
    with portal.app.app_context(), transaction() as session:
        session.execute(update(LoginSession).values(revoked_at=utc_now()))


def expect_kept(form: Page) -> None:
    expect(form.locator(".file-list__item")).to_have_count(1)
    expect(form.get_by_label("Notes")).to_have_value(NOTES)


def test_session_that_ended_costs_neither_files_nor_words(
    shared_portal: Installation, browser_context: BrowserContext, form: Page, tmp_path: Path
) -> None:
    fill(form, tmp_path, "P-session")
    end_sessions(shared_portal)
    press_upload(form)
    expect(summary(form)).to_contain_text("Your session has ended.")
    expect(summary(form)).to_be_focused()
    expect_kept(form)
    with browser_context.expect_page() as opened:
        form.get_by_role("link", name="sign in in a new tab").click()
    sign_in(opened.value, shared_portal, "radiographer")
    expect_kept(form)
    press_upload(form)
    form.wait_for_url(CASE)
    assert count(shared_portal, "P-session") == 1


def test_answer_that_was_lost_is_not_taken_for_a_failure_and_doubles_nothing(
    shared_portal: Installation, form: Page, tmp_path: Path
) -> None:
    fill(form, tmp_path, "P-lost")
    form.evaluate(LOSE_ONE_ANSWER)
    press_upload(form)
    expect(summary(form)).to_contain_text(UNKNOWN)
    assert count(shared_portal, "P-lost") == 1, "the portal had saved it"
    press_upload(form)
    form.wait_for_url(CASE)
    expect(form.get_by_text("This form was sent before: here is the case it made.")).to_be_visible()
    assert count(shared_portal, "P-lost") == 1


def test_silence_ends_the_attempt_and_gives_the_button_back(
    shared_portal: Installation, form: Page, tmp_path: Path
) -> None:
    fill(form, tmp_path, "P-silence")
    form.clock.install()
    with form.expect_request("**/cases"):
        form.route("**/cases", lambda route: None)
        press_upload(form)
    expect(form.get_by_role("button", name="Upload case")).to_be_disabled()
    form.clock.fast_forward(61_000)
    expect(summary(form)).to_contain_text(UNKNOWN)
    form.unroute("**/cases")
    press_upload(form)
    form.wait_for_url(CASE)
    assert count(shared_portal, "P-silence") == 1


def test_portal_that_cannot_be_reached_before_anything_is_sent_is_told_so(
    form: Page, tmp_path: Path, browser_context: BrowserContext
) -> None:
    fill(form, tmp_path, "P-away")
    browser_context.set_offline(True)
    press_upload(form)
    expect(summary(form)).to_contain_text("so nothing was sent")
    browser_context.set_offline(False)
    press_upload(form)
    form.wait_for_url(CASE)


def test_leaving_asks_while_something_is_chosen_or_typed(
    shared_portal: Installation, form: Page, tmp_path: Path
) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    form.on("dialog", stay)
    form.get_by_role("link", name="Help").click()
    form.wait_for_url("**/help")
    assert asked == [], "an empty form may be left"
    form.goto(f"{shared_portal.url}/cases/new")
    fill(form, tmp_path, "P-leave")
    form.get_by_role("link", name="Help").click()
    expect_kept(form)
    assert asked == ["beforeunload"]
    press_upload(form)
    form.wait_for_url(CASE)
    assert asked == ["beforeunload"], "what is saved may be left"


def test_too_many_files_are_told_where_the_eyes_are(form: Page, tmp_path: Path) -> None:
    sent: list[str] = []
    form.on("request", lambda request: sent.append(request.method))
    form.set_input_files("input[type=file]", written(tmp_path, **{f"x{n}": b"%d" % n for n in range(22)}))
    form.get_by_label("Patient reference").fill("P-many")
    press_upload(form)
    expect(summary(form)).to_be_focused()
    expect(summary(form)).to_be_in_viewport()
    expect(summary(form)).to_contain_text("At most 20 files at once; remove 2.")
    assert sent == []


def test_files_that_are_too_large_together_are_told_before_they_are_sent(form: Page, tmp_path: Path) -> None:
    sent: list[str] = []
    form.on("request", lambda request: sent.append(request.method))
    paths = written(tmp_path, **{f"x{n}": b"%d" % n for n in range(10)})
    for path in paths:
        with path.open("r+b") as file:
            file.truncate(60 * 2**20)
    form.set_input_files("input[type=file]", paths)
    expect(form.get_by_text("10 files, 600.0 MiB together", exact=True)).to_be_visible()
    press_upload(form)
    expect(summary(form)).to_be_focused()
    expect(summary(form)).to_contain_text("600.0 MiB together; at most 512.0 MiB can be sent at once")
    assert sent == []


def test_enter_goes_to_the_next_field_and_ctrl_enter_sends(
    shared_portal: Installation, form: Page, tmp_path: Path
) -> None:
    form.set_input_files("input[type=file]", written(tmp_path, wrist=limb_png(61, 200)))
    form.get_by_label("Patient reference").focus()
    for words in ("P-scanned", "A-scanned", "wrist"):
        form.keyboard.type(words)
        form.keyboard.press("Enter")
    expect(form.get_by_label("Routine")).to_be_focused()
    form.keyboard.press("Enter")
    expect(form.get_by_label("Notes")).to_be_focused()
    assert form.url.endswith("/cases/new")
    form.keyboard.type("one")
    form.keyboard.press("Enter")
    form.keyboard.type("two")
    expect(form.get_by_label("Notes")).to_have_value("one\ntwo")
    form.keyboard.press("Control+Enter")
    form.wait_for_url(CASE)
    with shared_portal.app.app_context():
        case = db.session.scalars(select(Case).where(Case.patient_ref == "P-scanned")).one()
        assert (case.accession, case.body_part, case.notes) == ("A-scanned", "wrist", "one\ntwo")


def test_pasted_reference_that_is_too_long_is_refused_and_never_cut(form: Page, tmp_path: Path) -> None:
    fill(form, tmp_path, "")
    form.get_by_label("Patient reference").focus()
    form.keyboard.insert_text("P" * 70)
    expect(form.get_by_label("Patient reference")).to_have_value("P" * 70)
    press_upload(form)
    expect(summary(form)).to_contain_text("Use at most 64 characters; these are 70.")
    expect_kept(form)


def test_what_is_wrong_is_told_at_its_field_and_no_longer_once_it_is_right(
    form: Page, tmp_path: Path
) -> None:
    form.get_by_label("Notes").fill("n" * 2001)
    press_upload(form)
    expect(summary(form)).to_be_focused()
    reference, notes = form.get_by_label("Patient reference"), form.get_by_label("Notes")
    files = form.locator("input[type=file]")
    expect(reference).to_have_accessible_description("Enter the patient reference.")
    expect(notes).to_have_accessible_description(
        re.compile("What the reader should know.* these are 2001.", re.DOTALL)
    )
    expect(files).to_have_accessible_description(re.compile("DICOM.*Choose at least one file.", re.DOTALL))
    expect(form.locator("[aria-invalid=true]")).to_have_count(3)
    expect(form.locator(".field--wrong")).to_have_count(3)

    fill(form, tmp_path, "P-right")
    expect(files).to_have_accessible_description(re.compile("DICOM.*megapixels an image.$", re.DOTALL))
    form.get_by_label("Body part").fill("b" * 41)
    press_upload(form)
    expect(summary(form)).to_contain_text("these are 41")
    expect(form.locator("[aria-invalid=true]")).to_have_count(1)
    expect(form.locator(".field--wrong")).to_have_count(1)
    expect(reference).to_have_accessible_description("")
    expect(notes).to_have_accessible_description(re.compile("^What the reader should know[^;]*$"))
