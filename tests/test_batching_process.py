"""Batching in a real server: what runs together, and what a client sees of it.

The model tells how many rows ran with a request. Batches that wait for a minute run when they are
full, so what is in them does not depend on who is faster.
"""

from __future__ import annotations

import re
import shutil
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub
from tensorflow_serving.apis.regression_pb2 import RegressionRequest

pytestmark = pytest.mark.tensorflow

WAIT_S = 60
PATIENT = "batch_timeout_micros { value: 60000000 } "
PARAMETERS = {
    "full_at_4": PATIENT + "max_batch_size { value: 4 }",
    "one_waits": PATIENT + "max_batch_size { value: 2 } max_enqueued_batches { value: 1 }",
    "padded": PATIENT + "max_batch_size { value: 2 } pad_variable_length_inputs: true",
    "ragged": PATIENT + "max_batch_size { value: 2 }",
    "sized": "max_batch_size { value: 8 } allowed_batch_sizes: 4 allowed_batch_sizes: 8",
    "cut": "max_batch_size { value: 100 } max_execution_batch_size { value: 4 } "
    "enable_large_batch_splitting { value: true }",
    "eager": "max_batch_size { value: 16 } max_enqueued_batches { value: 1000 }",
    "wrong": "max_batch_size { value: 8 } allowed_batch_sizes: 4",
}
UNBATCHED = "plain"


class Rows(tf.Module):
    """Tells how many rows a request has run with."""

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="x")])
    def total(self, x: Any) -> dict[str, Any]:
        rows = tf.shape(x)[0]
        return {"total": tf.reduce_sum(x, 1), "rows": tf.fill([rows], rows)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, name="index")])
    def pick(self, index: Any) -> dict[str, Any]:
        rows = tf.shape(index)[0]
        return {"word": tf.gather(["zero", "one"], index), "rows": tf.fill([rows], rows)}

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, name="k")])
    def scalar(self, k: Any) -> dict[str, Any]:
        return {"twice": tf.reshape(2.0 * k, [1])}

    @tf.function(input_signature=[])
    def nothing(self) -> dict[str, Any]:
        return {"seven": tf.constant([7.0])}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="inputs")])
    def regress(self, inputs: Any) -> dict[str, Any]:
        rows = tf.shape(inputs)[0]
        return {"outputs": tf.cast(tf.fill([rows], rows), tf.float32)}


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version's directory, to copy."""
    directory, module = tmp_path_factory.mktemp("export") / "1", Rows()
    names = ("pick", "scalar", "nothing", "regress")
    signatures = {"serving_default": module.total, **{n: getattr(module, n) for n in names}}
    tf.saved_model.save(module, str(directory), signatures=signatures)
    return directory


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, export: Path, start_module_server: Any) -> Any:
    """A server with one model for each of the PARAMETERS, and one without."""
    base = tmp_path_factory.mktemp("batching")
    for name in (*PARAMETERS, UNBATCHED):
        shutil.copytree(export, base / name / "1")
    for name, text in PARAMETERS.items():
        (base / name / "1" / "batching_params.pbtxt").write_text(text)
    entries = "".join(
        f'config {{ name: "{name}" base_path: "{base / name}" model_platform: "tensorflow" }}\n'
        for name in (*PARAMETERS, UNBATCHED)
    )
    (base / "models.config").write_text(f"model_config_list {{ {entries} }}")
    (base / "batching.config").write_text(
        'num_batch_threads { value: 2 } thread_pool_name { value: "mine" }'
    )
    (base / "monitoring.config").write_text("prometheus_config { enable: true }")
    return start_module_server(
        f"--model_config_file={base / 'models.config'}",
        f"--monitoring_config_file={base / 'monitoring.config'}",
        f"--batching_parameters_file={base / 'batching.config'}",
        "--enable_batching",
        "--enable_per_model_batching_parameters",
        "--rest_api_timeout_in_ms=60000",
    )


@pytest.fixture(scope="module")
def pool() -> Any:
    with ThreadPoolExecutor(32) as executor:
        yield executor


@pytest.fixture(scope="module")
def stub(server: Any) -> Any:
    with grpc.insecure_channel(server.target) as channel:
        yield PredictionServiceStub(channel)


def over_rest(server: Any, model: str, inputs: Any, signature: str = "serving_default") -> Any:
    return requests.post(
        f"{server.url}/v1/models/{model}:predict",
        json={"signature_name": signature, "inputs": inputs},
        timeout=WAIT_S,
    )


