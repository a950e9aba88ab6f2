"""Nothing is lost while a version appears and disappears under load."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import grpc
import numpy as np
import pytest
import requests

pytestmark = pytest.mark.tensorflow

ROWS = 5


class Client(threading.Thread):
    """Asks without a pause until told to stop; keeps each answer's version and numbers."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._stop_asking = stop
        self.failures: list[str] = []
        self.mixed: list[str] = []
        self.seen: list[float] = []

    def run(self) -> None:
        while not self._stop_asking.is_set():
            try:
                values = self.ask()
            except Exception as error:  # any failure at all is what the test looks for
                self.failures.append(repr(error))
                continue
            if len(values) != 1:
                self.mixed.append(repr(values))
            self.seen.append(next(iter(values)))

    def ask(self) -> set[float]:
        raise AssertionError


class RestClient(Client):
    def __init__(self, stop: threading.Event, url: str) -> None:
        super().__init__(stop)
        self._url = url
        self._session = requests.Session()

    def ask(self) -> set[float]:
        body = {"instances": [[0.0] * 4] * ROWS}
        response = self._session.post(self._url, json=body, timeout=30)
        response.raise_for_status()
        rows = response.json()["predictions"]
        assert len(rows) == ROWS
        return {value for row in rows for value in [*row["a"], row["b"]]}


class GrpcClient(Client):
    def __init__(self, stop: threading.Event, channel: grpc.Channel) -> None:
        super().__init__(stop)
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        self._request = predict_pb2.PredictRequest()
        self._request.model_spec.name = "m"
        zeros = np.zeros((ROWS, 4), np.float32)
        self._request.inputs["x"].CopyFrom(tf.make_tensor_proto(zeros))

    def ask(self) -> set[float]:
        response = self._stub.Predict(self._request, timeout=30)
        values = {float(response.model_spec.version.value)}
        assert len(response.outputs["b"].float_val) == ROWS
        return values | {v for o in response.outputs.values() for v in o.float_val}


def test_a_version_comes_and_goes_under_load_without_a_failed_or_mixed_answer(
    start_server, tmp_path: Path, export_constant, eventually
):
    base = tmp_path / "m"
    base.mkdir()
    export_constant(base / "1", 1.0)
    server = start_server(f"--model_base_path={base}", "--model_name=m")
    stop = threading.Event()
    url = f"{server.url}/v1/models/m:predict"
    with grpc.insecure_channel(server.target) as channel:
        clients: list[Client] = [RestClient(stop, url), RestClient(stop, url)]
        clients += [GrpcClient(stop, channel), GrpcClient(stop, channel)]
        for client in clients:
            client.start()
        try:
            eventually(lambda: all(1.0 in client.seen for client in clients))
            export_constant(base / "2", 2.0)
            eventually(lambda: all(client.seen and client.seen[-1] == 2.0 for client in clients))
            shutil.rmtree(base / "2")
            eventually(lambda: all(client.seen and client.seen[-1] == 1.0 for client in clients))
        finally:
            stop.set()
            for client in clients:
                client.join(30)

    assert [f for client in clients for f in client.failures] == []
    assert [m for client in clients for m in client.mixed] == []
    assert {value for client in clients for value in client.seen} == {1.0, 2.0}
