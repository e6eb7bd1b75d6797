"""What the card of a release says, in the order and the words in which staff read it.

Cards come from outside: an entry that is missing or of another kind is left out, and nothing is made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.queries.card_values import number, section, text, texts_of, whole, words
from portal.queries.release_networks import (
    folds_seen,
    may_have_seen_all,
    networks_in,
    training_facts,
)
from portal.queries.release_scope import scope_sentences

MEASURES = {  # named as the reports of the worker name them, which the portal does not import
    "auroc": "AUROC",
    "pr_auc": "Area under precision and recall",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "rule_out_sensitivity": "Sensitivity at the rule-out point",
    "rule_out_specificity": "Specificity at the rule-out point",
    "rule_in_sensitivity": "Sensitivity at the rule-in point",
    "rule_in_specificity": "Specificity at the rule-in point",
    "accuracy": "Accuracy, fractured meaning rule-in",
    "precision": "Precision, fractured meaning rule-in",
    "recall": "Recall, fractured meaning rule-in",
    "f1": "F1, fractured meaning rule-in",
    "calibration_error": "Expected calibration error (10 bins)",
    "brier": "Brier score",
    "hit_rate": "Hottest spot inside a marked fracture",
    "first_box_hit_rate": "Centre of the first box inside a marked fracture",
    "box_precision_30": "Average precision of boxes at IoU 0.3",
    "box_precision_50": "Average precision of boxes at IoU 0.5",
}
COUNTS = ("images", "fractured", "out_of_scope", "refused")
NO_MEASURES = (*COUNTS, "fold", "box_rule_version")  # numbers beside them
NOT_JUDGED = "nothing yet: it states no figures"
NOT_STATED = "not stated"
"""How a card says that nobody told what its release was trained on, or under what licence that is."""

Fact = tuple[str, str]


@dataclass(frozen=True)
class Figure:
    """A measure with its 95 % interval, where the card has one."""

    name: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class GroupFigures:
    """Of a part of the images; `auroc` is None where they were too few to tell."""

    name: str
    images: int | None
    fractured: int | None
    auroc: Figure | None


@dataclass(frozen=True)
class Card:
    """A release's card as its page shows it."""

    architecture: str
    body_parts: tuple[str, ...]
    trained_on: str
    judged_on: str
    held_back: str  # the sentence about a fold that nobody has judged it on yet
    is_judged: bool
    is_calibrated: bool  # False where the calibration turns the network's answers round
    is_data_stated: bool
    rule_out: float | None
    rule_in: float | None
    counts: Mapping[str, int]
    figures: tuple[Figure, ...]
    body_part_figures: tuple[GroupFigures, ...]
    hardware_figures: tuple[GroupFigures, ...]
    network: tuple[Fact, ...]
    training_data: tuple[Fact, ...]
    training: tuple[Fact, ...]
    scope: tuple[str, ...]
    checksums: tuple[Fact, ...]


def readable(card: Mapping[str, Any]) -> Card:
    metrics, points = section(card, "metrics"), section(card, "operating_points")
    figures = tuple(_figures(metrics))
    trained_on = text(section(card, "training_data").get("name"))
    slope = number(section(card, "calibration").get("slope"))
    return Card(
        architecture=text(card.get("architecture")),
        body_parts=texts_of(card, "body_parts"),
        trained_on=trained_on,
        judged_on=_judged_on(card) if figures else NOT_JUDGED,
        held_back=_held_back(card),
        is_judged=bool(figures),
        is_calibrated=slope is None or slope > 0,
        is_data_stated=trained_on not in ("", NOT_STATED),
        rule_out=number(points.get("rule_out")),
        rule_in=number(points.get("rule_in")),
        counts={name: count for name in COUNTS if isinstance(count := metrics.get(name), int)},
        figures=figures,
        body_part_figures=tuple(_groups(section(metrics, "body_parts"))),
        hardware_figures=tuple(_groups(section(metrics, "hardware"))),
        network=_facts(_network(card)),
        training_data=_facts(section(card, "training_data")),
        training=training_facts(section(card, "training"), text(card.get("architecture"))),
        scope=scope_sentences(section(section(card, "training"), "scope")),
        checksums=_facts(section(card, "checksums"), as_words=False),
    )


