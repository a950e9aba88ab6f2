"""The server as a process: what it prints, how it ends, and what cannot end it."""

from __future__ import annotations

import json
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
import requests

from server_ext import __version__

pytestmark = pytest.mark.tensorflow

ROW = {"instances": [[0, 0, 0, 0]]}
WITHOUT_NATIVE_FRONT = (
    "-c",
    "import sys; sys.modules['pygrpc_native'] = None; "
    "from server_ext.cli import main; sys.exit(main())",
)
TRANSPORTS = [
    pytest.param(("-m", "server_ext"), id="native"),
    pytest.param(WITHOUT_NATIVE_FRONT, id="grpcio"),
]


@pytest.fixture
def model(tmp_path: Path, export_constant) -> Path:
    base = tmp_path / "models" / "m"
    base.mkdir(parents=True)
    export_constant(base / "1", 1.0)
    return base


def states(server, name="m"):
    response = requests.get(f"{server.url}/v1/models/{name}", timeout=30)
    if response.status_code != 200:
        return {}
    return {int(v["version"]): v["state"] for v in response.json()["model_version_status"]}


def predict(server, name="m"):
    return requests.post(f"{server.url}/v1/models/{name}:predict", json=ROW, timeout=30)


def test_the_first_line_is_json_with_the_real_ports_and_then_the_lines_tools_wait_for(
    start_server, model
):
    server = start_server(f"--model_base_path={model}", "--model_name=m")

    ready = server.ready
    assert ready["pid"] == server.process.pid
    assert ready["version"] == __version__
    assert ready["port"] > 0
    assert ready["rest_api_port"] > 0
    assert server.process.stdout.readline() == (
        f"Running gRPC ModelServer at 127.0.0.1:{ready['port']} ...\n"
    )
    assert server.process.stdout.readline() == (
        f"Exporting HTTP/REST API at:localhost:{ready['rest_api_port']} ...\n"
    )
    assert predict(server).status_code == 200  # ports open only when the model answers


def test_a_relative_base_path_is_taken_from_the_working_directory_and_shown_absolute(
    start_server, model
):
    server = start_server("--model_base_path=m", "--model_name=m", cwd=model.parent)

    page = requests.get(f"{server.url}/v1/server", timeout=30).json()
    assert page["models"][0]["base_path"] == str(model)


