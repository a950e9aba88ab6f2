"""A host of real model servers: what is served, survives and is given up."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from server_ext.errors import AlreadyExists, FailedPrecondition, NotFound, PermissionDenied
from server_ext.hosting.host import Host
from server_ext.hosting.models import Model, Versions
from server_ext.hosting.registry import Registry
from server_ext.hosting.settings import Owner, Settings

pytestmark = pytest.mark.tensorflow

Eventually = Callable[..., Any]
Export = Callable[[Path, float], Path]
ROW = {"instances": [[0, 0, 0, 0]]}
ANN, BOB = Owner(notebook="work/ann.ipynb", kernel="1"), Owner(notebook="bob.ipynb", kernel="2")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host that runs, for the tests that leave it running."""
    registry = Registry(tmp_path_factory.mktemp("registry") / "models.json")
    host = Host(Settings(rest_port=0, grpc_port=0), registry)
    host.start()
    yield host
    host.close()


@pytest.fixture
def m(
    host: Host, tmp_path: Path, export_constant: Export, eventually: Eventually
) -> Iterator[Model]:
    """A model `m` with versions 1 and 2, the latest one served."""
    for version in (1, 2):
        export_constant(tmp_path / "m" / str(version), float(version))
    model = Model("m", str(tmp_path / "m"))
    host.serve([model])
    eventually(lambda: available(host, "m") == {2})
    yield model
    host.remove("m")


def never_loads(version: Path, export: Export) -> None:
    """Write a version whose variables nobody ever gets to read to the end."""
    export(version, 1.0)
    index = version / "variables" / "variables.index"
    index.unlink()
    os.mkfifo(index)


def loading(host: Host, *names: str) -> int:
    return sum("LOADING" in versions(host, name).values() for name in names)


def entry(host: Host, name: str) -> dict[str, Any]:
    return next((each for each in host.status()["models"] if each["name"] == name), {})


def versions(host: Host, name: str) -> dict[int, str]:
    return {each["version"]: each["state"] for each in entry(host, name).get("versions", ())}


def available(host: Host, name: str) -> set[int]:
    return {version for version, state in versions(host, name).items() if state == "AVAILABLE"}


def answer(host: Host, model: str) -> Any:
    """Return the number that a model answers, or the error."""
    said = requests.post(
        f"{host.address().rest_url}/v1/models/{model}:predict", json=ROW, timeout=30
    ).json()
    return said["predictions"][0]["b"] if "predictions" in said else said["error"]


def test_a_model_that_is_served_answers(host: Host, m: Model):
    assert answer(host, "m") == 2.0
    shown = entry(host, "m")
    assert (shown["policy"], shown["wanted"], shown["owner"]) == ("latest: 1", "latest: 1", None)


def test_a_new_version_is_picked_up_at_once_when_asked(
    host: Host, m: Model, export_constant: Export, eventually: Eventually
):
    export_constant(Path(m.base_path) / "3", 3.0)

    host.poll()

    eventually(lambda: available(host, "m") == {3})


def test_other_versions_can_be_chosen_loaded_and_unloaded(
    host: Host, m: Model, eventually: Eventually
):
    host.set_versions("m", Versions(count=0))
    eventually(lambda: available(host, "m") == {1, 2})

    note = host.unload("m", 2)
    assert note == (
        "m is served in exactly these versions now: 1. "
        "New versions are no longer picked up; to go back, choose versions all."
    )
    eventually(lambda: available(host, "m") == {1})
    with pytest.raises(FailedPrecondition, match="Version 1 is the last one of m"):
        host.unload("m", 1)
    with pytest.raises(NotFound, match=r"Version 2 of m is not served. Versions served: 1"):
        host.unload("m", 2)

    assert host.load("m", 2) == "m is served in exactly these versions now: 1, 2."
    eventually(lambda: available(host, "m") == {1, 2})
    assert host.load("m", 2) == "Version 2 of m is among those served already."
    with pytest.raises(NotFound, match=r"has no version 7 in .*Versions there: 1, 2"):
        host.load("m", 7)


def test_files_of_a_version_are_deleted_when_nothing_uses_them(
    host: Host, m: Model, eventually: Eventually
):
    eventually(lambda: [one["version"] for one in entry(host, "m")["on_disk"]] == [2, 1])
    with pytest.raises(FailedPrecondition, match="Version 2 of m is available: unload it first"):
        host.delete_files("m", 2)
    host.set_versions("m", Versions(numbers=(1, 2)))
    eventually(lambda: available(host, "m") == {1, 2})
    host.set_labels("m", {"old": 1})
    with pytest.raises(FailedPrecondition, match="Label old of m stands for version 1"):
        host.delete_files("m", 1)
    host.set_labels("m", {"old": None})
    host.unload("m", 1)
    eventually(lambda: available(host, "m") == {2})

    eventually(lambda: versions(host, "m").get(1, "END") == "END")
    assert host.delete_files("m", 1) > 0

    assert os.listdir(m.base_path) == ["2"]
    assert answer(host, "m") == 2.0
    eventually(lambda: [one["version"] for one in entry(host, "m")["on_disk"]] == [2])
    with pytest.raises(NotFound, match="Version 1 of m has no files"):
        host.delete_files("m", 1)


