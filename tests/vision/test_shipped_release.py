"""The release in releases/ that a fresh checkout reads with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.needs import SHARED_DATA, needs_gpu, needs_shared_data, needs_torch
from tests.vision.limbs import broken_limb, limb
from worker.commands.files import Refusal, read_image
from worker.intake.decoder import Decoder
from worker.vision.card import RELEASE_FILES
from worker.vision.detector import Detector
from worker.vision.manifest import Row, read_manifest
from worker.vision.model_card import MODEL_CARD, model_card
from worker.vision.preprocess import Prepared
from worker.vision.shelf import default_release
from worker.vision.verdicts import OUT_OF_SCOPE

LARGEST_DIFFERENCE = 1e-3  # of a probability, between engines


@pytest.fixture(scope="module")
def folder() -> Path:
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("GREENSTICK_RELEASE", raising=False)
        return default_release()


@pytest.fixture(scope="module")
def detector(folder: Path) -> Detector:
    return Detector.load(folder)


def assert_engines_agree(
    folder: Path, detector: Detector, prepared: list[Prepared], device: str = "cpu"
) -> None:
    by_torch = Detector.load(folder, device, engine="torch")
    for one, other in zip(detector.read(prepared), by_torch.read(prepared), strict=True):
        assert (one.probability is None) == (other.probability is None)
        if one.probability is not None:
            assert one.probability == pytest.approx(other.probability, abs=LARGEST_DIFFERENCE)
        assert np.abs(one.heatmap.astype(int) - other.heatmap).max() <= 1


def test_card_names_its_data_its_licences_and_how_it_was_judged(detector: Detector) -> None:
    card = detector.card
    assert "FracAtlas" in card.training_data["attribution"]
    assert "CC BY 4.0" in card.training_data["licence"]
    assert card.backbone["licence"]
    assert len(card.metrics["folds"]) >= 2  # each judged by a network of the recipe that never saw it
    assert card.training["fold_tune"] is None
    assert card.metrics["images"] == card.training["tune_images"]
    low, high = card.metrics["intervals_95"]["auroc"]
    assert low <= card.metrics["auroc"] <= high


def test_release_is_named_as_its_folder_and_small(folder: Path, detector: Detector) -> None:
    assert detector.card.name == folder.name
    assert sum((folder / name).stat().st_size for name in RELEASE_FILES) < 60_000_000


def test_model_card_page_is_the_one_that_the_card_makes(detector: Detector) -> None:
    assert MODEL_CARD.read_text("utf-8") == model_card(detector.card)


@needs_torch
def test_engines_agree_on_drawn_limbs(folder: Path, detector: Detector) -> None:
    pictures = [limb(), broken_limb(), limb(300, 200), np.full((50, 50), 7, np.uint8)]
    assert_engines_agree(folder, detector, [detector.prepare(picture, 0, 255) for picture in pictures])


@needs_gpu
def test_gpu_and_cpu_agree_on_a_full_batch_of_drawn_limbs(folder: Path, detector: Detector) -> None:
    pictures = [limb(300 + 5 * number, 200) for number in range(31)] + [broken_limb()]
    prepared = [detector.prepare(picture, 0, 255) for picture in pictures]
    assert_engines_agree(folder, detector, prepared, "cuda:0")


@needs_torch
@needs_shared_data
def test_engines_agree_on_radiographs(folder: Path, detector: Detector) -> None:
    rows = read_manifest(SHARED_DATA / "data" / "fracatlas" / "manifest.csv", [1])[::60]
    prepared = []
    for row in rows:
        with Image.open(row.image) as image:
            prepared.append(detector.prepare(np.asarray(image.convert("L")), 0, 255))
    assert_engines_agree(folder, detector, prepared)


@needs_shared_data
def test_fractured_radiographs_score_higher(detector: Detector) -> None:
    rows = read_manifest(SHARED_DATA / "data" / "fracatlas" / "manifest.csv", [1])
    fractured = mean_probability(detector, [row for row in rows if row.is_fractured][:12])
    sound = mean_probability(detector, [row for row in rows if not row.is_fractured][:12])
    assert fractured > sound + 0.2


def mean_probability(detector: Detector, rows: list[Row]) -> float:
    probabilities = []
    with Decoder() as decoder:
        for row in rows:
            image = read_image(row.image, decoder)
            assert not isinstance(image, Refusal)
            reading = detector.read([detector.prepare(image.pixels, image.low, image.high)])[0]
            probabilities.append(reading.probability or 0.0)
    return float(np.mean(probabilities))


@needs_shared_data
def test_one_radiograph_in_four_transfer_syntaxes_gets_one_answer(detector: Detector) -> None:
    probabilities = []
    with Decoder() as decoder:
        for kind in ("uncompressed", "rle", "jpegll", "j2kr"):
            path = SHARED_DATA / "data" / "dicom" / f"cr_tibia_mono1_{kind}.dcm"
            image = read_image(path, decoder)
            assert not isinstance(image, Refusal)
            reading = detector.read([detector.prepare(image.pixels, image.low, image.high)])[0]
            assert reading.verdict != OUT_OF_SCOPE
            probabilities.append(reading.probability)
    assert probabilities == pytest.approx([probabilities[0]] * 4, abs=1e-6)


@needs_shared_data
def test_chest_radiographs_are_mostly_out_of_scope(detector: Detector) -> None:
    folder = SHARED_DATA / "data" / "out_of_scope" / "chest_xray"
    verdicts = []
    for path in sorted(folder.iterdir())[:10]:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("L"))
        verdicts.append(detector.read([detector.prepare(pixels, 0, 255)])[0].verdict)
    assert verdicts.count(OUT_OF_SCOPE) >= 9
