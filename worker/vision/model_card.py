"""The page for people of a release's card: `python -m worker.vision.model_card [RELEASE]`."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from worker.vision.boxes import VERSION as BOX_RULE_VERSION
from worker.vision.card import TRIM_BEFORE, ReleaseCard
from worker.vision.errors import BadRelease
from worker.vision.evaluation.measures import NAMES
from worker.vision.evaluation.seen import fold_held_back, went_on_from
from worker.vision.shelf import default_release
from worker.vision.sources.known_data import NOT_STATED

WIDTH = 110
MODEL_CARD = Path(__file__).resolve().parents[2] / "docs" / "model-card.md"
OF_ONE_VERDICT = ("accuracy", "precision", "recall", "f1")  # the points above them say it already
OF_FRACTURED = ("hit_rate", "first_box_hit_rate")
MEASURE_NAMES = {
    name: f"{words} (fractured images)" if name in OF_FRACTURED else words
    for name, words in NAMES.items()
    if name not in OF_ONE_VERDICT
}


def model_card(card: ReleaseCard) -> str:
    """The page for people, in Markdown; of a release that nobody has judged yet it says so."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["figure"] = _figure
    environment.filters["interval"] = _interval
    page = environment.get_template("model_card.md.j2").render(
        card=card,
        names=MEASURE_NAMES,
        is_judged="auroc" in card.metrics,
        has_errors_of_both=all(
            card.metrics.get(name) is not None for name in ("rule_out_sensitivity", "rule_in_specificity")
        ),
        judged=_judged(card.metrics),
        is_unseen=_is_unseen(card),
        held_back=_held_back(card),
        is_scope_asked=_is_scope_asked(card),
        is_earlier_box_rule=_is_earlier_box_rule(card),
        groups=_groups(card),
        is_calibrated=card.calibration.slope > 0,
        is_all=_is_trained_on_all(card),
        tuned=_tuned(card),
        data=_data(card.training_data),
        backbone=_backbone(card.backbone),
        is_fracatlas=card.training_data.get("name") == "FracAtlas",
        scope=_scope(card.training.get("scope")),
    )
    return "\n".join(_wrapped(line) for line in page.split("\n"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when the page is written, 2 when there is no such release."""
    asked = _parser().parse_args(arguments)
    try:
        card = ReleaseCard.read(asked.release or default_release())
    except BadRelease as failure:
        print(f"model_card: {failure}", file=sys.stderr)
        return 2
    page = MODEL_CARD if asked.release is None else asked.release / MODEL_CARD.name
    page.parent.mkdir(exist_ok=True)
    page.write_text(model_card(card), "utf-8")
    print(page)
    return 0


def _wrapped(line: str) -> str:
    """A long line of text as several; tables and headings stay whole."""
    if line.startswith(("|", "#")):
        return line
    return textwrap.fill(line, WIDTH, break_long_words=False, subsequent_indent="  " * line.startswith("- "))


def _figure(value: float | None) -> str:
    """A measure that the images do not define is null on the card."""
    return "–" if value is None else f"{value:.3f}"


def _interval(ends: Sequence[float | None]) -> str:
    low, high = ends
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _judged(metrics: Mapping[str, Any]) -> str:
    """Where: a fold is named only when it was held back."""
    if "folds" in metrics:
        return "out of fold"
    return (
        "on images that its card does not name"
        if metrics.get("fold") is None
        else f"on fold {metrics['fold']}"
    )


def _is_unseen(card: ReleaseCard) -> bool:
    """Whether the card says that the images judged on were held back from training."""
    is_told = fold_held_back(card) is not None or "folds" in card.metrics
    return is_told and not went_on_from(card)


def _held_back(card: ReleaseCard) -> str:
    if not _is_unseen(card):
        return ""
    once = " and judged once" if "auroc" in card.metrics else ""
    return f"; fold {card.metrics.get('fold')} was held back{once}"


def _is_scope_asked(card: ReleaseCard) -> bool:
    """Whether the figures are of images that were in scope; cards of before state 0 where nobody asked."""
    return card.least_scope is not None and "folds" not in card.metrics


def _is_earlier_box_rule(card: ReleaseCard) -> bool:
    """Whether other boxes were judged than are drawn now.

    Cards have stated the version since its third; those of the second state no trim either.
    """
    if card.metrics.get("box_precision_30") is None:
        return False
    stated = card.metrics.get("box_rule_version")
    return card.box_trim == TRIM_BEFORE if stated is None else stated < BOX_RULE_VERSION


def _is_trained_on_all(card: ReleaseCard) -> bool:
    """Whether no fold of its list is left that the release was not trained on."""
    trained = card.training.get("folds_train", ())
    return "folds_left_out" not in card.training and set(card.metrics.get("folds", ())) <= set(trained)


def _tuned(card: ReleaseCard) -> str:
    if "folds" in card.metrics:
        return "out of fold"
    fold = card.training.get("fold_tune")
    return "on images that its card does not name" if fold is None else f"on fold {fold}"


def _groups(card: ReleaseCard) -> str:
    """Whether folds share patients; nothing where neither the card nor the data set tells."""
    if split := card.training.get("groups_split"):
        return (
            f"Some groups of images ({split}) lie in more than one fold, so that a network may have seen"
            " other images of a patient by whom it is judged, which flatters its figures."
        )
    if card.training_data.get("name") == "FracAtlas":
        return "Folds share no patient as far as the data can tell (it has no patient ids)."
    if split == 0:
        return "Folds share no group of images, as far as the list of images tells which belong together."
    return ""


def _data(data: Mapping[str, Any]) -> str:
    if data.get("name", NOT_STATED) == NOT_STATED:
        return (
            "Not stated: who made this release gave neither what it was trained on, nor its licence, nor"
            " where it comes from."
        )
    told = {"Licence": "licence", "Changes": "changes", "Origin": "origin"}
    named = (
        f"{word}{' ' if word == 'Licence' else ': '}{data[name]}."
        for word, name in told.items()
        if name in data
    )
    return " ".join([f"{data['name']}: {data.get('attribution', NOT_STATED)}.", *named])


def _backbone(backbone: Mapping[str, Any]) -> str:
    name, licence, pictures = (backbone.get(fact, NOT_STATED) for fact in ("name", "licence", "pre-training"))
    return f"Starting weights: {name}. Licence: {licence}. Pre-trained on {pictures}."


def _scope(scope: Mapping[str, Any] | None) -> str:
    if scope is None:
        return "It cannot tell whether an image is a radiograph of a limb, and reads whatever it is given."
    unseen = ", ".join(
        f"{kind.replace('_', ' ')} {share:.0%}"
        for kind, share in scope["refused_share_when_kind_unseen"].items()
    )
    return (
        f"The check for images out of scope is simple, fitted on {scope['other_images']} other pictures"
        f"{_cross_validated(scope)}. Of the radiographs by which its threshold was chosen it lets"
        f" {scope['kept_share']:.1%} through"
        f"{_changed(scope)}. Pictures of a kind it was never"
        f" fitted on are caught less often (left out in turn: {unseen}), so a score does not prove that the"
        " image is a limb."
    )


def _cross_validated(scope: Mapping[str, Any]) -> str:
    """Cards up to greenstick-1 do not say it."""
    if "refused_share" not in scope:
        return ""
    return (
        f" and {scope['drawn_images']} drawn ones; asked in turn about a fifth left out, it refuses"
        f" {scope['refused_share']:.1%} of the former"
    )


def _changed(scope: Mapping[str, Any]) -> str:
    if "kept_share_changed" not in scope:
        return ""
    return (
        f", and {scope['kept_share_changed']:.1%} of them when sharpened, blurred, cropped, framed or"
        " exposed otherwise"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m worker.vision.model_card",
        description="Write the page for people of a release's card.",
    )
    parser.add_argument(
        "release",
        nargs="?",
        type=Path,
        metavar="RELEASE",
        help="its folder, where model-card.md is written; default: the shipped one, to docs/model-card.md",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
