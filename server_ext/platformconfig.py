"""--platform_config_file: what the flags about models say, in TensorFlow Serving's own messages.

    platform_configs { key: "tensorflow" value { source_adapter_config {
      [type.googleapis.com/tensorflow.serving.SavedModelBundleSourceAdapterConfig] {
        legacy_config { session_config { ... } batching_parameters { ... } ... } } } } }

As upstream (model_servers/server.cc) the file replaces these flags, whether it says something of
them or not. Functions; any thread may call.
"""

from __future__ import annotations

import dataclasses
import logging
from typing import Any, NamedTuple

from tensorflow.core.protobuf import config_pb2, named_tensor_pb2
from tensorflow_serving.config.platform_config_pb2 import PlatformConfigMap

from server_ext import protos, textproto
from server_ext.errors import InvalidArgument
from server_ext.options import Options

log = logging.getLogger(__name__)

PLATFORM = "tensorflow"
# The flags that the file stands for. Their defaults are what a file that is empty asks for, except
# that without a word there is no warm-up.
FLAGS = (
    "saved_model_tags",
    "enable_model_warmup",
    "num_request_iterations_for_warmup",
    "prefer_tflite_model",
    "num_tflite_pools",
    "num_tflite_interpreters_per_pool",
    "tensorflow_session_parallelism",
    "tensorflow_intra_op_parallelism",
    "tensorflow_inter_op_parallelism",
    "tensorflow_session_config_file",
    "per_process_gpu_memory_fraction",
    "mixed_precision",
    "enable_batching",
    "batching",
    "batching_parameters_file",
    "enable_per_model_batching_parameters",
)
_REFUSED = {
    "session_target": "models run in this process",
    "experimental_fixed_input_tensors": "a client sends all inputs, and would miss these",
}
_WITHOUT_EFFECT = {
    "session_run_load_threadpool_index": "a model loads on the threads of --num_load_threads",
    "experimental_transient_ram_bytes_during_load": "memory is estimated from the files",
    "enable_session_metadata": "nothing here reads it",
    "resource_estimation_uses_validation_result": "memory is estimated from the files",
    "wrap_session_with_no_threading_params": "requests bring no threads of their own",
    "enable_saved_model_config": "it is about optimizers that TensorFlow's packages do not have",
}
_WARMUP_WITHOUT_EFFECT = ("num_model_warmup_threads", "enable_all_batch_sizes_warmup")

_adapter = protos.declare(
    "tensorflow_serving/servables/tensorflow/saved_model_bundle_source_adapter.proto",
    {
        "ModelWarmupOptions": [
            ("google.protobuf.Int32Value", "num_request_iterations", 1),
            ("google.protobuf.Int32Value", "num_model_warmup_threads", 2),
            ("string", "model_name", 3),
            ("int64", "model_version", 4),
            ("google.protobuf.BoolValue", "enable_all_batch_sizes_warmup", 5),
        ],
        "SessionBundleConfig": [
            ("string", "session_target", 1),
            ("tensorflow.ConfigProto", "session_config", 2),
            ("BatchingParameters", "batching_parameters", 3),
            ("google.protobuf.Int32Value", "session_run_load_threadpool_index", 4),
            ("uint64", "experimental_transient_ram_bytes_during_load", 5),
            ("repeated string", "saved_model_tags", 6),
            ("repeated tensorflow.NamedTensorProto", "experimental_fixed_input_tensors", 778),
            ("bool", "enable_model_warmup", 779),
            ("ModelWarmupOptions", "model_warmup_options", 780),
            ("bool", "enable_session_metadata", 781),
            ("bool", "remove_unused_fields_from_bundle_metagraph", 782),
            ("bool", "prefer_tflite_model", 783),
            ("bool", "resource_estimation_uses_validation_result", 784),
            ("int32", "num_tflite_interpreters", 785),
            ("int32", "num_tflite_interpreters_per_pool", 786),
            ("int32", "num_tflite_pools", 787),
            ("bool", "wrap_session_with_no_threading_params", 788),
            ("bool", "enable_per_model_batching_params", 789),
            ("bool", "enable_saved_model_config", 790),
            ("string", "mixed_precision", 791),
        ],
        "SavedModelBundleSourceAdapterConfig": [("SessionBundleConfig", "legacy_config", 1000)],
    },
    needs=(
        config_pb2.DESCRIPTOR,
        named_tensor_pb2.DESCRIPTOR,
        protos.BatchingParameters.DESCRIPTOR.file,
    ),
)


