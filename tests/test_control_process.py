"""A server that is told on standard input what to serve, and reports on standard output."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import shutil
import struct
import termios
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

pytestmark = pytest.mark.tensorflow

WAIT_S = 60
FLAGS = (
    "--commands_on_stdin",
    "--max_num_load_retries=0",
    "--file_system_poll_wait_seconds=1",
    "--drain_timeout_seconds=5",
)


class Child:
    """A server with the parent's ends of its pipe; `heard` is what it said after it was ready."""

    def __init__(self, server: Any, *, reads: bool = True) -> None:
        self.server = server
        self.heard: list[dict[str, Any]] = []
        self._ids = itertools.count(1)
        self._models: dict[str, dict[str, Any]] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        if reads:
            self.begin_to_read()

    def begin_to_read(self) -> None:
        self._reader.start()

    def _read(self) -> None:
        for line in self.server.process.stdout:
            if line.startswith("{"):
                said = json.loads(line)
                if said.get("event") == "models":
                    self._models.update((entry["name"], entry) for entry in said["changed"])
                    for name in said["removed"]:
                        del self._models[name]
                self.heard.append(said)

    def write(self, text: str) -> None:
        self.server.process.stdin.write(text)
        self.server.process.stdin.flush()

    def send(self, **command: Any) -> int:
        id = next(self._ids)
        self.write(json.dumps({"id": id, **command}) + "\n")
        return id

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send a command and return its reply."""
        return self.reply(self.send(**command))

    def reply(self, id: Any) -> dict[str, Any]:
        return self.wait(lambda: next((one for one in self.heard if one.get("id", 0) == id), None))

    def serve(self, *models: str, **more: Any) -> dict[str, Any]:
        return self.ask(do="serve", config=f"model_config_list {{ {' '.join(models)} }}", **more)

    def events(self, kind: str, name: str | None = None) -> list[dict[str, Any]]:
        return [
            one
            for one in list(self.heard)
            if one.get("event") == kind and name in (None, one.get("name"))
        ]

    def version(self, name: str, version: int) -> dict[str, Any]:
        """Return what was told last of a version."""
        entries = self._models.get(name, {"versions": []})["versions"]
        return next((one for one in entries if one["version"] == version), {"state": None})

    def is_in(self, state: str, name: str, version: int) -> dict[str, Any]:
        """Wait until a version is told to be in a state; return what was told."""
        self.wait(lambda: self.version(name, version)["state"] == state)
        return self.version(name, version)

    def names(self) -> set[str]:
        return set(self._models)

    def wait(self, condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + WAIT_S
        pause = threading.Event()
        while not (found := condition()):
            assert time.monotonic() < deadline, [*self.heard[-5:], *self.server.stderr]
            pause.wait(0.02)
        return found

    def predict(self, name: str, rows: int = 1, **more: Any) -> requests.Response:
        body = {"instances": [[0, 0, 0, 0]] * rows}
        url = f"{self.server.url}/v1/models/{name}:predict"
        return requests.post(url, json=body, timeout=WAIT_S, **more)


def model(name: str, base: Any, more: str = "") -> str:
    return f'config {{ name: "{name}" base_path: "{base}" model_platform: "tensorflow" {more} }}'


@pytest.fixture(scope="module")
def shared(start_module_server) -> Child:
    """One server for the tests that leave it as it was; each has names of its own."""
    return Child(start_module_server(*FLAGS, "--batching=on"))


@pytest.fixture
def start_child(start_server) -> Callable[..., Child]:
    def start(*flags: str, reads: bool = True) -> Child:
        return Child(start_server(*FLAGS, *flags), reads=reads)

    return start


@pytest.fixture(scope="module")
def constant(tmp_path_factory, export_constant):
    """A version's directory, to be copied."""
    return export_constant(tmp_path_factory.mktemp("constant") / "1", 1.0)


@pytest.fixture
def base(tmp_path, constant):
    """The base path of a model with version 1."""
    shutil.copytree(constant, tmp_path / "models" / "m" / "1")
    return tmp_path / "models" / "m"


@pytest.fixture
def name(request) -> str:
    return request.node.name


def test_it_starts_without_models_and_serves_what_it_is_told(shared, base, name):
    assert shared.server.ready["pid"] == shared.server.process.pid
    assert shared.events("models")[0] == {"event": "models", "changed": [], "removed": []}

    assert "ok" in shared.serve(model(name, base))

    shared.is_in("AVAILABLE", name, 1)
    assert shared.predict(name).json()["predictions"][0]["b"] == 1.0


def test_what_is_told_of_a_model_is_what_the_status_page_says(shared, base, name):
    shared.serve(model(name, base))
    shared.is_in("AVAILABLE", name, 1)

    (entry,) = requests.get(f"{shared.server.url}/v1/server", timeout=WAIT_S).json()["models"]

    assert shared._models[name] == entry


