"""Who is turned away by the head of an HTTP request alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from server_ext.errors import Code
from server_ext.frontends.gate import Gate, Hosts, gate
from server_ext.frontends.messages import Answer, Request
from server_ext.frontends.terms import Terms
from server_ext.frontends.tokens import Tokens
from server_ext.sslconfig import Tls

PREDICT = "/v1/models/m:predict"


def ask(method: str, target: str, **headers: str) -> Request:
    named = {key.replace("_", "-").encode(): value.encode() for key, value in headers.items()}
    return Request(method, target, b"", named)


def refused(answer: Answer | None) -> int | None:
    return answer.status if answer else None


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    file = tmp_path / "tokens"
    file.touch(0o600)
    file.write_text("secret\n")
    return Tokens(str(file))


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1",
        "127.0.0.1:8501",
        "localhost",
        "LocalHost.:8501",
        "models.localhost:8501",
        "[::1]:8501",
        "[::1]",
        "10.0.0.7:8501",
        "models.example.org",
        "MODELS.example.org:443",
    ],
)
def test_addresses_localhost_and_the_names_given_are_names_of_the_server(host):
    hosts = Hosts(["models.example.org"])

    assert hosts.accepts(host.encode())
    assert hosts.accepts(host.encode())


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.org",
        "evil.example.org:8501",
        "localhost.evil.example.org",
        "127.0.0.1.evil.example.org",
        "notlocalhost",
        "x.models.example.org",
        "[evil]:8501",
        "\xff",
    ],
)
def test_any_other_name_is_none(host):
    assert not Hosts(["models.example.org"]).accepts(host.encode("latin-1"))


def test_a_star_accepts_every_name():
    assert Hosts(["*"]).accepts(b"evil.example.org")


def test_another_host_is_forbidden_and_told_what_to_do():
    answer = Gate(hosts=Hosts([])).refusal(ask("GET", "/healthz", host="evil.example.org"))

    assert answer is not None
    assert (answer.status, answer.code) == (403, Code.PERMISSION_DENIED)
    assert b"--rest_api_allowed_hosts" in answer.body
    assert answer.content_type == b"application/json"


@pytest.mark.parametrize(
    ("address", "terms", "checked"),
    [
        ("127.0.0.1", {}, True),
        ("127.0.1.1", {}, True),
        ("::1", {}, True),
        ("0.0.0.0", {}, False),
        ("10.0.0.7", {}, False),
        ("fe80::1%eth0", {}, False),
        ("127.0.0.1", {"tls": Tls(b"", b"", b"", False)}, False),
    ],
)
def test_names_matter_on_a_loopback_address_that_nothing_else_protects(address, terms, checked):
    answer = gate(Terms(**terms), address, ["localhost"]).refusal(
        ask("GET", "/", host="example.org")
    )

    assert refused(answer) == (403 if checked else None)


def test_names_do_not_matter_where_tokens_are_asked_for(tokens):
    passed = gate(Terms(tokens=tokens), "127.0.0.1", []).refusal(
        ask("GET", "/v1/server", host="example.org", authorization="Bearer secret")
    )

    assert passed is None


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("HEAD", "/readyz"),
        ("GET", "/readyz?verbose"),
        ("OPTIONS", PREDICT),
    ],
)
def test_health_and_what_browsers_ask_before_need_no_token(tokens, method, target):
    assert Gate(tokens).refusal(ask(method, target)) is None


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", PREDICT),
        ("GET", "/v1/models/m"),
        ("GET", "/v1/models/m/metadata"),
        ("GET", "/v1/server"),
        ("GET", "/openapi.json"),
        ("GET", "/monitoring/prometheus/metrics"),
        ("POST", "/healthz"),
        ("GET", "/healthz/x"),
        ("GET", "/v1/healthz"),
        ("GET", "//healthz"),
        ("GET", "/nothing"),
        ("TRACE", "/healthz"),
    ],
)
def test_all_else_needs_one(tokens, method, target):
    door = Gate(tokens)

    without, wrong = (
        door.refusal(ask(method, target)),
        door.refusal(ask(method, target, authorization="Bearer wrong")),
    )

    assert without is not None
    assert wrong is not None
    assert (without.status, wrong.status) == (401, 401)
    assert (b"www-authenticate", b"Bearer") in without.headers
    assert (b"www-authenticate", b'Bearer error="invalid_token"') in wrong.headers
    assert b"wrong" not in wrong.body
    assert door.refusal(ask(method, target, authorization="Bearer secret")) is None


def test_a_length_above_the_limit_is_refused_by_the_header():
    door = Gate(max_body_bytes=1000)

    assert door.refusal(ask("POST", PREDICT)) is None
    assert door.refusal(ask("POST", PREDICT, content_length="1000")) is None
    answer = door.refusal(ask("POST", PREDICT, content_length="1001"))
    assert answer is not None
    assert (answer.status, answer.code) == (413, Code.RESOURCE_EXHAUSTED)
    assert b"1000 bytes" in answer.body


def test_without_a_limit_any_length_passes():
    assert Gate().refusal(ask("POST", PREDICT, content_length="9" * 18)) is None
    assert Gate().too_large(1 << 60) is None


OWN = {"origin": "http://127.0.0.1:8501", "host": "127.0.0.1:8501"}
JSON = {"content_type": "application/json"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example.org",
        "http://127.0.0.1",
        "http://127.0.0.1:8888",
        "http://localhost:8501",
        "https://127.0.0.1:8501",
        "http://127.0.0.1:8501.example.org",
        "127.0.0.1:8501",
        "null",
        "",
    ],
)
def test_no_page_of_another_origin_may_ask(origin, method):
    answer = Gate(scheme="http").refusal(ask(method, PREDICT, **{**OWN, **JSON, "origin": origin}))

    assert answer is not None
    assert (answer.status, answer.code) == (403, Code.PERMISSION_DENIED)
    assert b"--rest_api_refuse_foreign_origins" in answer.body
    assert answer.content_type == b"application/json"


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON ; charset=utf-8"])
def test_the_servers_own_page_may_send_json(kind):
    assert Gate(scheme="http").refusal(ask("POST", PREDICT, **OWN, content_type=kind)) is None
    assert Gate(scheme="http").refusal(ask("GET", "/v1/server", **OWN)) is None


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "json"])
def test_what_a_page_sends_has_to_be_json(kind):
    answer = Gate(scheme="http").refusal(ask("POST", PREDICT, **OWN, content_type=kind))

    assert answer is not None
    assert answer.status == 415
    assert b"Content-Type: application/json" in answer.body


def test_clients_that_are_no_browsers_send_what_they_like():
    assert Gate(scheme="http").refusal(ask("POST", PREDICT, host="127.0.0.1:8501")) is None


def test_the_scheme_of_the_servers_own_page_is_that_of_its_port():
    tls = Terms(tls=Tls(b"", b"", b"", False))
    page = ask("GET", "/docs", host="127.0.0.1:8501", origin="https://127.0.0.1:8501")

    assert gate(tls, "127.0.0.1", [], foreign_origins=False).refusal(page) is None
    assert refused(gate(Terms(), "127.0.0.1", [], foreign_origins=False).refusal(page)) == 403
    assert gate(Terms(), "127.0.0.1", []).refusal(page) is None
