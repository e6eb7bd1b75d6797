"""What keeps a worker from reading with a release, in words for staff: what is wrong and what to do."""

from __future__ import annotations

from worker.vision.errors import BadRelease, DeviceFailed, OutOfMemory

TRY_AGAIN_S = 30.0


def in_words(fault: Exception) -> str:
    """Without a full stop, since pages go on after it; an error's own words stand last, to be cut if long."""
    again = f"it is tried again every {TRY_AGAIN_S:.0f} s while images wait"
    match fault:
        case BadRelease():
            return str(fault).removesuffix(".")
        case DeviceFailed():
            return (
                "the GPU failed and the worker starts anew; if that does not help, look at nvidia-smi and "
                f"restart the machine ({fault})"
            )
        case OutOfMemory() | MemoryError():
            return f"too little free memory to read with it; end what else uses this GPU or machine, {again}"
        case OSError():
            problem = fault.strerror or type(fault).__name__
            return f"the machine's files fail ({problem}); free space on the disk or mend it, {again}"
        case _:
            return f"the self-test fails ({type(fault).__name__}); ask an admin to look at the log, {again}"
