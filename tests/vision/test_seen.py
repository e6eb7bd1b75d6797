"""What is said of the images that a release saw before it is judged by them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from worker.vision.card import ReleaseCard
from worker.vision.evaluation.seen import seen_by, seen_out_of_fold
from worker.vision.list_digest import list_sha256
from worker.vision.manifest import Row
from worker.vision.shelf import RELEASES

EVERY_FOLD = [0, 1, 2, 3, 4]


def rows_in(folds: list[int | None], count: int = 4) -> list[Row]:
    """`count` rows in each fold, every other one fractured, all of groups of their own."""
    return [
        Row(Path(f"{fold}-{n}.png"), f"{fold}-{n}.png", n % 2 == 0, "hand", (), f"g{fold}-{n}", fold)
        for fold in folds
        for n in range(count)
    ]


ROWS = rows_in([*EVERY_FOLD])


@pytest.fixture
def card(tiny_folder: Path) -> ReleaseCard:
    return ReleaseCard.read(tiny_folder)


def trained(card: ReleaseCard, *folds: int, **metrics: Any) -> ReleaseCard:
    return replace(card, training={"folds_train": list(folds)}, metrics=metrics)


def test_data_that_the_card_does_not_state_is_not_named() -> None:
    shipped = ReleaseCard.read(RELEASES / "greenstick-5")
    card = replace(shipped, training_data={"name": "not stated"}, metrics={})
    rows = [Row(Path("a.png"), "a.png", True, "hand", (), "a", 0)]
    said = seen_by(replace(card, training={"folds_train": [0]}), rows, rows).says
    assert "if the list was not taken from its training data with the folds" in said


def test_release_that_saw_all_images_of_the_list_is_said_to_remember_them(card: ReleaseCard) -> None:
    counted = trained(card, *EVERY_FOLD, folds=EVERY_FOLD, images=19, out_of_scope=1, refused=0)
    seen = seen_by(counted, ROWS, ROWS)
    assert (seen.share, seen.folds, seen.is_warning) == ("all", EVERY_FOLD, True)
    assert seen.says == (
        "The release was trained on all of these images (folds 0, 1, 2, 3, 4): the figures show what it"
        " remembers, not how well it reads."
    )


def test_one_fold_of_those_it_was_trained_on_is_no_better(card: ReleaseCard) -> None:
    seen = seen_by(trained(card, *EVERY_FOLD), ROWS, [row for row in ROWS if row.fold == 2])
    assert (seen.share, seen.folds, seen.is_warning) == ("all", [2], True)


def test_list_that_the_card_cannot_confirm_leaves_a_doubt(card: ReleaseCard) -> None:
    counted = trained(card, *EVERY_FOLD, folds=EVERY_FOLD, images=20)
    part = seen_by(counted, ROWS[1:], ROWS[1:])
    assert part.share == "all"
    assert part.is_warning
    assert "as far as the numbers of folds tell" in part.says
    assert "cannot be known" in part.says


def test_card_whose_figures_were_taken_without_asking_for_the_scope_counts_all_the_same(
    card: ReleaseCard,
) -> None:
    counted = trained(card, *EVERY_FOLD, folds=EVERY_FOLD, images=20, out_of_scope=None, refused=0)
    assert "as far as" not in seen_by(counted, ROWS, ROWS).says


def test_list_of_more_images_than_the_card_counts_is_another(card: ReleaseCard) -> None:
    seen = seen_by(trained(card, *EVERY_FOLD, folds=EVERY_FOLD, images=19), ROWS, ROWS)
    assert (seen.share, seen.folds, seen.is_warning) == ("unknown", [], False)
    assert "cannot be known" in seen.says


def test_folds_that_only_another_member_was_trained_on_count_too(card: ReleaseCard) -> None:
    training = {"folds_train": [0, 1], "other_members": [{"folds_train": [2]}]}
    seen = seen_by(replace(card, training=training), ROWS, ROWS)
    assert (seen.share, seen.folds) == ("some", [0, 1, 2])
    assert "12 of these 20 images (folds 0, 1, 2)" in seen.says


def test_tuning_fold_is_named_beside_those_trained_on(card: ReleaseCard) -> None:
    tuned = replace(card, training={"folds_train": [0, 1, 2], "fold_tune": 3}, metrics={"fold": 4})
    assert "chosen by fold 3" in seen_by(tuned, ROWS, ROWS).says
    alone = seen_by(tuned, ROWS, [row for row in ROWS if row.fold == 3])
    assert (alone.share, alone.is_warning) == ("none", True)
    assert "flatter" in alone.says


def test_held_back_fold_was_never_seen(card: ReleaseCard) -> None:
    held_back = trained(card, 0, 1, 2, 3, fold=4)
    seen = seen_by(held_back, ROWS, [row for row in ROWS if row.fold == 4])
    assert (seen.share, seen.is_warning) == ("none", False)
    assert seen.says.startswith("The release never saw these images (fold 4)")


def test_list_that_the_card_names_by_its_digest_is_known_for_certain(card: ReleaseCard) -> None:
    training = {"folds_train": [0, 1, 2, 3], "list_sha256": list_sha256(ROWS)}
    taught = replace(card, training=training, metrics={"fold": 4})
    fold_4 = [row for row in ROWS if row.fold == 4]
    assert seen_by(taught, ROWS[::-1], fold_4).says == "The release never saw these images (fold 4)."
    assert "remembers" in (says := seen_by(taught, ROWS, ROWS).says)
    assert "as far as" not in says


def test_list_whose_folds_were_dealt_anew_tells_nothing_by_their_numbers(card: ReleaseCard) -> None:
    training = {"folds_train": [0, 1, 2, 3], "list_sha256": list_sha256(ROWS)}
    taught = replace(card, training=training, metrics={"fold": 4, "images": 4})
    turned = [replace(row, fold=((row.fold or 0) + 1) % 5) for row in ROWS]
    seen = seen_by(taught, turned, [row for row in turned if row.fold == 4])
    assert seen.share == "unknown"
    assert "was changed since" in seen.says


def test_held_back_fold_with_images_of_patients_that_were_trained_on_is_a_warning(card: ReleaseCard) -> None:
    other = {"4-0.png": ROWS[0].group, "3-0.png": "g2-0"}  # the second is split between folds trained on
    shared = [replace(row, group=other.get(row.name, row.group)) for row in ROWS]
    seen = seen_by(trained(card, 0, 1, 2, 3, fold=4), shared, [row for row in shared if row.fold == 4])
    assert (seen.share, seen.is_warning) == ("none", True)
    assert "(1) have images in folds that it was trained or tuned on" in seen.says


def test_list_without_folds_and_card_without_them_tell_nothing(card: ReleaseCard) -> None:
    without, partly = rows_in([None]), rows_in([None, 4])
    held_back = trained(card, 0, fold=4)
    for seen in (
        seen_by(trained(card, *EVERY_FOLD), without, without),
        seen_by(held_back, partly, partly),
        seen_by(card, ROWS, ROWS),
    ):
        assert (seen.share, seen.is_warning) == ("unknown", False)
        assert "cannot be known" in seen.says


def test_out_of_fold_images_were_never_seen_unless_a_group_lies_in_two_folds() -> None:
    apart = seen_out_of_fold([rows_in([0]), rows_in([1])])
    assert apart.says == "Each image was judged by a network that never saw its group."
    shared = [replace(rows_in([1])[0], group=ROWS[0].group), *rows_in([1])[1:]]
    split = seen_out_of_fold([rows_in([0]), shared])
    assert split.is_warning
    assert "(1) have images in more than one fold" in split.says
