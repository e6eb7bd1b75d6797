"""The pages of releases say what the cards say, and nothing else; admins choose the active one there."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.actions import workers
from portal.db import db, transaction
from portal.models import Release
from portal.settings import PROJECT_ROOT
from tests.fixtures import rows
from tests.fixtures.doorbell import RecordingDoorbell
from tests.fixtures.people import Person

CARD: dict[str, Any] = {
    "name": "full", "architecture": "mobilenet", "created": "2026-11-19", "classes": ["fracture"],
    "preprocessing": {"version": 3, "side_px": 448, "black_percentile": 1.0, "white_percentile": 99.7},
    "normalisation": {"mean": [0.45], "deviation": [0.25]},
    "calibration": {"slope": 1.25, "intercept": -0.5},
    "operating_points": {"rule_out": 0.2, "rule_in": 0.7},
    "least_scope": 0.4,
    "body_parts": ["hand", "leg"],
    "training_data": {"name": "FracAtlas", "licence": "CC BY 4.0", "attribution": "FracAtlas, © I. Abedeen"},
    "training": {"seed": 7, "scope": {"other_images": 900}},
    "metrics": {
        "fold": 4, "auroc": 0.9123, "rule_out_sensitivity": 0.95, "intervals_95": {"auroc": [0.88, 0.94]},
        "images": 660, "fractured": 115, "out_of_scope": 2, "refused": 0, "spread_of_scores": 0.31,
        "box_rule_version": 3,
        "hardware": {"without hardware": {"images": 640, "fractured": 101, "auroc": 0.899}},
        "body_parts": {
            "hand": {"images": 400, "fractured": 70, "auroc": 0.9, "auroc_interval_95": [0.8, 0.95]},
            "hip": {"images": 30, "fractured": 2, "auroc": None, "auroc_interval_95": None},
        },
    },
    "checksums": {"weights.safetensors": "a1" * 32, "model.onnx": "b2" * 32},
}  # fmt: skip


def new_release(app: Flask, card: dict[str, Any], state: str = "active") -> int:
    with app.app_context(), transaction() as session:
        release = Release(name=card["name"], weights_sha256="f" * 64, card=card, state=state)
        session.add(release)
        session.flush()
        return release.id


def words_of(person: Person, path: str) -> str:
    answer = person.get(path)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def state_of(app: Flask, release_id: int) -> str:
    with app.app_context():
        return db.session.scalars(select(Release.state).where(Release.id == release_id)).one()


def test_list_shows_figures_of_the_card_and_makes_none_up(app: Flask, as_radiographer: Person) -> None:
    release_id = new_release(app, CARD)
    page = words_of(as_radiographer, "/releases")
    for words in (
        "AUROC 0.912 (0.880 to 0.940)",
        "fold 4",
        "FracAtlas",
        "hand, leg",
        "no fracture below 20 %",
    ):
        assert words in page
    assert "Sensitivity" not in page
    assert f'href="/releases/{release_id}"' in as_radiographer.get("/releases").text


def test_empty_card_says_that_nothing_was_judged(app: Flask, as_radiographer: Person) -> None:
    with app.app_context():
        release_id = rows.new_release().id
    assert "nothing yet: it states no figures" in as_radiographer.get("/releases").text
    assert "how well this release reads is not known" in words_of(as_radiographer, f"/releases/{release_id}")


def test_without_a_release_the_page_says_so(as_radiographer: Person) -> None:
    assert "nothing can be read" in as_radiographer.get("/releases").text


def test_page_of_a_release_shows_its_whole_card(app: Flask, as_radiographer: Person) -> None:
    page = words_of(as_radiographer, f"/releases/{new_release(app, CARD)}")
    for words in (
        "mobilenet", "Made 2026-11-19", "448 × 448 px", "Preprocessing version 3",
        "slope 1.25, intercept -0.5",
        "Rule-out point 20 % (0.2000) : no fracture below it; sensitivity 0.950",
        "Rule-in point 70 % (0.7000) : fracture from it on, doubt between the two",
        "Licence CC BY 4.0", "FracAtlas, © I. Abedeen", "hand, leg",
        "AUROC 0.912 0.880 to 0.940", "Sensitivity at the rule-out point 0.950 not stated",
        "Spread of scores 0.310", "Judged on fold 4, never seen in training", "660 images, 115 fractured",
        "2 images called out of scope", "hand 400 70 0.900 (0.800 to 0.950)",
        "without hardware 640 101 0.899", "hip 30 2 too few",
        "a1" * 32, "b2" * 32, "Seed 7",
    ):  # fmt: skip
        assert words in page, words
    assert "Box rule version" not in page, "it is no measure"


def test_page_shows_both_figures_of_each_point_that_the_card_has(app: Flask, as_reader: Person) -> None:
    metrics = {"rule_out_sensitivity": 0.943, "rule_out_specificity": 0.594, "rule_in_sensitivity":
               {"value": 0.804, "low": 0.76, "high": 0.84}, "rule_in_specificity": 95.1}  # fmt: skip
    page = words_of(as_reader, f"/releases/{new_release(app, CARD | {'metrics': metrics})}")
    assert "no fracture below it; sensitivity 0.943; specificity 0.594 Rule-in" in page
    between = page.split("doubt between the two")[1]
    assert between.startswith("; sensitivity 0.804 "), "95.1 is no share, whatever the card meant"


def test_page_says_when_a_release_reads_limbs_on_canvases_of_their_length(
    app: Flask, as_reader: Person
) -> None:
    card = CARD | {"preprocessing": CARD["preprocessing"] | {"follows_limb": True}}
    page = words_of(as_reader, f"/releases/{new_release(app, card)}")
    assert "as long as the limb, no more pixels than 448 × 448 px, grey" in page


def test_release_trained_on_everything_says_that_others_of_its_recipe_were_judged(
    app: Flask, as_reader: Person
) -> None:
    card = CARD | {"metrics": {"folds": [0, 1, 2, 3, 4], "auroc": {"value": 0.95, "low": 0.94, "high": 0.96}}}
    page = words_of(as_reader, f"/releases/{new_release(app, card)}")
    assert "Judged on 5 folds, each read by a network of the same recipe that never saw it" in page
    pair = card | {"name": "pair", "architecture": "mobilenet+resnet18"}
    page = words_of(as_reader, f"/releases/{new_release(app, pair, 'available')}")
    assert "Judged on 5 folds, each read by networks of the same recipe that never saw it" in page


@pytest.mark.parametrize(
    ("fold", "words"),
    [
        ([0, 1, 2, 3, 4], "folds 0, 1, 2, 3, 4"),
        ("out of fold over 0 to 4", "Judged on out of fold over 0 to 4"),
        (None, "Judged on images that its card does not name"),
        (2, "Judged on fold 2, which it saw in training"),
    ],
)
def test_fold_is_named_as_the_card_names_it(app: Flask, as_reader: Person, fold: object, words: str) -> None:
    metrics = {"fold": fold, "auroc": {"value": 0.95, "low": 0.94, "high": 0.96}}
    card = CARD | {"metrics": metrics, "training": {"folds_train": [2, 3]}}
    page = words_of(as_reader, f"/releases/{new_release(app, card)}")
    assert words in page
    assert "AUROC 0.950 0.940 to 0.960" in page


@pytest.mark.parametrize(
    "training",
    [
        {"folds_train": [2, 3, 4], "folds_seen_before": [0]},
        {"folds_train": [2, 3, 4], "other_members": [{"folds_train": [1, 2], "fold_tune": 0}]},
    ],
    ids=["before", "member"],
)
def test_fold_that_any_network_or_its_start_saw_is_not_said_to_be_held_back(
    app: Flask, as_reader: Person, training: dict[str, Any]
) -> None:
    judged = CARD | {"training": training, "metrics": {"fold": 0, "auroc": 0.9}}
    assert "fold 0, which it saw in training" in words_of(as_reader, f"/releases/{new_release(app, judged)}")
    unjudged = CARD | {"name": "other", "training": training, "metrics": {"fold": 0}}
    assert "was held back" not in words_of(as_reader, f"/releases/{new_release(app, unjudged, 'available')}")


UNJUDGED = "This release states no figures: nobody has judged it on images that it never saw."


def test_release_that_nobody_has_judged_warns_before_it_is_made_active(app: Flask, as_admin: Person) -> None:
    card = CARD | {"metrics": {"fold": 0}, "training": {"folds_train": [2, 3, 4]}}
    release_id = new_release(app, card, "available")
    page = words_of(as_admin, f"/releases/{release_id}")
    assert page.count(UNJUDGED) == 2  # above, and in the form
    assert page.index("Make it active…") < page.rindex(UNJUDGED) < page.index("Yes, make it active")
    assert "Fold 0 was held back to judge it by." in page
    assert "never seen in training" not in page + words_of(as_admin, "/releases")
    assert "Judged on nothing yet: it states no figures" in words_of(as_admin, "/releases")


def test_fold_that_an_unknown_start_may_have_seen_is_not_called_unseen(app: Flask, as_reader: Person) -> None:
    card = CARD | {"training": {"folds_train": [2, 3], "went_on_from": "limbs-1"}}
    page = words_of(as_reader, f"/releases/{new_release(app, card)}")
    assert "fold 4, which the release that it went on from may have seen" in page
    assert "never seen in training" not in page


TURNED = "Do not use this release: on the images that tuned it, it read no better than chance"


@pytest.mark.parametrize(("slope", "times"), [(-0.3, 2), (0, 2), (0.4, 0)])
def test_release_whose_calibration_turns_its_answers_round_warns(
    app: Flask, as_admin: Person, slope: float, times: int
) -> None:
    card = CARD | {"calibration": {"slope": slope, "intercept": -0.5}}
    page = words_of(as_admin, f"/releases/{new_release(app, card, 'available')}")
    assert page.count(TURNED) == times  # above, and in the form


def test_release_that_was_judged_does_not_warn(app: Flask, as_admin: Person) -> None:
    assert UNJUDGED not in words_of(as_admin, f"/releases/{new_release(app, CARD, 'available')}")


def test_release_that_does_not_state_its_data_says_so(app: Flask, as_reader: Person) -> None:
    unstated = dict.fromkeys(("name", "licence", "attribution", "origin"), "not stated")
    card = CARD | {"training_data": unstated, "body_parts": []}
    page = words_of(as_reader, f"/releases/{new_release(app, card)}")
    assert "Body parts not stated" in page
    assert "Training data Not stated: who made this release gave neither" in page
    assert "Licence not stated" not in page
    assert "Trained on not stated Body parts not stated" in words_of(as_reader, "/releases")


def test_page_of_the_shipped_release_says_what_its_card_holds_in_depth(app: Flask, as_reader: Person) -> None:
    card = json.loads((PROJECT_ROOT / "releases" / "greenstick-5" / "card.json").read_text("utf-8"))
    page = words_of(as_reader, f"/releases/{new_release(app, card)}")
    for words in (
        "Expected calibration error (10 bins) 0.012 0.010 to 0.024",
        "Expected calibration error (10 bins) before calibration 0.040 not stated",
        "Brier score before calibration 0.059 not stated",
        "Recall where the specificity is 0.71 0.924 not stated",
        "lets 99.8 % through", "exposed otherwise, 99.4 %", "Of 358 other pictures it refuses 98.9 %",
        "chest xray 34.0 %, ct mri 64px 90.0 %, photo 87.3 %",
        "Epochs efficientnet-lite0: 1; resnet50-c4-fpn: 3", "Batch size 16",
        "Learning rate efficientnet-lite0: 0.0002; resnet50-c4-fpn: 0.0003",
    ):  # fmt: skip
        assert words in page, words


@pytest.mark.parametrize("others", ["text", [5], [{"epochs": 3}, {"epochs": 4}]])
def test_networks_that_the_architecture_does_not_name_are_numbered_or_left_out(
    app: Flask, as_reader: Person, others: object
) -> None:
    card = CARD | {"training": {"epochs": 1, "other_members": others}}
    page = words_of(as_reader, f"/releases/{new_release(app, card)}")
    are_known = others == [{"epochs": 3}, {"epochs": 4}]
    assert ("Epochs network 1: 1; network 2: 3; network 3: 4" if are_known else "Epochs 1") in page


@pytest.mark.parametrize("odd", [None, [], "text", 5, {"deep": {"er": [None, {}]}}])
def test_card_with_odd_entries_is_shown_without_them(app: Flask, as_reader: Person, odd: object) -> None:
    release_id = new_release(app, {"name": "odd"} | {name: odd for name in CARD if name != "name"})
    assert as_reader.get("/releases").status_code == 200
    assert as_reader.get(f"/releases/{release_id}").status_code == 200


def test_only_admins_see_what_can_be_changed(app: Flask, as_reader: Person, as_admin: Person) -> None:
    release_id = new_release(app, CARD, "available")
    for path in ("/releases", f"/releases/{release_id}"):
        assert "For admins" not in as_reader.get(path).text
        assert "Publish a release" not in as_reader.get(path).text
    assert "Make it active…" in as_admin.get(f"/releases/{release_id}").text
    assert "Publish a release" in as_admin.get("/releases").text


@pytest.mark.parametrize("change", ["active", "retired", "available"])
def test_a_reader_cannot_change_the_state_of_a_release(app: Flask, as_reader: Person, change: str) -> None:
    release_id = new_release(app, CARD, "retired" if change == "available" else "available")
    before = state_of(app, release_id)
    assert as_reader.post(f"/releases/{release_id}/{change}").status_code == 403
    assert state_of(app, release_id) == before


def test_an_admin_makes_another_release_active(
    app: Flask, as_admin: Person, doorbell: RecordingDoorbell
) -> None:
    old, new = new_release(app, {"name": "old"}), new_release(app, CARD, "available")
    page = as_admin.get(f"/releases/{new}").text
    assert f'name="instead_of" value="{old}"' in page
    answer = as_admin.post(f"/releases/{new}/active", {"instead_of": old})
    assert answer.headers["Location"] == f"/releases/{new}"
    assert (state_of(app, old), state_of(app, new)) == ("available", "active")
    assert "intake" in doorbell.rung, "images that waited for a release"
    assert "release.activated" in as_admin.get("/events").text


def test_the_slower_admin_is_told_what_is_active_now(app: Flask, as_admin: Person) -> None:
    old = new_release(app, {"name": "old"})
    first, second = new_release(app, {"name": "first"}, "available"), new_release(app, CARD, "available")
    as_admin.post(f"/releases/{first}/active", {"instead_of": old})
    answer = as_admin.post(f"/releases/{second}/active", {"instead_of": old})
    assert answer.status_code == 409
    assert "“first” is active now" in answer.text
    assert f'name="instead_of" value="{first}"' in answer.text, "the next try knows better"
    assert state_of(app, second) == "available"


def test_the_active_release_is_not_retired(app: Flask, as_admin: Person) -> None:
    release_id = new_release(app, CARD)
    assert "Retire it" not in as_admin.get(f"/releases/{release_id}").text
    answer = as_admin.post(f"/releases/{release_id}/retired")
    assert answer.status_code == 400
    assert "Make another one active first." in answer.text
    assert state_of(app, release_id) == "active"


def test_a_retired_release_is_not_offered_and_comes_back(app: Flask, as_admin: Person) -> None:
    new_release(app, {"name": "old"})
    spare = new_release(app, CARD, "available")
    with app.app_context():
        rows.read_case()
    rerun = "/history/rerun?verdict=fracture"
    assert ">full<" in as_admin.get(rerun).text
    as_admin.post(f"/releases/{spare}/retired")
    assert ">full<" not in as_admin.get(rerun).text
    assert "Make it active…" not in as_admin.get(f"/releases/{spare}").text
    as_admin.post(f"/releases/{spare}/available")
    assert ">full<" in as_admin.get(rerun).text


def test_unknown_release_is_not_found(as_admin: Person) -> None:
    assert as_admin.get("/releases/4711").status_code == 404
    for change in ("active", "retired", "available"):
        assert as_admin.post(f"/releases/4711/{change}").status_code == 404


def test_what_a_worker_says_of_a_release_stands_on_its_pages(app: Flask, as_reader: Person) -> None:
    bad, good = new_release(app, CARD), new_release(app, {"name": "full-2"}, "available")
    trouble = "release full: the self-test failed: the answer differs by 0.2 from when it was made"
    with app.app_context():
        workers.seen(workers.Sign("inference-1", "inference", condition=trouble, is_able=False))
    for path in ("/releases", f"/releases/{bad}"):
        assert "the self-test failed: the answer differs by 0.2" in as_reader.get(path).text
    assert "self-test failed" not in as_reader.get(f"/releases/{good}").text
