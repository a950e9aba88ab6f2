"""Inferences have the same answers with batching off, on and auto: the cases of rest/ and grpc/.

Off is what `test_rest.py` and `test_grpc.py` ask. Here one server in each of the other modes takes
the cases about answers; `BATCHING_MODE=auto pytest tests/conformance` runs everything in a mode.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import casefile
import configurations
import grpc
import modes
import pytest
import test_grpc
import test_rest
from casefile import Case
from test_grpc import services as services

pytestmark = pytest.mark.tensorflow

HERE = Path(__file__).parent
ABOUT_INFERENCE = ("4.3-", "4.4-", "4.5-", "4.6-", "5.5-", "5.6-", "5.7-")


def cases(protocol: str) -> list[Any]:
    """Return the cases of a protocol that ask the usual server for inferences."""
    return [
        pytest.param(case, id=case.id)
        for case in casefile.read_all(HERE / protocol)
        if case.path.parent.name.startswith(ABOUT_INFERENCE)
        and case.server == casefile.DEFAULT_SERVER
    ]


@pytest.fixture(scope="module", params=["on", "auto"])
def mode(request: Any) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(mode: str, served_models: Path, start_module_server: Any) -> Iterator[Any]:
    """A server with all models in each mode; one at a time."""
    flags = configurations.SERVERS[casefile.DEFAULT_SERVER](served_models)
    started = start_module_server(*flags, f"--batching={mode}")
    assert started.ready, "".join(started.stderr)
    yield started
    started.stop()


@pytest.mark.parametrize("rest_case", cases("rest"))
def test_answers_of_rest_are_those_without_batches(rest_case: Case, mode: str, server: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.ready["rest_api_port"], timeout=30)
    with closing(connection):
        for request, answer in rest_case.exchanges:
            status, _, body = test_rest.exchange(connection, request)
            if modes.refused(rest_case, mode, body.decode("utf-8", "replace")):
                continue

            where = f"{rest_case.path}:{answer.line}: got {status} {body[:2000]!r}"
            expected, _, kind = answer.start.partition(" ")
            assert str(status) == expected, where
            test_rest.check_body(kind, answer, body, where)


@pytest.mark.parametrize("grpc_case", cases("grpc"))
def test_answers_of_grpc_are_those_without_batches(
    grpc_case: Case, mode: str, server: Any, services: dict[str, tuple[Any, Any]]
) -> None:
    with grpc.insecure_channel(server.target, options=test_grpc.WITHOUT_LIMIT) as channel:
        for request, answer in grpc_case.exchanges:
            reply = test_grpc.ask(channel, services, request)
            if not modes.refused(grpc_case, mode, reply.details):
                test_grpc.check(reply, answer)
