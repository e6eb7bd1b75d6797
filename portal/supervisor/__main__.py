"""`./run portal`: set up, then start and supervise everything until a signal ends it."""

from __future__ import annotations

import argparse
import os
import resource
import socket
import subprocess
import sys
from contextlib import suppress

from portal.errors import GreenstickError
from portal.settings import Settings
from portal.supervisor import folders, home, plan
from portal.supervisor.guard import Guard
from portal.supervisor.readiness import Readiness
from portal.supervisor.signals import StopSignals
from portal.supervisor.supervisor import Supervisor
from portal.supervisor.tether import tether


def main() -> int:
    chosen = arguments()
    try:
        settings = Settings.from_environment()
        with StopSignals() as signals:
            return start(settings, plan.Address(chosen.host, chosen.port), signals)
    except GreenstickError as error:
        say(error.message)
        return 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run portal", description="Set up and start the portal.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=8000, help="port to listen on (default: %(default)s)"
    )
    parser.epilog = "--home DIR: folder for everything that is kept (default: var beside ./run)"
    return parser.parse_args()


def port_number(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def start(settings: Settings, address: plan.Address, signals: StopSignals) -> int:
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold images
    folders.make(settings.home)
    lock = home.lock(settings.home, address.url)
    try:
        return run_until_stopped(settings, address, signals, lock)
    finally:
        folders.leave_nothing(settings.home)


def run_until_stopped(settings: Settings, address: plan.Address, signals: StopSignals, lock: int) -> int:
    folders.clear_scratch(settings.home)
    refuse_port_in_use(address)
    commands = plan.processes(settings, address, os.environ)
    if set_up(settings) != 0:
        say("The set-up failed; nothing was started.")
        return 1
    guard = Guard(keep_open=(lock,))
    supervisor = Supervisor(commands, settings.home / "logs", guard, say)
    readiness = Readiness(address.url, say, host=next(iter(settings.hosts), ""))
    supervisor.run(signals, each_turn=readiness.check)
    guard.close()
    return 0


def refuse_port_in_use(address: plan.Address) -> None:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise GreenstickError(
                f"Cannot listen on {address.host} port {address.port} ({error.strerror}). "
                "If something else uses it, choose another: ./run --port 8080"
            ) from error


def set_up(settings: Settings) -> int:
    """Migrations, first admin, releases. Speaks to the terminal, not to a log: it may print a password."""
    environment = plan.children_environment(settings, os.environ)
    if settings.admin_password:
        environment["GREENSTICK_ADMIN_PASSWORD"] = settings.admin_password
    command = plan.python(("portal.commands.setup",), "set-up", environment)
    # In a session of its own: Ctrl-C waits for a migration instead of cutting it.
    return subprocess.run(
        command.argv, env=environment, start_new_session=True, preexec_fn=tether(), check=False
    ).returncode


def say(line: str) -> None:
    with suppress(OSError):  # the terminal may be gone
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
