"""Inference through Jupyter on real processes: what passes, what does not, and what if one ends."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

pytestmark = pytest.mark.tensorflow

JUPYTER = ("--TFSExtension.require_token=always", "--ServerApp.base_url=/user/a%40b/")
ROW = {"instances": [[0, 0, 0, 0]]}
LARGE_ROWS = 200_000
MANY = 50_000_000


def direct(jupyter, path, **options):
    """Ask the model server's own port, with its token."""
    address = jupyter.get("address").json()
    headers = {"Authorization": f"Bearer {address['token']}"}
    return requests.request(
        options.pop("method", "GET"),
        address["rest_url"] + path,
        headers=headers,
        timeout=60,
        **options,
    )


def head_of(jupyter, method, path, headers=""):
    """Return the first bytes of a request, as they go over the wire."""
    parts = urlsplit(jupyter.url)
    return (
        f"{method} {parts.path}{path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: token {jupyter.token}\r\nConnection: close\r\n{headers}\r\n"
    ).encode()


def connect(jupyter):
    parts = urlsplit(jupyter.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=60)


def test_every_route_answers_as_the_model_server_itself_does(running):
    for path in (
        "/v1/models/digits",
        "/v1/models/digits/metadata",
        "/v1/models/nobody",
        "/v1/models/digits/versions/1",
        "/v1/models/digits/versions/x",
        "/v1/nothing",
    ):
        through, itself = running.ask("GET", "tfs" + path), direct(running, path)

        assert through.status_code == itself.status_code, path
        assert through.content == itself.content
        assert through.headers["Content-Type"] == itself.headers["Content-Type"]


def test_errors_of_the_model_server_pass_as_they_are(running):
    through = running.ask("POST", "tfs/v1/models/digits:predict", data="{")
    itself = direct(running, "/v1/models/digits:predict", method="POST", data="{")

    assert (through.status_code, through.content) == (itself.status_code, itself.content)


def test_the_ports_of_the_model_server_ask_for_its_token_and_not_for_that_of_jupyter(running):
    address = running.get("address").json()
    asked = f"{address['rest_url']}/v1/models/digits"

    assert requests.get(asked, timeout=30).status_code == 401
    theirs = {"Authorization": f"token {running.token}"}
    assert requests.get(asked, headers=theirs, timeout=30).status_code == 401
    assert address["token"] != running.token
    assert address["token"] not in running.log


def test_who_asks_is_told_how_long_a_request_took(running):
    headers = {"Authorization": f"token {running.token}", "X-TFS-Timing": "1"}

    asked, not_asked = running.predict("digits", headers=headers), running.predict("digits")

    assert asked.headers["Server-Timing"].startswith("queue;dur=")
    assert "Server-Timing" not in not_asked.headers


def test_an_escaped_colon_is_a_colon(running):
    answer = running.ask("POST", "tfs/v1/models/digits%3Apredict", json=ROW)

    assert answer.status_code == 200


def test_head_and_options_pass(running):
    head = running.ask("HEAD", "tfs/v1/models/digits")
    itself = direct(running, "/v1/models/digits", method="HEAD")
    options = running.ask("OPTIONS", "tfs/v1/models/digits")

    assert head.status_code == itself.status_code
    assert head.headers.get("Content-Length") == itself.headers.get("Content-Length")
    assert head.content == b""
    itself = direct(running, "/v1/models/digits", method="OPTIONS")
    assert options.status_code == itself.status_code


def test_large_bodies_pass_both_ways(running):
    rows = [[0.5, 0.5, 0.5, 0.5]] * LARGE_ROWS
    body = json.dumps({"instances": rows}).encode()
    body += b" " * (MANY - len(body))

    answer = running.ask("POST", "tfs/v1/models/digits:predict", data=body)

    assert answer.status_code == 200, answer.text[:300]
    assert len(answer.json()["predictions"]) == LARGE_ROWS


def test_a_body_in_pieces_of_unknown_length_passes(running):
    pieces = iter([b'{"instances": ', b"[[0,0,", b"0,0]]}"])

    answer = running.ask("POST", "tfs/v1/models/digits:predict", data=pieces)

    assert answer.json()["predictions"][0]["b"] == 1.0


