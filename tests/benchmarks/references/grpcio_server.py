"""A reference for gRPC: a grpcio sync server that calls the SavedModel's ConcreteFunction.

Prints the port it took, as `listening on PORT`, once the model is loaded; ends when its standard
input closes.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):  # type: ignore[misc]
    def __init__(self, directory: str) -> None:
        self._model = tf.saved_model.load(directory)
        self._function = self._model.signatures["serving_default"]
        [self._input] = self._function.structured_input_signature[1]

    def Predict(  # noqa: N802 -- the official servicer's name
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        batch = tf.make_ndarray(request.inputs[self._input])
        response = predict_pb2.PredictResponse()
        for name, value in self._function(**{self._input: tf.constant(batch)}).items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(value.numpy()))
        return response


def main(directory: str) -> None:
    server = grpc.server(ThreadPoolExecutor(max_workers=16))
    service = PredictionService(directory)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"listening on {port}", flush=True)
    sys.stdin.read()
    server.stop(grace=None).wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
