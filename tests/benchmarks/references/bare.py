"""The yardstick without a server: the fastest call TensorFlow offers, alone in its process.

Loads a SavedModel into a Session, makes one callable and prints its answer for the sample as a JSON
line. Then it reads lines until standard input closes: `<seconds> <rows per call> <callers>` runs the
callable that long, one call after the other in as many threads, and prints the JSON object
`elapsed_s`, `latencies_us`. A run uses TensorFlow's threads or, where that is asked for, only the
thread that calls.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.config_pb2 import CallableOptions, ConfigProto

OF_CALLER = ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=-1)
Predict = Callable[[np.ndarray], list[np.ndarray]]


def main(directory: str, signature_name: str, sample_file: str, threads: str) -> None:
    config = OF_CALLER if threads == "caller's thread" else ConfigProto()
    session = tf.compat.v1.Session(graph=tf.Graph(), config=config)
    with session.graph.as_default():
        meta = tf.compat.v1.saved_model.load(session, ["serve"], directory)
    signature = meta.signature_def[signature_name]
    [feed] = signature.inputs.values()
    [fetch] = signature.outputs.values()
    options = CallableOptions(feed=[feed.name], fetch=[fetch.name])
    predict = session._make_callable_from_options(options)
    sample = np.load(sample_file)
    if sample.dtype.kind == "S":
        sample = sample.astype(object)
    print(json.dumps(predict(sample)[0].tolist(), default=bytes.decode), flush=True)
    for line in sys.stdin:
        seconds, rows, callers = line.split()
        batch = np.repeat(sample, int(rows), axis=0)
        measure(predict, batch, float(seconds), int(callers))


def measure(predict: Predict, batch: np.ndarray, seconds: float, callers: int) -> None:
    begin = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        runs = [pool.submit(call, predict, batch, begin + seconds) for _ in range(callers)]
        latencies = [latency for run in runs for latency in run.result()]
    elapsed = time.perf_counter() - begin
    print(json.dumps({"elapsed_s": elapsed, "latencies_us": latencies}), flush=True)


def call(predict: Predict, batch: np.ndarray, end: float) -> list[int]:
    latencies = []
    now = time.perf_counter()
    while now < end:
        predict(batch)
        before, now = now, time.perf_counter()
        latencies.append(round((now - before) * 1e6))
    return latencies


if __name__ == "__main__":
    main(*sys.argv[1:])
