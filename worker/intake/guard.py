"""Checks that every kind of image goes through, and the border around other people's decoders."""

import errno
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from portal.refusals import Refused
from worker.intake.limits import MAX_ASPECT_RATIO, MAX_PIXELS, MIN_SIDE_PX

# Errors of the machine, not of the file being read.
OUR_FAULT = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EROFS,
    errno.EACCES,
    errno.ENOENT,
    errno.ENFILE,
    errno.ESTALE,  # this one and those below: of a network share
    errno.ETIMEDOUT,
    errno.ENOTCONN,
    errno.EHOSTDOWN,
}


def require_size(width_px: int, height_px: int) -> None:
    """Refuse, before anything is unpacked, what is too big, too small or too thin for an X-ray."""
    if width_px * height_px > MAX_PIXELS and min(width_px, height_px) >= MIN_SIDE_PX:
        raise Refused("too_many_pixels")
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise Refused("dimensions")
    if max(width_px, height_px) > MAX_ASPECT_RATIO * min(width_px, height_px):
        raise Refused("dimensions")


@contextmanager
def corrupt_if_raised(code: str = "corrupt") -> Iterator[None]:
    """Whatever a decoding library raises about the bytes is a refusal; lack of memory or disk is not."""
    try:
        yield
    except (Refused, MemoryError):
        raise
    except OSError as error:
        if error.errno in OUR_FAULT:
            raise
        raise Refused(code) from error
    except Exception as error:  # Pillow and pydicom raise nearly every built-in exception
        raise Refused(code) from error


@contextmanager
def warnings_refused() -> Iterator[None]:
    """A decoder that would only warn about the bytes refuses them instead."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
