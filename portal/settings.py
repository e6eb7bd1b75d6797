"""Every setting of Greenstick, with its environment variable, unit and default, in one place."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from portal.errors import BadSetting
from portal.time_zone import server_zone_name, zone_named

PROJECT_ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
MAX_TEXT_MIB = 1
"""Of all the fields of a form that are no files."""

YEAR_MIN = 365 * 24 * 60
DATABASES = ("sqlite", "postgresql+psycopg")
REDISES = ("redis", "rediss", "unix")


def _setting(
    variable: str, default: object, meaning: str, kind: type, within: tuple[float, float] | None = None
) -> Any:
    """within  the least and the largest value of a number"""
    known = {"variable": variable, "meaning": meaning, "kind": kind, "within": within}
    return field(default=default, metadata=known)


@dataclass(frozen=True)
class Settings:
    """What an installation may choose. `Settings.from_environment()` reads it; tests build it directly."""

    home: Path = _setting(  # noqa: RUF009
        "GREENSTICK_HOME", PROJECT_ROOT / "var", "folder for everything that is kept, and nothing else", Path
    )
    database_url: str = _setting(
        "GREENSTICK_DATABASE_URL", "", "SQLAlchemy URL; empty: SQLite in the home folder", str
    )
    redis_url: str = _setting(
        "GREENSTICK_REDIS_URL", "", "Redis URL; empty: a Redis of our own on a Unix socket in the home", str
    )
    admin_password: str = _setting(
        "GREENSTICK_ADMIN_PASSWORD", "", "password of the first admin; empty: made up and printed once", str
    )
    is_https: bool = _setting(
        "GREENSTICK_HTTPS", False, "1 when staff reach the portal by https: cookies become Secure", bool
    )
    proxy_hops: int = _setting(
        "GREENSTICK_PROXY_HOPS", 0, "number of trusted reverse proxies in front (X-Forwarded-*)", int, (0, 10)
    )
    trusted_hosts: str = _setting(
        "GREENSTICK_TRUSTED_HOSTS", "", "host names the portal answers to, comma separated; empty: any", str
    )
    web_threads: int = _setting("GREENSTICK_WEB_THREADS", 8, "threads of the web process", int, (1, 256))
    max_file_mib: int = _setting("GREENSTICK_MAX_FILE_MIB", 64, "largest file, MiB", int, (1, 4096))
    max_files: int = _setting("GREENSTICK_MAX_FILES", 20, "files in one case", int, (1, 1000))
    max_request_mib: int = _setting(
        "GREENSTICK_MAX_REQUEST_MIB", 512, "largest upload form, MiB", int, (1, 65536)
    )
    min_free_mib: int = _setting(
        "GREENSTICK_MIN_FREE_MIB", 512, "free disk below which uploads are refused, MiB", int, (0, 10**9)
    )
    session_idle_min: int = _setting(
        "GREENSTICK_SESSION_IDLE_MIN", 30, "sign-out after idleness, minutes", int, (1, YEAR_MIN)
    )
    session_max_min: int = _setting(
        "GREENSTICK_SESSION_MAX_MIN", 600, "longest session, minutes", int, (1, YEAR_MIN)
    )
    login_tries: int = _setting(
        "GREENSTICK_LOGIN_TRIES",
        8,
        "failed sign-ins of one account in 15 min before it must wait",
        int,
        (1, 1000),
    )
    readings: int = _setting(
        "GREENSTICK_READINGS", 1, "readers of each case, 1 or 2; anyone may ask for a second one", int, (1, 2)
    )
    time_zone: str = _setting(
        "GREENSTICK_TIME_ZONE", "", "zone of days and times, such as Europe/Berlin; empty: the server's", str
    )
    device: str = _setting("GREENSTICK_DEVICE", "auto", "auto, cpu or cuda:N", str)
    gpu_batch: int = _setting("GREENSTICK_GPU_BATCH", 32, "images in one pass on a GPU", int, (1, 1024))
    cpu_batch: int = _setting("GREENSTICK_CPU_BATCH", 4, "images in one claim on a CPU", int, (1, 1024))
    cpu_threads: int = _setting(
        "GREENSTICK_CPU_THREADS", 0, "threads of one reading; 0: half the cores", int, (0, 256)
    )
    intake_parallel: int = _setting(
        "GREENSTICK_INTAKE_PARALLEL", 2, "files decoded side by side", int, (1, 64)
    )
    lease_s: int = _setting(
        "GREENSTICK_LEASE_S", 30, "a claim not renewed for this long is free again, s", int, (1, 86400)
    )
    deadline_s: int = _setting("GREENSTICK_DEADLINE_S", 120, "hard limit of one claim, s", int, (1, 86400))
    max_attempts: int = _setting(
        "GREENSTICK_MAX_ATTEMPTS", 3, "claims of one job before quarantine", int, (1, 100)
    )
    sweep_s: float = _setting("GREENSTICK_SWEEP_S", 5.0, "pause between two sweeps, s", float, (0.1, 3600))
    stuck_after_s: int = _setting(
        "GREENSTICK_STUCK_AFTER_S",
        60,
        "work due but none claimed for this long ends a worker, s",
        int,
        (1, 86400),
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the variables that are set; raises BadSetting naming the one that cannot be so."""
        source = os.environ if environment is None else environment
        chosen: dict[str, Any] = {}
        for entry in fields(cls):
            text = source.get(entry.metadata["variable"], "").strip()
            if text:
                chosen[entry.name] = _parse(entry.metadata["variable"], text, entry.metadata["kind"])
        return cls(**chosen)

    def __post_init__(self) -> None:
        object.__setattr__(self, "home", Path(self.home).expanduser().resolve())
        if self.time_zone and self.zone is None:
            raise BadSetting(
                f"GREENSTICK_TIME_ZONE must be a zone such as Europe/Berlin; it is now “{self.time_zone}”."
            )
        for entry in fields(self):
            within, value = entry.metadata["within"], getattr(self, entry.name)
            if within is not None and not within[0] <= value <= within[1]:
                low, high = within
                raise BadSetting(
                    f"{entry.metadata['variable']} must be from {low} to {high}; it is now “{value}”."
                )
        self._refuse_what_no_process_could_use()

    def _refuse_what_no_process_could_use(self) -> None:
        """Here, so that the start says it; the addresses are not told, since they hold passwords."""
        if not _is_database_address(self.sqlalchemy_url):
            raise BadSetting(
                "GREENSTICK_DATABASE_URL is no address of a database that the portal can use. "
                "It is written as in the README."
            )
        if not _is_redis_address(self.redis_client_url):
            raise BadSetting(
                "GREENSTICK_REDIS_URL is no address of a Redis. It is written as redis://host:6379/0, or "
                "unix:///path/of/its/socket."
            )
        if not re.fullmatch(r"auto|cpu|cuda:\d+", self.device):
            raise BadSetting(f"GREENSTICK_DEVICE must be auto, cpu or cuda:N; it is now “{self.device}”.")

    @property
    def zone(self) -> ZoneInfo | None:
        """None: the server's own, which `datetime.astimezone` takes it for."""
        return zone_named(self.time_zone) if self.time_zone else None

    @property
    def zone_name(self) -> str:
        return self.time_zone or server_zone_name()

    @property
    def hosts(self) -> list[str]:
        """The host names the portal answers to; empty: any."""
        return [host.strip() for host in self.trusted_hosts.split(",") if host.strip()]

    @property
    def sqlalchemy_url(self) -> str:
        """Also understands the short forms that hosting providers hand out."""
        url = self.database_url or f"sqlite:///{self.home / 'portal.db'}"
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)

    @property
    def redis_client_url(self) -> str:
        """What redis-py takes: it writes a Unix socket as unix://, kombu as redis+socket://."""
        chosen = self.redis_url or f"unix://{self.home / 'redis' / 'redis.sock'}"
        return chosen.replace("redis+socket://", "unix://", 1)

    @property
    def broker_url(self) -> str:
        """What kombu takes."""
        return self.redis_client_url.replace("unix://", "redis+socket://", 1)

    @property
    def max_file_bytes(self) -> int:
        return self.max_file_mib * MIB

    @property
    def max_request_bytes(self) -> int:
        return self.max_request_mib * MIB

    @property
    def session_idle(self) -> timedelta:
        return timedelta(minutes=self.session_idle_min)

    @property
    def session_max(self) -> timedelta:
        return timedelta(minutes=self.session_max_min)

    @property
    def files_dir(self) -> Path:
        return self.home / "files"

    @property
    def tmp_dir(self) -> Path:
        return self.home / "tmp"

    @property
    def releases_dir(self) -> Path:
        return self.home / "releases"


def _parse(variable: str, text: str, kind: type) -> Any:
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
                text.lower()
            ]
        return kind(text)
    except (KeyError, ValueError) as error:
        raise BadSetting(f"{variable} must be a {kind.__name__}; it is now “{text}”.") from error


def _is_database_address(url: str) -> bool:
    try:
        return make_url(url).drivername in DATABASES
    except (ArgumentError, ValueError):  # the latter where what stands for the port is no port
        return False


def _is_redis_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in REDISES and parts.port != 0
    except ValueError:  # what stands for the port is no port
        return False
