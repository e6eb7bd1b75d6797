"""The web process: waitress, which buffers slow uploads before they take a thread."""

from __future__ import annotations

import argparse
import logging
import os
import sys

import waitress

from portal.app import create_app
from portal.errors import GreenstickError
from portal.logs import log_to_stderr
from portal.settings import Settings


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
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    waitress.serve(
        app,
        host=options.host,
        port=options.port,
        threads=settings.web_threads,
        # Over this waitress answers by itself; up to it Flask's own limit answers with a readable page.
        max_request_body_size=2 * settings.max_request_bytes,
        # waitress drops what it takes for forged; behind a proxy `portal.web.secrets` reads the trusted hops.
        clear_untrusted_proxy_headers=not settings.proxy_hops,
        ident=None,
    )


if __name__ == "__main__":
    main()
