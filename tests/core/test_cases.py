"""Receiving cases: once per form, whatever the browser or the network does."""

from __future__ import annotations

import threading
from dataclasses import replace

from flask import Flask
from sqlalchemy import func, select

from portal.actions import images
from portal.actions.cases import CaseForm, receive_case
from portal.actions.events import Actor
from portal.actions.summaries import case_state, most_severe
from portal.db import db
from portal.models import Batch, Case, Event, Image, Job
from tests.fixtures.rows import TERMS, images_of, new_case, new_release, new_user, received_file

FORM = CaseForm("P-1", "A-1", "hand", "", "routine")


def count(model: type[Case] | type[Image] | type[Job] | type[Batch]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_same_form_sent_twice_makes_one_case(each_app: Flask) -> None:
    with each_app.app_context():
        actor, files = Actor(new_user().id), [received_file(content=b"one")]
        first, is_first_new = receive_case(FORM, files, "token", actor)
        second, is_second_new = receive_case(FORM, files, "token", actor)
        assert (first.id, is_first_new) == (second.id, True)
        assert not is_second_new
        assert (count(Case), count(Image), count(Batch)) == (1, 1, 1)


def test_forms_sent_at_the_same_moment_make_one_case(each_app: Flask) -> None:
    with each_app.app_context():
        actor = Actor(new_user().id)
    files = [received_file(content=b"one")]
    gate = threading.Barrier(8)
    found = []

    def send() -> None:
        with each_app.app_context():
            gate.wait()
            found.append(receive_case(FORM, files, "token", actor)[0].id)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    with each_app.app_context():
        assert count(Case) == 1


def test_same_page_with_other_content_is_another_case(each_app: Flask) -> None:
    """A browser that goes back and sends other files must lose nothing."""
    with each_app.app_context():
        actor = Actor(new_user().id)
        receive_case(FORM, [received_file(content=b"one")], "token", actor)
        receive_case(FORM, [received_file(content=b"two")], "token", actor)
        receive_case(replace(FORM, patient_ref="P-2"), [received_file(content=b"one")], "token", actor)
        assert count(Case) == 3


def test_case_whose_files_are_all_refused_at_the_door_is_refused(each_app: Flask) -> None:
    with each_app.app_context():
        case = new_case(files=[received_file(refusal_code="empty", refusal_reason="The file is empty.")])
        assert case.state == "refused"
        assert db.session.scalars(select(Event.action)).all() == ["case.uploaded"]


def test_refused_image_leaves_the_others_waiting(each_app: Flask) -> None:
    with each_app.app_context():
        new_release()
        case = new_case(images_count=2)
        first, _ = images.claim_images(2, TERMS)
        images.refuse(first, "corrupt", "The file is damaged.")
        db.session.refresh(case)
        assert case.state == "waiting"
        assert [image.state for image in images_of(case)] == ["refused", "received"]


def test_state_of_a_case_is_that_of_its_worst_image() -> None:
    assert case_state(["done", "waiting", "failed"]) == "waiting"
    assert case_state(["done", "failed", "refused"]) == "failed"
    assert case_state(["done", "cancelled"]) == "cancelled"
    assert case_state(["done", "refused"]) == "done"
    assert case_state(["refused"]) == "refused"


def test_fracture_outweighs_every_other_verdict() -> None:
    assert most_severe(["out of scope", "no fracture", "doubt"]) == "doubt"
    assert most_severe(["no fracture", "fracture"]) == "fracture"
    assert most_severe([]) is None
