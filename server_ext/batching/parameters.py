"""How requests are batched: TensorFlow Serving's BatchingParameters as plain values.

    --batching_parameters_file   -> Pool, for the whole server      refused at the start
                                 -> Parameters, for each version    refused when it loads
    VERSION/batching_params.pbtxt -> Parameters of that version, as a flag says

Compatible with servables/tensorflow/session_bundle_config.proto, bundle_factory_util.cc and, for
the checks, with TensorFlow's kernels/batching_util/shared_batch_scheduler.h. Immutable values.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from server_ext import protos, textproto
from server_ext.errors import InvalidArgument

VERSION_FILE = "batching_params.pbtxt"
POOL_NAME = "batch_threads"
POOL_NAME_WITHOUT_FILE = "model_server_batch_threads"
MICROS = 1_000_000


@dataclass(frozen=True)
class Pool:
    """The threads that run the batches of all models.

    Of batches for which Python has about as much to do as the model, no more than `light` run at a
    time: a core is left for reading and sending. 0, where the user has chosen `threads`: all may.

    Raises:
        InvalidArgument: there would be no thread.
    """

    threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    name: str = POOL_NAME_WITHOUT_FILE
    light: int = field(default_factory=lambda: max(1, (os.cpu_count() or 1) - 1))

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise InvalidArgument(f"num_batch_threads must be positive; was {self.threads}")

    @classmethod
    def of(cls, message: Any) -> Pool:
        """Take what a BatchingParameters message says of the threads; raises as the class."""
        name = _wrapped(message, "thread_pool_name", POOL_NAME)
        if not message.HasField("num_batch_threads"):
            return cls(name=name)
        return cls(message.num_batch_threads.value, name, light=0)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """How the requests for one version are batched; sizes are rows.

    `max_batch_size` bounds a request. A batch that runs has up to `max_execution_batch_size` rows,
    which differs only where large requests are cut into pieces (`split`). An incomplete batch waits
    for `timeout_s`; 0 runs it as soon as a thread is free. `max_enqueued_batches` may wait in each
    queue. Batches are filled up to the next of the `allowed_batch_sizes`, if there are any.

    Raises:
        InvalidArgument: a value is out of range, or two do not fit together.
    """

    max_batch_size: int = 1000
    timeout_s: float = 0.0
    max_enqueued_batches: int = 10
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False
    split: bool = False
    max_execution_batch_size: int = 1000

    def __post_init__(self) -> None:
        if self.max_batch_size < 1:
            raise InvalidArgument(
                f"input_batch_size_limit must be positive; was {self.max_batch_size}: it is "
                "max_batch_size"
            )
        if self.timeout_s < 0:
            micros = round(self.timeout_s * MICROS)
            raise InvalidArgument(f"batch_timeout_micros must be non-negative; was {micros}")
        if self.max_enqueued_batches < 1:
            raise InvalidArgument(
                f"max_enqueued_batches must be positive; was {self.max_enqueued_batches}"
            )
        self._check_execution_size()
        self._check_allowed_sizes()

    @classmethod
    def of(cls, message: Any) -> Parameters:
        """Take what a BatchingParameters message says of one version; raises as the class."""
        split = _wrapped(message, "enable_large_batch_splitting", False)
        sizes = message.HasField("max_batch_size"), message.HasField("max_execution_batch_size")
        if split and not any(sizes):
            raise InvalidArgument(
                "enable_large_batch_splitting needs max_execution_batch_size or max_batch_size"
            )
        largest = _wrapped(message, "max_batch_size", cls.max_batch_size)
        waiting = _wrapped(message, "max_enqueued_batches", cls.max_enqueued_batches)
        return cls(
            max_batch_size=largest,
            timeout_s=_wrapped(message, "batch_timeout_micros", 0) / MICROS,
            max_enqueued_batches=waiting if split or waiting else 1,
            allowed_batch_sizes=tuple(message.allowed_batch_sizes),
            pad_variable_length_inputs=message.pad_variable_length_inputs,
            split=split,
            max_execution_batch_size=(
                _wrapped(message, "max_execution_batch_size", largest) if split else largest
            ),
        )

    def _check_execution_size(self) -> None:
        if self.max_execution_batch_size < 1:
            raise InvalidArgument(
                f"max_execution_batch_size must be positive; was {self.max_execution_batch_size}"
            )
        if self.max_batch_size < self.max_execution_batch_size:
            raise InvalidArgument(
                "max_batch_size must not be less than max_execution_batch_size; "
                f"they are {self.max_batch_size} and {self.max_execution_batch_size}"
            )

    def _check_allowed_sizes(self) -> None:
        sizes = self.allowed_batch_sizes
        if not sizes:
            return
        if sizes[0] < 1 or any(one >= next_one for one, next_one in pairwise(sizes)):
            raise InvalidArgument(
                f"allowed_batch_sizes must be positive and increase; they are {list(sizes)}"
            )
        for name in ("max_batch_size", "max_execution_batch_size"):
            if sizes[-1] != getattr(self, name):
                raise InvalidArgument(
                    f"Last entry in allowed_batch_sizes must match {name}; "
                    f"last entry was {sizes[-1]}; expected {getattr(self, name)}"
                )


def read(path: str) -> Any:
    """Return the BatchingParameters message in a text file.

    Raises:
        ServingError: the file cannot be read, with the file system's code.
        InvalidArgument: it is no BatchingParameters.
    """
    return textproto.read(path, protos.BatchingParameters(), "batching parameters file")


def of_version(path: str) -> Parameters | None:
    """Return what the file in a version's directory says; None where there is none.

    Raises:
        ServingError: the file cannot be read.
        InvalidArgument: it is no BatchingParameters, or its values are refused.
    """
    file = os.path.join(path, VERSION_FILE)
    if not os.path.exists(file):
        return None
    message = read(file)
    try:
        return Parameters.of(message)
    except InvalidArgument as error:
        raise InvalidArgument(f"{error.message} ({file})") from None


def _wrapped(message: Any, name: str, default: Any) -> Any:
    return getattr(message, name).value if message.HasField(name) else default
