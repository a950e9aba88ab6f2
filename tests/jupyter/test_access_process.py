"""Who is let in: credentials, rights, cookies, hosts and origins; on a real Jupyter server."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
import requests

from server_ext.jupyter.routes import ROUTES

pytestmark = pytest.mark.tensorflow

AUTHORIZER = """
from jupyter_server.auth.authorizer import Authorizer

class ReadOnly(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "tfs" or action == "read"

c.ServerApp.authorizer_class = ReadOnly
"""
REQUESTS = [
    (method.upper(), "tfs/api/" + re.sub(r"{name}", "m", path).replace("{version}", "1"))
    for path, handler in ROUTES.items()
    for method in handler.operations
] + [
    ("GET", "tfs/v1/models/m"),
    ("HEAD", "tfs/v1/models/m"),
    ("OPTIONS", "tfs/v1/models/m"),
    ("POST", "tfs/v1/models/m:predict"),
    ("GET", "tfs/api/nothing"),
    ("POST", "tfs/nothing"),
]
READS = {"about", "openapi.json", "status", "logs", "history"}
BODIES = {"PUT": {"base_path": "/m"}, "PATCH": {"versions": "all"}}


@pytest.fixture(scope="module")
def page(jupyter):
    """A browser that is logged in: cookies, and no token in its requests."""
    session = requests.Session()
    session.get(jupyter.url + "api/status", params={"token": jupyter.token}, timeout=30)
    session.get(jupyter.url + "tree", timeout=30)
    return session


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_nothing_answers_without_credentials(jupyter, method, path):
    answer = jupyter.ask(method, path, headers={}, json=BODIES.get(method))

    assert answer.status_code == 403
    if method != "HEAD":
        assert answer.json()["reason"] == "UNAUTHENTICATED"
        assert "Authorization: token" in answer.json()["message"]


def test_a_wrong_token_is_no_credential(jupyter):
    headers = {"Authorization": "token 0000"}

    assert jupyter.api("GET", "status", headers=headers).status_code == 403


@pytest.mark.parametrize("path", sorted(READS))
def test_the_token_of_jupyter_lets_in(jupyter, path):
    assert jupyter.get(path).status_code == 200


def test_a_page_reads_with_its_cookie_and_writes_with_the_xsrf_header_only(jupyter, page):
    url = jupyter.url + "tfs/api/"
    origin = {"Referer": jupyter.url}

    read = page.get(url + "status", headers=origin, timeout=30)
    bare = page.post(url + "server/stop", json={}, timeout=30)
    proxied = page.post(jupyter.url + "tfs/v1/models/m:predict", json={}, timeout=30)
    sure = page.post(
        url + "server/stop", json={}, headers={"X-XSRFToken": page.cookies["_xsrf"]}, timeout=30
    )

    assert read.status_code == 200
    assert bare.status_code == proxied.status_code == 403
    for refused in (bare, proxied):
        assert "the cookie _xsrf as the header X-XSRFToken, or" in refused.json()["message"]
    assert sure.status_code == 200


@pytest.mark.parametrize("path", ["tfs/api/status", "tfs/v1/models/m"])
def test_a_foreign_host_is_refused_even_with_the_token(jupyter, path):
    headers = {"Authorization": f"token {jupyter.token}", "Host": "evil.example"}

    answer = jupyter.ask("GET", path, headers=headers)

    assert answer.status_code == 403
    assert answer.json()["reason"] == "PERMISSION_DENIED"
    assert 'Host "evil.example" is not a name of this Jupyter' in answer.json()["message"]
    assert "c.ServerApp.local_hostnames" in answer.json()["message"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["tfs/api/server/stop", "tfs/v1/models/m:predict"])
def test_a_page_of_another_site_is_refused(jupyter, page, method, path):
    headers = {"Origin": "http://evil.example", "X-XSRFToken": page.cookies["_xsrf"]}

    answer = page.request(method, jupyter.url + path, headers=headers, json={}, timeout=30)

    assert answer.status_code == 403
    assert "another site" in answer.json()["message"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_answers_say_what_they_are_and_are_not_to_be_guessed(jupyter):
    for answer in (jupyter.get("status"), jupyter.get("nothing")):
        assert answer.headers["Content-Type"].startswith("application/json")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_who_may_only_read_sees_all_but_the_address_and_changes_nothing(start_jupyter, tmp_path):
    config = tmp_path / "home-0" / "config"
    config.mkdir(parents=True)
    (config / "jupyter_server_config.py").write_text(AUTHORIZER)
    jupyter = start_jupyter()

    codes = {
        (method, path.removeprefix("tfs/api/")): jupyter.ask(
            method, path, json=BODIES.get(method), stream=True
        ).status_code
        for method, path in REQUESTS
        if path.startswith("tfs/api/") and path != "tfs/api/nothing"
    }

    assert {path for (_, path), code in codes.items() if code == 200} == READS | {"events"}
    assert set(codes.values()) == {200, 403}
    assert jupyter.predict("m").status_code == 403
    assert jupyter.ask("GET", "tfs/v1/models/m").status_code == 503  # allowed; nothing runs
    assert "not authorized to write" in jupyter.post("server/start").json()["message"]


def test_the_log_says_who_changed_what_and_no_line_has_the_token(jupyter):
    jupyter.post("server/stop", forget=True)
    port = urlsplit(jupyter.url).port

    assert re.search(r"tfs: \S+ stops the model server and forgets its models", jupyter.log)
    lines = [line for line in jupyter.lines if f":{port}/?token=" not in line]
    assert jupyter.token not in "\n".join(lines).replace(f"api/status?token={jupyter.token}", "")
