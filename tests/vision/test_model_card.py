"""The page for people that a release's card makes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from portal.queries.release_cards import MEASURES
from worker.vision.boxes import VERSION
from worker.vision.card import Calibration, ReleaseCard
from worker.vision.evaluation.measures import NAMES
from worker.vision.model_card import MEASURE_NAMES, main, model_card
from worker.vision.shelf import RELEASES

UNSTATED = dict.fromkeys(("name", "licence", "attribution", "origin"), "not stated")


@pytest.fixture
def shipped() -> ReleaseCard:
    return ReleaseCard.read(RELEASES / "greenstick-5")


def test_measure_has_one_name_in_reports_in_the_portal_and_on_the_page() -> None:
    assert {name: MEASURES[name] for name in NAMES} == NAMES
    for name, words in MEASURE_NAMES.items():
        assert words.removesuffix(" (fractured images)") == NAMES[name]


def unwrapped(page: str) -> str:
    return " ".join(page.split())


def test_release_that_nobody_has_judged_says_so_and_states_no_figure(shipped: ReleaseCard) -> None:
    training = {
        "folds_train": [2, 3, 4],
        "fold_tune": 1,
        "tune_images": 8,
        "tune_fractured": 3,
        "scope": None,
    }
    page = unwrapped(model_card(replace(shipped, metrics={"fold": 0}, training=training)))
    assert "This release states no figures: nobody has judged it on images that it never saw." in page
    assert "fold 0 was held back." in page
    assert "AUROC" not in page
    assert "had not seen" not in page
    unheld = unwrapped(model_card(replace(shipped, metrics={"fold": None}, training=training)))
    assert "held back" not in unheld


def test_release_without_any_fact_about_its_training_has_a_page(tiny_folder: Path) -> None:
    page = unwrapped(model_card(ReleaseCard.read(tiny_folder)))
    assert "This release states no figures" in page
    assert "Starting weights: not stated" in page


def test_release_judged_on_one_kind_of_image_has_a_page(shipped: ReleaseCard) -> None:
    undefined = dict.fromkeys(("auroc", "pr_auc", "rule_out_sensitivity", "rule_in_sensitivity", "recall"))
    page = unwrapped(model_card(replace(shipped, metrics={**shipped.metrics, **undefined})))
    assert "| Brier score |" in page
    assert "| AUROC | –" not in page
    assert "of the fractured images `no fracture`" not in page


def test_release_that_does_not_state_its_data_claims_nothing_of_fracatlas(shipped: ReleaseCard) -> None:
    page = unwrapped(model_card(replace(shipped, training_data=UNSTATED, body_parts=())))
    assert "Not stated: who made this release gave neither" in page
    assert "of which parts, its card does not state" in page
    for claim in (
        "FracAtlas",
        "three hospitals",
        "no patient ids",
        "Nearly all training images with metal",
        "Hips",
    ):
        assert claim not in page
        assert claim in unwrapped(model_card(shipped))


@pytest.mark.parametrize("fold", [None, 3])
def test_figures_on_images_that_it_may_have_learnt_from_are_not_called_unseen(
    fold: int | None, shipped: ReleaseCard
) -> None:
    metrics = {name: value for name, value in shipped.metrics.items() if name != "folds"}
    page = unwrapped(model_card(replace(shipped, metrics={**metrics, "fold": fold})))
    assert "On images that the networks may have learnt from, the rule-out point" in page
    assert "held back" not in page


def test_scope_is_said_to_be_asked_only_where_the_figures_are_of_a_release_that_asks(
    shipped: ReleaseCard,
) -> None:
    not_asked = "The check for images out of scope was not asked for these figures."
    assert shipped.metrics["out_of_scope"] == 0  # though the networks that were judged knew no scope
    assert not_asked in unwrapped(model_card(shipped))
    one_fold = {name: value for name, value in shipped.metrics.items() if name != "folds"} | {"fold": 0}
    asked = replace(shipped, metrics={**one_fold, "out_of_scope": 2})
    assert "2 images that were called out of scope" in unwrapped(model_card(asked))
    unknowing = replace(asked, metrics={**one_fold, "out_of_scope": None}, least_scope=None)
    assert not_asked in unwrapped(model_card(unknowing))


def test_figures_of_boxes_drawn_by_an_earlier_rule_are_said_to_be_so(shipped: ReleaseCard) -> None:
    earlier = "The figures of boxes are by an earlier rule"
    assert earlier in unwrapped(model_card(shipped))
    assert earlier not in unwrapped(model_card(replace(shipped, box_trim=0.75)))  # states no version yet
    for version, is_earlier in ((VERSION - 1, True), (VERSION, False)):
        judged = replace(shipped, metrics={**shipped.metrics, "box_rule_version": version})
        assert (earlier in unwrapped(model_card(judged))) == is_earlier
    unmarked = replace(shipped, metrics={**shipped.metrics, "box_precision_30": None})
    assert earlier not in unwrapped(model_card(unmarked))


def test_fold_that_a_network_or_its_start_saw_is_not_called_held_back(shipped: ReleaseCard) -> None:
    for seen in ({"folds_seen_before": [0]}, {"other_members": [{"folds_train": [2], "fold_tune": 0}]}):
        training = {"folds_train": [2, 3, 4], "fold_tune": 1, "scope": None, **seen}
        page = unwrapped(model_card(replace(shipped, metrics={"fold": 0}, training=training)))
        assert "held back" not in page


@pytest.mark.parametrize(
    ("training", "folds", "is_all"),
    [
        ({"folds_train": [0, 1, 2, 3, 4]}, [0, 1, 2, 3, 4], True),
        ({"folds_train": [2, 3, 4]}, [0, 1], False),
        ({"folds_train": [0, 1], "folds_left_out": [2, 3, 4]}, [0, 1], False),
    ],
)
def test_release_judged_out_of_fold_is_said_to_have_seen_all_only_if_it_did(
    training: dict[str, list[int]], folds: list[int], is_all: bool, shipped: ReleaseCard
) -> None:
    card = replace(shipped, training={**training, "scope": None}, metrics={**shipped.metrics, "folds": folds})
    page = unwrapped(model_card(card))
    assert f"trained on folds {', '.join(map(str, training['folds_train']))}" in page
    assert ("all of them" in page) == is_all
    assert f"those of {len(folds)} pairs of networks of the same recipe" in page
    alone = unwrapped(model_card(replace(card, architecture="plain-cnn")))
    assert f"those of {len(folds)} networks of the same recipe" in alone


@pytest.mark.parametrize(
    ("split", "says"),
    [
        (3, "Some groups of images (3) lie in more than one fold"),
        (0, "Folds share no group of images"),
        (None, None),
    ],
)
def test_groups_in_several_folds_are_told_as_far_as_they_are_known(
    split: int | None, says: str | None, shipped: ReleaseCard
) -> None:
    training = {"folds_train": [2, 3, 4], "scope": None, "groups_split": split}
    page = unwrapped(model_card(replace(shipped, training_data=UNSTATED, training=training)))
    if says is None:
        assert "roups of images" not in page
        assert "Folds share" not in page
    else:
        assert says in page
    of_fracatlas = unwrapped(model_card(replace(shipped, training=training)))
    assert ("share no patient" in of_fracatlas) == (not split)


def test_calibration_that_turns_answers_round_is_told_first(shipped: ReleaseCard) -> None:
    page = unwrapped(model_card(replace(shipped, calibration=Calibration(-0.2, 0.1))))
    assert page.index("Do not use this release") < page.index("## What it is")
    assert "Do not use" not in model_card(shipped)


def test_network_that_looks_again_is_not_counted_among_those_whose_mean_answers(shipped: ReleaseCard) -> None:
    alone = replace(shipped, architecture="resnet50-c4-fpn+efficientnet-lite0-close")
    page = unwrapped(model_card(alone))
    assert "resnet50-c4-fpn, a convolutional network" in page
    assert "Another network (efficientnet-lite0-close) looks again, from near" in page
    pair = unwrapped(model_card(replace(shipped, architecture=f"{shipped.architecture}+vgg16-close")))
    assert "2 convolutional networks (efficientnet-lite0, resnet50-c4-fpn)" in pair
    assert "looks again" not in unwrapped(model_card(shipped))


def test_measure_that_could_not_be_taken_is_left_out(shipped: ReleaseCard) -> None:
    intervals = {**shipped.metrics["intervals_95"], "hit_rate": [None, None], "brier": [None, None]}
    metrics = {**shipped.metrics, "hit_rate": None, "intervals_95": intervals}
    page = model_card(replace(shipped, metrics=metrics))  # of images without boxes
    assert "Hottest spot" not in page
    assert "| Brier score | 0.055 |  |" in page


def test_page_of_a_named_release_lies_beside_its_card(
    tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tiny_folder)]) == 0
    page = tiny_folder / "model-card.md"
    assert page.read_text("utf-8").startswith("# Model card: tiny")
    assert str(page) in capsys.readouterr().out


def test_folder_without_a_release_gets_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no readable card.json" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
