"""Which processes make a portal, with which environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from portal.settings import Settings
from portal.supervisor import broker, folders
from portal.supervisor.child import Command

WORKERS, WEB, REDIS = 0, 1, 2  # the order in which they stop


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{self.port}"


def processes(settings: Settings, address: Address, environment: Mapping[str, str]) -> list[Command]:
    """In the order of starting. Raises RedisMissing."""
    base = children_environment(settings, environment)
    commands = [] if settings.redis_url else [redis(settings)]
    commands.append(
        python(("portal.serve", "--host", address.host, "--port", str(address.port)), "web", base, WEB)
    )
    commands.append(python(("worker.start", "intake"), "intake", base))
    devices = inference_devices(settings.device, environment)
    for number, device in enumerate(devices):
        name = "inference" if len(devices) == 1 else f"inference-{number}"
        commands.append(python(("worker.start", "inference"), name, {**base, "GREENSTICK_DEVICE": device}))
    commands.append(python(("worker.sweeper",), "sweeper", base))
    return commands


def python(module: Sequence[str], name: str, environment: Mapping[str, str], wave: int = WORKERS) -> Command:
    return Command(name, (sys.executable, "-P", "-m", *module), environment, wave)


def redis(settings: Settings) -> Command:
    kept_in = settings.home / "redis"
    argv = broker.redis_argv(broker.redis_binary(), kept_in, folders.redis_socket(settings.home))
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    return Command("redis", argv, environment, REDIS, mend=partial(broker.set_aside, kept_in))


def children_environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """What every Python child gets; the first admin's password is for the set-up alone."""
    chosen = {name: value for name, value in environment.items() if name != "GREENSTICK_ADMIN_PASSWORD"}
    chosen.setdefault("OMP_NUM_THREADS", "1")  # more only makes processes wait for each other
    return chosen | {
        "GREENSTICK_HOME": str(settings.home),
        "GREENSTICK_REDIS_URL": settings.redis_url or broker.broker_url(folders.redis_socket(settings.home)),
        "TMPDIR": str(folders.scratch(settings.home)),
        "PYTHONUNBUFFERED": "1",
        "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime 1.29 and later reports its use over the network
    }


def inference_devices(device: str, environment: Mapping[str, str]) -> list[str]:
    """One device per inference worker: every GPU that may be used, else the CPU; or the one asked for."""
    if device != "auto":
        return [device]
    return [f"cuda:{number}" for number in range(gpus(environment))] or ["cpu"]


def gpus(environment: Mapping[str, str]) -> int:
    """Counted without torch, which takes seconds to import and is not there on a CPU."""
    if not shutil.which("nvidia-smi"):
        return 0
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([one for one in visible.split(",") if one.strip() not in ("", "-1")])
    listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    return sum(line.startswith("GPU ") for line in listing.stdout.splitlines())