def test_the_docker_images_variables_name_the_model(start_server, model):
    server = start_server(env={"MODEL_NAME": "m", "MODEL_BASE_PATH": str(model.parent)})

    assert states(server) == {1: "AVAILABLE"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_0_and_answers_what_is_in_flight(
    start_server, slow_model, number
):
    server = start_server(
        f"--model_base_path={slow_model}",
        "--model_name=slow",
        "--drain_timeout_seconds=100",
        "--rest_api_timeout_in_ms=100000",
    )
    with ThreadPoolExecutor(2) as callers, grpc.insecure_channel(server.target) as channel:
        by_rest = callers.submit(ask_slowly, server)
        by_grpc = callers.submit(ask_slowly_by_grpc, channel)
        wait_in_flight(server, 2)

        server.send(number)

        assert by_rest.result(60).json() == {"outputs": ROUNDS}
        assert list(by_grpc.result(60).outputs["n"].int_val) == [ROUNDS]
    assert server.wait() == 0
    assert not any("Traceback" in line for line in server.stderr)


def test_what_takes_longer_than_the_drain_time_does_not_keep_it_from_ending(
    start_server, slow_model
):
    server = start_server(
        f"--model_base_path={slow_model}", "--model_name=slow", "--drain_timeout_seconds=0"
    )
    with ThreadPoolExecutor(1) as callers:
        answer = callers.submit(ask_slowly, server, 2_000_000_000)
        wait_in_flight(server, 1)

        server.send(signal.SIGTERM)

        assert server.wait() == 0
        assert answer.result(60).status_code == 503


def test_a_body_that_does_not_come_within_the_drain_time_is_answered_503(start_server, tmp_path):
    server = start_server(f"--model_base_path={tmp_path}", "--drain_timeout_seconds=1")
    address = ("127.0.0.1", server.ready["rest_api_port"])
    head = b"POST /v1/models/default:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
    with socket.create_connection(address, timeout=30) as client:
        client.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 100")  # the server waits for the body

        server.send(signal.SIGTERM)

        assert client.recv(1000).startswith(b"HTTP/1.1 503")
    assert server.wait() == 0
    assert not any("Traceback" in line for line in server.stderr)


def test_a_second_signal_ends_it_at_once(start_server, slow_model, eventually):
    server = start_server(f"--model_base_path={slow_model}", "--model_name=slow")
    with ThreadPoolExecutor(1) as callers:
        answer = callers.submit(ask_slowly, server, 2_000_000_000)
        wait_in_flight(server, 1)
        server.send(signal.SIGINT)
        eventually(lambda: any("Stopping" in line for line in server.stderr))

        server.send(signal.SIGINT)

        assert server.wait() == 128 + signal.SIGINT
        assert answer.exception(60)


@pytest.mark.parametrize("program", TRANSPORTS)
def test_a_grpc_deadline_that_passes_is_told_and_the_server_goes_on(
    start_server, slow_model, program
):
    server = start_server(f"--model_base_path={slow_model}", "--model_name=slow", program=program)
    with grpc.insecure_channel(server.target) as channel:
        with pytest.raises(grpc.RpcError) as error:
            ask_slowly_by_grpc(channel, timeout=0.2)

        assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert ask_slowly_by_grpc(channel, rounds=3).outputs["n"].int_val == [3]


@pytest.mark.parametrize("program", TRANSPORTS)
def test_cancelled_and_expired_grpc_calls_that_still_wait_are_never_run(
    start_server, slow_model, program
):
    server = start_server(f"--model_base_path={slow_model}", "--model_name=slow", program=program)
    with grpc.insecure_channel(server.target) as channel, ThreadPoolExecutor(64) as callers:
        waiting = [
            callers.submit(ask_slowly_by_grpc, channel, rounds=ROUNDS, timeout=1) for _ in range(64)
        ]
        assert all(isinstance(call.exception(60), grpc.RpcError) for call in waiting)

        assert ask_slowly_by_grpc(channel, rounds=3).outputs["n"].int_val == [3]

    page = requests.get(f"{server.url}/v1/server", timeout=30).json()
    version = page["models"][0]["versions"][0]
    assert version["requests"] - version["errors"] + version["in_flight"] < 32


def test_the_end_of_standard_input_is_no_first_signal(start_server, slow_model, eventually):
    server = start_server(
        f"--model_base_path={slow_model}", "--model_name=slow", "--exit_when_stdin_closes"
    )
    with ThreadPoolExecutor(1) as callers:
        answer = callers.submit(ask_slowly, server)
        wait_in_flight(server, 1)
        server.process.stdin.close()
        eventually(lambda: any("Stopping" in line for line in server.stderr))

        server.send(signal.SIGTERM)

        assert answer.result(60).json() == {"outputs": ROUNDS}
    assert server.wait() == 0


CLOSED_BY_PARENT = """
import os, sys
for number in map(int, sys.argv.pop().split(",")):
    os.close(number)
os.execv(sys.executable, [sys.executable, "-m", "server_ext", *sys.argv[1:]])
"""


@pytest.mark.parametrize("numbers", ["0", "1", "2", "0,1,2"])
def test_standard_streams_that_are_closed_do_not_matter(
    start_server, model, free_port, eventually, numbers
):
    server = start_server(
        f"--rest_api_port={free_port}",
        f"--model_base_path={model}",
        "--model_name=m",
        numbers,
        program=("-c", CLOSED_BY_PARENT),
    )
    server.ready = {"rest_api_port": free_port}

    eventually(lambda: answers(server), 60)

    assert predict(server).status_code == 200
    server.send(signal.SIGTERM)
    assert server.wait() == 0


def test_a_closed_standard_input_counts_as_one_that_ended(start_server, model):
    server = start_server(
        f"--model_base_path={model}",
        "--exit_when_stdin_closes",
        "0",
        program=("-c", CLOSED_BY_PARENT),
    )

    assert server.wait() == 0


NO_READER = """
import os, sys
reader, writer = os.pipe()
os.close(reader)
os.dup2(writer, 1)
os.execv(sys.executable, [sys.executable, "-m", "server_ext", *sys.argv[1:]])
"""


def test_it_serves_although_nobody_reads_its_first_line(start_server, model, free_port, eventually):
    server = start_server(
        f"--rest_api_port={free_port}", f"--model_base_path={model}", program=("-c", NO_READER)
    )
    server.ready = {"rest_api_port": free_port}

    eventually(lambda: answers(server), 60)

    ready = f'"rest_api_port": {free_port}'
    eventually(lambda: any(ready in line for line in server.stderr))
    server.send(signal.SIGTERM)
    assert server.wait() == 0
    assert not any("Traceback" in line for line in server.stderr)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers(server) -> bool:
    try:
        return requests.get(f"{server.url}/healthz", timeout=30).ok
    except requests.ConnectionError:
        return False


def test_it_goes_when_its_standard_input_closes(start_server, model):
    server = start_server(f"--model_base_path={model}", "--exit_when_stdin_closes")

    server.process.stdin.close()

    assert server.wait() == 0


def test_a_taken_grpc_port_is_one_line_and_exit_255(start_server, model):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        server = start_server(f"--model_base_path={model}", f"--port={port}")

        assert server.wait() == 255
    assert server.first_line.startswith("Failed to start server. Error: UNAVAILABLE: cannot listen")
    assert f"127.0.0.1:{port}" in server.first_line


def test_a_taken_rest_port_leaves_grpc_running(start_server, model):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        server = start_server(f"--model_base_path={model}", f"--rest_api_port={port}")

        assert server.ready["rest_api_port"] is None
        with grpc.insecure_channel(server.target) as channel:
            grpc.channel_ready_future(channel).result(timeout=30)
    assert any(f"REST is off: cannot listen on 127.0.0.1:{port}" in line for line in server.stderr)


def test_grpc_listens_on_a_unix_socket_too(start_server, model, tmp_path):
    path = tmp_path / "grpc.sock"

    server = start_server(f"--model_base_path={model}", f"--grpc_socket_path={path}", "--port=0")

    assert server.ready["port"] is None
    assert server.ready["grpc_socket_path"] == str(path)
    with grpc.insecure_channel(f"unix:{path}") as channel:
        grpc.channel_ready_future(channel).result(timeout=30)


def test_a_missing_base_path_is_watched_until_it_appears(
    start_server, tmp_path, export_constant, eventually
):
    base = tmp_path / "later"
    server = start_server(f"--model_base_path={base}", "--model_name=m")
    assert str(base) in requests.get(f"{server.url}/readyz", timeout=30).json()["models"]["m"]

    base.mkdir()
    export_constant(base / "1", 1.0)

    eventually(lambda: states(server) == {1: "AVAILABLE"})
    assert requests.get(f"{server.url}/readyz", timeout=30).status_code == 200


def test_a_version_that_fails_to_load_ends_and_the_old_one_goes_on(
    start_server, model, export_constant, eventually
):
    server = start_server(f"--model_base_path={model}", "--model_name=m")

    (model / "2").mkdir()

    eventually(lambda: states(server) == {2: "END", 1: "AVAILABLE"})
    assert predict(server).json()["predictions"][0]["b"] == 1.0
    export_constant(model / "3", 3.0)
    eventually(lambda: states(server).get(3) == "AVAILABLE")
    assert predict(server).json()["predictions"][0]["b"] == 3.0


def test_a_version_that_was_copied_slowly_is_loaded_once_it_is_whole(
    start_server, model, export_constant, eventually
):
    server = start_server(f"--model_base_path={model}", "--model_name=m")
    (model / "2").mkdir()
    eventually(lambda: states(server).get(2) == "END")

    whole = export_constant(model / "whole", 2.0)
    for child in whole.iterdir():
        child.rename(model / "2" / child.name)

    eventually(lambda: states(server).get(2) == "AVAILABLE")


def test_a_version_policy_keeps_several_versions(start_server, model, export_constant):
    export_constant(model / "2", 2.0)
    export_constant(model / "3", 3.0)
    config = model.parent / "models.config"
    config.write_text(
        "model_config_list {"
        f'config {{ name: "all" base_path: "{model}" model_platform: "tensorflow"'
        " model_version_policy { all {} } }"
        f'config {{ name: "two" base_path: "{model}" model_platform: "tensorflow"'
        " model_version_policy { latest { num_versions: 2 } } }"
        f'config {{ name: "one" base_path: "{model}" model_platform: "tensorflow"'
        " model_version_policy { specific { versions: 1 } } }"
        "}"
    )
    server = start_server(f"--model_config_file={config}")

    assert set(states(server, "two")) == {2, 3}
    assert set(states(server, "one")) == {1}
    assert set(states(server, "all")) >= {3}


def test_a_changed_config_file_is_applied_and_a_broken_one_changes_nothing(
    start_server, model, eventually
):
    config = model.parent / "models.config"

    def write(*names):
        text = "".join(
            f'config {{ name: "{name}" base_path: "{model}" model_platform: "tensorflow" }}'
            for name in names
        )
        new = config.with_suffix(".new")
        new.write_text(f"model_config_list {{ {text} }}")
        new.rename(config)

    write("a")
    server = start_server(
        f"--model_config_file={config}", "--model_config_file_poll_wait_seconds=1"
    )
    write("a", "b")
    eventually(lambda: states(server, "b") == {1: "AVAILABLE"})

    config.write_text("model_config_list { nonsense }")
    eventually(lambda: any("Invalid protobuf file" in line for line in server.stderr))
    assert states(server, "a") == {1: "AVAILABLE"}

    write("b")
    eventually(lambda: states(server, "a").get(1) == "END")
    assert predict(server, "b").status_code == 200


def test_a_config_file_that_cannot_be_parsed_is_a_start_failure(start_server, tmp_path):
    config = tmp_path / "models.config"
    config.write_text("model_config_list { nonsense }")

    server = start_server(f"--model_config_file={config}")

    assert server.wait() == 255
    assert f"INVALID_ARGUMENT: Invalid protobuf file: '{config}'" in server.first_line


def test_with_wait_for_models_off_the_ports_open_at_once(start_server, model, eventually):
    server = start_server(f"--model_base_path={model}", "--model_name=m", "--wait_for_models=false")

    assert json.loads(server.first_line)["rest_api_port"]
    eventually(lambda: states(server) == {1: "AVAILABLE"})


def test_a_rest_request_that_takes_too_long_is_a_504_and_counts_as_one(
    start_server, slow_model, tmp_path
):
    (tmp_path / "monitoring.config").write_text("prometheus_config { enable: true }")
    server = start_server(
        f"--model_base_path={slow_model}",
        "--model_name=slow",
        "--rest_api_timeout_in_ms=200",
        f"--monitoring_config_file={tmp_path / 'monitoring.config'}",
    )

    response = ask_slowly(server)
    metrics = requests.get(f"{server.url}/monitoring/prometheus/metrics", timeout=30).text

    assert response.status_code == 504
    assert "--rest_api_timeout_in_ms=200" in response.json()["error"]
    counted = [line for line in metrics.splitlines() if ":request_count{" in line]
    assert counted == [
        ':tensorflow:serving:request_count{model_name="slow",status="DEADLINE_EXCEEDED"} 1'
    ]


def test_a_run_that_was_expected_to_be_short_is_too_late_like_any_other(start_server, slow_model):
    server = start_server(
        f"--model_base_path={slow_model}", "--model_name=slow", "--rest_api_timeout_in_ms=100"
    )
    short = [ask_slowly(server, rounds=1).status_code for _ in range(20)]

    late = ask_slowly(server)

    assert short == [200] * 20
    assert late.status_code == 504, late.text


ROUNDS = 1_500_000  # half a second or so


@pytest.fixture
def slow_model(tmp_path: Path) -> Path:
    """A model that counts as far as it is told: `rounds` int32 [] -> n int32 []."""
    import tensorflow as tf

    class Slow(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.int32, name="rounds")])
        def count(self, rounds):
            counted = tf.while_loop(lambda n: n < rounds, lambda n: [n + 1], [tf.constant(0)])
            return {"n": counted[0]}

    module = Slow()
    base = tmp_path / "slow"
    tf.saved_model.save(module, str(base / "1"), signatures=module.count)
    return base


def ask_slowly(server, rounds=ROUNDS):
    body = {"inputs": {"rounds": rounds}}
    return requests.post(f"{server.url}/v1/models/slow:predict", json=body, timeout=60)


def ask_slowly_by_grpc(channel, rounds=ROUNDS, timeout=60):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "slow"
    request.inputs["rounds"].CopyFrom(tf.make_tensor_proto(rounds, tf.int32))
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    return stub.Predict(request, timeout=timeout)


def wait_in_flight(server, count: int) -> None:
    pause = threading.Event()
    for _ in range(3000):
        page = requests.get(f"{server.url}/v1/server", timeout=30).json()
        if page["models"][0]["versions"][0]["in_flight"] == count:
            return
        pause.wait(0.01)
    raise AssertionError("the requests never reached the model")