def _network(card: Mapping[str, Any]) -> dict[str, Any]:
    before, scale = section(card, "preprocessing"), section(card, "normalisation")
    calibration = section(card, "calibration")
    return {
        "architecture": card.get("architecture"),
        "made": card.get("created"),
        "starting_weights": section(card, "backbone").get("name"),
        "their_licence": section(card, "backbone").get("licence"),
        "classes": card.get("classes"),
        "input": _input(before),
        "preprocessing": f"version {before['version']}" if before.get("version") else None,
        "normalisation": _pairs(scale),
        "calibration": _pairs(calibration),
        "out_of_scope": _scope(card),
    }


def _input(before: Mapping[str, Any]) -> str | None:
    side = text(before.get("side_px"))
    if not side:
        return None
    square = f"{side} × {side} px, grey"
    return (
        f"as long as the limb, no more pixels than {square}" if before.get("follows_limb") is True else square
    )


def _scope(card: Mapping[str, Any]) -> str | None:
    if "least_scope" not in card:
        return None
    is_told = card["least_scope"] is not None
    return "told apart" if is_told else "not told apart: it reads whatever it is given"


def _figures(metrics: Mapping[str, Any]) -> Iterator[Figure]:
    """Those with a known name first, then any other; those that calibration changed also before it."""
    intervals, uncalibrated = section(metrics, "intervals_95"), section(metrics, "before_calibration")
    for name in [*MEASURES, *(name for name in metrics if name not in MEASURES)]:
        figure = _figure(MEASURES.get(name) or words(name), metrics.get(name), intervals.get(name))
        if figure is None or name in NO_MEASURES:
            continue
        yield figure
        if (before := _figure(f"{figure.name} before calibration", uncalibrated.get(name), None)) is not None:
            yield before
    for specificity, recall in section(metrics, "recall_at_specificity").items():
        figure = _figure(f"Recall where the specificity is {specificity}", recall, None)
        if figure is not None:
            yield figure


def _figure(name: str, stated: Any, interval: Any) -> Figure | None:
    """From a number with its interval beside it, or from both in one entry."""
    if isinstance(stated, dict):
        stated, interval = stated.get("value"), [stated.get("low"), stated.get("high")]
    value = number(stated)
    if value is None:
        return None
    ends = [number(end) for end in interval] if isinstance(interval, list) else []
    low, high = ends if len(ends) == 2 and None not in ends else (None, None)
    return Figure(name, value, low, high)


def _groups(stated: Mapping[str, Any]) -> Iterator[GroupFigures]:
    for name, facts in stated.items():
        if isinstance(facts, dict):
            auroc = _figure("AUROC", facts.get("auroc"), facts.get("auroc_interval_95"))
            yield GroupFigures(name, whole(facts.get("images")), whole(facts.get("fractured")), auroc)


def _judged_on(card: Mapping[str, Any]) -> str:
    metrics = section(card, "metrics")
    if isinstance(folds := metrics.get("folds"), list) and folds:
        judges = "a network" if networks_in(text(card.get("architecture"))) == 1 else "networks"
        return f"{len(folds)} folds, each read by {judges} of the same recipe that never saw it"
    fold = metrics.get("fold")
    if isinstance(fold, list) and fold:
        return f"folds {', '.join(map(text, fold))}"
    if isinstance(fold, str) and fold:
        return fold
    if (fold := whole(fold)) is None:
        return "images that its card does not name; it may have learnt from them"
    if was_learnt(card, fold):
        return f"fold {fold}, which it saw in training"
    if may_have_seen_all(section(card, "training")):
        return f"fold {fold}, which the release that it went on from may have seen"
    return f"fold {fold}, never seen in training"


def _held_back(card: Mapping[str, Any]) -> str:
    fold = whole(section(card, "metrics").get("fold"))
    return "" if fold is None or was_learnt(card, fold) else f"Fold {fold} was held back to judge it by."


def was_learnt(card: Mapping[str, Any], fold: int) -> bool:
    """Whether one of the release's networks, or one that it went on from, saw this fold."""
    return fold in folds_seen(section(card, "training"))


def _facts(entries: Mapping[str, Any], as_words: bool = True) -> tuple[Fact, ...]:
    """What can be said in one line; deeper entries stand in the card itself."""
    named = ((words(name) if as_words else name, text(value)) for name, value in entries.items())
    return tuple((name, said) for name, said in named if said)


def _pairs(entries: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.lower()} {said}" for name, said in _facts(entries))