def test_a_load_and_a_hot_swap_and_an_unload_are_told_in_their_order(
    shared, base, name, export_constant
):
    shared.serve(model(name, base))
    shared.is_in("AVAILABLE", name, 1)

    export_constant(base / "2", 2.0)
    shared.is_in("AVAILABLE", name, 2)
    shared.is_in("END", name, 1)
    shared.serve()
    shared.wait(lambda: name not in shared.names())

    stamps = [one.pop("stamp") for one in shared.events("loading", name)]
    assert shared.events("loading", name) + shared.events("loaded", name) == [
        {"event": "loading", "name": name, "version": 1},
        {"event": "loading", "name": name, "version": 2},
        {"event": "loaded", "name": name, "version": 1, "ok": True},
        {"event": "loaded", "name": name, "version": 2, "ok": True},
    ]
    assert all("saved_model.pb" in stamp for stamp in stamps)
    assert shared.predict(name).status_code == 404


def test_a_new_version_is_found_at_once_when_asked_for(start_child, base, name, export_constant):
    child = start_child("--file_system_poll_wait_seconds=0")
    child.serve(model(name, base))
    child.is_in("AVAILABLE", name, 1)
    export_constant(base / "2", 2.0)

    assert "ok" in child.ask(do="poll")

    child.is_in("AVAILABLE", name, 2)


def test_a_version_that_fails_to_load_is_told_with_the_reason(shared, tmp_path, name):
    (tmp_path / "broken" / "1").mkdir(parents=True)

    shared.serve(model(name, tmp_path / "broken"))

    assert "saved_model.pb" in shared.is_in("END", name, 1)["error"]["message"]
    assert shared.events("loaded", name) == [
        {"event": "loaded", "name": name, "version": 1, "ok": False}
    ]


def test_a_base_path_that_is_missing_is_told_as_a_problem(shared, tmp_path, name):
    assert "ok" in shared.serve(model(name, tmp_path / "absent"))

    shared.wait(lambda: name in shared.names())
    assert "does not exist" in shared._models[name]["problem"]


def test_a_label_needs_a_version_that_is_available(shared, base, name):
    label = 'version_labels {{ key: "{}" value: {} }}'.format
    shared.serve(model(name, base))
    shared.is_in("AVAILABLE", name, 1)

    refused = shared.serve(model(name, base, label("canary", 2)))
    accepted = shared.serve(model(name, base, label("stable", 1)))

    assert refused["error"]["code"] == "FAILED_PRECONDITION"
    assert "not currently available for inference" in refused["error"]["message"]
    assert "ok" in accepted
    shared.wait(lambda: shared._models[name]["labels"] == {"stable": 1})
    url = f"{shared.server.url}/v1/models/{name}/labels/stable"
    assert requests.get(url, timeout=WAIT_S).status_code == 200


def test_a_replay_brings_back_labels_before_their_versions_are_loaded(shared, base, name):
    labelled = model(name, base, 'version_labels { key: "stable" value: 7 }')

    assert "error" in shared.serve(labelled)
    assert "ok" in shared.serve(labelled, first=True)

    shared.is_in("AVAILABLE", name, 1)
    assert shared._models[name]["labels"] == {"stable": 7}


def test_a_held_version_is_not_loaded_until_its_files_change(
    shared, base, name, export_constant, tmp_path
):
    shared.serve(model(name, base))
    shared.is_in("AVAILABLE", name, 1)
    (journal,) = shared.events("loading", name)
    shared.serve()
    shared.wait(lambda: name not in shared.names())
    held = {"name": name, "version": 1, "stamp": journal["stamp"], "reason": "It ended the server."}

    shared.serve(model(name, base), held=[held], first=True)

    assert shared.is_in("END", name, 1)["error"] == {
        "code": "FAILED_PRECONDITION",
        "message": "It ended the server.",
    }
    assert len(shared.events("loading", name)) == 1
    (base / "1").rename(tmp_path / "old")
    export_constant(base / "1", 3.0)
    shared.is_in("AVAILABLE", name, 1)
    assert shared.predict(name).json()["predictions"][0]["b"] == 3.0


def test_versions_outside_of_the_roots_are_refused_and_a_link_there_is_no_way_around(
    shared, base, constant, name
):
    inside, roots = base.parent, [str(base.parent)]
    (inside / "linked").symlink_to(constant.parent)
    (inside / "link" / "1").parent.mkdir()
    (inside / "link" / "1").symlink_to(constant)
    names = [f"{name}_{where}" for where in ("outside", "linked", "link", "inside")]
    bases = [constant.parent, inside / "linked", inside / "link", base]

    shared.serve(*map(model, names, bases), roots=roots)

    for refused in names[:3]:
        error = shared.is_in("END", refused, 1)["error"]
        assert error["code"] == "PERMISSION_DENIED"
        assert f"outside of the directories that models may come from, {inside}" in error["message"]
        assert shared.events("loading", refused) == []
    shared.is_in("AVAILABLE", names[3], 1)


