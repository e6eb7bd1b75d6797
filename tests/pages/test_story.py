"""A case page tells what happened to the case, in order."""

from __future__ import annotations

import re
import uuid

from flask import Flask
from sqlalchemy import select

from portal.actions import batches, images, jobs
from portal.actions.case_claims import claim_case
from portal.actions.events import Actor
from portal.actions.images import Decoded
from portal.actions.reviews import Opinion, add_review
from portal.db import db
from portal.models import Batch, Case, User
from portal.queries.findings import current_findings
from tests.fixtures import rows
from tests.fixtures.people import Person, new_person, signed_in
from tests.pages.queries import counted_queries


def story(person: Person, case_id: uuid.UUID) -> list[str]:
    """Its lines without their times."""
    page = person.get(f"/cases/{case_id}").text
    part = page[page.index('id="story-title"') :]
    lines = re.findall(r'<span class="story__words">(.*?)</span></li>', part, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", line).replace("&#39;", "'").strip() for line in lines]


def user(name: str, role: str = "reader") -> User:
    made = rows.new_user(role)
    made.username = name
    db.session.merge(made)
    db.session.commit()
    return made


def review(case_id: uuid.UUID, who: User, word: bool | None, agrees: bool = True) -> None:
    opinion = Opinion(word, agrees, "Secret comment.", finding_ids=current_findings(case_id))
    add_review(case_id, opinion, uuid.uuid4().hex, Actor(who.id), 2)


def long_life() -> uuid.UUID:
    """Uploaded with a broken file, read, read again by a newer release, reviewed by three, corrected."""
    uma, eva, tom, ann = user("uma", "radiographer"), user("eva"), user("tom"), user("ann")
    rows.new_release()
    broken = rows.received_file(refusal_code="empty", refusal_reason="The file is empty.")
    case_id = rows.new_case(
        uma, [rows.received_file(), broken, rows.received_file(), rows.received_file()]
    ).id
    *good, last = images.claim_images(10, rows.TERMS)
    for claim in good:
        images.accept(claim, Decoded(rows.DECODED))
    images.refuse(last, "truncated", "The file ends too early.")
    jobs.fail(jobs.claim_jobs(1, rows.TERMS)[0], "The stored image cannot be read.")
    rows.read_all(rows.finding(0.1, "no fracture"))
    newer = rows.new_release("release-2", "available")
    batch_id = db.session.scalars(select(Batch.id)).one()
    batches.rerun_batch(batch_id, newer.id, "newer", Actor(uma.id))
    rows.read_all(rows.finding(0.9, "fracture"))
    claim_case(case_id, Actor(eva.id))
    review(case_id, eva, None)
    review(case_id, eva, True, agrees=False)
    review(case_id, tom, False)
    review(case_id, ann, True)
    return case_id


TOLD = [
    "Uploaded, 4 images · uma",
    "Image 2 refused: The file is empty.",
    "Image 4 refused: The file ends too early.",
    "Image 1 without a result: The stored image cannot be read.",
    "Read by release-1: image 3 no fracture",
    "Re-run asked for with release-2: newer · uma",
    "Read by release-2: image 1 fracture, image 3 fracture",
    "Began to read · eva",
    "Reviewed as first reader: unsure, agrees with the reading · eva",
    "A second reader is asked",
    "Corrected as first reader: fracture, disagrees with the reading · eva",
    "Reviewed as second reader: no fracture, agrees with the reading · tom",
    "The readers do not agree: a third reader is asked",
    "Reviewed as third reader: fracture, agrees with the reading · ann",
    "Settled: fracture",
]


def test_the_whole_story_stands_in_order(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = long_life()
    reader = signed_in(each_app, new_person(each_app, "radiographer"))
    told = story(reader, case_id)
    assert told == TOLD
    assert "P-1" not in str(told)
    assert "Secret comment." not in str(told)


def test_a_longer_story_costs_no_more_queries(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        long, short = long_life(), rows.read_case().id
    counts = []
    for case_id in (short, long):
        with counted_queries(app) as seen:
            as_reader.get(f"/cases/{case_id}")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_cancelled_reading_is_told(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        case = rows.ready_case()
        case_id, uploader_id = case.id, case.uploaded_by_id
        batches.cancel_batch(db.session.scalars(select(Batch.id)).one(), Actor(uploader_id))
    assert story(as_reader, case_id)[1:] == ["Reading cancelled"]


def test_a_cancelled_batch_is_told_only_of_cases_that_it_left_unread(app: Flask, as_reader: Person) -> None:
    with app.app_context():
        read, unread = rows.read_case().id, rows.read_case().id
        admin, release = Actor(rows.new_user("admin").id), rows.new_release("release-2", "available")
        again = batches.rerun_selection(select(Case.id), "all", release.id, "newer", admin)
        jobs.finish([jobs.Result(jobs.claim_jobs(1, rows.TERMS)[0], rows.finding(0.9, "fracture"))])
        batches.cancel_batch(again.id, admin)
    assert story(as_reader, read)[-1] == "Read by release-2: fracture"
    assert story(as_reader, unread)[-1] == "Reading cancelled"


def test_a_cancelled_upload_is_told_while_an_image_of_it_is_still_to_be_opened(
    app: Flask, as_reader: Person
) -> None:
    with app.app_context():
        rows.new_release()
        case = rows.new_case(images_count=2)
        case_id, uploader_id = case.id, case.uploaded_by_id
        batches.cancel_batch(db.session.scalars(select(Batch.id)).one(), Actor(uploader_id))
    assert story(as_reader, case_id)[1:] == ["Reading cancelled"]
    with app.app_context():
        for claim in images.claim_images(2, rows.TERMS):
            images.refuse(claim, "truncated", "The file ends too early.")
    assert "Reading cancelled" not in story(as_reader, case_id), "there was nothing to read"
