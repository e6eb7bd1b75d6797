"""What one does while a review is written, and what others do meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select, update

from portal.actions.batches import rerun_selection
from portal.actions.events import Actor
from portal.db import db, transaction
from portal.models import Case, LoginSession, Release, Review, User
from portal.models.columns import utc_now
from tests.browser.steps import WITHIN_MS
from tests.fixtures.installation import Installation
from tests.fixtures.running import PASSWORD

COMMENT = "A long comment that nobody wants to write twice."
MARK = '[{"image":1,"x":10,"y":12,"width":20,"height":24}]'
RESTORED = "What you had written was restored."


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


def sign_out_in_another_tab(page: Page, portal: Installation) -> None:
    """And come back to this one, which is to notice it."""
    other = page.context.new_page()
    other.goto(f"{portal.url}/help")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("button", name="Sign in")).to_be_visible()
    page.bring_to_front()
    come_back(page)
    expect(page.get_by_text("You were signed out.")).to_be_visible(timeout=WITHIN_MS)


def come_back(page: Page) -> None:
    """To the tab, from another one."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def sign_in_here(page: Page) -> None:
    page.get_by_label("User name").fill("reader")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
