"""A compressed frame before it is decoded: whether its structure fits its syntax and the data set."""

from portal.refusals import Refused
from worker.intake import jpeg, jpeg_2000
from worker.intake.dicom.describe import Description
from worker.intake.dicom.syntaxes import Syntax
from worker.intake.restarts import has_all_restarts


def check_codestream(stream: bytes, description: Description, syntax: Syntax) -> int | None:
    """Where the data of a JPEG end, which only a marker tells; None for JPEG 2000, whose data have lengths.

    raises  Refused  corrupt, truncated, too_complex, dimensions (codestream against header)
    """
    if syntax.is_jpeg_2000:
        _require_size(jpeg_2000.read_size(stream), description)
        return None
    structure = jpeg.read_structure(stream)
    if structure.process not in syntax.jpeg_processes or structure.components != 1:
        raise Refused("corrupt")
    if len(structure.scans) != 1:
        raise Refused("corrupt")  # these processes give a component one scan; another could hide its end
    if not structure.is_complete:
        raise Refused("truncated")
    _require_size((structure.width_px, structure.height_px), description)
    if not has_all_restarts(stream, structure):
        raise Refused("truncated")
    return jpeg.data_end(stream, structure.scans[0])


def _require_size(size_px: tuple[int, int], description: Description) -> None:
    if size_px != (description.columns, description.rows):
        raise Refused("dimensions")