def request(model: str, signature: str, outputs: tuple[str, ...] = (), **inputs: Any) -> Any:
    message = PredictRequest(output_filter=outputs)
    message.model_spec.name, message.model_spec.signature_name = model, signature
    for alias, value in inputs.items():
        message.inputs[alias].CopyFrom(tf.make_tensor_proto(value))
    return message


def over_grpc(stub: Any, model: str, x: Any, outputs: tuple[str, ...] = ()) -> dict[str, Any]:
    message = request(model, "serving_default", outputs, x=np.array(x, np.float32))
    response = stub.Predict(message, timeout=WAIT_S)
    return {alias: tf.make_ndarray(proto).tolist() for alias, proto in response.outputs.items()}


def waiting(server: Any, model: str) -> int:
    page = requests.get(f"{server.url}/monitoring/prometheus/metrics", timeout=WAIT_S).text
    name = ":tensorflow:serving:batching_session:queued_requests"
    [line] = [
        line for line in page.splitlines() if line.startswith(f'{name}{{model_name="{model}"')
    ]
    return int(line.split()[-1])


def counter(server: Any, line_start: str) -> int:
    page = requests.get(f"{server.url}/monitoring/prometheus/metrics", timeout=WAIT_S).text
    found = [line for line in page.splitlines() if line.startswith(line_start)]
    return sum(int(line.split()[-1]) for line in found)


def answers(futures: list[Future[Any]]) -> list[Any]:
    return [future.result(WAIT_S) for future in futures]


def told(response):
    """Return the outputs of an answer over REST."""
    assert response.status_code == 200, response.text
    return response.json()["outputs"]


def test_rest_and_grpc_requests_run_together(server, stub, pool):
    futures = [
        pool.submit(lambda: told(over_rest(server, "full_at_4", [[1, 2]]))),
        pool.submit(over_grpc, stub, "full_at_4", [[3, 4]]),
        pool.submit(over_grpc, stub, "full_at_4", [[5, 6], [7, 8]]),
    ]

    assert answers(futures) == [
        {"rows": [4], "total": [3.0]},
        {"rows": [4], "total": [7.0]},
        {"rows": [4, 4], "total": [11.0, 15.0]},
    ]


def test_a_request_that_asks_is_told_with_how_many_rows_it_ran(server, stub, pool):
    url = f"{server.url}/v1/models/full_at_4:predict"
    asking = pool.submit(
        lambda: requests.post(
            url, json={"inputs": [[1]]}, headers={"X-TFS-Timing": "1"}, timeout=WAIT_S
        )
    )
    pool.submit(over_grpc, stub, "full_at_4", [[1], [2], [3]])

    said = asking.result(WAIT_S).headers["Server-Timing"]
    assert re.fullmatch(r'queue;dur=[\d.]+, run;dur=[\d.]+, batch;desc="4"', said)


def test_requests_for_other_outputs_do_not_run_together(server, stub, pool, eventually):
    both = [pool.submit(over_grpc, stub, "full_at_4", [[1]]) for _ in range(2)]
    one = [pool.submit(over_grpc, stub, "full_at_4", [[1]], ("rows",)) for _ in range(2)]
    eventually(lambda: waiting(server, "full_at_4") == 4)
    assert not any(future.done() for future in [*both, *one])

    both.append(pool.submit(over_grpc, stub, "full_at_4", [[1], [1]]))
    one.append(pool.submit(over_grpc, stub, "full_at_4", [[1], [1]], ("rows",)))

    assert [answer["rows"][0] for answer in answers([*both, *one])] == [4] * 6


def test_regress_runs_in_batches_over_rest_and_grpc(server, stub, pool):
    message = RegressionRequest()
    message.model_spec.name, message.model_spec.signature_name = "full_at_4", "regress"
    for _ in range(2):
        message.input.example_list.examples.add().features.feature["x"].int64_list.value.append(1)
    body = {"signature_name": "regress", "examples": [{"x": 1}, {"x": 2}]}

    by_grpc = pool.submit(stub.Regress, message, timeout=WAIT_S)
    by_rest = pool.submit(
        requests.post, f"{server.url}/v1/models/full_at_4:regress", json=body, timeout=WAIT_S
    )

    values = [regression.value for regression in by_grpc.result().result.regressions]
    assert values == by_rest.result().json()["results"] == [4.0, 4.0]