def test_what_is_no_command_is_answered_and_changes_nothing(shared, base, name):
    shared.serve(model(name, base))
    shared.is_in("AVAILABLE", name, 1)

    shared.write("\nnonsense\n")
    malformed = shared.reply(None)
    unknown = shared.ask(do="dance")
    wrong = shared.ask(do="serve", config="nonsense")

    assert malformed["error"]["code"] == "INVALID_ARGUMENT"
    assert "Unknown command 'dance'" in unknown["error"]["message"]
    assert "line 1" in wrong["error"]["message"] or "1:" in wrong["error"]["message"]
    assert shared.predict(name).status_code == 200


def test_samples_have_the_numbers_of_a_known_load(shared, base, name):
    shared.serve(model(name, base))
    shared.is_in("AVAILABLE", name, 1)
    seen = len(shared.heard)

    with requests.Session() as session:
        for _ in range(40):
            url = f"{shared.server.url}/v1/models/{name}:predict"
            assert session.post(url, json={"instances": [[0] * 4] * 8}).ok
        for _ in range(3):
            assert not session.post(url, json={"instances": [["text"] * 4]}).ok

    def lines():
        return [
            version
            for sample in shared.heard[seen:]
            if sample.get("event") == "sample"
            for version in sample["versions"]
            if version["name"] == name
        ]

    shared.wait(lambda: sum(one["errors_per_second"] for one in lines()) > 2)
    last, busy = lines()[-1], [one for one in lines() if one["p50_ms"] is not None]
    assert (last["requests"], last["errors"], last["version"]) == (43, 3, 1)
    assert sum(one["per_second"] for one in lines()) == pytest.approx(43, rel=0.2)
    for one in busy:
        assert 0 < one["p50_ms"] <= one["p90_ms"] <= one["p99_ms"]
        assert one["batch_rows"] == 8


def test_samples_come_every_second_and_tell_of_the_process(shared):
    seen = len(shared.events("sample"))

    shared.wait(lambda: len(shared.events("sample")) >= seen + 2)

    sample = shared.events("sample")[-1]
    assert abs(sample["at"] - time.time()) < WAIT_S
    assert sample["rss_bytes"] > 1e8
    assert sample["cpu_seconds"] > 0


def test_commands_that_come_before_it_is_ready_are_done_then(start_server, base, tmp_path):
    early = tmp_path / "early.py"
    early.write_text(
        "import os, sys\n"
        "from server_ext.cli import main\n"
        "first, rest = os.pipe(), os.dup(0)\n"
        f"line = {json.dumps(json.dumps({'id': 'early', 'do': 'poll'}))}\n"
        "os.write(first[1], line.encode() + b'\\n')\n"
        "os.dup2(first[0], 0)\n"
        "sys.exit(main())\n"
    )

    child = Child(start_server(*FLAGS, program=(str(early),)))

    assert child.server.ready["pid"]
    assert child.reply("early") == {"id": "early", "ok": True}
    assert child.heard[0]["event"] == "models"


def test_a_start_that_fails_says_so_on_standard_output(start_server):
    server = start_server(*FLAGS, "--batching_parameters_file=/nowhere", "--batching=on")

    assert server.first_line.startswith("Failed to start server. Error: NOT_FOUND")
    assert server.wait() == 255


