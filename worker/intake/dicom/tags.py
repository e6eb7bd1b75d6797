"""The few DICOM tags that are kept. All others are dropped with the child that read them.

Of the patient's number only a digest leaves it, to be compared once.
"""

import re

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from portal.file_patient import digest_of

KEPT = (
    "Modality",
    "BodyPartExamined",
    "ViewPosition",
    "Laterality",
    "ImageLaterality",
    "StudyDate",
    "AccessionNumber",
    "Manufacturer",
    "PixelSpacing",
    "ImagerPixelSpacing",
)
PATIENT = "PatientID"
MAX_CHARACTERS = 64
# Control characters, and marks that turn or hide the text around them.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def kept_tags(dataset: Dataset) -> dict[str, str]:
    """The allow-listed tags that are present and not empty, as short printable strings."""
    texts = {keyword: _text(dataset, keyword) for keyword in KEPT}
    return {keyword: text for keyword, text in texts.items() if text}


def patient_digest(dataset: Dataset) -> str:
    return digest_of(_text(dataset, PATIENT))


def _text(dataset: Dataset, keyword: str) -> str:
    """Empty also for a value that cannot be read: these tags inform, they decide nothing."""
    try:
        value = dataset.get(keyword)
        parts = value if isinstance(value, MultiValue) else [value]
        text = "\\".join(str(part) for part in parts if part is not None)
    except Exception:  # values are converted on access, with as many kinds of failure as there are types
        return ""
    return UNPRINTABLE.sub("", text).strip()[:MAX_CHARACTERS]
