"""Hosts for tests: of real model servers, and of a stand-in that does as it is told."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from server_ext.hosting.host import Host
from server_ext.hosting.registry import Registry
from server_ext.hosting.settings import Settings

# Takes the place of the interpreter that runs the server: starts in no time, speaks as it does, and
# reads what to do wrong from a file each time.
STAND_IN = """#!{python} -SE
import http.server, json, os, pathlib, signal, sys, threading

here = pathlib.Path({here!r})
plan = json.loads((here / "plan.json").read_text())
with open(here / "starts.txt", "a") as file:
    file.write(json.dumps({{"argv": sys.argv, "pid": os.getpid(), "cwd": os.getcwd()}}) + "\\n")

def port(flag):
    return int(next(word.partition("=")[2] for word in sys.argv if word.startswith(flag + "=")))

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass

def say(**words):
    print(json.dumps(words), flush=True)

if plan.get("deaf"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
for line in plan.get("last_words", ()):
    print(line, file=sys.stderr, flush=True)
if "exit" in plan:
    os._exit(plan["exit"])
if "die" in plan:
    os.kill(os.getpid(), plan["die"])
if plan.get("silent"):
    threading.Event().wait()
while (here / "wait").exists():
    threading.Event().wait(0.01)
rest = None if plan.get("no_rest") else port("--rest_api_port")
if rest is not None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", rest), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rest = server.server_port
say(pid=os.getpid(), host="127.0.0.1", port=port("--port") or 4242, rest_api_port=rest)
for event in plan.get("events", ()):
    say(**event)
if "leave" in plan:
    os._exit(plan["leave"])
for line in sys.stdin:
    command = json.loads(line)
    with open(here / "commands.txt", "a") as file:
        file.write(line)
    refused = [word for word in plan.get("refuses", ()) if word in line]
    if refused:
        code = plan.get("code", "INVALID_ARGUMENT")
        say(id=command["id"], error={{"code": code, "message": f"{{refused[0]}} is bad"}})
    elif not plan.get("mute"):
        say(id=command["id"], ok=True)
if plan.get("deaf"):
    threading.Event().wait()
"""


class StandIn:
    """What the stand-in is told to do, and what came of it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        script = directory / "python"
        script.write_text(STAND_IN.format(python=sys.executable, here=str(directory)))
        script.chmod(0o700)
        self.script = str(script)
        self.plan()

    def plan(self, **plan: Any) -> None:
        """Have runs from now on do this."""
        fresh = self._directory / "plan.new"
        fresh.write_text(json.dumps(plan))
        fresh.rename(self._directory / "plan.json")

    def hold(self) -> None:
        """Have runs wait before they are ready, until `let_go`."""
        (self._directory / "wait").touch()

    def let_go(self) -> None:
        (self._directory / "wait").unlink(missing_ok=True)

    @property
    def starts(self) -> list[dict[str, Any]]:
        """The runs so far: argv, pid, cwd."""
        return self._lines("starts.txt")

    @property
    def commands(self) -> list[dict[str, Any]]:
        """What the runs were asked."""
        return self._lines("commands.txt")

    def _lines(self, name: str) -> list[dict[str, Any]]:
        file = self._directory / name
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


MakeHost = Callable[..., Host]


@pytest.fixture
def make_host() -> Iterator[MakeHost]:
    """Make hosts that end with the test; free ports and few pauses unless said otherwise."""
    hosts: list[Host] = []

    def make(registry: Registry | None = None, **settings: Any) -> Host:
        quick = {"rest_port": 0, "grpc_port": 0, "first_pause_s": 0.01, "health_interval_s": 0.2}
        host = Host(Settings(**{**quick, **settings}), registry)
        hosts.append(host)
        return host

    yield make
    for host in hosts:
        host.close()


@pytest.fixture
def stand_in(tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> Iterator[StandIn]:
    """Have hosts run the stand-in."""
    stand_in = StandIn(tmp_path_factory.mktemp("stand-in"))
    monkeypatch.setattr(sys, "executable", stand_in.script)
    yield stand_in
    stand_in.let_go()


@pytest.fixture
def runs() -> Callable[[int], bool]:
    """Tell whether a process runs, and is no zombie."""

    def check(pid: int) -> bool:
        try:
            return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    assert check(os.getpid())
    return check