def test_labels_stand_for_versions_that_are_available_only(
    host: Host, m: Model, eventually: Eventually
):
    with pytest.raises(FailedPrecondition, match=r"version 1, which is not available.*: 2"):
        host.set_labels("m", {"stable": 1})
    host.set_labels("m", {"stable": 2, "canary": 2})
    eventually(lambda: entry(host, "m")["labels"] == {"stable": 2, "canary": 2})
    assert answer(host, "m/labels/stable") == 2.0

    host.set_labels("m", {"canary": None})

    eventually(lambda: entry(host, "m")["labels"] == {"stable": 2})


def test_a_name_belongs_to_the_notebook_that_served_it_first(host: Host, m: Model):
    host.serve([m], ANN)
    host.serve([m], Owner(notebook=ANN.notebook, kernel="after a restart"))

    with pytest.raises(AlreadyExists, match=r"'m' is served by notebook work/ann.ipynb"):
        host.serve([m], BOB)
    host.serve([m], BOB, replace=True)

    assert entry(host, "m")["owner"] == {"notebook": "bob.ipynb", "kernel": "2"}
    host.serve([m])
    assert entry(host, "m")["owner"]["notebook"] == "bob.ipynb", (
        "nobody in particular takes nothing"
    )


def test_what_is_refused_changes_nothing(host: Host, m: Model, tmp_path: Path):
    good = Model("good", str(tmp_path / "good"))

    with pytest.raises(NotFound, match=r"Model 'nobody' is not served. Models served: m"):
        host.remove("nobody")
    host.serve([m], ANN)
    with pytest.raises(AlreadyExists):
        host.serve([good, m], BOB)

    assert [each["name"] for each in host.status()["models"]] == ["m"]


def test_a_model_that_is_removed_is_gone(
    host: Host, tmp_path: Path, export_constant: Export, eventually: Eventually
):
    export_constant(tmp_path / "gone" / "1", 1.0)
    removed: list[str] = []
    host.subscribe(lambda event: removed.extend(event.get("removed", ())))
    host.serve([Model("gone", str(tmp_path / "gone"))])
    eventually(lambda: available(host, "gone") == {1})

    host.remove("gone")

    eventually(lambda: not entry(host, "gone"))
    eventually(lambda: removed == ["gone"])
    assert "Servable not found" in answer(host, "gone")


def test_a_server_that_is_killed_fails_requests_at_once_and_serves_all_again(
    host: Host, m: Model, eventually: Eventually
):
    before = host.status()["server"]
    host.set_labels("m", {"stable": 2})
    url = f"{before['rest_url']}/v1/models/m/labels/stable:predict"
    outcomes: list[str] = []
    killed = threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            while True:
                try:
                    session.post(url, json=ROW, timeout=30).raise_for_status()
                except requests.Timeout:
                    return outcomes.append("hung")
                except requests.RequestException:
                    return outcomes.append("failed" if killed.is_set() else "failed before")

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    eventually(lambda: host.status()["sample"] and host.status()["sample"]["versions"])

    killed.set()
    os.kill(before["pid"], signal.SIGKILL)

    for thread in threads:
        thread.join(60)
    assert outcomes == ["failed"] * 8
    eventually(lambda: host.status()["server"]["restarts"] == before["restarts"] + 1)
    eventually(lambda: available(host, "m") == {2}, 60)
    after = host.status()["server"]
    assert after["rest_url"] == before["rest_url"]
    assert answer(host, "m/labels/stable") == 2.0


def test_models_outside_of_the_roots_are_refused(
    make_host: Any, tmp_path: Path, export_constant: Export, eventually: Eventually
):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for place in (inside, outside):
        export_constant(place / "m" / "1", 1.0)
    (inside / "way-out").symlink_to(outside)
    (inside / "mixed").mkdir()
    (inside / "mixed" / "1").symlink_to(outside / "m" / "1")
    host = make_host(roots=(str(inside),))
    host.start()

    for path in (outside / "m", inside / "way-out" / "m", inside / ".." / "outside" / "m"):
        with pytest.raises(PermissionDenied, match="models may lie in"):
            host.serve([Model("m", str(path))])
    host.serve([Model("m", str(inside / "m")), Model("mixed", str(inside / "mixed"))])

    eventually(lambda: available(host, "m") == {1})
    eventually(lambda: versions(host, "mixed") == {1: "END"})
    assert entry(host, "mixed")["versions"][0]["error"]["code"] == "PERMISSION_DENIED"


