"""Files that a portal open to the world will be sent, made on the spot and inert, each with the answer due.

    for sample in samples():
        upload(sample.file_name, sample.content())   # then: sample.expected, sample.flags

`samples()` lists everything in a fixed order; contents are built only when asked for, in milliseconds, and
none is over 20 MB. Kinds are numbered as in the list of bad inputs this portal is tested against:

    1-23, 30, 31   empty, broken, bombs, other pictures, texts, archives
    26             names, see `names.HOSTILE_NAMES`
    30             `mutations.mutations()`: no fixed answer, but never a crash
    32-62          DICOM: what a file says (dicoms), how its pixels are stored (dicom_encodings),
                   its skeleton (dicom_structure)

Kinds that are about requests and not about files (24, 25, 27-29, 65) belong to the tests of the portal.
"""

from collections.abc import Iterator

from tests.corpus.dicom_encodings import encoding_samples
from tests.corpus.dicom_structure import structure_samples
from tests.corpus.dicoms import dicom_samples
from tests.corpus.foreign import foreign_samples
from tests.corpus.jpegs import jpeg_samples
from tests.corpus.pngs import png_samples
from tests.corpus.sample import ACCEPTED, Sample
from tests.corpus.tiffs import tiff_samples

__all__ = ["ACCEPTED", "Sample", "samples"]


def samples() -> Iterator[Sample]:
    """Every file of the corpus."""
    yield from foreign_samples()
    yield from jpeg_samples()
    yield from png_samples()
    yield from tiff_samples()
    yield from dicom_samples()
    yield from encoding_samples()
    yield from structure_samples()