def test_a_connection_is_used_again_also_after_an_error(running):
    with requests.Session() as session:
        for name, status in (("digits", 200), ("nobody", 404), ("digits", 200)):
            answer = session.post(
                f"{running.url}tfs/v1/models/{name}:predict",
                json=ROW,
                headers={"Authorization": f"token {running.token}"},
                timeout=30,
            )
            assert answer.status_code == status


def test_the_token_in_a_url_is_for_jupyter_alone(running):
    answer = running.ask(
        "POST", f"tfs/v1/models/digits:predict?token={running.token}", json=ROW, headers={}
    )

    assert answer.status_code == 200


def in_flight(jupyter):
    """Return how many requests the model server says it has."""
    status = jupyter.get("status").json()
    return sum(version["in_flight"] for model in status["models"] for version in model["versions"])


def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(running, eventually):
    length = "Content-Type: application/json\r\nContent-Length: 1000\r\n"
    for _ in range(20):
        with connect(running) as client:
            client.sendall(head_of(running, "POST", "tfs/v1/models/digits:predict", length))
            client.sendall(b'{"instances": ')
    for _ in range(20):
        with connect(running) as client:
            client.sendall(head_of(running, "GET", "tfs/v1/models/digits"))

    def connections():
        port = running.get("status").json()["server"]["rest_port"]
        return [
            found
            for found in running.child.net_connections("tcp")
            if found.laddr.port == port and found.status == "ESTABLISHED"
        ]

    eventually(lambda: not connections())
    assert running.answers("digits")
    assert "Traceback" not in running.log


def test_fifty_requests_under_which_the_model_server_is_killed_are_all_answered(
    running, eventually
):
    before = running.get("status").json()["server"]["restarts"]
    killed = threading.Event()
    answers: Counter[int] = Counter()
    slow = {"instances": [[0, 0, 0, 0]] * 20_000}

    def ask(number):
        for _ in range(3):
            answer = running.ask("POST", "tfs/v1/models/digits:predict", json=slow)
            answers[answer.status_code] += 1
            if answer.status_code == 503:
                assert int(answer.headers["Retry-After"]) >= 1
                assert answer.json()["error"]
            if number == 0:
                killed.set()

    with ThreadPoolExecutor(50) as pool:
        asking = [pool.submit(ask, number) for number in range(50)]
        assert killed.wait(60)
        running.child.kill()
        for each in asking:
            each.result(60)

    assert sum(answers.values()) == 150
    assert set(answers) == {200, 503}, answers
    eventually(lambda: running.answers("digits"), 60)
    eventually(lambda: running.versions("digits") == {1: "AVAILABLE"})
    assert running.get("status").json()["server"]["restarts"] == before + 1


def answers_to(jupyter, *requests_):
    """Return the status lines of what is answered on one connection, until it is closed."""
    with connect(jupyter) as client:
        client.sendall(b"".join(requests_))
        said = b"".join(iter(lambda: client.recv(65536), b""))
    return [line for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked\r\n", "Content-Length: 54\r\n"])
def test_the_body_of_a_get_is_no_second_request_to_the_model_server(running, framing):
    hidden = b"GET /v1/models/hidden HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\r\n"
    body = hidden[:50] + b"\r\n\r\n"
    if "chunked" in framing:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    found = answers_to(running, head_of(running, "GET", "tfs/v1/models/digits", framing), body)
    after = [running.ask("GET", "tfs/v1/models/digits").status_code for _ in range(5)]

    assert found == [b"HTTP/1.1 200 OK"]
    assert after == [200] * 5
    lines = [line["text"] for line in running.get("logs?lines=5000").json()["lines"]]
    assert not [line for line in lines if "hidden" in line]


def test_a_length_that_is_said_twice_is_one_length(running):
    body = json.dumps(ROW).encode()
    twice = f"Content-Type: application/json\r\nContent-Length: {len(body)}, {len(body)}\r\n"

    found = answers_to(
        running, head_of(running, "POST", "tfs/v1/models/digits:predict", twice), body
    )

    assert found == [b"HTTP/1.1 200 OK"]
    assert "Traceback" not in running.log
