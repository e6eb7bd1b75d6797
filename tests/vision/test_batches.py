"""What a network sees of an image in training: views of samples, their targets, an epoch's batches."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base
from PIL.TiffImagePlugin import PHOTOMETRIC_INTERPRETATION

from tests.needs import needs_torch
from tests.vision.limbs import limb, write_manifest

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

import torch  # noqa: E402

from worker.commands import train  # noqa: E402
from worker.commands.files import WorkingImage, known_image, read_image  # noqa: E402
from worker.intake.decoder import Decoder  # noqa: E402
from worker.vision.canvas import Canvas, canvases, roomiest  # noqa: E402
from worker.vision.card import PreprocessingCard  # noqa: E402
from worker.vision.content import Rect  # noqa: E402
from worker.vision.manifest import Row, read_manifest  # noqa: E402
from worker.vision.preprocess import Placement, letterbox, normalise, prepare  # noqa: E402
from worker.vision.training.augment import augmented  # noqa: E402
from worker.vision.training.batches import batches_per_epoch, epoch_order, steps_of, training_batches  # noqa: E402
from worker.vision.training.crew import ALONE, Crew  # noqa: E402
from worker.vision.training.samples import SPARE_SHARE, Sample, read_samples  # noqa: E402
from worker.vision.training.targets import LEVEL, Marking, map_target  # noqa: E402


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("limbs"), 40)


@pytest.fixture
def samples(manifest: Path, preparing: PreprocessingCard) -> list[Sample]:
    return read_samples(read_manifest(manifest, [0, 1]), preparing, True, known_image)


def test_sample_keeps_its_boxes_on_the_bright_block(manifest: Path, preparing: PreprocessingCard) -> None:
    rows = [row for row in read_manifest(manifest) if row.is_fractured][:5]
    for sample in read_samples(rows, preparing, False, known_image):
        ((x, y, width, height),) = sample.boxes
        inside = sample.canvas[round(y + 1) : round(y + height - 1), round(x + 1) : round(x + width - 1)]
        assert inside.mean() > 240


def put_12_bits(picture: np.ndarray, path: Path) -> None:
    Image.fromarray(picture.astype(np.uint16) * 16).save(path, "PNG")


def put_turned(picture: np.ndarray, path: Path) -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    Image.fromarray(np.rot90(picture)).save(path, "JPEG", quality=95, exif=exif)


def put_inverted(picture: np.ndarray, path: Path) -> None:
    Image.fromarray(picture).save(path, "TIFF", tiffinfo={PHOTOMETRIC_INTERPRETATION: 0})  # stored inverted


@pytest.mark.parametrize("put", [put_12_bits, put_turned, put_inverted])
def test_learner_sees_a_file_as_the_portal_reads_it(
    preparing: PreprocessingCard, tmp_path: Path, put: Callable[[np.ndarray, Path], None]
) -> None:
    path, picture = tmp_path / "limb", limb(seed=3)
    put(picture, path)
    row = Row(path, "limb", False, "hand", (), "limb", 0)
    (sample,) = read_samples([row], preparing, False, known_image)
    with Decoder() as decoder:
        image = read_image(path, decoder)
    assert isinstance(image, WorkingImage)
    read = prepare(image.pixels, image.low, image.high, preparing)
    np.testing.assert_array_equal(normalise(sample.canvas, preparing), read.tensor)
    upright, _ = letterbox(picture, 0, 255, preparing.canvases, preparing)
    assert np.abs(sample.canvas.astype(int) - upright).mean() < 6


def test_image_that_cannot_be_read_is_named_before_any_training(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for image in manifest.parent.rglob("*.png"):
        (tmp_path / image.name).write_bytes(image.read_bytes()[:-40])
    shutil.copy(manifest, tmp_path)
    asked = ["--data", str(tmp_path / manifest.name), "--out", str(tmp_path / "run"), "--arch", "plain-cnn"]
    assert train.main(asked) == 2
    told = capsys.readouterr().err
    assert ".png: " in told
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("is_sideways", [False, True])
@pytest.mark.parametrize("follows_limb", [False, True])
def test_augmented_box_still_lies_on_the_bright_block(
    manifest: Path, preparing: PreprocessingCard, follows_limb: bool, is_sideways: bool
) -> None:
    preparing = replace(preparing, follows_limb=follows_limb)
    rows = [row for row in read_manifest(manifest) if row.is_fractured][:8]
    random, seen = np.random.default_rng(0), 0
    for sample in read_samples(rows, preparing, True, known_image):
        canvas = sample.placement.canvas.larger(1 / SPARE_SHARE)
        wanted = canvas.turned() if is_sideways else canvas
        view, (corners,) = augmented(sample, wanted, is_sideways, random)
        assert view.shape == wanted
        column, row = np.rint(corners.mean(axis=0)).astype(int)
        if 8 <= row < wanted.rows - 8 and 8 <= column < wanted.columns - 8:
            seen += 1
            assert view[row, column] > view.mean() + 50
    assert seen >= 5


def test_fine_stripes_shrink_to_grey_and_not_to_coarser_stripes() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (192, 96))
    whole = Rect(0, 0, 192, 192)
    placement = Placement(Canvas(192, 192), 192, 192, whole, 1, 1, 0, 0, 192, 192)
    sample = Sample(stripes, (), False, "hand", placement)
    views = [augmented(sample, Canvas(96, 96), False, np.random.default_rng(seed))[0] for seed in range(20)]
    assert np.median([view[24:72, 24:72].std() for view in views]) < 20


def test_map_target_marks_the_cells_under_a_box() -> None:
    corners = np.array([[18.0, 34], [44, 34], [44, 44], [18, 44]])
    target = map_target([corners], Canvas(128, 96), Marking(16))
    assert target.shape == (8, 6)
    assert np.argwhere(target).tolist() == [[2, 1], [2, 2]]


def test_map_target_peaks_in_the_centre_of_a_box_however_it_is_turned() -> None:
    upright = np.array([[16.0, 36], [56, 36], [56, 52], [16, 52]])
    angle = np.deg2rad(90)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    target = map_target([upright], Canvas(96, 96), Marking(8, edge=0.4))
    turned = map_target([(upright - 48) @ turn.T + 48], Canvas(96, 96), Marking(8, edge=0.4))
    back = np.rot90(turned)
    np.testing.assert_allclose(back, target, atol=1e-6)
    line = target[5, 2:7]
    assert line.argmax() == 2
    assert (line >= 0.4).all()
    assert line.max() == 1
    assert line[0] < line[1] < line[2] > line[3] > line[4]


@pytest.mark.parametrize("cell_px", [8, 16])
def test_map_target_ends_where_the_box_ends(cell_px: int) -> None:
    """The cell beside a box that ends on its line is none of it; one that it covers by a quarter is."""
    corners = np.array([[16.0, 32], [48, 32], [48, 64], [16, 64]])
    inside = np.zeros((96 // cell_px, 96 // cell_px), bool)
    inside[32 // cell_px : 64 // cell_px, 16 // cell_px : 48 // cell_px] = True
    assert ((map_target([corners], Canvas(96, 96), Marking(cell_px)) > 0) == inside).all()
    longer = corners + np.array([[0, 0], [cell_px / 4, 0], [cell_px / 4, 0], [0, 0]])
    inside[32 // cell_px : 64 // cell_px, 48 // cell_px] = True
    assert ((map_target([longer], Canvas(96, 96), Marking(cell_px)) > 0) == inside).all()


def test_level_box_is_the_same_all_over() -> None:
    corners = np.array([[20.0, 40], [60, 40], [60, 56], [20, 56]])
    level = map_target([corners], Canvas(96, 96), Marking(8, LEVEL))
    assert set(level.ravel().tolist()) == {0.0, 1.0}
    assert ((level > 0) == (map_target([corners], Canvas(96, 96), Marking(8)) > 0)).all()


def test_tiny_box_still_marks_its_cell() -> None:
    corners = np.array([[70.0, 70], [72, 70], [72, 72], [70, 72]])
    assert np.argwhere(map_target([corners], Canvas(128, 96), Marking(16))).tolist() == [[4, 4]]


def test_box_outside_the_canvas_marks_nothing() -> None:
    corners = np.array([[-40.0, 10], [-20, 10], [-20, 30], [-40, 30]])
    assert not map_target([corners], Canvas(128, 96), Marking(16)).any()


def test_fractured_images_are_repeated_to_one_in_three() -> None:
    canvas = np.zeros((64, 64), np.uint8)
    _, placement = letterbox(
        canvas, 0, 255, [Canvas(64, 64)], PreprocessingCard(1, 64, 1.0, 99.7, (0.5,), (0.5,))
    )
    samples = [Sample(canvas, (), number < 10, "hand", placement) for number in range(110)]
    order = epoch_order(samples, np.random.default_rng(0))
    assert sorted(set(order.tolist())) == list(range(110))
    assert np.count_nonzero(order < 10) == 50


def test_epoch_has_as_many_batches_as_announced(manifest: Path, preparing: PreprocessingCard) -> None:
    samples = read_samples(read_manifest(manifest, [0]), preparing, True, known_image)
    batches = list(training_batches(samples, preparing, 3, Marking(8), (0, 0)))
    assert len(batches) == batches_per_epoch(samples, 3, preparing)
    images, labels, targets = batches[0]
    assert (images.shape, labels.shape, targets.shape) == ((3, 1, 128, 128), (3,), (3, 16, 16))
    assert images.dtype == torch.float32


def test_members_of_a_crew_divide_each_batch_that_one_alone_would_see(
    samples: list[Sample], preparing: PreprocessingCard
) -> None:
    crew = [Crew(rank, 2) for rank in range(2)]
    alone = training_batches(samples, preparing, 4, Marking(16), (7, 1))
    shares = [training_batches(samples, preparing, 4, Marking(16), (7, 1), member) for member in crew]
    for whole, first, second in zip(alone, *shares, strict=True):
        for part in range(3):
            assert torch.equal(whole[part], torch.cat([first[part], second[part]]))


def test_views_do_not_depend_on_how_many_threads_make_them(
    samples: list[Sample], preparing: PreprocessingCard
) -> None:
    one = list(training_batches(samples, preparing, 3, Marking(16), (7, 1)))
    other = list(training_batches(samples, preparing, 3, Marking(16), (7, 1), replace(ALONE, workers=4)))
    assert len(one) == len(other) > 3
    for batch, same in zip(one, other, strict=True):
        assert all(torch.equal(batch[part], same[part]) for part in range(3))


def test_every_epoch_shows_an_image_anew(samples: list[Sample], preparing: PreprocessingCard) -> None:
    fractured = [sample for sample in samples if sample.is_fractured][:1]
    views = [
        next(training_batches(fractured, preparing, 1, Marking(16), (7, epoch))).images for epoch in range(3)
    ]
    assert not torch.equal(views[0], views[1])
    assert not torch.equal(views[1], views[2])


def test_repeated_image_is_augmented_anew_each_time(
    samples: list[Sample], preparing: PreprocessingCard
) -> None:
    twice = [next(sample for sample in samples if sample.is_fractured)] * 2
    images = next(training_batches(twice, preparing, 2, Marking(16), (7, 0))).images
    assert not torch.equal(images[0], images[1])


def test_batch_holds_limbs_of_one_shape_and_leftovers_go_on_the_square(
    manifest: Path, preparing: PreprocessingCard
) -> None:
    card = replace(preparing, follows_limb=True)
    samples = read_samples(read_manifest(manifest), card, True, known_image)
    square, offered = Canvas(128, 128), canvases(128, follows_limb=True)
    random = np.random.default_rng(0)
    order = epoch_order(samples, random)
    steps = steps_of(samples, order, 4, card, random)
    places = [place for step in steps for place in step.places]
    assert len(set(places)) == len(places) > len(order) - 4
    shapes = set()
    for step in steps:
        canvas = step.canvas.turned() if step.is_sideways else step.canvas
        shapes.add(canvas)
        if canvas != square:
            seen = [samples[order[place]].placement for place in step.places]
            assert {roomiest(one.width, one.height, offered) for one in seen} == {canvas}
    assert len(shapes) == 3
    assert len(steps) == batches_per_epoch(samples, 4, card)


def test_views_of_an_epoch_have_the_shapes_of_its_batches(
    samples: list[Sample], preparing: PreprocessingCard
) -> None:
    card = replace(preparing, follows_limb=True)
    shapes = {batch.images.shape[2:] for batch in training_batches(samples, card, 2, Marking(16), (0, 0))}
    assert shapes <= set(canvases(128, follows_limb=True))
    for images, _, targets in training_batches(samples, card, 2, Marking(16), (0, 0)):
        assert [side * 16 for side in targets.shape[1:]] == list(images.shape[2:])
