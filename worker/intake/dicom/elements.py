"""DICOM data elements as bytes: tag, representation, length. No value is interpreted (PS3.5, 7.1)."""

import struct
from dataclasses import dataclass

from portal.refusals import Refused

UNDEFINED = 0xFFFFFFFF
LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())  # with four bytes of length
SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())


@dataclass(frozen=True, slots=True)
class Element:
    tag: int
    representation: bytes  # empty in implicit syntaxes and for items
    length: int


class Cursor:
    """A place in a little endian byte stream.

    raises  Refused  truncated when an element needs bytes beyond the end, corrupt when it makes no sense
    """

    def __init__(self, stream: bytes, at: int) -> None:
        self.stream = stream
        self.at = at

    def group(self) -> int | None:
        """The group of the element here, or None at the end."""
        if self.at + 2 > len(self.stream):
            return None
        return int.from_bytes(self.stream[self.at : self.at + 2], "little")

    def element(self, *, is_explicit: bool) -> Element:
        """Read tag, representation and length, and stop before the value. Items are always implicit."""
        group, number = self._unpack("<HH")
        tag = group << 16 | number
        if group == 0xFFFE or not is_explicit:
            return self._checked(Element(tag, b"", self._unpack("<I")[0]))
        representation = self.stream[self.at : self.at + 2]
        self.at += 2
        if representation in SHORT:
            return self._checked(Element(tag, representation, self._unpack("<H")[0]))
        if representation in LONG:
            return self._checked(Element(tag, representation, self._unpack("<2xI")[0]))
        raise Refused("corrupt" if self.at <= len(self.stream) else "truncated")

    def skip(self, element: Element) -> None:
        self.at += element.length

    def value(self, element: Element) -> bytes:
        start = self.at
        self.skip(element)
        return self.stream[start : self.at]

    def _checked(self, element: Element) -> Element:
        if element.length != UNDEFINED and self.at + element.length > len(self.stream):
            raise Refused("truncated")
        return element

    def _unpack(self, layout: str) -> tuple[int, ...]:
        try:
            numbers = struct.unpack_from(layout, self.stream, self.at)
        except struct.error as error:
            raise Refused("truncated") from error
        self.at += struct.calcsize(layout)
        return numbers
