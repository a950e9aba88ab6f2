"""The options of a server process: its flags, checked alone and together.

Nothing here reads the environment or ends the process.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from server_ext.errors import InvalidArgument
from server_ext.flags import Flags
from server_ext.flagvalues import A_PORT, OFF, ON, WAYS_TO_BATCH, is_port

_NOT_NEGATIVE = (
    "max_queued_bytes",
    "drain_timeout_seconds",
    "reload_timeout_seconds",
    "num_load_threads",
    "num_unload_threads",
    "max_num_load_retries",
    "load_retry_interval_micros",
    "total_model_memory_limit_bytes",
    "num_tflite_pools",
    "num_tflite_interpreters_per_pool",
    "max_request_bytes",
    "grpc_max_threads",
    "rest_api_num_threads",
)


@dataclass(frozen=True, kw_only=True)
class Options(Flags):
    """What one server process was told on its command line.

    Raises:
        InvalidArgument: a value is out of range, or two options exclude each other.
    """

    def __post_init__(self) -> None:
        self._check_integers()
        self._check_listening()
        self._check_batching()
        self._check_tensorflow()
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise InvalidArgument(f"--{name} is {getattr(self, name)}: use 0 or more")

    def _check_listening(self) -> None:
        if not self.host.strip():  # an unset variable of a script must not open all interfaces
            raise InvalidArgument(
                "--host is empty: use 127.0.0.1, or 0.0.0.0 to listen on all interfaces"
            )
        for name in ("port", "rest_api_port"):
            value = getattr(self, name)
            if value is not None and not is_port(value):
                raise InvalidArgument(f"--{name} is {value}: {A_PORT}")
        if self.rest_api_enable_cors_support and self.rest_api_refuse_foreign_origins:
            raise InvalidArgument(
                "--rest_api_enable_cors_support lets pages of any origin in, and "
                "--rest_api_refuse_foreign_origins none: give one of the two"
            )

    def _check_tensorflow(self) -> None:
        threads = (
            self.tensorflow_session_parallelism,
            self.tensorflow_intra_op_parallelism,
            self.tensorflow_inter_op_parallelism,
        )
        if all(count > 0 for count in threads):
            raise InvalidArgument(
                "tensorflow_session_parallelism sets both tensorflow_intra_op_parallelism and "
                "tensorflow_inter_op_parallelism: give it alone, or the other two"
            )
        if not 0 <= self.per_process_gpu_memory_fraction <= 1:
            raise InvalidArgument(
                "--per_process_gpu_memory_fraction is "
                f"{self.per_process_gpu_memory_fraction}: a share is from 0 to 1"
            )

    @property
    def batching_mode(self) -> str:
        """OFF, ON or AUTO, whichever of the two flags says it."""
        return self.batching or (ON if self.enable_batching else OFF)

    def _check_batching(self) -> None:
        if self.batching not in ("", *WAYS_TO_BATCH):
            raise InvalidArgument(f"--batching is {self.batching!r}: use off, on or auto")
        if self.enable_batching and self.batching_mode != ON:
            raise InvalidArgument(
                f"--enable_batching is the same as --batching=on, and --batching is "
                f"{self.batching}: give one of the two"
            )
        if self.batching_parameters_file and self.batching_mode == OFF:
            raise InvalidArgument(
                "batching_parameters_file is set without setting enable_batching to true: "
                "add --enable_batching or --batching=auto, or leave the file out"
            )

    def _check_integers(self) -> None:
        for declared in fields(self):
            value, limit = getattr(self, declared.name), 2 ** (declared.metadata["bits"] - 1)
            if isinstance(value, int) and not -limit <= value < limit:
                raise InvalidArgument(
                    f"--{declared.name} is {value}: it must be from {-limit} to {limit - 1}"
                )

    def check_servable(self) -> None:
        """Refuse options that name nothing to serve, or say it twice.

        Raises:
            InvalidArgument: neither a base path nor a config file is given, or one of them and
                --commands_on_stdin.
        """
        if self.commands_on_stdin:
            for name in ("model_base_path", "model_config_file"):
                if getattr(self, name):
                    raise InvalidArgument(
                        "--commands_on_stdin takes the models to serve from standard input: "
                        f"leave --{name} out"
                    )
            return
        if not self.model_base_path and not self.model_config_file:
            raise InvalidArgument(
                "Both server options model_base_path and model_config_file are empty: "
                "give --model_base_path=DIR or --model_config_file=FILE"
            )
