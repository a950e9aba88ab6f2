"""A kernel of a Jupyter server, asked as JupyterLab asks it: HTTP to start it, a websocket to run.

Messages are Jupyter's, as JSON; nothing of them is interpreted but what a cell shows and its reply.
Jupyter's server sends the small messages of one cell by Nagle's algorithm: each waits until the one
before is acknowledged, which Linux puts off for 40 ms. So this client acknowledges at once.
"""

from __future__ import annotations

import json
import socket
import struct
import time
import uuid
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import websocket
from jupyterprocess import Jupyter

START_TIMEOUT_S = 60
RUN_TIMEOUT_S = 120
QUICKACK = getattr(socket, "TCP_QUICKACK", None)  # Linux has it; it holds until the next message
SHOWN = ("execute_result", "display_data", "error", "stream")


class Kernel:
    """A kernel for a notebook of that path; `with Kernel(jupyter, "a.ipynb") as kernel`."""

    def __init__(self, jupyter: Jupyter, path: str, name: str = "python3") -> None:
        self.jupyter = jupyter
        asked = {"path": path, "name": path, "type": "notebook", "kernel": {"name": name}}
        session = jupyter.tell("POST", "api/sessions", json=asked)
        self.id = session["kernel"]["id"]
        self._session = session["id"]
        self._connect()

    def _connect(self) -> None:
        at = urlsplit(self.jupyter.url)
        url = (
            f"ws://{at.netloc}{at.path}api/kernels/{self.id}/channels?session_id={uuid.uuid4().hex}"
        )
        headers = [f"Authorization: token {self.jupyter.token}"]
        self._socket = websocket.create_connection(url, timeout=START_TIMEOUT_S, header=headers)
        self._reply("kernel_info_request", {}, START_TIMEOUT_S, [])

    def run(self, code: str, timeout_s: float = RUN_TIMEOUT_S) -> str:
        """Run a cell and return what it shows, as plain text.

        Raises:
            RuntimeError: it ended with an error.
        """
        outputs: list[str] = []
        content = {"code": code, "silent": False, "store_history": True, "stop_on_error": True}
        reply = self._reply("execute_request", content, timeout_s, outputs)
        shown = "\n".join(outputs)
        if reply["status"] != "ok":
            raise RuntimeError(f"{code}\n{shown}")
        return shown

    def echo(self, timeout_s: float = RUN_TIMEOUT_S) -> float:
        """Return the seconds from asking for the value of `1` to the kernel's reply."""
        begin = time.monotonic()
        content = {"code": "1", "silent": False, "store_history": False}
        self._reply("execute_request", content, timeout_s, [])
        return time.monotonic() - begin

    def restart(self) -> None:
        """Restart it, as the button in JupyterLab does, and wait until it answers again."""
        self._socket.close()
        self.jupyter.tell("POST", f"api/kernels/{self.id}/restart")
        self._connect()

    def leave(self) -> None:
        """Close the connection; the kernel goes on."""
        self._socket.close()

    def close(self) -> None:
        """End the kernel."""
        self.leave()
        self.jupyter.tell("DELETE", f"api/sessions/{self._session}")

    def __enter__(self) -> Kernel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _reply(
        self, kind: str, content: dict[str, Any], timeout_s: float, outputs: list[str]
    ) -> dict[str, Any]:
        """Ask on the shell channel; return the reply once the kernel is idle and has shown all."""
        message_id = uuid.uuid4().hex
        header = {"msg_id": message_id, "msg_type": kind, "version": "5.3", "username": ""}
        header |= {"session": uuid.uuid4().hex, "date": "2000-01-01T00:00:00Z"}
        parts = {"parent_header": {}, "metadata": {}, "content": content, "buffers": []}
        self._socket.send(json.dumps({"header": header, "channel": "shell", **parts}))
        deadline = time.monotonic() + timeout_s
        reply, idle = None, False
        while reply is None or not (idle or kind == "kernel_info_request"):
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            if QUICKACK is not None:
                self._socket.sock.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
            heard = message(self._socket.recv())
            if heard["parent_header"].get("msg_id") != message_id:
                continue
            if heard["channel"] == "shell":
                reply = heard["content"]
            elif heard["msg_type"] == "status":
                idle = heard["content"]["execution_state"] == "idle"
            elif heard["msg_type"] in SHOWN:
                outputs.append(_text(heard["content"]))
        return reply


def _text(content: dict[str, Any]) -> str:
    if "data" in content:
        return str(content["data"].get("text/plain", ""))
    return str(content.get("text") or "\n".join(content.get("traceback", [])))


def message(frame: str | bytes) -> Any:
    """Return a message; one with buffers, as widgets send, comes as their places, then all of it."""
    if isinstance(frame, bytes):
        (count,) = struct.unpack_from("!I", frame)
        places = [*struct.unpack_from(f"!{count}I", frame, 4), len(frame)]
        frame = frame[places[0] : places[1]].decode()
    return json.loads(frame)
