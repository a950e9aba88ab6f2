"""A reference for both protocols: Triton's Python backend, by nvidia-pytriton.

Runs with the Python that package was installed for, which need not be the benchmark's. Triton merges
requests that wait; the model is called as in the other references. The ports are arguments, as
Triton cannot choose them; prints `ready` once it answers, and ends when its standard input closes.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

LARGEST_BATCH = 128


def main(directory: str, grpc_port: str, http_port: str) -> None:
    model = tf.saved_model.load(directory)
    function = model.signatures["serving_default"]
    [(input_name, expected)] = function.structured_input_signature[1].items()
    [(output_name, answered)] = function.structured_outputs.items()

    @batch  # type: ignore[untyped-decorator]
    def predict(**inputs: np.ndarray) -> dict[str, np.ndarray]:
        values = inputs[input_name]
        if expected.dtype == tf.string:  # Triton has no tensors without a second dimension
            values = values.astype(object)[:, 0]
        outputs = function(**{input_name: tf.constant(values)})[output_name].numpy()
        return {output_name: outputs.reshape(len(values), -1)}

    config = TritonConfig(
        http_address="127.0.0.1",
        http_port=int(http_port),
        grpc_address="127.0.0.1",
        grpc_port=int(grpc_port),
        allow_metrics=False,
        log_verbose=0,
    )
    with Triton(config=config) as triton:
        triton.bind(
            model_name="bench",
            infer_func=predict,
            inputs=[tensor(input_name, expected, expected.shape[1:])],
            outputs=[tensor(output_name, answered, answered.shape[1:])],
            config=ModelConfig(max_batch_size=LARGEST_BATCH, batcher=DynamicBatcher()),
        )
        triton.run()
        print("ready", flush=True)
        sys.stdin.read()


def tensor(name: str, spec: tf.TensorSpec, shape: tf.TensorShape) -> Tensor:
    kind = bytes if spec.dtype == tf.string else spec.dtype.as_numpy_dtype
    return Tensor(name=name, dtype=kind, shape=tuple(shape) or (1,))


if __name__ == "__main__":
    main(*sys.argv[1:])
