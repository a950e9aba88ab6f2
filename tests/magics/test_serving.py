"""The whole way with a real server: serve, ask, look, swap, stop; and all that can be wrong."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import requests

import tfs_magics
from server_ext.errors import (
    Code,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ServingError,
    Unavailable,
)
from server_ext.hosting.process import ServerFailed
from tfs_magics import connection, serving
from tfs_magics.client import rpc
from tfs_magics.client.feeds import InputMismatch

pytestmark = pytest.mark.tensorflow

Eventually = Callable[..., Any]


def pid() -> int:
    found: int = serving.status().data["pid"]
    return found


def test_rest_and_grpc_give_the_same_numbers_as_arrays(served: Path, images: Any):
    rest = tfs_magics.predict("digits", images)
    grpc = tfs_magics.predict("digits", images, grpc=True)

    assert isinstance(rest, np.ndarray)
    assert isinstance(grpc, np.ndarray)
    assert type(rest) is np.ndarray
    assert rest.dtype == np.float32
    assert rest.argmax(axis=1).tolist() == [3, 5, 0]
    np.testing.assert_array_equal(rest, grpc)


@pytest.mark.parametrize("grpc", [False, True])
def test_several_outputs_are_a_dict_with_the_dtypes_of_the_signature(served: Path, grpc: bool):
    answer = tfs_magics.predict("pair", {"a": [1, 2], "b": [[1, 2], [3, 4]]}, grpc=grpc)

    assert isinstance(answer, dict)
    assert {alias: array.dtype.name for alias, array in answer.items()} == {
        "sum": "float32",
        "twice": "int32",
    }
    assert answer["twice"].tolist() == [2, 4]
    assert answer["sum"].tolist() == [3.0, 7.0]


@pytest.mark.parametrize("grpc", [False, True])
def test_text_goes_and_comes(served: Path, grpc: bool):
    answer = tfs_magics.predict("text", ["abc", "ü", b"x\0"], grpc=grpc)

    assert isinstance(answer, np.ndarray)
    assert answer.tolist() == [b"ABC", "ü".encode(), b"X\0"]


def test_what_serve_returns_has_addresses_that_answer(served: Path, images: Any):
    digits = serving.serve("digits")

    answer = requests.post(f"{digits.url}:predict", json={"instances": images.tolist()}, timeout=30)

    assert answer.status_code == 200
    assert digits.name == "digits"
    assert np.argmax(answer.json()["predictions"], axis=1).tolist() == [3, 5, 0]
    np.testing.assert_array_equal(digits.predict(images), tfs_magics.predict("digits", images))
    assert digits.grpc_target.startswith("127.0.0.1:")


def test_several_models_are_chosen_from_by_name(served: Path):
    both = serving.serve("digits", "text")

    assert both.names == ("digits", "text")
    assert len(both) == 2
    assert both["text"].url.endswith("/v1/models/text")
    with pytest.raises(ServingError, match=r'served\["digits"\]'):
        _ = both.url
    with pytest.raises(NotFound, match="Did you mean digits"):
        _ = both["digts"]


def test_a_new_version_goes_live_and_a_removed_one_gives_way(
    served: Path, write_model: Callable[..., Path], eventually: Eventually
):
    before = pid()
    write_model("pair", served / "pair" / "2", 100.0)

    swapped = serving.serve("pair")

    question = {"a": [1], "b": [[0, 0]]}
    assert [version.version for version in swapped.versions] == [2]
    assert swapped.predict(question)["sum"].tolist() == [100.0]
    shutil.rmtree(served / "pair" / "2")
    eventually(lambda: tfs_magics.predict("pair", question)["sum"].tolist() == [0.0])
    assert pid() == before


def test_a_choice_of_versions_is_followed(
    served: Path, write_model: Callable[..., Path], images: Any
):
    write_model("digits", served / "digits" / "5")
    try:
        assert [v.version for v in serving.serve("digits", versions="all").versions] == [5, 1]
        assert tfs_magics.predict("digits", images, version=1).shape == (3, 10)
        some = serving.serve("digits", versions="1,7").versions
        assert [(v.version, bool(v.reason)) for v in some] == [(1, False), (7, True)]
        with pytest.raises(
            NotFound, match=r"digits has no version 5 that answers\. Available: 1\."
        ):
            tfs_magics.predict("digits", images, version=5)
    finally:
        shutil.rmtree(served / "digits" / "5")


def test_a_number_that_no_version_has_takes_nothing_away(served: Path, images: Any):
    with pytest.raises(NotFound, match=r"digits has no version 9 in .*\. Versions there: 1\."):
        serving.serve("digits", versions="9")

    assert serving.status().data["models"][0]["policy"] == "latest: 1"
    assert tfs_magics.predict("digits", images, version=1).shape == (3, 10)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: serving.predict("digits", 1, version=-1), "digits has no version -1: a version"),
        (lambda: serving.metadata("digits", version=2**63), "has no version 9223372036854775808"),
        (lambda: serving.predict("digts", 1), r"No model digts is served. Did you mean digits\?"),
        (lambda: serving.metadata("digts"), r"No model digts is served. Did you mean digits\?"),
        (lambda: serving.request("digts", "{}"), r"No model digts is served. Did you mean digits"),
        (lambda: serving.request("digits", "{}", version=9), "has no version 9 that answers"),
        (
            lambda: serving.predict("digits", 1, signature="serving_defalt"),
            r"digits 1 has no signature serving_defalt. Did you mean serving_default\?",
        ),
        (lambda: serving.predict("pair", [1]), "pair takes 2 inputs: a, b"),
        (lambda: serving.predict("pair", {"a": [1]}), "pair also needs b"),
        (lambda: serving.predict("pair", {"a": [1], "c": [1]}), "pair has no input c"),
    ],
)
def test_a_wrong_name_is_told_with_the_right_ones(served: Path, ask: Callable[[], Any], said: str):
    with pytest.raises(ServingError, match=said):
        ask()


@pytest.mark.parametrize("grpc", [False, True])
@pytest.mark.parametrize("shape", [(4, 4, 1), (2, 16), (1, 5, 5, 1), ()])
def test_a_shape_the_graph_cannot_take_is_told_as_expected_and_got(
    served: Path, shape: tuple[int, ...], grpc: bool
):
    with pytest.raises(InputMismatch) as error:
        serving.predict("digits", np.ones(shape), grpc=grpc)

    assert error.value.expected.shape == (-1, 4, 4, 1)
    assert error.value.got.shape == shape


def test_a_request_is_posted_as_it_is_and_a_refusal_is_an_answer(served: Path):
    good = serving.request("pair", {"inputs": {"a": [2], "b": [[1, 1]]}})
    bad = serving.request("pair", '{"inputs": ')

    assert good.status == 200
    assert good.json() == {"outputs": {"twice": [4], "sum": [2.0]}}
    assert good.seconds > 0
    assert bad.status == 400
    assert "JSON Parse error" in bad.text
    assert repr(bad).startswith("pair  400 Bad Request")


def test_status_and_metadata_show_what_the_server_knows(served: Path):
    status, metadata = serving.status(), serving.metadata("pair")

    assert {model["name"] for model in status.data["models"]} >= {"digits", "pair", "text"}
    assert "available" in status.text
    assert metadata.data.signatures["serving_default"].inputs["b"].shape == (-1, 2)
    assert "in   b      float32  [n, 2]" in metadata.text


def test_the_log_has_what_the_server_wrote(served: Path):
    lines = serving.logs(200).data

    assert any("digits" in line for line in lines)
    assert len(serving.logs(2).data) == 2


def test_a_model_that_does_not_load_is_told_with_the_cause_and_others_go_on(
    served: Path, images: Any
):
    with pytest.raises(ServerFailed, match=r"broken 1 is not served: .*broken/1") as error:
        serving.serve(str(served / "broken"))
    mixed = serving.serve("digits", "broken")

    assert error.value.code is Code.FAILED_PRECONDITION
    assert any("broken" in line for line in error.value.lines)
    assert [(v.name, bool(v.reason)) for v in mixed.versions] == [
        ("digits", False),
        ("broken", True),
    ]
    assert "failed" in serving.status().text
    assert tfs_magics.predict("digits", images).shape == (3, 10)
    with pytest.raises(NotFound, match="broken 1 did not load"):
        serving.predict("broken", images)


def test_a_version_that_failed_is_tried_again_when_its_files_change(
    served: Path, write_model: Callable[..., Path]
):
    late = served / "late"
    (late / "1").mkdir(parents=True)
    with pytest.raises(ServerFailed):
        serving.serve(str(late))
    shutil.rmtree(late / "1")
    write_model("pair", late / "1")

    assert serving.serve("late").versions[0].reason == ""


def test_an_empty_directory_is_waited_for_by_the_server(
    served: Path, write_model: Callable[..., Path], eventually: Eventually
):
    (served / "empty").mkdir()
    with pytest.raises(ServerFailed, match="empty is not served"):
        serving.serve(str(served / "empty"))
    with pytest.raises(NotFound, match="empty does not answer"):
        serving.metadata("empty")

    write_model("text", served / "empty" / "1")

    def found() -> bool:
        try:
            return bool(serving.metadata("empty"))
        except ServingError:  # not there yet, or on its way
            return False

    assert eventually(found)


def test_other_ports_than_those_in_use_are_refused(served: Path):
    with pytest.raises(FailedPrecondition, match="already runs with REST on port"):
        serving.serve("digits", rest_port=1)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_copy_may_ask_but_neither_change_nor_stop(served: Path, images: Any):
    expected = tfs_magics.predict("digits", images)
    read, write = os.pipe()

    copy = os.fork()
    if copy == 0:
        found = "failed"
        try:
            same = bool(np.array_equal(tfs_magics.predict("digits", images), expected))
            errors = []
            for refused in (serving.stop, lambda: serving.serve("digits", versions="all")):
                try:
                    refused()
                except FailedPrecondition:
                    errors.append("refused")
            found = f"{same} {errors} {serving.serve('digits').name}"
        finally:
            os.write(write, found.encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        assert answer.read() == "True ['refused', 'refused'] digits"
    os.waitpid(copy, 0)
    np.testing.assert_array_equal(tfs_magics.predict("digits", images), expected)


def test_a_server_that_died_is_told_at_once_and_comes_back_with_its_models(
    served: Path, images: Any
):
    digits, dead = serving.serve("digits"), pid()
    os.kill(dead, signal.SIGKILL)

    with pytest.raises(ServerFailed, match=r"ended by itself \(signal SIGKILL\)") as error:
        tfs_magics.predict("digits", images)
    assert error.value.lines
    down = serving.status()
    assert down.text.startswith("restarting for ")
    assert "SIGKILL" in down.text

    again = serving.serve("digits")
    assert again.url == digits.url
    assert digits.predict(images).shape == (3, 10)
    assert "started again once" in serving.status().text
    assert serving.load("text").data["name"] == "text"
    assert tfs_magics.predict("text", ["a"]).tolist() == [b"A"]


def test_stopping_ends_the_process_and_leaves_nothing_behind(served: Path, images: Any):
    process = psutil.Process(pid())
    directory = Path(process.cwd())

    view = serving.stop()

    assert view.text.startswith("stopped at ")
    assert not process.is_running()
    assert not directory.exists()
    assert serving.status().text.startswith("stopped since ")
    assert serving.logs().data
    with pytest.raises(Unavailable, match="No model server runs here"):
        tfs_magics.predict("digits", images)


def test_requests_run_together_where_the_server_has_shown_that_they_may(served: Path):
    page = serving.status().data

    assert page["options"]["batching"] == "auto"
    assert {model["name"]: model["batching"]["mode"] for model in page["models"]} == {
        "digits": "on",
        "pair": "on",
        "text": "on",
    }


def test_another_way_to_batch_needs_another_server(served: Path):
    with pytest.raises(FailedPrecondition, match="already runs with --batching auto"):
        serving.serve("digits", batching="off")
    assert serving.serve("digits", batching="auto").names == ("digits",)


def test_an_unknown_way_to_batch_is_refused(served: Path):
    with pytest.raises(InvalidArgument, match="--batching yes: use off, on, auto"):
        serving.serve("digits", batching="yes")


@pytest.mark.usefixtures("no_server")
def test_a_port_that_is_taken_is_replaced_unless_it_was_asked_for(models: Path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken = listening.getsockname()[1]
        with pytest.raises(ServingError, match=f"Port {taken} for gRPC is taken") as error:
            serving.serve(str(models / "digits"), grpc_port=taken, rest_port=0)
        assert error.value.code is Code.UNAVAILABLE
        assert not connection.current().models()


@pytest.mark.usefixtures("no_server")
def test_an_interrupt_ends_the_wait_and_the_next_call_joins(
    models: Path, monkeypatch: pytest.MonkeyPatch
):
    timer = threading.Timer(1.0, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        serving.serve(str(models / "digits"), rest_port=0, grpc_port=0)
    timer.join()
    assert serving.status().text.startswith("starting for ")
    with pytest.raises(Unavailable, match="still starting"):
        serving.metadata("digits")

    serving.serve(str(models / "digits"))

    assert serving.status().data["pid"]


def test_a_model_is_exported_served_and_asked_by_magics(
    shell: Any, server: Path, eventually: Eventually
):
    shell.run(
        """