class Platform(NamedTuple):
    """The options, and the messages that the file has in the place of two files that flags name."""

    options: Options
    session_config: config_pb2.ConfigProto | None = None
    batching_parameters: Any = None


def read(options: Options) -> Platform:
    """Apply the file to the options, if they name one.

    Raises:
        ServingError: the file cannot be read, with the file system's code.
        InvalidArgument: it cannot be parsed, is of another platform than `tensorflow`, or asks for
            what would change answers and is not offered.
    """
    path = options.platform_config_file
    if not path:
        return Platform(options)
    configs = PlatformConfigMap()
    textproto.read(path, configs, "platform config file", pool=protos.POOL)
    said = _session_bundle_config(configs, path)
    _check(said, path)
    for name in FLAGS:
        if getattr(options, name) != Options.__dataclass_fields__[name].default:
            log.warning("--%s is ignored: --platform_config_file is in its place", name)
    session_config = config_pb2.ConfigProto.FromString(said.session_config.SerializeToString())
    batching = said.batching_parameters if said.HasField("batching_parameters") else None
    try:
        replaced = dataclasses.replace(options, **_values(said))
    except InvalidArgument as error:
        raise InvalidArgument(f"platform config file {path}: {error.message}") from None
    return Platform(replaced, session_config, batching)


def _session_bundle_config(configs: PlatformConfigMap, path: str) -> Any:
    unknown = sorted(configs.platform_configs.keys() - {PLATFORM})
    if unknown or not configs.platform_configs:
        raise InvalidArgument(
            f"platform config file {path}: the one platform of this server is '{PLATFORM}', "
            f"and the file has {', '.join(repr(name) for name in unknown) or 'none'}"
        )
    packed = configs.platform_configs[PLATFORM].source_adapter_config
    adapter = _adapter["SavedModelBundleSourceAdapterConfig"]()
    if not packed.Is(adapter.DESCRIPTOR):
        raise InvalidArgument(
            f"platform config file {path}: source_adapter_config is "
            f"{packed.TypeName() or 'empty'}; it must be a {adapter.DESCRIPTOR.full_name}"
        )
    packed.Unpack(adapter)
    return adapter.legacy_config


def _values(said: Any) -> dict[str, Any]:
    """Return the flags that ask for the same."""
    values = {name: Options.__dataclass_fields__[name].default for name in FLAGS}
    return values | {
        "saved_model_tags": ",".join(said.saved_model_tags) or values["saved_model_tags"],
        "enable_model_warmup": said.enable_model_warmup,
        "num_request_iterations_for_warmup": said.model_warmup_options.num_request_iterations.value,
        "prefer_tflite_model": said.prefer_tflite_model,
        "num_tflite_pools": said.num_tflite_pools or said.num_tflite_interpreters,
        "num_tflite_interpreters_per_pool": max(1, said.num_tflite_interpreters_per_pool),
        "mixed_precision": said.mixed_precision,
        "enable_batching": said.HasField("batching_parameters"),
        "enable_per_model_batching_parameters": said.enable_per_model_batching_params,
    }


def _check(said: Any, path: str) -> None:
    """Refuse or log what the file says and this server does not do."""
    present = {field.name for field, _ in said.ListFields()}
    for name in sorted(present & _REFUSED.keys()):
        raise InvalidArgument(
            f"platform config file {path}: {name} is not offered: {_REFUSED[name]}"
        )
    for name in sorted(present & _WITHOUT_EFFECT.keys()):
        log.warning("%s is ignored: %s", name, _WITHOUT_EFFECT[name])
    for field, _ in said.model_warmup_options.ListFields():
        if field.name in _WARMUP_WITHOUT_EFFECT:
            log.warning("%s is ignored: warm-up requests are asked one by one", field.name)
