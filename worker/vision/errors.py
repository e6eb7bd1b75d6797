"""What can go wrong between a release and a reading."""

from __future__ import annotations


class VisionError(Exception):
    """Parent of the errors below."""


class BadRelease(VisionError):
    """The release on disk must not be used: changed, incomplete, or not what its card says."""


class OutOfMemory(VisionError):
    """The batch did not fit on the device; a smaller one may."""


class DeviceFailed(VisionError):
    """The GPU reported an error. After most of them nothing that this process asks of it works any more."""


class BrokenOutput(VisionError):
    """The network answered something that is not a number; there is no score to show."""