def test_one_bad_request_does_not_fail_its_neighbours(server, pool):
    alone = ':tensorflow:serving:batching_session:requests_run_alone{model_name="full_at_4"}'
    before = counter(server, alone)
    futures = [
        pool.submit(over_rest, server, "full_at_4", [index], "pick") for index in (0, 9, 1, 0)
    ]

    good, bad, *others = answers(futures)

    assert bad.status_code == 400
    assert "is not in [0, 2)" in bad.json()["error"]
    assert [one.json()["outputs"]["word"] for one in (good, *others)] == [
        ["zero"],
        ["one"],
        ["zero"],
    ]
    assert counter(server, alone) == before + 4


def test_requests_of_other_lengths_are_answered_each_by_its_own_run(server, stub, pool):
    futures = [pool.submit(over_grpc, stub, "ragged", [list(range(n))]) for n in (2, 3)]

    assert answers(futures) == [{"rows": [1], "total": [1.0]}, {"rows": [1], "total": [3.0]}]


def test_requests_of_other_lengths_are_filled_up_with_their_first_element(server, stub, pool):
    futures = [pool.submit(over_grpc, stub, "padded", [row]) for row in ([5, 1], [1, 1, 1])]

    assert answers(futures) == [{"rows": [2], "total": [11.0]}, {"rows": [2], "total": [3.0]}]


def test_batches_have_the_allowed_sizes(server, stub):
    assert over_grpc(stub, "sized", [[1, 2]]) == {"rows": [4], "total": [3.0]}
    assert over_grpc(stub, "sized", [[n] for n in range(5)]) == {
        "rows": [8] * 5,
        "total": [0.0, 1.0, 2.0, 3.0, 4.0],
    }


def test_large_requests_run_in_pieces(server, stub):
    answer = over_grpc(stub, "cut", [[n] for n in range(10)])

    assert answer["total"] == [float(n) for n in range(10)]
    assert max(answer["rows"]) <= 4


def test_a_request_over_the_limit_is_refused(server, stub):
    response = over_rest(server, "sized", [[1]] * 9)
    with pytest.raises(grpc.RpcError) as failure:
        over_grpc(stub, "sized", [[1]] * 9)

    words = "Task size 9 is larger than maximum input batch size 8"
    assert (response.status_code, response.json()["error"]) == (400, words)
    assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert failure.value.details() == words


def test_a_full_queue_answers_unavailable(server, stub, pool, eventually):
    first = pool.submit(over_grpc, stub, "one_waits", [[1]])
    eventually(lambda: waiting(server, "one_waits") == 1)

    response = over_rest(server, "one_waits", [[1], [2]])
    with pytest.raises(grpc.RpcError) as failure:
        over_grpc(stub, "one_waits", [[1], [2]])

    words = "is full; currently 1 batches enqueued and max_enqueued_batches is 1"
    assert response.status_code == 503
    assert words in response.json()["error"]
    assert failure.value.code() is grpc.StatusCode.UNAVAILABLE
    assert words in failure.value.details()
    assert over_grpc(stub, "one_waits", [[3]])["rows"] == [2]
    assert first.result()["rows"] == [2]


def test_who_cancels_makes_room_in_the_queue(server, stub, eventually):
    call = stub.Predict.future(
        request("one_waits", "serving_default", x=np.ones((1, 1), np.float32)), timeout=WAIT_S
    )
    eventually(lambda: waiting(server, "one_waits") == 1)

    def accepted() -> Any:
        try:
            return over_grpc(stub, "one_waits", [[1], [2]])
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            return None  # the server has not heard yet that there is room

    call.cancel()

    assert eventually(accepted)["rows"] == [2, 2]
    count = ":tensorflow:serving:version_request_count"
    labels = '{model_name="one_waits",version="1",status="CANCELLED"}'
    assert counter(server, count + labels) == 1


def test_what_has_no_rows_runs_as_without_batching(server):
    outputs = [
        over_rest(server, "full_at_4", inputs, signature).json().get("outputs")
        for signature, inputs in (("scalar", 3.0), ("nothing", {}))
    ]

    assert outputs == [[6.0], [7.0]]


