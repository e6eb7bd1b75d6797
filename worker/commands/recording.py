"""Write what an evaluation measured into a release's card, where it may stand there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from worker.vision.boxes import VERSION as BOX_RULE_VERSION
from worker.vision.card import ReleaseCard
from worker.vision.evaluation.measures import NAMES
from worker.vision.evaluation.report import Report
from worker.vision.evaluation.seen import (
    folds_text,
    folds_trained_on,
    folds_tuned_on,
    is_another_list,
)
from worker.vision.manifest import Row


def refuse_to_record(card: ReleaseCard, rows: Sequence[Row], judged: Sequence[Row]) -> None:
    """Raises ValueError unless the card may hold figures of these images as those of a held-back fold.

    rows    the whole list
    judged  those of its rows that are to be judged
    """
    if reason := _why_not(card, rows, judged):
        raise ValueError(f"{reason}; nothing was judged or written")


def _why_not(card: ReleaseCard, rows: Sequence[Row], judged: Sequence[Row]) -> str:
    """Empty when they may stand there: every image lies in a fold that is known to be unseen."""
    folds = {row.fold for row in judged if row.fold is not None}
    held_back, trained = card.metrics.get("fold"), folds_trained_on(card)
    if card.metrics.get("folds"):
        return (
            "--record would replace the card's figures of several folds, which networks judged that never saw"
            " them"
        )
    if "auroc" in card.metrics:
        return "the card holds figures already, and what is held back can be judged only once"
    if known := (trained | folds_tuned_on(card)) & folds:
        return (
            "--record is for images that the release never saw, and it was trained or tuned on"
            f" {folds_text(known)}"
        )
    if is_another_list(card, rows):
        return (
            "--record is for the list that the release was trained with, and this is another, or it was"
            " changed since"
        )
    if any(row.fold is None for row in judged):
        return (
            "--record is for images that the release never saw, and the list does not say of each in which"
            " fold it is"
        )
    if held_back is None and not trained:
        return (
            "--record is for images that the release never saw, and its card does not say which folds it was"
            " trained on"
        )
    if held_back is not None and sorted(folds) != [held_back]:
        return f"--record is for fold {held_back}, which the card says was held back"
    return ""


def record(folder: Path, report: Report) -> None:
    """Write the measures, and the fold when it is one, into the release's card and seal it anew."""
    card = ReleaseCard.read(folder)
    fold = {"fold": report.folds[0]} if report.folds is not None else {}
    replace(card, metrics={**card.metrics, **fold, **card_metrics(report)}).write(folder)


def card_metrics(report: Report) -> dict[str, Any]:
    """A report as a card keeps it: measures by name, their intervals apart; and which rule drew the boxes."""
    facts = report.to_json()
    measures = facts.pop("measures")
    value_of = {name: measure["value"] for name, measure in measures.items()}
    intervals = {name: [measure["low"], measure["high"]] for name, measure in measures.items()}
    counts = "images", "fractured", "out_of_scope", "refused"
    kept = {name: facts[name] for name in (*counts, "confusion")}
    kept["box_rule_version"] = BOX_RULE_VERSION
    parts = {
        which: {name: _of_part(part) for name, part in facts[which].items()}
        for which in ("body_parts", "hardware")
    }
    return {**value_of, "intervals_95": intervals, **kept, **parts}


def _of_part(part: dict[str, Any]) -> dict[str, Any]:
    """A part's measures beside its counts, each with its interval; null where too few images could tell."""
    measures = part["measures"] or {}
    stated = {"images": part["images"], "fractured": part["fractured"]}
    for name in NAMES:
        measure = measures.get(name)
        stated[name] = None if measure is None else measure["value"]
        stated[f"{name}_interval_95"] = None if measure is None else [measure["low"], measure["high"]]
    return stated
