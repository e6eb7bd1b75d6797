"""A walk over all elements of a data set that cannot be made to recurse, allocate or hang.

pydicom descends into sequences by recursion and reads whatever length an element claims; a 20 KB file with
1,000 nested sequences keeps it busy for minutes. It therefore only sees files that passed this walk.
"""

from dataclasses import dataclass

from pydicom._dicom_dict import DicomDictionary

from portal.refusals import Refused
from worker.intake.dicom.elements import UNDEFINED, Cursor, Element
from worker.intake.limits import MAX_DEPTH, MAX_ELEMENTS

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010


@dataclass(frozen=True, slots=True)
class _Container:
    """What the walk is inside of.

    holds  "elements" (a data set), "items" (a sequence) or "fragments" (encapsulated pixels)
    end    offset behind it, or None when a delimiter ends it
    """

    holds: str
    end: int | None
    is_explicit: bool


def has_pixel_data(stream: bytes, at: int, *, is_explicit: bool) -> bool:
    """Check the structure of the data set at `at`; whether it holds pixels at its top level.

    raises  Refused  too_complex (over MAX_DEPTH sequences deep, over MAX_ELEMENTS), truncated, corrupt
    """
    walk = _Walk(Cursor(stream, at), is_explicit)
    for _ in range(MAX_ELEMENTS):
        if not walk.step():
            return walk.found_pixels
    raise Refused("too_complex")


class _Walk:
    def __init__(self, cursor: Cursor, is_explicit: bool) -> None:
        self._cursor = cursor
        self._inside = [_Container("elements", None, is_explicit)]
        self.found_pixels = False

    def step(self) -> bool:
        """Go over one element or delimiter; False at the end of the data set."""
        self._leave_ended()
        if len(self._inside) == 1 and self._is_at_end():
            return False
        here = self._inside[-1]
        element = self._cursor.element(is_explicit=here.is_explicit and here.holds == "elements")
        if here.holds == "elements":
            self._step_in_elements(element, here)
        else:
            self._step_in_items(element, here)
        return True

    def _leave_ended(self) -> None:
        while (end := self._inside[-1].end) is not None and self._cursor.at >= end:
            if self._cursor.at > end:
                raise Refused("corrupt")
            self._inside.pop()

    def _is_at_end(self) -> bool:
        """Zeros behind the last element are padding."""
        rest = self._cursor.stream
        return self._cursor.at >= len(rest) or (
            rest[self._cursor.at] == 0 and not rest[self._cursor.at :].strip(b"\0")
        )

    def _step_in_elements(self, element: Element, here: _Container) -> None:
        if element.tag == ITEM_END and here.end is None and len(self._inside) > 1:
            self._inside.pop()
        elif element.tag >> 16 == 0xFFFE:
            raise Refused("corrupt")
        elif holds := _inner(element, here.is_explicit):
            self._enter(holds, element, here.is_explicit and element.representation != b"UN")
        elif element.length == UNDEFINED:
            raise Refused("corrupt")
        else:
            self._cursor.skip(element)
        if element.tag == PIXEL_DATA and here is self._inside[0]:
            self.found_pixels = True

    def _step_in_items(self, element: Element, here: _Container) -> None:
        if element.tag == SEQUENCE_END and here.end is None:
            self._inside.pop()
        elif element.tag != ITEM:
            raise Refused("corrupt")
        elif here.holds == "items":
            self._enter("elements", element, here.is_explicit)
        elif element.length == UNDEFINED:
            raise Refused("corrupt")
        else:
            self._cursor.skip(element)

    def _enter(self, holds: str, element: Element, is_explicit: bool) -> None:
        end = None if element.length == UNDEFINED else self._cursor.at + element.length
        self._inside.append(_Container(holds, end, is_explicit))
        if len(self._inside) > 2 * MAX_DEPTH + 1:  # each sequence is a container of items, then of elements
            raise Refused("too_complex")


def _inner(element: Element, is_explicit: bool) -> str | None:
    """What an element holds beside a plain value: items, fragments, or nothing (None)."""
    is_undefined = element.length == UNDEFINED
    if is_undefined and element.representation in (b"OB", b"OW"):
        return "fragments"
    if element.representation == b"SQ" or (is_undefined and element.representation in (b"UN", b"")):
        return "items"
    if not is_explicit and DicomDictionary.get(element.tag, ("",))[0] == "SQ":
        return "items"
    return None
