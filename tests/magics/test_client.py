"""What a client makes of servers that refuse, lie or are not there."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from server_ext.errors import Code, ServingError, Unavailable
from tfs_magics.client.rest import Client, model_path


class Teapot(http.server.BaseHTTPRequestHandler):
    """Answers everything with what the path says: /v1/models/<status>-<body>..."""

    def do_GET(self) -> None:
        status, _, body = self.path.split("/")[3].partition("-")
        self.send_response(int(status))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def teapot() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Teapot) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_server_that_is_not_there_is_one_clear_line(nobody: str):
    with pytest.raises(Unavailable) as error:
        Client(nobody).server()

    assert str(error.value) == (
        f"The model server at {nobody} cannot be reached (connection refused). "
        "%tfs_status tells more."
    )


def test_a_proxy_in_the_environment_is_not_asked(
    teapot: str, nobody: str, monkeypatch: pytest.MonkeyPatch
):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, nobody)

    with pytest.raises(ServingError, match="HTTP 418: tea"):
        Client(teapot).metadata("418-tea")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, Code.INVALID_ARGUMENT),
        (404, Code.NOT_FOUND),
        (429, Code.RESOURCE_EXHAUSTED),
        (503, Code.UNAVAILABLE),
        (418, Code.UNKNOWN),
    ],
)
def test_an_http_status_becomes_its_code(teapot: str, status: int, code: Code):
    with pytest.raises(ServingError) as error:
        Client(teapot).metadata(f"{status}-tea")

    assert error.value.code is code


def test_a_name_is_one_part_of_the_path():
    assert model_path("a/b:c d", 7) == "/v1/models/a%2Fb%3Ac%20d/versions/7"
