"""Only the allow-listed tags leave the child, short and printable."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from portal.file_patient import digest_of
from tests.corpus.dicom_bytes import dicom, element, item, sequence
from tests.corpus.pngs import chunk, png
from tests.intake.conftest import Read
from worker.intake.dicom.tags import KEPT

CANARY = "CANARY^DOE"
# Where patient data sits in plain X-rays: names, numbers, dates, people, places, comments.
PATIENT_TAGS = {
    0x00080080: "LO",
    0x00080081: "ST",
    0x00080090: "PN",
    0x00081030: "LO",
    0x00081048: "PN",
    0x00081070: "PN",
    0x00100010: "PN",
    0x00100020: "LO",
    0x00101000: "LO",
    0x00101001: "PN",
    0x00101040: "LO",
    0x00104000: "LT",
    0x00204000: "LT",
    0x00321032: "PN",
    0x00324000: "LT",
    0x00400254: "LO",
    0x00111001: "LO",
    0x40080115: "LT",
}


def test_no_other_tag_leaves_the_child(read: Read, tmp_path: Path) -> None:
    everywhere = b"".join(element(tag, kind, CANARY) for tag, kind in sorted(PATIENT_TAGS.items()))
    nested = sequence(0x00081140, [item(everywhere)])
    changes: dict[str, Any] = {f"_{tag:08x}": (kind, CANARY) for tag, kind in PATIENT_TAGS.items()}
    intake = read(dicom(extra=nested, preamble=CANARY.encode(), **changes))
    assert set(intake.tags) <= set(KEPT)
    written = [path.read_bytes() for path in tmp_path.iterdir() if path.name != "upload"]
    for content in [*written, json.dumps(intake.to_report()).encode()]:
        assert b"CANARY" not in content


def test_kept_tags_arrive(read: Read) -> None:
    spacing: dict[str, Any] = {"_00181164": ("DS", "0.1\\0.1"), "_00200062": ("CS", "L")}
    assert read(dicom(**spacing)).tags == {
        "Modality": "CR",
        "BodyPartExamined": "HAND",
        "ViewPosition": "PA",
        "StudyDate": "20240229",
        "AccessionNumber": "A-17",
        "Manufacturer": "Acme",
        "ImageLaterality": "L",
        "ImagerPixelSpacing": "0.1\\0.1",
    }


def test_whom_the_file_names_leaves_the_child_only_as_a_digest(read: Read) -> None:
    intake = read(dicom(_00100020=" Patient-1"))
    assert intake.patient_digest == digest_of("PATIENT-1")
    assert "patient-1" not in json.dumps(intake.to_report()).lower()
    assert read(dicom(_00100020="")).patient_digest == read(dicom(_00100020=None)).patient_digest == ""


def test_tags_are_cut_and_cleaned(read: Read) -> None:
    intake = read(dicom(_00080070="A\x00\x1b[31mB\x7f\u202e", _00180015="X" * 500, _00080050="<script>"))
    assert intake.tags["BodyPartExamined"] == "X" * 64
    assert intake.tags["AccessionNumber"] == "<script>"  # whoever shows it escapes it
    assert intake.tags["Manufacturer"].isprintable()


def test_tags_of_other_charsets_never_spoil_an_image(read: Read) -> None:
    """Latin-1 bytes in a file that claims UTF-8."""
    changes: dict[str, Any] = {"_00080005": ("CS", "ISO_IR 192"), "_00080070": b"Siemens \xe4\xff"}
    assert read(dicom(**changes)).tags["Manufacturer"].startswith("Siemens")


def test_a_raster_has_no_tags(read: Read) -> None:
    text = chunk(b"tEXt", b"Author\0CANARY")
    assert read(png(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64), before=text)).tags == {}
