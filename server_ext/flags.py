"""The flags of a server process: each once, with its name, type, default and help.

The command line, `--help` and the README's table are loops over them. Names and defaults are
tensorflow_model_server's where it has the flag; `ours` marks the flags it does not have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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
class Flags:
    """What a server process was told on its command line, not checked yet: see options.py."""

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
