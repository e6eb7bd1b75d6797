"""The web process: waitress, which buffers slow uploads before they take a thread."""

from __future__ import annotations

import argparse
import logging
import os
import resource
import sys

import waitress

from portal.app import create_app
from portal.errors import GreenstickError
from portal.logs import log_to_stderr
from portal.settings import Settings

CONNECTIONS = 1000
"""Open at once; browsers keep several each. Over it new ones wait, so a few machines must not reach it."""
FILES_PER_CONNECTION = 3
IDLE_CONNECTION_S = 60


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m portal.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    os.umask(0o077)
    log_to_stderr()
    try:
        settings = Settings.from_environment()
        app = create_app(settings)
    except GreenstickError as error:
        sys.exit(error.message)
    _allow_open_files(CONNECTIONS * FILES_PER_CONNECTION + 1000)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    waitress.serve(
        app,
        host=options.host,
        port=options.port,
        threads=settings.web_threads,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE_CONNECTION_S,
        asyncore_use_poll=True,  # select() knows no more than 1024 files
        # Over this waitress answers by itself; up to it Flask's own limit answers with a readable page.
        max_request_body_size=2 * settings.max_request_bytes,
        # waitress drops what it takes for forged; behind a proxy `portal.web.secrets` reads the trusted hops.
        clear_untrusted_proxy_headers=not settings.proxy_hops,
        ident=None,
    )


def _allow_open_files(count: int) -> None:
    """A shell's usual 1024 is fewer than the connections may take; the machine's own limit holds."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main()
