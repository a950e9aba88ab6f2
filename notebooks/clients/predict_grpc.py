"""Asks a served model over gRPC, with the official package `tensorflow-serving-api`.

    python predict_grpc.py 127.0.0.1:8500 digits image images.npy

Sends the array in the .npy file as the input `image` and prints each output.
A server that wants a token gets the one in the environment variable TOKEN.
"""

from __future__ import annotations

import os
import sys

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub


def main(target: str, model: str, input_name: str, file: str) -> None:
    request = PredictRequest()
    request.model_spec.name = model
    request.inputs[input_name].CopyFrom(tf.make_tensor_proto(np.load(file)))
    token = os.environ.get("TOKEN")
    metadata = [("authorization", f"Bearer {token}")] if token else []
    with grpc.insecure_channel(target) as channel:
        predict = PredictionServiceStub(channel).Predict
        try:
            response = predict(request, timeout=60, metadata=metadata)
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")
    print(f"answered by version {response.model_spec.version.value}")
    for name, tensor in response.outputs.items():
        print(name, tf.make_ndarray(tensor))


if __name__ == "__main__":
    main(*sys.argv[1:])
