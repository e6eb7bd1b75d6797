"""What went wrong in a command, in a line instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import InterfaceError, OperationalError

from portal.errors import GreenstickError

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
    except (OperationalError, InterfaceError) as error:
        sys.exit(NO_ANSWER.format(str(error.orig).strip().partition("\n")[0].rstrip(".")))
    except OSError as error:
        sys.exit(f"The home folder cannot be used: {error.strerror}: {error.filename}")