def test_many_clients_get_the_answers_of_a_version_that_is_not_batched(server, stub, pool):
    def ask(seed: int) -> list[str]:
        random = np.random.default_rng(seed)
        wrong = []
        for _ in range(12):
            x = random.random((random.integers(1, 4), random.integers(1, 3))).round(3).tolist()
            model = ("eager", "cut", "sized")[random.integers(3)]
            expected = over_grpc(stub, UNBATCHED, x, ("total",))["total"]
            if random.integers(2):
                got = over_grpc(stub, model, x)["total"]
            else:
                got = over_rest(server, model, x).json()["outputs"]["total"]
            if not np.allclose(got, expected):
                wrong.append(f"{model} {x}: {got} instead of {expected}")
        return wrong

    assert [problem for found in pool.map(ask, range(12)) for problem in found] == []


def test_parameters_that_do_not_fit_fail_the_version(server):
    status = requests.get(f"{server.url}/v1/models/wrong", timeout=WAIT_S).json()

    [version] = status["model_version_status"]
    assert version["state"] == "END"
    assert version["status"]["error_code"] == "INVALID_ARGUMENT"
    assert (
        "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 8"
        in version["status"]["error_message"]
    )


def test_the_server_tells_which_models_are_batched(server):
    page = requests.get(f"{server.url}/v1/server", timeout=WAIT_S).json()

    batching = {model["name"]: model["batching"] for model in page["models"]}
    assert batching["sized"] == {
        "mode": "on",
        "max_batch_size": 8,
        "reason": "batching_params.pbtxt",
    }
    assert batching["cut"]["max_batch_size"] == 4
    assert batching[UNBATCHED] == {
        "mode": "off",
        "max_batch_size": None,
        "reason": "version 1 has no batching_params.pbtxt",
    }


def test_the_threads_of_all_models_have_the_name_of_the_file(server, stub):
    over_grpc(stub, "eager", [[1]])

    assert counter(
        server,
        ':tensorflow:serving:batching_session:queuing_latency_count{thread_pool_name="mine"}',
    )


def test_a_request_whose_time_ends_in_the_queue_is_told_so(export, start_server, tmp_path):
    (tmp_path / "batching.config").write_text(PATIENT)
    server = start_server(
        f"--model_base_path={export.parent}",
        "--model_name=m",
        "--enable_batching",
        f"--batching_parameters_file={tmp_path / 'batching.config'}",
        "--rest_api_timeout_in_ms=300",
    )

    response = over_rest(server, "m", [[1]])

    assert response.status_code == 429
    assert "Run() timeout exceeded while waiting in batching queue" in response.json()["error"]


def test_a_batch_that_waits_for_more_runs_when_the_server_ends(
    export, start_server, tmp_path, pool, eventually
):
    (tmp_path / "batching.config").write_text(PATIENT)
    (tmp_path / "monitoring.config").write_text("prometheus_config { enable: true }")
    server = start_server(
        f"--model_base_path={export.parent}",
        "--model_name=m",
        "--enable_batching",
        f"--batching_parameters_file={tmp_path / 'batching.config'}",
        f"--monitoring_config_file={tmp_path / 'monitoring.config'}",
        "--rest_api_timeout_in_ms=60000",
    )
    with grpc.insecure_channel(server.target) as channel:
        stub = PredictionServiceStub(channel)
        by_grpc = pool.submit(over_grpc, stub, "m", [[1, 2]])
        by_rest = pool.submit(over_rest, server, "m", [[3, 4]])
        eventually(lambda: waiting(server, "m") == 2)
        server.send(signal.SIGTERM)

        assert by_grpc.result(WAIT_S) == {"rows": [2], "total": [3.0]}
        assert by_rest.result(WAIT_S).json()["outputs"] == {"rows": [2], "total": [7.0]}
    assert server.wait(timeout_s=20) == 0


@pytest.mark.parametrize(
    ("text", "flags", "words"),
    [
        ("", (), "INVALID_ARGUMENT: batching_parameters_file is set without"),
        (
            "num_batch_threads { value: 0 }",
            ("--enable_batching",),
            "INVALID_ARGUMENT: num_batch_threads must be positive; was 0",
        ),
    ],
)
def test_a_bad_file_ends_the_start(start_server, tmp_path, text, flags, words):
    file = tmp_path / "batching.config"
    file.write_text(text)

    server = start_server(
        f"--model_base_path={tmp_path}", f"--batching_parameters_file={file}", *flags
    )

    assert server.wait() == 255
    assert f"Failed to start server. Error: {words}" in server.first_line
