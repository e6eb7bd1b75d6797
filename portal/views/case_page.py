"""The case page and its live part, as they are shown by every view that ends there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.actions.case_views import note_view
from portal.forms.reviews import ReviewForm, contradiction
from portal.models import Case
from portal.queries.case_claims import current_claim
from portal.queries.cases import read_case
from portal.queries.corrections import corrections_of
from portal.queries.queue import place_of
from portal.queries.reviews import Spoken, reviews_of, spoken
from portal.queries.standstill import why_it_stands_still
from portal.queries.story import story_of
from portal.queries.withdrawals import withdrawal_of
from portal.services import settings
from portal.views.answers import my_id, page
from portal.views.worklist import way_in_force
from portal.web.access import actor

NO_PICTURE = "None of the images could be used, so there is no picture to review."


def case_page(
    case_id: uuid.UUID, number: int | None, sent: ReviewForm | None = None, status: int = 200
) -> ResponseReturnValue:
    """Recorded as a view. `sent`: a review form that could not be used yet; else the form holds the reader's
    own last review.
    """
    note_view(case_id, actor())
    facts = _facts(case_id, number)
    own = _own_review(facts["spoken"])
    form = sent or ReviewForm(None, facts["read"], own)
    form.ask_about(facts["read"].finding_ids)
    return page(
        "cases/show.html",
        status,
        form=form,
        own=own,
        no_picture="" if facts["read"].has_picture else NO_PICTURE,
        claim=current_claim(facts["case"]),
        may_review=current_user.may("reader") and facts["withdrawal"] is None,
        may_ask_second=_may_ask_second(facts["spoken"]),
        **facts,
    )


def case_live(case_id: uuid.UUID, number: int | None) -> ResponseReturnValue:
    return page("cases/_refreshed.html", **_facts(case_id, number))


def _own_review(told: Sequence[Spoken]) -> Spoken | None:
    """What the person who asks said last about the case."""
    own = [one for one in told if one.counts and one.said and one.said.reviewer_id == my_id()]
    return own[0] if own else None


def _facts(case_id: uuid.UUID, number: int | None) -> dict[str, Any]:
    read = read_case(case_id)
    reviews = reviews_of(read.case)
    told = spoken(read.case, reviews, my_id())
    return {
        "read": read,
        "case": read.case,
        "shown": read.image_to_show(number),
        "way": way_in_force(),
        "place": place_of(read),
        "standstill": why_it_stands_still(read),
        "spoken": told,
        "story": story_of(read, reviews, told),
        "corrections": corrections_of(case_id),
        **_withdrawal(read.case),
        "marks": [] if read.case.withdrawn_at else _marks(told),
        "contradiction": contradiction(read),
    }


def _withdrawal(case: Case) -> dict[str, Any]:
    """`may_restore`: the person who asks may."""
    withdrawal = withdrawal_of(case)
    may_restore = withdrawal is not None and withdrawal.may_be_restored_by(current_user)
    return {"withdrawal": withdrawal, "may_restore": may_restore}


def _marks(told: Sequence[Spoken]) -> list[dict[str, Any]]:
    """What other readers marked, of the reviews that count; one's own marks stand in one's form."""
    return [
        {**region, "by": one.by}
        for one in told
        if one.counts and one.said and one.said.reviewer_id != my_id()
        for region in one.said.regions
    ]


def _may_ask_second(told: Sequence[Spoken]) -> bool:
    """Where one reading is enough, and nobody else has read."""
    return settings().readings == 1 and all(one.said and one.said.reviewer_id == my_id() for one in told)
