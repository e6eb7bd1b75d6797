"""What someone may see of a case's reviews while a second reader is awaited: nothing, by no way out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from flask import Flask

from portal.actions.events import Actor
from portal.actions.reviews import Opinion, add_review
from portal.settings import Settings
from tests.fixtures import rows
from tests.fixtures.doorbell import RecordingDoorbell
from tests.fixtures.people import Person, new_person, signed_in
from tests.fixtures.portal import running_app
from tests.pages.answers import json_of

FIRST = {
    "is_fracture": "unsure", "agrees": "no", "comment": "Unfused plate, I think.",
    "regions": '[{"image": 1, "x": 111, "y": 22, "width": 33, "height": 44}]',
}  # fmt: skip
TOLD_BY_IT = ("Unfused plate", "unsure", "disagrees", "region on", 'x="111"', '"x":111', "By eva")
WAYS_OUT = ("", "/live", ".json")


@pytest.fixture
def twice_app(each_settings: Settings, doorbell: RecordingDoorbell) -> Iterator[Flask]:
    """Every case is to be read twice."""
    yield from running_app(replace(each_settings, readings=2), doorbell)


@dataclass
class Room:
    """A case that eva reviewed first; the others have not read."""

    case_id: uuid.UUID
    eva: Person
    tom: Person
    ann: Person
    admin: Person
    radiographer: Person

    @property
    def path(self) -> str:
        return f"/cases/{self.case_id}"

    def review(self, who: Person, **said: str) -> None:
        answer = who.review(self.case_id, {"is_fracture": "no", "agrees": "yes"} | said)
        assert answer.status_code == 303, answer.text

    def is_listed_for(self, who: Person) -> bool:
        return f'href="{self.path}"' in who.get("/worklist").text

    def seen_by(self, who: Person) -> str:
        """All that the pages and the JSON of this case tell, without what the form itself offers."""
        texts = [who.get(self.path + end).text for end in WAYS_OUT]
        page, after = texts[0].split('<details class="disclosure" id="review-form"'), ""
        if len(page) == 2:
            after = page[1].split("</details>", 1)[1]
        return "\n".join([page[0], after, *texts[1:]])


@pytest.fixture
def room(twice_app: Flask) -> Room:
    with twice_app.app_context():
        case_id = rows.read_case(answer=rows.finding(0.1, "no fracture")).id
    names = dict.fromkeys(("eva", "tom", "ann"), "reader")
    names |= {"admin": "admin", "radiographer": "radiographer"}
    people = {name: signed_in(twice_app, new_person(twice_app, role, name)) for name, role in names.items()}
    made = Room(case_id, **people)
    made.review(made.eva, **FIRST)
    return made


@pytest.mark.parametrize("who", ["tom", "admin", "radiographer"])
def test_whoever_has_not_read_sees_who_has_and_nothing_of_what_was_said(room: Room, who: str) -> None:
    seen = room.seen_by(getattr(room, who))
    assert [word for word in TOLD_BY_IT if word in seen] == []
    assert "hidden until a second reader has read" in seen
    assert "eva" in seen
    assert json_of(getattr(room, who).get(f"{room.path}.json"))["reviews"] == []


def test_a_first_reader_sees_the_own_review(room: Room) -> None:
    seen = room.seen_by(room.eva)
    assert "Unfused plate, I think." in seen
    assert "1 region on image 1" in seen
    assert "A second reader is asked" in seen
    told = json_of(room.eva.get(f"{room.path}.json"))
    assert (told["awaits"], told["answer"]) == ("second", None)
    assert told["reviews"][0]["regions"] == [{"image": 1, "x": 111, "y": 22, "width": 33, "height": 44}]


def test_a_first_readers_correction_is_as_hidden_as_the_review(room: Room) -> None:
    room.review(room.eva, is_fracture="yes", agrees="no", comment="Cortical step after all.")
    seen = room.seen_by(room.tom)
    assert "Cortical step" not in seen
    assert [word for word in TOLD_BY_IT if word in seen] == []
    assert "Cortical step" in room.seen_by(room.eva)


def test_lists_do_not_tell_what_a_first_reader_said(room: Room) -> None:
    for path in ("/history", "/worklist", "/worklist/live?show=all", "/"):
        told = room.tom.get(path).text
        assert [word for word in TOLD_BY_IT if word in told] == [], path
    assert "second reader asked" in room.tom.get("/history").text


def test_the_audit_trail_does_not_tell_what_a_first_reader_said(room: Room) -> None:
    told = room.admin.get("/events?action=case.reviewed").text
    assert "awaits: second" in told
    assert [word for word in TOLD_BY_IT if word in told] == []


def test_the_worklist_asks_others_for_the_second_reading(room: Room) -> None:
    assert room.is_listed_for(room.tom)
    assert not room.is_listed_for(room.eva)
    room.review(room.tom)
    assert not room.is_listed_for(room.tom)
    assert room.is_listed_for(room.ann)


def test_with_two_opinions_everybody_sees_both_and_a_third_decides(room: Room) -> None:
    room.review(room.tom, comment="Nothing seen.")
    for who in (room.eva, room.tom, room.ann, room.radiographer):
        seen = room.seen_by(who)
        assert "Unfused plate, I think." in seen
        assert "Nothing seen." in seen
        assert "A third reader decides" in seen
    assert len(json_of(room.ann.get(f"{room.path}.json"))["reviews"]) == 2
    room.review(room.ann, is_fracture="yes", agrees="no")
    told = json_of(room.eva.get(f"{room.path}.json"))
    assert (told["awaits"], told["answer"]) == ("nothing", "yes")
    assert "The readers' answer" in room.eva.get(room.path).text
    assert "reviewed by eva, tom, ann" in room.eva.get("/history").text


def test_two_who_agree_settle_the_case(twice_app: Flask, room: Room) -> None:
    room.review(room.eva, is_fracture="no", agrees="yes")
    room.review(room.tom)
    told = json_of(room.ann.get(f"{room.path}.json"))
    assert (told["awaits"], told["answer"], len(told["reviews"])) == ("nothing", "no", 3)
    assert [review["counts"] for review in told["reviews"]] == [False, True, True]


def test_a_story_forgets_an_answer_that_a_second_reader_shall_not_see(each_app: Flask) -> None:
    with each_app.app_context():
        case_id, eva = rows.new_case().id, rows.new_user("reader").id
        for key, opinion in enumerate((Opinion(True, True), Opinion(True, True, asks_second=True))):
            add_review(case_id, opinion, str(key), Actor(eva))
    tom = signed_in(each_app, new_person(each_app, "reader"))
    page = tom.get(f"/cases/{case_id}").text
    story = page[page.index("story-title") : page.index("</ol>", page.index("story-title"))]
    assert "fracture" not in story
    assert "Settled" in story


def test_where_one_reading_is_enough_a_reader_may_ask_for_another(each_app: Flask) -> None:
    with each_app.app_context():
        case_id = rows.new_case().id
    eva, tom = (signed_in(each_app, new_person(each_app, "reader")) for _ in range(2))
    page = eva.get(f"/cases/{case_id}").text
    assert "Ask for a second reader" in page
    eva.review(case_id, {"is_fracture": "yes", "agrees": "no", "asks_second": "y"})
    assert json_of(eva.get(f"/cases/{case_id}.json"))["awaits"] == "second"
    assert str(case_id) in tom.get("/worklist").text
    assert "Ask for a second reader" not in tom.get(f"/cases/{case_id}").text
    tom.review(case_id, {"is_fracture": "yes", "agrees": "no"})
    assert json_of(tom.get(f"/cases/{case_id}.json"))["answer"] == "yes"


def test_marks_of_others_reach_the_viewer_only_when_they_may_be_seen(room: Room) -> None:
    assert not shows_mark(room.tom.get(room.path).text)
    assert not shows_mark(room.eva.get(room.path).text), "one's own marks stand in one's form"
    room.review(room.tom)
    assert shows_mark(room.tom.get(room.path).text)


def shows_mark(page: str) -> bool:
    return 'x="111" y="22"' in page
