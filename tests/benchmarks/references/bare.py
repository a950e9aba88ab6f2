"""The yardstick without a server: the fastest call TensorFlow offers, alone in its process.

Loads a SavedModel into a Session, makes one callable and prints its answer for the sample image as
a JSON line. Then it reads lines until standard input closes: `<seconds> <rows per call>` runs the
callable that long, one call after the other, and prints the JSON object `calls`, `elapsed_s`,
`latencies_us`. A run uses TensorFlow's threads or, where that is asked for, the caller's only.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.config_pb2 import CallableOptions, ConfigProto

OF_CALLER = ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=-1)


def main(directory: str, signature_name: str, sample_file: str, threads: str) -> None:
    config = OF_CALLER if threads == "caller's thread" else ConfigProto()
    session = tf.compat.v1.Session(graph=tf.Graph(), config=config)
    with session.graph.as_default():
        meta = tf.compat.v1.saved_model.load(session, ["serve"], directory)
    signature = meta.signature_def[signature_name]
    [feed] = signature.inputs.values()
    [fetch] = signature.outputs.values()
    options = CallableOptions(feed=[feed.name], fetch=[fetch.name])
    call = session._make_callable_from_options(options)
    sample = np.load(sample_file)
    print(json.dumps(call(sample)[0].tolist()), flush=True)
    for line in sys.stdin:
        seconds, rows = line.split()
        batch = np.repeat(sample, int(rows), axis=0)
        print(json.dumps(measure(call, batch, float(seconds))), flush=True)


def measure(
    call: Callable[[np.ndarray], list[np.ndarray]], batch: np.ndarray, seconds: float
) -> dict[str, Any]:
    latencies = []
    begin = now = time.perf_counter()
    while now - begin < seconds:
        call(batch)
        before, now = now, time.perf_counter()
        latencies.append(round((now - before) * 1e6))
    return {"calls": len(latencies), "elapsed_s": now - begin, "latencies_us": latencies}


if __name__ == "__main__":
    main(*sys.argv[1:])
