"""What codes are called on a page, and which tone their badge has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask

from portal.models.cases import ANSWER_WORDS
from portal.models.withdrawals import REASON_WORDS
from portal.queries.corrections import DETAIL_WORDS
from portal.web.filters import plural

CASE_WORDS = {
    "waiting": "Waiting", "done": "Read", "refused": "Refused", "failed": "Failed", "cancelled": "Cancelled",
    "withdrawn": "Withdrawn",
}  # fmt: skip
JOB_WORDS = {
    "queued": "Waiting", "running": "Being read", "done": "Read", "failed": "Failed",
    "cancelled": "Cancelled", "quarantined": "Set aside",
}  # fmt: skip
ANSWER_TONES = {"yes": "alarm", "no": "calm", "unsure": "caution"}
AWAITS_WORDS = {
    "first": "open", "second": "second reader asked", "third": "third reader asked", "nothing": "reviewed",
}  # fmt: skip
VERDICT_TONES = {"fracture": "alarm", "doubt": "caution", "no fracture": "calm", "out of scope": "quiet"}
STATE_TONES = {
    "waiting": "busy", "queued": "busy", "running": "busy", "received": "busy", "done": "plain",
    "ready": "plain", "refused": "trouble", "failed": "trouble", "quarantined": "trouble",
    "cancelled": "quiet", "withdrawn": "quiet",
}  # fmt: skip
FLAG_WORDS = {
    "colour": "The file is in colour; it was read as greyscale.",
    "alpha_flattened": "Transparent parts were set on black.",
    "few_grey_levels": "The image has unusually few grey levels.",
    "reduced_to_8_bit": "Grey values were reduced to 8 bit.",
    "trailing_bytes": "The file carries extra bytes behind the image; they were ignored.",
    "orientation_unreadable": "The file's orientation mark could not be read.",
    "window_ignored": "The file's display window was unusable; the full range is shown.",
    "modality_mismatch": "The file names another modality than CR or DX; it was read as a plain X-ray.",
    "same_patient": "The file names the patient of this case.",
    "dual_preamble": "The file can also be opened as a TIFF; it was read as DICOM.",
}


def install(app: Flask) -> None:
    app.jinja_env.filters.update(
        case_word=CASE_WORDS.get, job_word=JOB_WORDS.get, flag_word=flag_word, tag_words=tag_words,
        tag_value=tag_value, answer_word=ANSWER_WORDS.get, answer_tone=ANSWER_TONES.get,
        awaits_word=AWAITS_WORDS.get, regions_words=regions_words, verdict_tone=VERDICT_TONES.get,
        state_tone=STATE_TONES.get, detail_word=DETAIL_WORDS.get, reason_word=REASON_WORDS.get,
    )  # fmt: skip


def tag_words(keyword: str) -> str:
    """A DICOM keyword as staff read it: `ImagerPixelSpacing` is Imager pixel spacing, `KVP` stays."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", keyword.replace("_", " ")).split()
    text = " ".join(word if word.isupper() else word.lower() for word in words)
    return text[:1].upper() + text[1:]


def tag_value(value: str, keyword: str) -> str:
    """A DICOM date as a date; several values side by side."""
    if keyword.endswith("Date") and re.fullmatch(r"\d{8}", value):
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    return value.replace("\\", " × ")


def flag_word(flag: str) -> str:
    return FLAG_WORDS.get(flag, flag.replace("_", " ").capitalize() + ".")


def regions_words(regions: Sequence[Mapping[str, Any]]) -> str:
    """How many places a reader marked, by image: 2 regions on image 1, 1 region on image 3."""
    counts = Counter(region["image"] for region in regions)
    return ", ".join(f"{plural(counts[image], 'region')} on image {image}" for image in sorted(counts))
