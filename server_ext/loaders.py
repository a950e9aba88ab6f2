"""How each version is loaded: what the flags say about it, as one function from path to Loader.

    make_loader:  SavedModel ---> counted and timed -> on a pool -> in batches -> warmed up
                  model.tflite -> counted and timed -> on a pool ---------------> warmed up

What wraps a version as it loads is put around it here, from the inside out.
"""

from __future__ import annotations

from functools import partial

from google.protobuf import text_format
from tensorflow.core.protobuf.config_pb2 import ConfigProto

from server_ext.api.measured import MeasuredLoads
from server_ext.api.warmup import WarmLoads, inputs_recorded
from server_ext.batching.auto import Runtime
from server_ext.batching.loads import Batching
from server_ext.engine import runtime, savedmodel, tflite
from server_ext.engine.sessionconfig import session_config
from server_ext.engine.threads import OpThreads, chosen
from server_ext.lifecycle.pooled import pooled_loads
from server_ext.lifecycle.source import MakeLoader
from server_ext.lifecycle.workers import Workers
from server_ext.metrics import Registry
from server_ext.options import Options
from server_ext.platformconfig import Platform


def make_loader(
    platform: Platform, metrics: Registry, pool: Workers, batching: Batching
) -> MakeLoader:
    """Return what makes the loader of a version, for a Source.

    `pool` are the threads for runs that are not short, and not in batches.

    Raises:
        ServingError: a library of --custom_op_paths cannot be loaded, or a file of a flag cannot
            be read.
    """
    options = platform.options
    runtime.add_operations(options.custom_op_paths)
    config, threads = _sessions(options, platform.session_config)
    models: MakeLoader = partial(
        savedmodel.make_loader,
        tags=options.saved_model_tags.split(","),
        threads=threads,
        session_config=config,
        try_out=options.enable_model_warmup,
    )
    if options.prefer_tflite_model:
        models = tflite.either(_tflite_models(options), models)
    pooled = pooled_loads(MeasuredLoads(models, metrics), pool)
    recorded = options.enable_model_warmup
    loads = batching.loads(
        pooled,
        inputs_recorded if recorded else lambda name, version, path, servable: (),
        partial(_runtime, config, threads),
    )
    if options.prefer_tflite_model:
        loads = tflite.either(pooled, loads)
    if options.enable_model_warmup:
        loads = WarmLoads(loads, metrics, max(1, options.num_request_iterations_for_warmup))
    return loads


def _tflite_models(options: Options) -> MakeLoader:
    return partial(
        tflite.make_loader,
        pools=options.num_tflite_pools,
        interpreters_per_pool=max(1, options.num_tflite_interpreters_per_pool),
    )


def _sessions(options: Options, base: ConfigProto | None) -> tuple[ConfigProto, OpThreads]:
    """Return what the flags say about TensorFlow's sessions, and about their threads."""
    config = session_config(
        options.tensorflow_session_config_file,
        options.per_process_gpu_memory_fraction,
        options.mixed_precision,
        base,
    )
    both = options.tensorflow_session_parallelism
    return config, chosen(
        both,
        options.tensorflow_intra_op_parallelism
        or (not both and config.intra_op_parallelism_threads),
        options.tensorflow_inter_op_parallelism
        or (not both and config.inter_op_parallelism_threads),
    )


def _runtime(config: ConfigProto, threads: OpThreads) -> Runtime:
    """Return what computes, for measurements."""
    devices = runtime.accelerators()
    text = " ".join(text_format.MessageToString(config, as_one_line=True).split())
    return Runtime(
        f"TensorFlow {runtime.version()}; {threads}; {text}; {', '.join(devices)}",
        stays=threads == OpThreads() and not devices,
    )
