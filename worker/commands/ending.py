"""How a command ends when it is interrupted, or when what it says can no longer be written."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

INTERRUPTED = 130  # 128 and the number of SIGINT, as shells have it


def status_of(command: str, main: Callable[[], int], how_to_go_on: str) -> int:
    """The exit code of `main`: INTERRUPTED with one line after Ctrl-C; 2 when standard output is lost.

    how_to_go_on  a sentence for the line
    """
    try:
        status = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"{command}: stopped. {how_to_go_on}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _speak_no_more()
        return 2
    except OSError as failure:
        _speak_no_more()
        print(f"{command}: {failure}", file=sys.stderr)
        return 2
    return status


def _speak_no_more() -> None:
    """Let the interpreter's own last flush go nowhere: it would complain once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
