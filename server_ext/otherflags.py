"""Flags of TensorFlow Serving that have no effect here, each with what happens and why.

A start-up line that has them works, unless ignoring one would break a promise: then it is refused.
"""

from __future__ import annotations

from typing import NamedTuple


class OtherFlag(NamedTuple):
    """`harmless` asks for nothing; any other value is refused, or ignored and logged."""

    kind: type
    harmless: bool | int | float | str
    refused: bool
    reason: str


def _ignored(harmless: bool | int | float | str, reason: str) -> OtherFlag:
    return OtherFlag(type(harmless), harmless, False, reason)


def _refused(harmless: bool | int | float | str, reason: str) -> OtherFlag:
    return OtherFlag(type(harmless), harmless, True, reason)


_NO_BATCHING = "batching is not offered yet, each request runs by itself"
_NO_TFLITE = "TensorFlow Lite is not offered yet"
_NO_WARMUP = "warm-up is not offered yet; what a model needs first is prepared when it loads"
_NO_XLA = "a graph runs as it was exported; tf.function(jit_compile=True) chooses XLA there"

OTHER_FLAGS = {
    "rest_api_enable_cors_support": _ignored(False, "CORS is not offered yet"),
    "enable_batching": _ignored(False, _NO_BATCHING),
    "batching_parameters_file": _ignored("", _NO_BATCHING),
    "enable_per_model_batching_parameters": _ignored(False, _NO_BATCHING),
    "flush_filesystem_caches": _ignored(
        True, "TensorFlow keeps no cache of local files that could be dropped"
    ),
    "use_alts_credentials": _refused(False, "ALTS exists inside of Google's own network only"),
    "ssl_config_file": _refused(
        "", "TLS is not offered yet, and without it the port would be open in clear text"
    ),
    "platform_config_file": _refused(
        "", "it replaces what the other flags say, and is not offered: use those"
    ),
    "grpc_channel_arguments": _ignored(
        "", "they are settings of a transport that is not used here"
    ),
    "enable_model_warmup": _ignored(False, _NO_WARMUP),
    "num_request_iterations_for_warmup": _ignored(0, _NO_WARMUP),
    "remove_unused_fields_from_bundle_metagraph": _ignored(
        True, "of the MetaGraphDef nothing but the signatures is kept in memory"
    ),
    "prefer_tflite_model": _ignored(False, _NO_TFLITE),
    "num_tflite_pools": _ignored(0, _NO_TFLITE),
    "num_tflite_interpreters_per_pool": _ignored(0, _NO_TFLITE),
    "xla_cpu_compilation_enabled": _ignored(False, _NO_XLA),
    "xla_gpu_compilation_enabled": _ignored(False, _NO_XLA),
    "enable_profiler": _ignored(False, "the profiler is not offered yet"),
    "thread_pool_factory_config_file": _refused(
        "", "it names a C++ class that would have to be linked into the server"
    ),
    "skip_initialize_tpu": _ignored(False, "TensorFlow's packages have no support for TPUs"),
    "enable_serialization_as_tensor_content": _ignored(
        False, "not offered yet, answers have typed fields, which every client reads"
    ),
}
