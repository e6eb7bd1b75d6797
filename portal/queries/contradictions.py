"""Where a file names another examination or another patient than the case."""

from __future__ import annotations

from collections.abc import Iterator

from portal.file_patient import OTHER, UNKNOWN, plainly
from portal.models import Case, Image
from portal.queries.body_parts import BODY_PART_TAG, KNOWN, parts_named, with_wider

ACCESSION_TAG = "AccessionNumber"
CHECK = "check that it belongs to this patient."
PATIENTS = {
    OTHER: f"The file names another patient than the case: {CHECK}",
    UNKNOWN: "The patient reference was corrected, and the file could not be opened again to be compared "
    f"with it: {CHECK}",
}
BEING_COMPARED = (
    "The patient reference was corrected; whether the file names this patient is not known yet: it is being "
    "opened again."
)


def contradictions(case: Case, image: Image) -> tuple[str, ...]:
    """One sentence for each; none where either says nothing, or nothing that can be compared."""
    return (*_patients(image), *_accessions(case, image), *_body_parts(case, image))


def _patients(image: Image) -> Iterator[str]:
    yield from (PATIENTS[flag] for flag in image.flags if flag in PATIENTS)
    if image.is_to_compare:
        yield BEING_COMPARED


def _accessions(case: Case, image: Image) -> Iterator[str]:
    typed, stated = plainly(case.accession), plainly(image.tags.get(ACCESSION_TAG, ""))
    if typed and stated and typed != stated:
        yield f"The file names another accession number than the case: {CHECK}"


def _body_parts(case: Case, image: Image) -> Iterator[str]:
    typed, stated = _known_parts(case.body_part), _known_parts(image.tags.get(BODY_PART_TAG, ""))
    if typed and stated and _widened(typed).isdisjoint(_widened(stated)):
        yield (
            f"The file names another body part ({', '.join(stated)}) than the case "
            f"({', '.join(typed)}): {CHECK}"
        )


def _known_parts(text: str) -> tuple[str, ...]:
    """Words of another language may mean the same, so that nothing is said of them."""
    return tuple(part for part in parts_named(text) if part in KNOWN)


def _widened(parts: tuple[str, ...]) -> set[str]:
    return {name for part in parts for name in with_wider(part)}