def test_what_a_model_prints_tears_no_line(start_child, tmp_path, name):
    import tensorflow as tf

    class Talks(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
        def call(self, x: Any) -> dict[str, Any]:
            printed = tf.raw_ops.PrintV2(input='{"event": "forged"}', output_stream="stdout")
            with tf.control_dependencies([printed]):
                return {"b": tf.reduce_sum(x, 1)}

    module = Talks()
    tf.saved_model.save(module, str(tmp_path / "talks" / "1"), signatures=module.call)
    child = start_child()
    child.serve(model(name, tmp_path / "talks"))
    child.is_in("AVAILABLE", name, 1)

    assert child.predict(name).ok

    assert "ok" in child.ask(do="poll")
    child.server.process.stdin.close()
    assert child.server.wait() == 0
    assert child.events("forged") == []
    assert any("forged" in line for line in child.server.stderr)


@pytest.fixture
def slow_base(tmp_path, constant):
    """A model whose version cannot be read to its end: a file of it is a pipe nobody writes to."""
    shutil.copytree(constant, tmp_path / "slow" / "1")
    extra = tmp_path / "slow" / "1" / "assets.extra"
    extra.mkdir(exist_ok=True)
    os.mkfifo(extra / "tf_serving_warmup_requests")
    return tmp_path / "slow"


def test_a_model_on_its_way_is_unavailable_and_one_that_does_not_exist_is_not_found(
    start_child, slow_base, name
):
    child = start_child()
    before_it_is_told = child.predict("nobody")
    child.serve(model(name, slow_base))
    child.wait(lambda: child.events("loading", name))

    answers = [child.predict(name), child.predict(f"{name}/versions/1"), child.predict("nobody")]

    assert before_it_is_told.status_code == 503
    assert [answer.status_code for answer in answers] == [503, 503, 404]
    assert "not available yet" in answers[0].json()["error"]
    assert child.predict(f"{name}/versions/2").status_code == 404


def test_the_end_of_standard_input_ends_it_while_a_version_loads(start_child, slow_base, name):
    child = start_child()
    child.serve(model(name, slow_base))
    child.wait(lambda: child.events("loading", name))

    child.server.process.stdin.close()

    assert child.server.wait() == 0
    assert child.events("loaded", name) == []


def test_the_end_of_standard_input_ends_it_at_once_while_commands_wait(start_child, base):
    child = start_child()

    for _ in range(2000):
        child.send(do="poll")
    child.server.process.stdin.close()

    assert child.server.wait() == 0


def waiting_bytes(stream: Any) -> int:
    """Return how much of a pipe is written and not read."""
    return struct.unpack("i", fcntl.ioctl(stream.fileno(), termios.FIONREAD, b"\0" * 4))[0]


def test_a_parent_that_does_not_read_costs_no_request_and_no_reply(
    start_child, base, name, export_constant
):
    child = start_child(reads=False)
    child.send(do="serve", config=f"model_config_list {{ {model(name, base)} }}")
    sent = [child.send(do="x" * 1000) for _ in range(500)]
    child.wait(lambda: waiting_bytes(child.server.process.stdout) > 60_000)
    child.wait(lambda: child.predict(name).ok)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: child.predict(name).status_code, range(300)))
    export_constant(base / "2", 2.0)
    child.wait(lambda: child.predict(name).json()["predictions"][0]["b"] == 2.0)
    child.begin_to_read()

    assert answers == [200] * 300
    assert [child.reply(id)["error"]["code"] for id in sent] == ["INVALID_ARGUMENT"] * 500
    child.is_in("AVAILABLE", name, 2)
    assert child.version(name, 2)["state"] == "AVAILABLE"


def test_a_parent_that_does_not_read_holds_up_the_end_for_a_second_only(start_child):
    child = start_child(reads=False)
    for _ in range(500):
        child.send(do="x" * 1000)
    child.wait(lambda: waiting_bytes(child.server.process.stdout) > 60_000)

    child.server.process.terminate()

    assert child.server.wait() == 0


@pytest.fixture
def deadly_base(tmp_path):
    """A model that ends the process as it is loaded: its graph begins with the operation Abort."""
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None], name="x")
        abort = tf.raw_ops.Abort(error_msg="this model ends the process")
        builder = v1.saved_model.Builder(str(tmp_path / "deadly" / "1"))
        info = v1.saved_model.build_tensor_info
        signature = v1.saved_model.build_signature_def(
            {"x": info(x)}, {"y": info(x + 1)}, "tensorflow/serving/predict"
        )
        builder.add_meta_graph_and_variables(
            session, ["serve"], {"serving_default": signature}, main_op=abort
        )
        builder.save()
    return tmp_path / "deadly"


def test_what_was_loading_when_the_process_died_is_known(start_child, deadly_base, base, name):
    child = start_child()
    child.serve(model(name, base))
    child.is_in("AVAILABLE", name, 1)

    child.serve(model(name, base), model(f"{name}_deadly", deadly_base))

    assert child.server.wait() < 0
    child._reader.join(WAIT_S)
    begun = {one["name"]: one for one in child.events("loading")}
    over = {one["name"] for one in child.events("loaded")}
    assert begun.keys() - over == {f"{name}_deadly"}
    held = {
        "name": f"{name}_deadly",
        "version": 1,
        "stamp": begun[f"{name}_deadly"]["stamp"],
        "reason": "It ended the model server while it was loading.",
    }
    again = start_child()
    again.serve(model(name, base), model(f"{name}_deadly", deadly_base), held=[held], first=True)
    again.is_in("AVAILABLE", name, 1)
    error = again.is_in("END", f"{name}_deadly", 1)["error"]
    assert error["message"] == "It ended the model server while it was loading."