def test_what_is_served_survives_the_host_and_what_has_vanished_harms_nobody(
    make_host: Any, tmp_path: Path, export_constant: Export, eventually: Eventually
):
    file = tmp_path / "registry" / "models.json"
    for name in ("kept", "vanishes", "loses"):
        for version in (1, 2):
            export_constant(tmp_path / name / str(version), float(version))
    first = make_host(Registry(file))
    first.serve(
        [Model(name, str(tmp_path / name), Versions(0)) for name in ("kept", "vanishes", "loses")],
        ANN,
    )
    first.start()
    for name in ("kept", "vanishes", "loses"):
        eventually(lambda name=name: available(first, name) == {1, 2})
        first.set_labels(name, {"stable": 1})
    first.close()
    (tmp_path / "vanishes").rename(tmp_path / "elsewhere")
    (tmp_path / "loses" / "1").rename(tmp_path / "lost")

    second = make_host(Registry(file))
    assert second.wanted_running
    assert [each["versions"] for each in second.status()["models"]] == [[], [], []]
    second.start()

    eventually(lambda: available(second, "kept") == {1, 2})
    eventually(lambda: available(second, "loses") == {2})
    assert answer(second, "kept/labels/stable") == 1.0
    assert answer(second, "loses") == 2.0
    assert "does not exist" in entry(second, "vanishes")["problem"]
    assert entry(second, "kept")["owner"]["notebook"] == ANN.notebook
    second.set_labels("loses", {"canary": 2})
    assert answer(second, "loses/labels/canary") == 2.0


def test_a_version_that_ends_the_server_while_it_loads_is_held_until_it_changes(
    make_host: Any, tmp_path: Path, export_constant: Export, eventually: Eventually
):
    file = tmp_path / "registry" / "models.json"
    export_constant(tmp_path / "good" / "1", 1.0)
    never_loads(tmp_path / "bad" / "1", export_constant)
    host = make_host(Registry(file))
    host.serve([Model("good", str(tmp_path / "good")), Model("bad", str(tmp_path / "bad"))])
    host.start()
    eventually(lambda: available(host, "good") == {1} and loading(host, "bad"))

    os.kill(host.status()["server"]["pid"], signal.SIGKILL)

    eventually(lambda: versions(host, "bad") == {1: "END"} and available(host, "good") == {1})
    error = entry(host, "bad")["versions"][0]["error"]
    assert error["code"] == "FAILED_PRECONDITION"
    assert "It ended the model server while it was loading (signal SIGKILL)" in error["message"]
    assert [(held["name"], held["version"]) for held in host.status()["held"]] == [("bad", 1)]
    host.close()

    again = make_host(Registry(file))
    again.start()
    eventually(lambda: versions(again, "bad") == {1: "END"} and available(again, "good") == {1})
    again.load("bad", 1)
    eventually(lambda: loading(again, "bad"))
    os.kill(again.status()["server"]["pid"], signal.SIGKILL)
    eventually(lambda: versions(again, "bad") == {1: "END"})
    (tmp_path / "bad" / "1").rename(tmp_path / "put-away")
    export_constant(tmp_path / "bad" / "1", 7.0)

    eventually(lambda: available(again, "bad") == {1})
    assert answer(again, "bad") == 7.0
    assert again.status()["held"] == []


def test_of_several_versions_that_loaded_the_one_that_ends_the_server_is_found(
    make_host: Any, tmp_path: Path, export_constant: Export, eventually: Eventually
):
    for name in ("a", "b"):
        never_loads(tmp_path / name / "1", export_constant)
    host = make_host()
    host.serve([Model(name, str(tmp_path / name)) for name in ("a", "b")])
    host.start()

    for run, at_a_time in enumerate((2, 1, 1)):
        eventually(
            lambda run=run, n=at_a_time: (
                host.status()["server"]["restarts"] == run and loading(host, "a", "b") == n
            )
        )
        os.kill(host.status()["server"]["pid"], signal.SIGKILL)

    eventually(lambda: len(host.status()["held"]) == 2)
    eventually(lambda: versions(host, "a") == versions(host, "b") == {1: "END"})


def test_the_token_opens_the_server_and_nothing_else_does(make_host: Any):
    host = make_host(require_token=True)
    host.start()
    address = host.address()
    url = f"{address.rest_url}/v1/server"

    assert requests.get(url, timeout=30).status_code == 401
    header = {"Authorization": f"Bearer {address.token}"}
    assert requests.get(url, headers=header, timeout=30).status_code == 200
    assert host.status()["server"]["state"] == "running", "the health check needs no token"