import numpy as np, tensorflow as tf
class Adder(tf.Module):
    def __init__(self):
        self.shift = tf.Variable(1.0)
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def add(self, x):
        return {"sum": tf.reduce_sum(x, axis=1) + self.shift}
adder = Adder()
x_test = np.array([[1.0, 2.0], [3.0, 4.0]])
"""
    )

    exported = shell.run("%tfs_export adder --signature add=adder.add --check x_test[:1]")
    served = shell.run("%tfs_serve --rest-port 0 --grpc-port 0")
    answer = shell.run("%tfs_predict adder x_test[:2] / 2  # half")

    assert exported.value.name == "adder"
    assert "files answer as the live model does" in exported.out
    assert served.value.names == ("adder",)
    assert answer.value.tolist() == [2.5, 4.5]
    shell.run("adder.shift.assign(11.0)")
    shell.run("%tfs_export adder --signature add=adder.add")
    assert eventually(
        lambda: shell.run("%tfs_predict adder x_test --grpc").value.tolist() == [14.0, 18.0]
    )
    refused = shell.run("%tfs_export adder --signature add=adder.add --version 2")
    assert "2" in refused.usage_error
    shell.run("%tfs_export adder --signature add=adder.add --version 2 --overwrite")


def test_the_typed_fields_of_a_tensor_are_read_as_arrays():
    from tensorflow_serving.apis import predict_pb2

    outputs = predict_pb2.PredictResponse().outputs
    half, complex64, one = outputs["half"], outputs["complex"], outputs["one"]
    half.dtype, half.half_val[:] = 19, [0x3C00, 0xC000]
    half.tensor_shape.dim.add().size = 2
    complex64.dtype, complex64.scomplex_val[:] = 8, [1, 2]
    one.dtype, one.int64_val[:] = 9, [7]
    one.tensor_shape.dim.add().size = 3

    assert rpc._read(half).tolist() == [1.0, -2.0]
    assert rpc._read(complex64).tolist() == 1 + 2j
    assert rpc._read(one).tolist() == [7, 7, 7]
