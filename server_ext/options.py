"""Options of one server process: each flag once, with its type, default and help.

The command line, `--help` and the README's table are loops over `fields(Options)`. Names and
defaults are tensorflow_model_server's where it has the flag; `ours` marks the flags it does not
have. Nothing here reads the environment or ends the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from server_ext.errors import InvalidArgument

MAX_PORT = 65535
OFF, ON, AUTO = "off", "on", "auto"
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


def option(
    default: Any, help: str, *, kind: type | None = None, ours: bool = False, bits: int = 32
) -> Any:
    """Declare one option; `kind` is its type where the default does not tell it.

    An integer has `bits` bits with its sign, as in TensorFlow Serving's table of flags.
    """
    return field(
        default=default,
        metadata={"help": help, "kind": kind or type(default), "ours": ours, "bits": bits},
    )


@dataclass(frozen=True, kw_only=True)
class Options:
    """What one server process was told on its command line.

    Raises:
        InvalidArgument: a value is out of range, or two options exclude each other.
    """

    port: int = option(
        8500,
        "TCP port for gRPC. 0 takes a free port; with --grpc_socket_path it turns TCP off.",
    )
    grpc_socket_path: str = option(
        "", "Listen for gRPC on this Unix socket, too (or only, with --port=0)."
    )
    rest_api_port: int | None = option(
        None, "TCP port for REST. Not given: no REST. 0 takes a free port.", kind=int
    )
    rest_api_timeout_in_ms: int = option(
        30000, "Milliseconds a REST request may take before it is answered with 504. 0: no limit."
    )
    rest_api_enable_cors_support: bool = option(
        False, "Let web pages of any origin read what REST answers (CORS)."
    )
    host: str = option("127.0.0.1", "Address to listen on, for gRPC and REST.", ours=True)
    enable_grpc_healthcheck_service: bool = option(
        False, "Offer grpc.health.v1.Health; it says NOT_SERVING while the server drains."
    )
    grpc_channel_arguments: str = option(
        "",
        "Settings of the gRPC server as key=value, with commas in between, such as "
        "grpc.max_concurrent_streams=100.",
    )
    max_request_bytes: int = option(
        256 * 1024 * 1024,
        "Bytes that a request may have, over gRPC and REST, also when it is inflated. 0: no limit.",
        ours=True,
        bits=64,
    )
    ssl_config_file: str = option(
        "",
        "Text-format SSLConfig with a key and certificates: gRPC and REST speak TLS, and ask "
        "clients for theirs if it says so.",
    )
    auth_token_file: str = option(
        "",
        "File of tokens, one a line, of which each request must send one, but those about health. "
        "Read again when it changes.",
        ours=True,
    )
    rest_api_allowed_hosts: str = option(
        "",
        "Names, with commas in between, by which a proxy may ask for REST while it listens on "
        "this machine only, without TLS and tokens. *: any.",
        ours=True,
    )
    rest_api_refuse_foreign_origins: bool = option(
        False,
        "Refuse REST requests that browsers send for pages of other sites, and what a page sends "
        "that is not JSON. Without it, pages may send and not read.",
        ours=True,
    )
    enable_grpc_reflection: bool = option(
        False,
        "Offer gRPC's server reflection, by which grpcurl and others find services and messages. "
        "It needs grpcio's transport, which is slower.",
        ours=True,
    )
    enable_profiler: bool = option(
        True, "Offer tensorflow.ProfilerService, by which TensorBoard records what the models do."
    )
    model_name: str = option("default", "Name of the model at --model_base_path.")
    model_base_path: str = option(
        "", "Directory that holds the numbered version directories of the one model to serve."
    )
    model_config_file: str = option(
        "",
        "Text-format ModelServerConfig that lists the models to serve; "
        "wins over --model_name and --model_base_path.",
    )
    model_config_file_poll_wait_seconds: int = option(
        0, "Seconds between two looks at --model_config_file for changes. 0: read it once."
    )
    reload_timeout_seconds: int = option(
        120,
        "Seconds that the models of a new configuration get to become available; "
        "then the one from before stays.",
        ours=True,
    )
    enable_reload_requests: bool = option(
        True,
        "Take other configurations by HandleReloadConfigRequest, from whoever reaches the port.",
        ours=True,
    )
    allow_version_labels_for_unavailable_models: bool = option(
        False,
        "Accept new labels for any version. Without it a label needs a version that is available "
        "or that its own configuration asks for.",
    )
    monitoring_config_file: str = option(
        "",
        "Text-format MonitoringConfig that turns on the page for Prometheus, on the REST port; "
        "at /monitoring/prometheus/metrics unless it says where.",
    )
    file_system_poll_wait_seconds: int = option(
        1, "Seconds between two looks for new or removed versions. 0: look once. Below 0: never."
    )
    num_load_threads: int = option(0, "Versions that load at a time. 0: two.")
    num_unload_threads: int = option(0, "Versions that unload at a time. 0: two.")
    max_num_load_retries: int = option(
        5,
        "Attempts to load a version after the first one has failed. None follows a failure that "
        "only other files can cure: then it is tried again when they change.",
    )
    load_retry_interval_micros: int = option(
        60_000_000, "Microseconds between two attempts to load a version.", bits=64
    )
    total_model_memory_limit_bytes: int = option(
        0,
        "Bytes that all loaded versions may take, estimated as 1.2 times their files. What does "
        "not fit is refused, and what is loaded stays. 0: no limit.",
        ours=True,
        bits=64,
    )
    enable_model_warmup: bool = option(
        True,
        "Ask a version the requests in its assets.extra/tf_serving_warmup_requests before it "
        "becomes available, and run it once on zeros where that can do no harm.",
    )
    num_request_iterations_for_warmup: int = option(
        0, "How often each warm-up request is asked. 0: once."
    )
    saved_model_tags: str = option(
        "serve", "Tags, with commas between them, of the graph to take from each SavedModel."
    )
    custom_op_paths: str = option(
        "",
        "Libraries of operations that models need, with commas between them: .so files, or "
        "directories of them. They are loaded before any model.",
        ours=True,
    )
    prefer_tflite_model: bool = option(
        False,
        "Of a version that has a model.tflite serve that, on LiteRT, and not its SavedModel.",
    )
    num_tflite_pools: int = option(
        0, "Requests that each TensorFlow Lite version runs at a time. 0: one for each core."
    )
    num_tflite_interpreters_per_pool: int = option(
        1,
        "Interpreters that share the rows of one request to a TensorFlow Lite version, in pieces "
        "of 500 divided by their number, or of the model's own batch size.",
    )
    tensorflow_session_parallelism: int = option(
        0,
        "Sets both of the following. 0: each run of a model stays on one thread.",
        bits=64,
    )
    tensorflow_intra_op_parallelism: int = option(
        0,
        "Threads that may share one operation of a model. 0: one.",
        bits=64,
    )
    tensorflow_inter_op_parallelism: int = option(
        0,
        "Operations of one run that may run at a time. 0: one, on the thread of the request.",
        bits=64,
    )
    tensorflow_session_config_file: str = option(
        "",
        "Text-format tensorflow.ConfigProto for the sessions that run the models; flags win over "
        "what it says.",
    )
    per_process_gpu_memory_fraction: float = option(
        0.0, "Share of each GPU's memory that TensorFlow may take, from 0 to 1. 0: it decides."
    )
    mixed_precision: str = option(
        "", "bfloat16 lets oneDNN compute in that type where it can. Anything else: a warning."
    )
    enable_batching: bool = option(
        False,
        "Let requests that wait at the same time run together, merged by their first dimension.",
    )
    batching: str = option(
        "",
        "off; on, the same as --enable_batching; or auto: a version is batched when the server has "
        "shown at load that its rows do not depend on each other, and that it is faster so. Not "
        "given: off, or on with --enable_batching.",
        ours=True,
    )
    max_queued_bytes: int = option(
        2**30,
        "Memory that the inputs of requests may take while they wait for a batch; more are refused "
        "as when a queue is full. 0: no limit.",
        ours=True,
    )
    cache_directory: str = option(
        "",
        "Where --batching=auto remembers measured sizes of batches. Not given: "
        "$XDG_CACHE_HOME/tfs-magics, or ~/.cache/tfs-magics.",
        ours=True,
    )
    batching_parameters_file: str = option(
        "",
        "Text-format BatchingParameters: how many requests run together, and how long they wait.",
    )
    enable_per_model_batching_parameters: bool = option(
        False,
        "Take them from batching_params.pbtxt in each version's directory; a version without it is "
        "not batched. Of --batching_parameters_file only the threads count then.",
    )
    platform_config_file: str = option(
        "",
        "Text-format PlatformConfigMap, in the place of the flags about batching, warm-up, "
        "TensorFlow Lite and TensorFlow's sessions, which are ignored then.",
    )
    grpc_max_threads: int = option(
        0, "Requests that run at a time. 0: twice the cores, at least 4. REST shares these threads."
    )
    rest_api_num_threads: int = option(
        0, "The same for REST; as they share the threads, the larger of the two counts."
    )
    enable_signature_method_name_check: bool = option(
        False,
        "Refuse to classify or regress by a signature whose method_name is another, and to predict "
        "by one of an unknown method.",
    )
    enable_serialization_as_tensor_content: bool = option(
        False,
        "Answer gRPC's Predict with tensors as bytes (tensor_content) instead of typed fields; "
        "strings stay in theirs.",
    )
    wait_for_models: bool = option(
        True,
        "Open the ports once each model is available, has failed, or has no directory yet. "
        "false: open them at once.",
        ours=True,
    )
    drain_timeout_seconds: int = option(
        30, "Seconds that requests in flight get to finish after SIGTERM or SIGINT.", ours=True
    )
    exit_when_stdin_closes: bool = option(
        False, "Stop when standard input ends, so that the server goes with its parent.", ours=True
    )
    commands_on_stdin: bool = option(
        False,
        "Take the models to serve as JSON lines on standard input, report on standard output what "
        "becomes of them, and stop when standard input ends.",
        ours=True,
    )
    version: bool = option(False, "Print the versions of the server and of TensorFlow, and exit.")

    def __post_init__(self) -> None:
        self._check_integers()
        if not self.host.strip():  # an unset variable of a script must not open all interfaces
            raise InvalidArgument(
                "--host is empty: use 127.0.0.1, or 0.0.0.0 to listen on all interfaces"
            )
        for name in ("port", "rest_api_port"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= MAX_PORT:
                raise InvalidArgument(f"--{name} is {value}: a port is from 0 to {MAX_PORT}")
        self._check_batching()
        if self.rest_api_enable_cors_support and self.rest_api_refuse_foreign_origins:
            raise InvalidArgument(
                "--rest_api_enable_cors_support lets pages of any origin in, and "
                "--rest_api_refuse_foreign_origins none: give one of the two"
            )
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
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise InvalidArgument(f"--{name} is {getattr(self, name)}: use 0 or more")

    @property
    def batching_mode(self) -> str:
        """OFF, ON or AUTO, whichever of the two flags says it."""
        return self.batching or (ON if self.enable_batching else OFF)

    def _check_batching(self) -> None:
        if self.batching not in ("", OFF, ON, AUTO):
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
