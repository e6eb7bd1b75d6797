"""What went wrong in a command, in a line instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import ArgumentError, InterfaceError, NoSuchModuleError, OperationalError

from portal.errors import GreenstickError

BAD_ADDRESS = "GREENSTICK_DATABASE_URL is no address of a database. It is written as in the README."
NO_ANSWER = "The database cannot be used: {}. Is it running, and is GREENSTICK_DATABASE_URL right?"


@contextmanager
def failures_in_words() -> Iterator[None]:
    """End the process with 1 and a sentence after an expected failure.

    The address of the database is not told: it holds a password.
    """
    try:
        yield
    except GreenstickError as error:
        sys.exit(error.message)
    except (ArgumentError, NoSuchModuleError):
        sys.exit(BAD_ADDRESS)
    except (OperationalError, InterfaceError) as error:
        sys.exit(NO_ANSWER.format(str(error.orig).strip().partition("\n")[0].rstrip(".")))
    except OSError as error:
        sys.exit(f"The home folder cannot be used: {error.strerror}: {error.filename}")
