"""Models served through the API, by a real Jupyter server and a real model server."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest

from server_ext.jupyter import schemas

pytestmark = pytest.mark.tensorflow

OURS = {"notebook": "work/a.ipynb", "kernel": "1"}
THEIRS = {"notebook": "work/b.ipynb", "kernel": "2"}
AVAILABLE = "AVAILABLE"


@pytest.fixture
def two_versions(running, digits, export_constant, eventually):
    """The model `pair` with versions 1 and 2, of which 2 is served."""
    base = running.root / "pair"
    for version in (1, 2):
        export_constant(base / str(version), float(version))
    assert running.serve("pair", base).status_code == 200
    eventually(lambda: running.versions("pair").get(2) == AVAILABLE)
    yield running
    running.api("DELETE", "models/pair")
    shutil.rmtree(base)


def check(document, schema):
    jsonschema.validate(document, {**schema, "components": {"schemas": schemas.PARTS}})


def entry(jupyter, name):
    models = jupyter.get("status").json()["models"]
    return next((model for model in models if model["name"] == name), None)


def test_a_model_is_served_and_answers_through_jupyter(running):
    assert running.predict("digits").json() == {"predictions": [{"a": [1.0] * 3, "b": 1.0}]}


@pytest.mark.parametrize("path", ["about", "status", "address", "logs", "history"])
def test_what_is_answered_is_what_the_document_says(running, path):
    check(running.get(path).json(), schemas.part(path.title()))


def test_the_history_has_requests_errors_and_what_happened(running, eventually):
    for _ in range(3):
        assert running.answers("digits")
    bad = running.ask("POST", "tfs/v1/models/digits:predict", json={"instances": ["x"]})
    assert bad.status_code == 400

    def told():
        found = running.get("history?range=1m&model=digits&version=1").json()
        counted = sum(error["count"] for error in found["errors"])
        return counted and found

    found = eventually(told)
    check(found, schemas.part("History"))
    assert [error["code"] for error in found["errors"]] == [400]
    assert found["errors"][0]["reason"] == bad.json()["error"][:300]
    assert sum(point["per_second"] for point in found["points"] if point) >= 4
    loads = [event for event in found["events"] if event["kind"] == "available"]
    assert [(event["model"], event["version"]) for event in loads[-1:]] in ([("digits", 1)], [])


def test_the_address_is_that_of_the_model_server(running):
    address = running.get("address").json()
    server = running.get("status").json()["server"]

    assert address["rest_url"] == server["rest_url"] == f"http://127.0.0.1:{server['rest_port']}"
    assert address["grpc_target"] == f"127.0.0.1:{server['grpc_port']}"


def test_versions_change_and_load_and_unload_by_hand(two_versions, eventually):
    jupyter = two_versions

    assert jupyter.api("PATCH", "models/pair", json={"versions": "all"}).status_code == 200
    eventually(lambda: jupyter.versions("pair") == {1: AVAILABLE, 2: AVAILABLE})
    unloaded = jupyter.post("models/pair/versions/1/unload")
    eventually(lambda: jupyter.versions("pair").get(1) != AVAILABLE)
    loaded = jupyter.post("models/pair/versions/1/load")
    eventually(lambda: jupyter.versions("pair") == {1: AVAILABLE, 2: AVAILABLE})

    assert unloaded.json()["note"]
    assert loaded.json()["note"]
    assert jupyter.post("poll").json() == {}
    check(jupyter.get("status").json(), schemas.STATUS)


def test_files_of_a_version_are_deleted_unless_it_is_loaded(two_versions):
    refused = two_versions.api("DELETE", "models/pair/versions/2/files")
    deleted = two_versions.api("DELETE", "models/pair/versions/1/files")

    assert refused.status_code == 409
    assert "unload it first" in refused.json()["message"]
    assert deleted.status_code == 200
    check(deleted.json(), schemas.part("Deleted"))
    assert deleted.json()["bytes"] > 0
    assert not (two_versions.root / "pair" / "1").exists()
    assert two_versions.answers("pair")


def test_files_behind_a_link_out_of_the_roots_are_not_deleted(two_versions, tmp_path):
    (tmp_path / "mine").mkdir()
    (two_versions.root / "pair" / "9").symlink_to(tmp_path / "mine")

    answer = two_versions.api("DELETE", "models/pair/versions/9/files")

    assert answer.status_code == 403
    assert "is a link to" in answer.json()["message"]
    assert (tmp_path / "mine").exists()


def test_labels_stand_for_available_versions_only_and_null_removes_one(two_versions, eventually):
    jupyter = two_versions

    placed = jupyter.api("PATCH", "models/pair", json={"labels": {"stable": 2}})
    refused = jupyter.api("PATCH", "models/pair", json={"labels": {"canary": 1}})
    eventually(lambda: entry(jupyter, "pair")["labels"] == {"stable": 2})
    by_label = jupyter.ask(
        "POST",
        "tfs/v1/models/pair/labels/stable:predict",
        json={"instances": [[0, 0, 0, 0]]},
    )
    jupyter.api("PATCH", "models/pair", json={"labels": {"stable": None}})

    assert placed.status_code == 200
    assert refused.status_code == 409
    assert refused.json()["reason"] == "FAILED_PRECONDITION"
    assert by_label.json()["predictions"][0]["b"] == 2.0
    eventually(lambda: entry(jupyter, "pair")["labels"] == {})


def test_versions_and_labels_change_together_or_not_at_all(two_versions, eventually):
    jupyter = two_versions

    half = jupyter.api("PATCH", "models/pair", json={"versions": "all", "labels": {"x": 77}})
    before = entry(jupyter, "pair")["wanted"]
    whole = jupyter.api("PATCH", "models/pair", json={"versions": "all", "labels": {"old": 1}})

    assert half.status_code == 409
    assert before == "latest: 1"
    assert whole.status_code == 200
    eventually(lambda: jupyter.versions("pair") == {1: AVAILABLE, 2: AVAILABLE})
    assert entry(jupyter, "pair")["labels"] == {"old": 1}


def test_what_changes_while_the_model_server_restarts_is_served_by_the_next_one(
    two_versions, digits, eventually
):
    jupyter = two_versions
    jupyter.serve("goes", digits)

    with ThreadPoolExecutor(1) as pool:
        restart = pool.submit(jupyter.post, "server/restart")
        answers = []
        while not restart.done():
            answers.append(jupyter.serve("comes", digits))
            answers.append(jupyter.api("PATCH", "models/pair", json={"versions": "all"}))
    answers.append(jupyter.api("DELETE", "models/goes"))

    assert {answer.status_code for answer in (restart.result(), *answers)} == {200}
    eventually(lambda: jupyter.versions("pair") == {1: AVAILABLE, 2: AVAILABLE})
    eventually(lambda: jupyter.answers("comes"))
    assert entry(jupyter, "goes") is None
    jupyter.api("DELETE", "models/comes")


def test_a_model_that_is_removed_is_listed_no_more(running, digits):
    running.serve("leaves", digits)
    running.api("DELETE", "models/leaves")

    assert entry(running, "leaves") is None


def test_a_version_that_failed_is_told_to_who_loads_it(running, eventually):
    (running.root / "broken" / "1").mkdir(parents=True)
    running.serve("broken", running.root / "broken")
    eventually(lambda: running.versions("broken") == {1: "END"})

    answer = running.post("models/broken/versions/1/load")

    assert answer.status_code == 409
    assert "could not be loaded: " in answer.json()["message"]
    running.api("DELETE", "models/broken")


def test_the_last_version_is_not_unloaded(two_versions):
    answer = two_versions.post("models/pair/versions/2/unload")

    assert answer.status_code == 409
    assert "pair" in answer.json()["message"]


def test_a_name_belongs_to_the_notebook_that_served_it_until_another_replaces_it(running, digits):
    first = running.serve("shared", digits, owner=OURS)
    again = running.serve("shared", digits, owner={**OURS, "kernel": "3"})
    other = running.serve("shared", digits, owner=THEIRS)
    replaced = running.serve("shared", digits, owner=THEIRS, replace=True)

    assert first.status_code == again.status_code == replaced.status_code == 200
    assert other.status_code == 409
    assert other.json()["reason"] == "ALREADY_EXISTS"
    assert "work/a.ipynb" in other.json()["message"]
    assert entry(running, "shared")["owner"] == THEIRS
    running.api("DELETE", "models/shared")


def test_a_model_that_is_removed_while_it_is_asked_answers_or_is_not_found(
    running, digits, eventually
):
    running.serve("going", digits)
    eventually(lambda: running.answers("going"))
    gone = threading.Event()
    found: Counter[int] = Counter()

    def ask() -> None:
        while not gone.is_set() or found[404] < 4:
            found[running.predict("going").status_code] += 1

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        eventually(lambda: found[200] > 20)
        removed = running.api("DELETE", "models/going")
        gone.set()
        for each in asking:
            each.result(30)

    assert removed.json() == {}
    assert set(found) == {200, 404}


def test_a_directory_that_is_not_there_yet_is_served_when_it_appears(
    running, export_constant, eventually
):
    answer = running.serve("later", running.root / "later")
    export_constant(running.root / "later" / "1", 7.0)

    assert "does not exist yet" in answer.json()["note"]
    eventually(lambda: running.answers("later"))
    running.api("DELETE", "models/later")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "models/nobody", {"versions": "all"}),
        ("PATCH", "models/nobody", {"labels": {"a": 1}}),
        ("DELETE", "models/nobody", None),
        ("POST", "models/nobody/versions/1/load", {}),
        ("POST", "models/nobody/versions/1/unload", {}),
        ("POST", "models/digits/versions/77/load", {}),
        ("DELETE", "models/digits/versions/77/files", None),
        ("DELETE", "models/nobody/versions/1/files", None),
        ("GET", "nothing", None),
        ("POST", "server/explode", {}),
    ],
)
def test_what_is_not_there_is_not_found(running, method, path, body):
    answer = running.api(method, path, json=body)

    assert answer.status_code == 404
    assert answer.json()["reason"] == "NOT_FOUND"


@pytest.mark.parametrize("path", ["/", "/etc", "../home-1", "gs://bucket/m", "~root"])
def test_a_path_outside_of_the_roots_is_forbidden(running, path):
    answer = running.serve("out", path)

    assert answer.status_code == 403
    assert answer.json()["reason"] == "PERMISSION_DENIED"
    assert "c.TFSExtension.model_roots" in answer.json()["message"]


def test_a_symbolic_link_out_of_the_roots_is_forbidden(running, tmp_path):
    (tmp_path / "secret").mkdir()
    (running.root / "link").symlink_to(tmp_path / "secret")

    answer = running.serve("out", running.root / "link")

    assert answer.status_code == 403
    assert f"leads to {tmp_path.resolve()}/secret" in answer.json()["message"]


def test_a_version_that_is_a_symbolic_link_out_of_the_roots_ends_with_that_reason(
    running, tmp_path, export_constant, eventually
):
    export_constant(tmp_path / "elsewhere", 5.0)
    (running.root / "sly").mkdir()
    (running.root / "sly" / "1").symlink_to(tmp_path / "elsewhere")

    assert running.serve("sly", running.root / "sly").status_code == 200

    def ended():
        found = entry(running, "sly")
        return found and found["versions"] and found["versions"][0]["state"] == "END" and found

    assert eventually(ended)["versions"][0]["error"]["code"] == "PERMISSION_DENIED"
    running.api("DELETE", "models/sly")


BAD = [
    ("PUT", "models/m", "{", "not JSON"),
    ("PUT", "models/m", "[]", "must be a JSON object"),
    ("PUT", "models/m", "", "`base_path` is missing"),
    ("PUT", "models/m", '{"base_path": 3}', "must be a text"),
    ("PUT", "models/m", '{"base_path": ""}', "is empty"),
    ("PUT", "models/m", '{"base_path": "/a", "bath": 1}', "did you mean `base_path`?"),
    ("PUT", "models/m", '{"base_path": "m", "versions": "newest"}', "latest:2, all, or numbers"),
    ("PUT", "models/a%20b", '{"base_path": "m"}', "no name for a model"),
    ("PUT", "models/%F0%9F%90%8D", '{"base_path": "m"}', "no name for a model"),
    ("PUT", "models/..", '{"base_path": "m"}', ""),
    ("PATCH", "models/digits", "{}", "nothing to change"),
    ("PATCH", "models/digits", '{"versions": "1,,2"}', "latest:2, all, or numbers"),
    ("PATCH", "models/digits", '{"versions": "99999999999999999999"}', ""),
    ("PATCH", "models/digits", '{"labels": {"stable": "3"}}', "labels with a version"),
    ("PATCH", "models/digits", '{"labels": {"\\ud800": 1}}', "`labels` is "),
    ("PATCH", "models/digits", '{"labels": {"a/b": 1}}', "`labels` is "),
    ("PUT", "models/" + "é" * 300, '{"base_path": "m"}', "…"),
    ("POST", "models/digits/versions/one/load", "{}", "is no version"),
    ("POST", "models/digits/versions/-1/load", "{}", "is no version"),
    ("DELETE", "models/digits/versions/1x/files", "", "is no version"),
    ("POST", "models/digits/versions/99999999999999999999/load", "{}", "is no version"),
    ("POST", "server/start", '{"rest_port": 66000}', "from 0 to 65535"),
    ("POST", "server/start", '{"batching": "maybe"}', "one of off, on, auto"),
    ("POST", "server/stop", '{"forget": 1}', "true or false"),
    ("POST", "server/stop", '{"now": "yes"}', "true or false"),
    ("POST", "poll", '{"now": true}', "takes an empty object"),
    ("GET", "logs?lines=many", "", "must be from 0 to 5000"),
    ("GET", "logs?after=-1", "", "after"),
    ("GET", "history?range=2m", "", "must be one of 1m, 15m, 1h, 1d"),
    ("GET", "history?version=1", "", "add &model=NAME"),
    ("GET", "history?model=digits&version=x", "", "must be from 0"),
    ("GET", "history?model=nobody", "", "'nobody' is not served"),
]


@pytest.mark.parametrize(("method", "path", "body", "said"), BAD)
def test_bad_input_is_told_in_a_sentence(running, method, path, body, said):
    headers = {
        "Authorization": f"token {running.token}",
        "Content-Type": "application/json",
    }

    answer = running.api(method, path, data=body, headers=headers)

    assert answer.status_code in ({404} if path == "models/.." else {400, 403, 404})
    assert said in answer.json()["message"]
    assert set(answer.json()) == {"message", "reason"}
    assert "Traceback" not in running.log


def test_a_body_that_is_no_json_by_its_type_is_refused(running):
    answer = running.api("PUT", "models/m", data={"base_path": "/m"})

    assert answer.status_code == 415
    assert "application/json" in answer.json()["message"]


def test_a_body_that_is_too_large_is_refused(running):
    answer = running.serve("m", "a" * 3_000_000)

    assert answer.status_code == 413
    assert "1048576" in answer.json()["message"]


def test_a_method_that_nothing_has_is_refused(running):
    assert running.api("DELETE", "status").status_code == 405
    assert running.ask("PUT", "tfs/v1/models/digits", json={}).status_code == 405


def test_the_log_of_the_model_server_is_read_in_pieces(running):
    first = running.get("logs?lines=2").json()
    more = running.get(f"logs?after={first['next']}").json()

    assert len(first["lines"]) == 2
    assert all(line["seq"] > first["lines"][-1]["seq"] for line in more["lines"])
