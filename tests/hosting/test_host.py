"""A host and its server's process, on a stand-in that starts in no time and can do everything wrong."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from server_ext.errors import (
    FailedPrecondition,
    InvalidArgument,
    ServingError,
    Unavailable,
)
from server_ext.hosting.host import Host
from server_ext.hosting.models import Model, Versions
from server_ext.hosting.process import ServerFailed
from server_ext.hosting.registry import Registry

Eventually = Callable[..., Any]
MakeHost = Callable[..., Host]

# A process that hosts the stand-in, tells the pid of its server, and waits.
HOSTING = """
import sys, threading
sys.executable = sys.argv[1]
from server_ext.hosting.host import Host
from server_ext.hosting.settings import Settings
host = Host(Settings(rest_port=0, grpc_port=0))
host.start()
print(host.status()["server"]["pid"], flush=True)
threading.Event().wait()
"""


def state(host: Host) -> str:
    return str(host.status()["server"]["state"])


def text(host: Host) -> str:
    return "\n".join(line["text"] for line in host.logs()["lines"])


def test_a_start_waits_until_the_server_listens_and_a_stop_until_it_has_ended(
    make_host: MakeHost, stand_in: Any, runs: Callable[[int], bool]
):
    host = make_host()
    assert state(host) == "stopped"

    assert host.start() > 0
    server = host.status()["server"]
    assert (server["state"], server["restarts"], server["notes"]) == ("running", 0, [])
    assert (
        host.address().rest_url == server["rest_url"] == f"http://127.0.0.1:{server['rest_port']}"
    )
    assert host.start() == 0.0
    assert len(stand_in.starts) == 1

    assert host.stop()
    assert state(host) == "stopped"
    assert not runs(server["pid"])
    assert not os.path.exists(stand_in.starts[0]["cwd"]), "its directory goes with it"
    assert host.stop(), "a second stop is nothing"


def test_the_server_gets_its_flags_and_a_clean_environment(
    make_host: MakeHost, stand_in: Any, monkeypatch: Any
):
    host = make_host(flags=("--tensorflow_intra_op_parallelism=1",), batching="off")

    host.start(batching="on")

    flags = stand_in.starts[0]["argv"]
    assert {
        "--commands_on_stdin",
        "--rest_api_refuse_foreign_origins",
        "--enable_reload_requests=false",
        "--batching=on",
        "--tensorflow_intra_op_parallelism=1",
        "--host=127.0.0.1",
    } <= set(flags)
    assert not [flag for flag in flags if "token" in flag]


def test_starts_at_the_same_time_are_one_start(make_host: MakeHost, stand_in: Any):
    host = make_host()
    seconds: list[float] = []
    threads = [
        threading.Thread(target=lambda: seconds.append(host.start()), daemon=True) for _ in range(5)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(seconds) == 5
    assert len(stand_in.starts) == 1


def test_an_interrupt_ends_the_wait_for_a_start_and_another_call_joins_it(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host()
    stand_in.hold()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        host.start(waiting=interrupt)
    assert state(host) == "starting"
    with pytest.raises(Unavailable, match="still starting"):
        host.address()
    stand_in.let_go()

    assert host.start() >= 0
    assert len(stand_in.starts) == 1


def test_a_stop_ends_a_start_under_way(make_host: MakeHost, stand_in: Any, eventually: Eventually):
    host = make_host()
    stand_in.hold()
    errors: list[ServingError] = []

    def start() -> None:
        try:
            host.start()
        except ServingError as error:
            errors.append(error)

    thread = threading.Thread(target=start, daemon=True)
    thread.start()
    eventually(lambda: stand_in.starts)

    host.stop()
    thread.join(30)

    assert state(host) == "stopped"
    assert [str(error) for error in errors] == ["The model server was stopped."]


def test_a_server_that_is_killed_comes_back_on_the_same_ports(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host()
    host.start()
    before = host.status()["server"]

    os.kill(before["pid"], signal.SIGKILL)

    eventually(lambda: (host.status()["server"]["restarts"], state(host)) == (1, "running"))
    after = host.status()["server"]
    assert after["pid"] != before["pid"]
    assert after["rest_port"] == before["rest_port"]
    assert after["reason"] == "The model server ended by itself (signal SIGKILL)."
    assert after["cause"] == {"kind": "signal", "signal": "SIGKILL"}
    assert text(host) == f"[host] {after['reason']}", "its log tells where one run ended"


def test_a_server_that_ends_without_an_error_has_stopped_and_can_be_started_again(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host()
    stand_in.plan(leave=0)
    host.start()

    eventually(lambda: state(host) == "stopped")
    assert host.status()["server"]["reason"] == "The model server ended by itself (exit code 0)."
    with pytest.raises(Unavailable, match="No model server runs here"):
        host.address()

    stand_in.plan()
    assert host.start() > 0
    assert state(host) == "running"


def test_a_server_that_says_that_it_cannot_start_is_not_tried_again(
    make_host: MakeHost, stand_in: Any
):
    host = make_host()
    stand_in.plan(exit=255, last_words=["no such flag"])

    with pytest.raises(ServerFailed) as error:
        host.start()

    assert str(error.value).splitlines() == [
        "The model server did not start (exit code 255).",
        "  no such flag",
    ]
    server = host.status()["server"]
    assert (server["state"], server["lines"]) == ("failed", ["no such flag"])
    assert server["cause"] == {"kind": "cannot_start", "exit_code": 255}
    assert len(stand_in.starts) == 1
    assert host.stop()
    assert state(host) == "stopped"


def test_a_server_that_dies_at_each_start_has_failed_in_the_end(make_host: MakeHost, stand_in: Any):
    host = make_host(max_restarts=3)
    stand_in.plan(die=int(signal.SIGSEGV), last_words=["core dumped"])

    with pytest.raises(ServerFailed, match=r"signal SIGSEGV.* That happened 4 times within 300 s"):
        host.start()

    server = host.status()["server"]
    assert (server["state"], server["restarts"], server["max_restarts"]) == ("failed", 3, 3)
    assert server["cause"] == {"kind": "signal", "signal": "SIGSEGV"}
    assert server["lines"] == ["core dumped"]
    assert len(stand_in.starts) == 4
    with pytest.raises(ServerFailed, match="not started again by itself"):
        host.address()


def test_a_server_that_keeps_ending_has_failed_in_the_end(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host(max_restarts=2)
    stand_in.plan(leave=3)

    host.start()

    eventually(lambda: state(host) == "failed")
    assert len(stand_in.starts) == 3
    assert host.status()["server"]["cause"] == {"kind": "exit", "exit_code": 3}
    stand_in.plan()
    assert host.start() > 0, "a failed one is started by hand"


def test_a_start_does_not_wait_for_the_end_of_a_pause(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host(first_pause_s=3600, longest_pause_s=3600)
    host.start()
    os.kill(host.status()["server"]["pid"], signal.SIGKILL)
    eventually(lambda: host.status()["server"]["retry_at"])
    assert host.status()["server"]["attempt"] == 1
    with pytest.raises(Unavailable, match="is being started again"):
        host.address()

    assert host.start() > 0
    assert host.status()["server"]["restarts"] == 1


def test_a_stop_ends_a_pause(make_host: MakeHost, stand_in: Any, eventually: Eventually):
    host = make_host(first_pause_s=3600, longest_pause_s=3600)
    host.start()
    os.kill(host.status()["server"]["pid"], signal.SIGKILL)
    eventually(lambda: state(host) == "restarting")

    host.stop()

    assert state(host) == "stopped"


def test_a_server_that_hangs_is_ended_and_started_again(
    make_host: MakeHost, stand_in: Any, eventually: Eventually, runs: Callable[[int], bool]
):
    host = make_host(health_deadline_s=0.5)
    host.start()
    pid = host.status()["server"]["pid"]

    os.kill(pid, signal.SIGSTOP)

    eventually(lambda: host.status()["server"]["restarts"] == 1 and state(host) == "running")
    assert not runs(pid)
    assert "did not answer for 0.5 s" in host.status()["server"]["reason"]
    assert host.status()["server"]["cause"] == {"kind": "hung", "seconds": 0.5}


def test_a_server_that_ignores_sigterm_is_ended_by_force(
    make_host: MakeHost, stand_in: Any, runs: Callable[[int], bool]
):
    host = make_host(stop_timeout_s=0.3)
    stand_in.plan(deaf=True)
    host.start()
    pid = host.status()["server"]["pid"]

    assert not host.stop()

    assert not runs(pid)
    assert state(host) == "stopped"


def test_a_stop_that_waits_for_requests_can_be_cut_short(
    make_host: MakeHost, stand_in: Any, eventually: Eventually, runs: Callable[[int], bool]
):
    host = make_host(stop_timeout_s=3600)
    stand_in.plan(deaf=True)
    host.start()
    pid = host.status()["server"]["pid"]
    went: list[bool] = []
    patient = threading.Thread(target=lambda: went.append(host.stop()), daemon=True)
    patient.start()
    eventually(lambda: state(host) == "stopping")

    assert not host.stop(now=True)

    patient.join(30)
    assert went == [False]
    assert not runs(pid)
    assert state(host) == "stopped"


def test_a_server_can_be_stopped_without_waiting_for_anything(make_host: MakeHost, stand_in: Any):
    host = make_host(stop_timeout_s=3600)
    stand_in.plan(deaf=True)
    host.start()

    assert not host.stop(now=True)

    assert state(host) == "stopped"
    stand_in.plan()
    assert host.start() > 0


def test_a_server_that_is_never_ready_is_given_up(make_host: MakeHost, stand_in: Any):
    host = make_host(start_timeout_s=0.3)
    stand_in.plan(silent=True)

    with pytest.raises(ServerFailed, match="was not ready 0 s after its start"):
        host.start()

    assert state(host) == "failed"


def test_a_usual_port_that_is_taken_is_replaced_and_that_is_noted(
    make_host: MakeHost, stand_in: Any, monkeypatch: Any
):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr("server_ext.hosting.wish.REST_PORT", taken)
        host = make_host(rest_port=None)

        host.start()

    server = host.status()["server"]
    assert server["notes"] == [f"Port {taken} is taken, so REST is on {server['rest_port']}."]


def test_a_port_that_was_asked_for_and_is_taken_fails_the_start(make_host: MakeHost, stand_in: Any):
    host = make_host()
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]

        with pytest.raises(Unavailable, match=f"Port {taken} for REST is taken"):
            host.start(rest_port=taken)

        server = host.status()["server"]
        ours = {"pid": os.getpid(), "program": psutil.Process().name()}
        assert server["cause"] == {"kind": "port_in_use", "port": taken, **ours}

    assert stand_in.starts == []
    host.start(rest_port=taken)
    assert host.status()["server"]["rest_port"] == taken


def test_a_port_that_another_process_takes_first_is_replaced(
    make_host: MakeHost, stand_in: Any, monkeypatch: Any, eventually: Eventually
):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    monkeypatch.setattr("server_ext.hosting.wish.REST_PORT", port)
    host = make_host(rest_port=None)
    stand_in.hold()
    thread = threading.Thread(target=host.start, daemon=True)
    thread.start()
    eventually(lambda: stand_in.starts)

    with socket.create_server(("127.0.0.1", port)):
        stand_in.let_go()
        thread.join(30)

    server = host.status()["server"]
    assert server["notes"] == [f"Port {port} is taken, so REST is on {server['rest_port']}."]
    assert len(stand_in.starts) == 2


def test_a_server_without_rest_is_of_no_use(make_host: MakeHost, stand_in: Any):
    stand_in.plan(no_rest=True)

    with pytest.raises(ServerFailed, match="could not listen on port 0 for REST"):
        make_host().start()


def test_a_server_that_runs_stays_where_it_is(make_host: MakeHost, stand_in: Any):
    host = make_host()
    host.start()

    with pytest.raises(FailedPrecondition, match="already runs with REST on port"):
        host.start(rest_port=1)
    with pytest.raises(FailedPrecondition, match="already runs with --batching auto"):
        host.start(batching="on")
    with pytest.raises(InvalidArgument, match="batching 'maybe': use off, on, auto"):
        host.start(batching="maybe")
    with pytest.raises(InvalidArgument, match="a port is from 0 to 65535"):
        make_host().start(rest_port=70_000)


def test_a_restart_keeps_the_ports(make_host: MakeHost, stand_in: Any):
    host = make_host()
    host.start()
    before = host.status()["server"]

    assert host.restart() > 0

    after = host.status()["server"]
    assert after["pid"] != before["pid"]
    assert after["rest_port"] == before["rest_port"]


def test_starts_stops_and_restarts_from_many_threads_leave_one_server_or_none(
    make_host: MakeHost, stand_in: Any, runs: Callable[[int], bool]
):
    host = make_host()
    problems: list[BaseException] = []

    def work(number: int) -> None:
        for turn in range(4):
            try:
                (host.start, host.stop, host.restart)[(number + turn) % 3]()
            except Unavailable:
                pass  # stopped by another thread while it started
            except BaseException as error:
                problems.append(error)

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert not problems
    assert not [thread for thread in threads if thread.is_alive()]
    alive = [start["pid"] for start in stand_in.starts if runs(start["pid"])]
    assert len(alive) == (state(host) == "running")
    host.close()
    assert not [start["pid"] for start in stand_in.starts if runs(start["pid"])]


def test_a_closed_host_has_no_threads_left_and_starts_nothing(make_host: MakeHost, stand_in: Any):
    before = set(threading.enumerate())
    host = make_host()
    host.start()
    host.serve([Model("m", "/models/m")])

    host.close()

    assert set(threading.enumerate()) <= before
    with pytest.raises(Unavailable, match="closed"):
        host.start()
    with pytest.raises(Unavailable, match="closed"):
        host.remove("m")


def test_closing_can_be_in_a_hurry(make_host: MakeHost, stand_in: Any):
    host = make_host()
    stand_in.plan(deaf=True)
    host.start()

    host.close(0.1)

    assert state(host) == "stopped"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_ends_with_a_process_that_is_killed(
    number: signal.Signals,
    stand_in: Any,
    monkeypatch: Any,
    tmp_path: Path,
    eventually: Eventually,
    runs: Callable[[int], bool],
):
    monkeypatch.undo()  # this process is a real one
    hosting = subprocess.Popen(
        [sys.executable, "-c", HOSTING, stand_in.script],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    with hosting:
        assert hosting.stdout
        pid = int(hosting.stdout.readline())

        hosting.send_signal(number)

    eventually(lambda: not runs(pid))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_copy_can_ask_but_neither_change_nor_keep_anything(
    make_host: MakeHost, stand_in: Any, runs: Callable[[int], bool]
):
    host = make_host()
    host.start()
    read, write = os.pipe()

    copy = os.fork()
    if copy == 0:
        try:
            refused = 0
            for change in (host.start, host.stop, host.restart, host.poll):
                try:
                    change()
                except FailedPrecondition:
                    refused += 1
            host.close()
            well = refused == 4 and host.status()["server"]["state"] == "running"
            os.write(write, b"y" if well and host.address() and host.logs() else b"n")
        finally:
            os._exit(0)
    os.waitpid(copy, 0)

    assert os.read(read, 1) == b"y"
    assert runs(host.status()["server"]["pid"])
    os.close(read)
    os.close(write)


def test_the_token_is_in_a_private_file_and_nowhere_else(make_host: MakeHost, stand_in: Any):
    host = make_host(require_token=True)

    host.start()

    token = host.address().token
    assert token is not None
    argv = stand_in.starts[0]["argv"]
    file = Path(next(word for word in argv if word.startswith("--auth_token_file=")).split("=")[1])
    assert file.read_text().strip() == token
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert token not in str(argv) + str(host.status()) + text(host)
    host.stop()
    assert not file.exists()
    host.start()
    assert host.address().token not in (None, token)


def test_what_is_written_is_log_and_can_be_followed(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host()
    heard: list[dict[str, Any]] = []
    unsubscribe = host.subscribe(heard.append)
    stand_in.plan(last_words=["one", "two"])
    host.start()
    eventually(lambda: len(host.logs()["lines"]) == 2)

    logs = host.logs(lines=1)
    assert [line["text"] for line in logs["lines"]] == ["two"]
    assert host.logs(after=logs["next"]) == {"lines": [], "next": logs["next"]}
    assert [line["text"] for line in host.logs(after=1)["lines"]] == ["two"]

    lines = [line for event in heard if event["type"] == "log" for line in event["lines"]]
    assert [line["text"] for line in lines] == ["one", "two"]
    states = [event["server"]["state"] for event in heard if event["type"] == "server"]
    assert states == ["starting", "running"]
    unsubscribe()
    host.stop()
    assert [event["server"]["state"] for event in heard if event["type"] == "server"] == states


def test_what_the_server_tells_is_in_the_status_until_it_ends(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    version = {"version": 1, "state": "AVAILABLE"}
    entry = {"name": "m", "base_path": "/m", "problem": None, "versions": [version]}
    stand_in.plan(
        events=[
            {"event": "models", "changed": [entry], "removed": []},
            {"event": "sample", "at": 1.0, "in_flight": 2, "versions": []},
        ]
    )
    host = make_host()
    host.serve([Model("m", "/m")])
    host.start()

    eventually(lambda: host.status()["sample"])
    (model,) = host.status()["models"]
    shown = {**version, "in_flight": 0, "load_expected_s": None}
    wanted = {"owner": None, "wanted": "latest: 1", "on_disk": []}
    assert model == {**entry, "versions": [shown], **wanted}
    assert host.status()["sample"] == {"at": 1.0, "in_flight": 2, "versions": []}

    host.stop()
    (model,) = host.status()["models"]
    assert [(one["version"], one["state"]) for one in model["versions"]] == [(1, "END")]
    assert host.status()["sample"] is None


def test_the_status_of_many_models_does_not_wait_for_anything(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    versions = [{"version": number, "state": "AVAILABLE", "path": "/m"} for number in range(5)]
    names = [f"m{number}" for number in range(200)]
    changed = [{"name": name, "versions": versions} for name in names]
    stand_in.plan(events=[{"event": "models", "changed": changed, "removed": []}])
    host = make_host(stop_timeout_s=0.2)
    host.start()
    eventually(lambda: len(host.status()["models"]) == 200)
    os.kill(host.status()["server"]["pid"], signal.SIGSTOP)
    waiting = threading.Thread(target=lambda: _refused(host), daemon=True)
    waiting.start()

    for _ in range(100):
        assert len(host.status()["models"]) == 200
        assert host.logs()["lines"] == []
        assert host.address().rest_url

    assert waiting.is_alive(), "a change waits for the server that hangs; the status did not"
    host.stop()
    waiting.join(30)


def _refused(host: Host) -> None:
    with contextlib.suppress(Unavailable):
        host.poll()


def test_commands_that_are_refused_at_a_start_do_not_keep_the_rest_from_being_served(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host()
    host.serve([Model(name, f"/models/{name}") for name in ("one", "bad", "two")])
    stand_in.plan(refuses=["/models/bad"])

    host.start()

    eventually(lambda: len(stand_in.commands) == 4)
    eventually(
        lambda: (
            [m["problem"] for m in host.status()["models"]] == [None, "/models/bad is bad", None]
        )
    )
    last = stand_in.commands[-1]
    assert last["first"] is True
    assert "/models/one" in last["config"]
    assert "/models/two" in last["config"]
    host.serve([Model("three", "/models/three")])
    assert "/models/bad" not in stand_in.commands[-1]["config"]


def test_a_change_that_the_server_refuses_changes_nothing(make_host: MakeHost, stand_in: Any):
    host = make_host()
    host.start()
    stand_in.plan(refuses=["/models/bad"])
    host.restart()

    with pytest.raises(ServingError, match="/models/bad is bad"):
        host.serve([Model("bad", "/models/bad")])

    assert host.status()["models"] == []
    host.serve([Model("good", "/models/good")])
    assert [model["name"] for model in host.status()["models"]] == ["good"]


def test_a_change_while_the_server_dies_is_told_to_the_next_one(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host()
    stand_in.plan(mute=True)
    host.start()
    thread = threading.Thread(target=lambda: host.serve([Model("m", "/models/m")]), daemon=True)
    thread.start()
    eventually(lambda: stand_in.commands)
    stand_in.plan()

    os.kill(host.status()["server"]["pid"], signal.SIGKILL)
    thread.join(30)

    eventually(
        lambda: stand_in.commands[-1]["first"] and "/models/m" in stand_in.commands[-1]["config"]
    )
    assert [model["name"] for model in host.status()["models"]] == ["m"]


def test_changes_from_many_threads_all_count(make_host: MakeHost, stand_in: Any):
    host = make_host()
    host.start()
    names = [f"m{number}" for number in range(20)]
    threads = [
        threading.Thread(target=host.serve, args=([Model(name, f"/m/{name}")],), daemon=True)
        for name in names
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(model["name"] for model in host.status()["models"]) == sorted(names)
    assert all(f'"/m/{name}"' in stand_in.commands[-1]["config"] for name in names)


def test_stopping_can_forget_what_was_served(make_host: MakeHost, stand_in: Any):
    host = make_host()
    host.serve([Model("m", "/models/m")])
    host.start()
    assert host.wanted_running

    host.stop()
    assert [model["name"] for model in host.status()["models"]] == ["m"]
    host.stop(forget=True)

    assert host.status()["models"] == []
    assert not host.wanted_running


def test_two_hosts_with_one_registry_keep_apart(make_host: MakeHost, stand_in: Any, tmp_path: Path):
    hosts = [make_host(Registry(tmp_path / "models.json")) for _ in range(2)]

    for name, host in zip("ab", hosts, strict=True):
        host.serve([Model(name, f"/models/{name}")])
        host.start()
        host.close()

    paths = [Path(host.status()["registry"]["path"]).name for host in hosts]
    assert paths == ["models.json", "models-2.json"]
    again = [make_host(Registry(tmp_path / "models.json")) for _ in range(2)]
    assert [m["name"] for host in again for m in host.status()["models"]] == ["a", "b"]
    assert all(host.wanted_running for host in again), "closing is not stopping"


def test_an_interrupt_ends_the_wait_for_a_restart_and_nothing_else(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host()
    host.start()
    before = host.status()["server"]
    stand_in.hold()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        host.restart(waiting=interrupt)
    stand_in.let_go()

    eventually(lambda: state(host) == "running" and host.status()["server"]["pid"] != before["pid"])
    assert host.status()["server"]["rest_port"] == before["rest_port"]
    assert host.wanted_running


def test_a_restart_that_is_interrupted_while_it_stops_starts_all_the_same(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host(stop_timeout_s=0.5)
    stand_in.plan(deaf=True)
    host.start()
    before = host.status()["server"]["pid"]
    states: list[str] = []

    def interrupt() -> None:
        states.append(state(host))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        host.restart(waiting=interrupt)

    assert states == ["stopping"]
    eventually(lambda: state(host) == "running" and host.status()["server"]["pid"] != before)


def test_a_stop_after_a_restart_is_the_last_word(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host(stop_timeout_s=0.5)
    stand_in.plan(deaf=True)
    host.start()
    errors: list[str] = []

    def restart() -> None:
        try:
            host.restart()
        except Unavailable as error:
            errors.append(error.message)

    thread = threading.Thread(target=restart, daemon=True)
    thread.start()
    eventually(lambda: state(host) == "stopping")

    host.stop()
    thread.join(30)

    assert errors == ["The model server was stopped."]
    assert state(host) == "stopped"
    assert len(stand_in.starts) == 1


def test_changes_while_the_server_stops_are_told_to_the_next_one(
    make_host: MakeHost, stand_in: Any, eventually: Eventually
):
    host = make_host()
    host.start()
    host.serve([Model(name, f"/models/{name}") for name in ("changed", "removed")])
    stand_in.plan(refuses=[""], code="UNAVAILABLE")
    host.restart()

    host.serve([Model("added", "/models/added")])
    host.set_versions("changed", Versions(count=0))
    host.remove("removed")

    wanted = [(model["name"], model["wanted"]) for model in host.status()["models"]]
    assert wanted == [("changed", "all"), ("added", "latest: 1")]
    stand_in.plan()
    told = len(stand_in.commands)
    host.restart()
    eventually(lambda: len(stand_in.commands) > told)
    config = stand_in.commands[told]["config"]
    assert '"/models/added"' in config
    assert "all { }" in config
    assert '"/models/removed"' not in config


def test_versions_and_labels_change_together_or_not_at_all(
    make_host: MakeHost, stand_in: Any, tmp_path: Path
):
    for version in "12":
        (tmp_path / "m" / version).mkdir(parents=True)
    host = make_host()
    host.start()
    host.serve([Model("m", str(tmp_path / "m"))])

    with pytest.raises(FailedPrecondition, match="'x' of model m cannot stand for version 77"):
        host.change("m", Versions(count=0), {"x": 77})
    assert host.status()["models"][0]["wanted"] == "latest: 1"
    assert "all { }" not in stand_in.commands[-1]["config"]
    with pytest.raises(FailedPrecondition, match="cannot stand for version 1, which is not"):
        host.change("m", Versions(numbers=(2,)), {"old": 1})

    host.change("m", Versions(count=0), {"old": 1})

    (model,) = host.status()["models"]
    assert (model["wanted"], model["labels"]) == ("all", {"old": 1})
    assert "all { }" in stand_in.commands[-1]["config"]


def test_a_load_of_a_version_that_failed_says_why_and_of_a_held_one_that_it_loads(
    make_host: MakeHost, stand_in: Any, tmp_path: Path, eventually: Eventually
):
    (tmp_path / "m" / "1").mkdir(parents=True)
    error = {"code": "NOT_FOUND", "message": "no saved_model.pb."}
    failed = {"version": 1, "state": "END", "error": error}
    entry = {"name": "m", "base_path": "/m", "problem": None, "versions": [failed]}
    loading = {"event": "loading", "name": "m", "version": 1, "stamp": "s"}
    stand_in.plan(events=[loading], leave=3)
    host = make_host(first_pause_s=3600, longest_pause_s=3600)
    host.serve([Model("m", str(tmp_path / "m"))])
    host.start()
    eventually(lambda: host.status()["held"])
    stand_in.plan(events=[{"event": "models", "changed": [entry], "removed": []}])
    host.start()
    eventually(lambda: host.status()["models"][0]["versions"])

    assert host.load("m", 1) == "Version 1 of m is loaded again."
    assert host.status()["held"] == []
    with pytest.raises(FailedPrecondition) as refused:
        host.load("m", 1)

    assert refused.value.message == (
        "Version 1 of m is to be served and could not be loaded: no saved_model.pb. "
        "It is loaded again when its files change, or m is removed and served."
    )


def test_ports_that_others_are_quicker_to_take_do_not_count_as_crashes(
    make_host: MakeHost, stand_in: Any, monkeypatch: Any
):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr("server_ext.hosting.wish.REST_PORT", port)
        monkeypatch.setattr("server_ext.hosting.ports.is_free", lambda port, host: True)
        host = make_host(rest_port=None)

        host.start()

    server = host.status()["server"]
    assert (server["state"], server["restarts"]) == ("running", 0)
    assert server["notes"] == [f"Port {port} is taken, so REST is on {server['rest_port']}."]
    assert len(stand_in.starts) == 3


def test_a_port_that_the_settings_fix_is_told_by_its_setting(make_host: MakeHost, stand_in: Any):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        host = make_host(rest_port=taken, name="c.TFSExtension.")

        with pytest.raises(Unavailable) as refused:
            host.start()

    assert refused.value.message == (
        f"Port {taken} for REST is taken. Choose another, or set c.TFSExtension.rest_port to None "
        "to get a free one."
    )


def test_a_server_that_was_started_elsewhere_is_joined_whatever_port_the_settings_fix(
    make_host: MakeHost, stand_in: Any
):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    host = make_host(rest_port=port)
    host.start(rest_port=0)

    assert host.start() == 0.0
