"""How long a kernel's echo takes through a Jupyter server that hosts a busy model server.

An echo is `execute_request` of `1`, until the reply and the kernel's `idle` are there, by the
websocket that JupyterLab uses. Beside it a model of 1 GB loads and 64 requests are in flight, at the
model server's own port or through Jupyter; only echoes while the model is loading count.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from h2load import LoadFailed, Running, Traffic, for_seconds
from jupyter_hosted import Hosted, available
from kernelchannel import Kernel

IN_FLIGHT = 64
PAUSE_S = 0.005
LOOK_EACH = 10  # echoes between two looks at whether the model has been loaded
LOAD_S = 12.0  # of requests, while the model is loaded and taken away again
PARTS, PART_NUMBERS = 16, 2**24  # of 64 MiB each
LARGE = "large"


def idle(kernel: Kernel, count: int) -> list[float]:
    """Return the milliseconds of so many echoes while nothing else is done."""
    return [_echo_ms(kernel) for _ in range(count)]


def loaded(
    hosted: Hosted, kernel: Kernel, large: Path, traffic: Traffic, seconds: float = LOAD_S
) -> list[float]:
    """Return the milliseconds of all echoes while the large model was loading and requests came."""
    found: list[float] = []
    running = Running([traffic], for_seconds(seconds))
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            hosted.serve(LARGE, large)
            while time.monotonic() < end and not available(hosted.status(), {LARGE}):
                found += [_echo_ms(kernel) for _ in range(LOOK_EACH)]
            hosted.remove(LARGE)
    finally:
        [outcome] = running.outcomes()
    if outcome.failed or not outcome.latencies_us:
        raise LoadFailed(f"{outcome.failed} requests failed, {len(outcome.latencies_us)} did not")
    return found


def export_large(base_path: Path, parts: int = PARTS) -> Path:
    """Write a model with so many times 64 MiB of weights; return its directory."""
    import tensorflow as tf

    class Large(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.parts = [tf.Variable(tf.ones([PART_NUMBERS])) for _ in range(parts)]

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])  # type: ignore[untyped-decorator]
        def add(self, x: Any) -> dict[str, Any]:
            return {"y": x + tf.add_n([part[0] for part in self.parts])}

    large = Large()
    directory = base_path / "1"
    tf.saved_model.save(large, str(directory), {"serving_default": large.add})
    return directory


def _echo_ms(kernel: Kernel) -> float:
    time.sleep(PAUSE_S)
    return kernel.echo() * 1000
