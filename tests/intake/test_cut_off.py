"""Streams that were cut off, and closed as if they were whole: none is read as an image."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.encaps import encapsulate, get_frame

from tests.corpus import codecs
from tests.corpus.dicom_bytes import dicom, encapsulated
from tests.corpus.dicom_encodings import BASELINE, RLE
from tests.corpus.jpegs import END, jpeg
from tests.corpus.pictures import radiograph
from tests.intake.closed_streams import INTERVALS, JPEG_2000S, JPEGS, START_OF_SCAN, Frame
from tests.intake.conftest import Read, answer_to
from tests.needs import SHARED_DATA, needs_shared_data

RESTART = re.compile(rb"\xff[\xd0-\xd7]")
STUFFED = re.compile(rb"\xff[\0-\x7f]")
Build = Callable[[], Frame]


def places(frame: Frame) -> list[int]:
    """Where to cut: over all the data, next to its ends, within and around restarts and stuffed bytes."""
    data = frame.stream[: -len(END)]
    spread = [int(at) for at in np.linspace(frame.data_at, len(data) - 1, 12)]
    marked = [*RESTART.finditer(data, frame.data_at)][-3:] + [*STUFFED.finditer(data, frame.data_at)][-2:]
    around = [found.start() + step for found in marked for step in (0, 1, 2)]
    return sorted({*spread, len(data) - 2, *around} & {*range(len(data))})


def array_of(content: bytes, read: Read, folder: Path) -> NDArray[np.uint16]:
    read(content)
    return np.load(folder / "array.npy")


@pytest.mark.parametrize("build", JPEGS.values(), ids=JPEGS)
def test_a_closed_stream_is_refused_wherever_it_was_cut(build: Build, read: Read) -> None:
    frame = build()
    answers = {at: answer_to(frame.file(frame.stream[:at] + END), read) for at in places(frame)}
    assert answers == dict.fromkeys(answers, "truncated")
    assert len(answers) > 10
    assert answer_to(frame.file(frame.stream), read) == "accepted"


@pytest.mark.parametrize("build", JPEG_2000S.values(), ids=JPEG_2000S)
def test_a_closed_jpeg_2000_ends_before_its_stated_length(build: Build, read: Read) -> None:
    frame = build()
    cuts = [int(at) for at in np.linspace(frame.data_at, len(frame.stream) - 10, 12)]
    assert {answer_to(frame.file(frame.stream[:at] + END), read) for at in cuts} == {"truncated"}
    assert answer_to(frame.file(frame.stream), read) == "accepted"


@pytest.mark.parametrize("build", JPEG_2000S.values(), ids=JPEG_2000S)
def test_a_closed_jpeg_2000_without_lengths_does_not_decode(build: Build, read: Read) -> None:
    """The decoder fails within a packet. Of a stream cut between two of its packets nobody could tell."""
    frame = build()
    tile_part = frame.stream.index(b"\xff\x90")
    open_ended = frame.stream[: tile_part + 6] + bytes(4) + frame.stream[tile_part + 10 :]
    shares = (0.5, 0.9, 0.99)
    cuts = [open_ended[: int(len(open_ended) * share)] + END for share in shares]
    assert [answer_to(frame.file(cut), read) for cut in cuts] == ["corrupt"] * len(shares)
    assert answer_to(frame.file(open_ended), read) == "accepted"


@pytest.mark.parametrize("build", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize(
    ("parts", "tail"), [(4, b""), (1, b"\0" * 9), (5, b"\xff" * 8)], ids=["fragments", "zeros", "fill"]
)
def test_a_cut_is_seen_in_any_wrapping(build: Build, parts: int, tail: bytes, read: Read) -> None:
    frame = build()
    middle = (frame.data_at + len(frame.stream)) // 2
    assert answer_to(frame.file(frame.stream[:middle] + END + tail, parts=parts), read) == "truncated"
    assert answer_to(frame.file(frame.stream + tail, parts=parts), read) == "accepted"


@pytest.mark.parametrize("build", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize(
    "between", [b"\xff", b"\xff\xff\xff", b"\xff\xfe\0\6made"], ids=["fill", "more-fill", "comment"]
)
def test_what_stands_between_scan_and_end_changes_nothing(
    build: Build, between: bytes, read: Read, tmp_path: Path
) -> None:
    frame = build()
    whole = array_of(frame.file(frame.stream), read, tmp_path)
    data = frame.stream[: -len(END)]
    assert np.array_equal(array_of(frame.file(data + between + END), read, tmp_path), whole)
    half = data[: (frame.data_at + len(data)) // 2]
    assert answer_to(frame.file(half + between + END), read) == "truncated"


@pytest.mark.parametrize(
    ("name", "units"), [("baseline", 10 * 14), ("lossless-sv1", 64 * 64), ("jpeg-ls", 64)]
)
def test_restart_intervals_are_all_read_and_all_wanted(
    name: str, units: int, read: Read, tmp_path: Path
) -> None:
    """Without one of them each other interval is still whole, and the frame is not."""
    frame = JPEGS[name]()
    once = array_of(frame.file(frame.stream), read, tmp_path)
    thrice = frame.in_intervals(units)
    assert np.array_equal(array_of(thrice.file(thrice.stream), read, tmp_path), np.tile(once, (INTERVALS, 1)))
    last = [*RESTART.finditer(thrice.stream, thrice.data_at)][-1].start()
    assert answer_to(thrice.file(thrice.stream[:last] + END), read) == "truncated"


def test_a_second_scan_does_not_hide_that_the_first_was_cut(read: Read) -> None:
    whole = jpeg()
    scan = whole[whole.index(START_OF_SCAN) : -len(END)]
    assert answer_to(encapsulated(whole[:-400] + scan + END, BASELINE, radiograph()), read) == "corrupt"


def test_a_plain_jpeg_that_ends_between_two_restart_intervals_is_refused(read: Read) -> None:
    """libjpeg complains of the missing restart then, and not of a premature end."""
    whole = jpeg(restart_marker_rows=1)
    restarts = [found.start() for found in RESTART.finditer(whole, whole.index(START_OF_SCAN))]
    assert len(restarts) == 13
    answers = {answer_to(whole[: at + step] + END, read) for at in restarts for step in (0, 1, 2)}
    assert answers == {"truncated"}
    assert answer_to(whole, read) == "accepted"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_shortened_run_length_frame_is_refused(share: float, read: Read) -> None:
    stream = codecs.rle(radiograph(bits=16))
    cut = stream[: int(len(stream) * share)]
    assert answer_to(encapsulated(cut, RLE, radiograph(bits=16)), read) == "corrupt"


@pytest.mark.parametrize("missing_bytes", [2, 5000])
def test_shortened_uncompressed_pixels_are_refused(missing_bytes: int, read: Read) -> None:
    pixels = radiograph(bits=16).tobytes()
    assert answer_to(dicom(data=pixels[:-missing_bytes]), read) == "truncated"


@needs_shared_data
@pytest.mark.parametrize("name", ["cr_hip_mono2_jpegext", "cr_tibia_mono1_jpegll", "cr_tibia_mono1_j2kr"])
def test_a_real_plate_that_was_cut_and_closed_is_refused(name: str, read: Read) -> None:
    dataset = pydicom.dcmread(SHARED_DATA / "data" / "dicom" / f"{name}.dcm")
    whole = get_frame(dataset.PixelData, 0, number_of_frames=1)
    answers = {1.0: answer_to(_saved(dataset, whole), read)}
    for share in (0.5, 0.9, 0.999):
        answers[share] = answer_to(_saved(dataset, whole[: int(len(whole) * share)] + END), read)
    assert answers == {1.0: "accepted", 0.5: "truncated", 0.9: "truncated", 0.999: "truncated"}


def _saved(dataset: pydicom.Dataset, stream: bytes) -> bytes:
    dataset.PixelData = encapsulate([stream], has_bot=False)
    target = io.BytesIO()
    dataset.save_as(target)
    return target.getvalue()
