"""What is known of a way to a model server, and what its methods take and return: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Where:
    """Whose server it is and why this one.

    `kind` is `jupyter`, `own` or `attached`. `url` is the base URL of a Jupyter server, or a model
    server's REST URL; it never holds a token. `passed` are the ways that come before it, each with
    why it was not taken. `shows_us`: this Jupyter server also shows the notebook, so that the page
    can ask it.
    """

    kind: str
    why: str
    url: str = ""
    passed: tuple[str, ...] = ()
    shows_us: bool = False


class Wishes(NamedTuple):
    """What a user asks of a server that starts; None leaves it to the server.

    Ports: 0 takes a free one. `replace` takes over models that other notebooks serve.
    """

    rest_port: int | None = None
    grpc_port: int | None = None
    batching: str | None = None
    replace: bool = False


class Opened(NamedTuple):
    """What came of having models served: seconds a start took (0.0: it ran), and what to know."""

    start_s: float
    notes: tuple[str, ...] = ()


class Stopped(NamedTuple):
    """What came of a stop: whether the server has ended, and by itself; which models are gone.

    `left` are the models that go on being served, and whose they are.
    """

    ended: bool
    gently: bool = True
    removed: tuple[str, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
