"""What a release saw of the images it is judged by, as far as its card and the list can tell."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from worker.vision.card import ReleaseCard
from worker.vision.list_digest import list_sha256
from worker.vision.manifest import Row
from worker.vision.sources.known_data import NOT_STATED
from worker.vision.split_groups import split_groups

Share = Literal["all", "some", "none", "unknown"]
Beside = Literal["the same", "perhaps the same", "longer", "another"]
LINE_WIDTH = 110  # letters, on a terminal


@dataclass(frozen=True)
class Seen:
    """How many of the judged images a release was trained on, and the sentences that say so."""

    share: Share
    folds: list[int]  # those of the judged images that it was trained on
    is_warning: bool  # the figures are better than the release reads
    says: str


def seen_by(card: ReleaseCard, rows: Sequence[Row], judged: Sequence[Row]) -> Seen:
    """Told by the numbers of folds and, on the card, the SHA-256 of the list or, without it, the counts.

    rows    the whole list
    judged  those of its rows that are judged
    """
    of_judged = {row.fold for row in judged if row.fold is not None}
    trained = folds_trained_on(card)
    if any(row.fold is None for row in judged) and not trained & of_judged:
        return _unknown("The list does not say of every image in which fold it is")
    if not trained and of_judged - _held_back(card):
        return _unknown("The release's card does not say which folds it was trained on")
    which = _which_list(card, rows)
    if which == "longer":
        return _unknown(
            "The list is another, or longer: it has more images in its folds than the card counts"
        )
    tuned = folds_tuned_on(card) - trained
    if remembered := trained & of_judged:
        return _trained_on(card, judged, remembered, tuned & of_judged, which == "the same")
    if chosen_by := tuned & of_judged:
        return _tuned_on(chosen_by)
    if which == "another":
        return _unknown("The list is another than that of the training, or was changed since")
    if started_from := went_on_from(card):
        return _seen_by_start(
            f"Its training never saw these images ({folds_text(of_judged)}), but the release", started_from
        )
    split = {row.group for row in judged} & {row.group for row in rows if row.fold in trained | tuned}
    return _never_saw(of_judged, len(split), which == "the same")


def seen_out_of_fold(folds: Sequence[Sequence[Row]], started_from: Collection[str] = ()) -> Seen:
    """For folds that were each judged by a network trained on the others only.

    started_from  the releases whose weights those trainings went on from
    """
    if started_from:
        return _seen_by_start("The networks", started_from)
    split = split_groups(row for rows in folds for row in rows)
    if not split:
        return Seen("none", [], False, "Each image was judged by a network that never saw its group.")
    says = (
        "Each image was judged by a network that was trained without its fold, but some groups"
        f" ({len(split)}) have images in more than one fold: of these it may have seen others of the same"
        " patient, which flatters the figures."
    )
    return Seen("none", [], True, says)


def seen_text(seen: Seen) -> str:
    """For a terminal."""
    return textwrap.fill(f"WARNING: {seen.says}" if seen.is_warning else seen.says, LINE_WIDTH)


def folds_text(numbers: Iterable[int]) -> str:
    folds = sorted(numbers)
    return f"fold{'s' if len(folds) > 1 else ''} {', '.join(map(str, folds))}"


def folds_trained_on(card: ReleaseCard) -> set[int]:
    """Those that any of its networks was trained on, or its start; empty when the card does not say."""
    stated = "folds_train", "folds_seen_before"
    return {fold for member in members_of(card) for name in stated for fold in _whole(member.get(name))}


def is_another_list(card: ReleaseCard, rows: Sequence[Row]) -> bool:
    """Whether the card says by which lists its networks were taught, and this is none of them."""
    stated = [sha256 for member in members_of(card) if isinstance(sha256 := member.get("list_sha256"), str)]
    return bool(stated) and list_sha256(rows) not in stated


def fold_held_back(card: ReleaseCard) -> int | None:
    """The one that the card says was held back, unless one of its networks saw it all the same."""
    return next(iter(_held_back(card) - folds_trained_on(card) - folds_tuned_on(card)), None)


def folds_tuned_on(card: ReleaseCard) -> set[int]:
    """Those by which the weights, the calibration or the thresholds were chosen."""
    tuned = {fold for member in members_of(card) for fold in _whole([member.get("fold_tune")])}
    return tuned | _whole(card.metrics.get("folds"))


def members_of(card: ReleaseCard) -> list[Mapping[str, Any]]:
    """What the card says of the training of each network."""
    return [card.training, *card.training.get("other_members", ())]


def went_on_from(card: ReleaseCard) -> set[str]:
    """The releases whose weights its networks went on from, and which may have seen any image."""
    return {name for member in members_of(card) if isinstance(name := member.get("went_on_from"), str)}


def _which_list(card: ReleaseCard, rows: Sequence[Row]) -> Beside:
    """What this list is beside the training's, by the card's SHA-256 of that or, without it, its counts."""
    if {member.get("list_sha256") for member in members_of(card)} == {list_sha256(rows)}:
        return "the same"
    counted = [(here, on_card) for here, on_card in _counted(card, rows) if isinstance(on_card, int)]
    if any(here > on_card for here, on_card in counted):
        return "longer"
    if is_another_list(card, rows):
        return "another"
    return "the same" if counted and all(here == on_card for here, on_card in counted) else "perhaps the same"


def _trained_on(
    card: ReleaseCard, judged: Sequence[Row], remembered: set[int], tuned: set[int], is_certain: bool
) -> Seen:
    count = sum(row.fold in remembered for row in judged)
    is_all = count == len(judged)
    which = "all of these images" if is_all else f"{count} of these {len(judged)} images"
    limit = "" if is_certain else ", as far as the numbers of folds tell"
    says = [
        f"The release was trained on {which} ({folds_text(remembered)}){limit}: the figures show"
        f"{'' if is_all else ' in part'} what it remembers, not how well it reads."
    ]
    if tuned:
        says.append(f"Its calibration and thresholds were chosen by {folds_text(tuned)}.")
    if not is_certain:
        name = card.training_data.get("name")
        data = "its training data" if name in (None, NOT_STATED) else name
        says.append(
            f"The card names folds, not images: if the list was not taken from {data} with the folds of the"
            " training, it cannot be known what the release saw of it."
        )
    return Seen("all" if is_all else "some", sorted(remembered), True, " ".join(says))


def _tuned_on(folds: set[int]) -> Seen:
    says = (
        f"The release was not trained on these images, but it was tuned on {folds_text(folds)}: its"
        " calibration and thresholds were chosen by them, so that the figures flatter it."
    )
    return Seen("none", [], True, says)


def _never_saw(folds: set[int], groups_split: int, is_certain: bool) -> Seen:
    limit = "" if is_certain else ", as far as the numbers of folds tell"
    says = f"The release never saw these images ({folds_text(folds)}){limit}"
    if not groups_split:
        return Seen("none", [], False, f"{says}.")
    return Seen(
        "none",
        [],
        True,
        f"{says}, but some of their groups ({groups_split}) have images in folds that it was trained or tuned"
        " on: of these it may have seen others of the same patient, which flatters the figures.",
    )


def _seen_by_start(who: str, started_from: Collection[str]) -> Seen:
    says = (
        f"{who} went on from the weights of {', '.join(sorted(started_from))}: whether that was trained on"
        " these images cannot be known, and if it was, the figures show what it remembers."
    )
    return Seen("unknown", [], True, says)


def _unknown(reason: str) -> Seen:
    says = f"{reason}: whether the release was trained on these images cannot be known."
    return Seen("unknown", [], False, says)


def _held_back(card: ReleaseCard) -> set[int]:
    return _whole([card.metrics.get("fold")])


def _counted(card: ReleaseCard, rows: Sequence[Row]) -> Iterable[tuple[int, Any]]:
    """Images in folds that the card counts: how many the list has there, how many the card."""
    metrics, training = card.metrics, card.training
    judged = _whole(metrics.get("folds")) or _held_back(card)
    if judged and "images" in metrics:
        unread = (metrics.get("out_of_scope") or 0) + metrics.get("refused", 0)
        yield sum(row.fold in judged for row in rows), metrics["images"] + unread
    tuned = _whole([training.get("fold_tune")])
    if tuned and "tune_images" in training:
        yield sum(row.fold in tuned for row in rows), training["tune_images"]
        yield sum(row.fold in tuned and row.is_fractured for row in rows), training.get("tune_fractured")


def _whole(stated: Any) -> set[int]:
    return {fold for fold in stated or () if isinstance(fold, int)}
