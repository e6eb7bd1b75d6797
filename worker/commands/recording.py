"""Write what an evaluation measured into a release's card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from worker.vision.card import ReleaseCard
from worker.vision.evaluation.measures import NAMES
from worker.vision.evaluation.report import Report


def record(folder: Path, report: Report) -> None:
    """Write the measures into the release's card and seal it anew."""
    card = ReleaseCard.read(folder)
    replace(card, metrics={**card.metrics, **card_metrics(report)}).write(folder)


def card_metrics(report: Report) -> dict[str, Any]:
    """A report as a card keeps it: measures by name, their intervals apart."""
    facts = report.to_json()
    measures = facts.pop("measures")
    value_of = {name: measure["value"] for name, measure in measures.items()}
    intervals = {name: [measure["low"], measure["high"]] for name, measure in measures.items()}
    counts = "images", "fractured", "out_of_scope", "refused"
    kept = {name: facts[name] for name in (*counts, "confusion")}
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
