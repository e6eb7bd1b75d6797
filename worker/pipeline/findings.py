"""A reading as the columns of a finding, its heatmap kept in storage."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from portal.queries.work import JobToRead
from portal.storage import Storage
from worker.vision import boxes
from worker.vision.detector import Detector, Reading
from worker.vision.overlay import heatmap_png


def finding_of(reading: Reading, job: JobToRead, detector: Detector, storage: Storage) -> dict[str, Any]:
    """Everything a finding says, its maker included. Writes the heatmap file before any row names it."""
    card = detector.card
    is_in_scope = reading.probability is not None
    return {
        "probability": reading.probability,
        "verdict": reading.verdict,
        "boxes": [asdict(box) for box in reading.boxes],
        "heatmap_sha256": storage.keep_bytes("heatmaps", heatmap_png(reading.heatmap))
        if is_in_scope
        else None,
        "input_sha256": job.array_sha256,
        "weights_sha256": job.weights_sha256,
        "preprocessing_version": f"{card.preprocessing.version}, boxes {boxes.VERSION}",
        "rule_out": card.operating_points.rule_out,
        "rule_in": card.operating_points.rule_in,
        "device": detector.device,
    }
