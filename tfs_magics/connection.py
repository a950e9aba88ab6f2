"""Which model server to talk to.

    serving.py --Connection--> Hosted:   by a Jupyter server, for all its notebooks
                               Own:      by this process, started when it is needed
                               Attached: by somebody else, at a URL

A Connection is all that the rest of the package knows of a server: where it answers, what it is
asked to serve, what it logged, how it is changed and stopped. It is chosen once, by
connections/discovery.py, and again when the setting changes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from server_ext.hosting.models import Model
from tfs_magics.client.predicting import Place
from tfs_magics.connections import runtimefile
from tfs_magics.connections.discovery import HUB_URL, TOKEN, URL, Discovery, without_token
from tfs_magics.connections.own import Own
from tfs_magics.connections.where import Opened, Stopped, Where, Wishes

_DECIDING = (URL, TOKEN, runtimefile.PARENT, HUB_URL)


class Connection(Protocol):
    """A model server, whoever runs it. What it raises is a ServingError that says what to do."""

    @property
    def where(self) -> Where:
        """Whose it is, and why this one."""
        ...

    @property
    def owner(self) -> str:
        """Who we are to it: the notebook, else the kernel; empty if nobody."""
        ...

    def status(self) -> dict[str, Any]:
        """Return what its host tells of it: `server`, `models`, `held`."""
        ...

    def models(self) -> Mapping[str, Model]:
        """Return what it is to serve, by name."""
        ...

    def place(self, *, fresh: bool = False) -> Place:
        """Return where it answers; `fresh` asks for it again."""
        ...

    def check(self, grace_s: float = 0.0) -> None:
        """Return if it runs, and still does after `grace_s`."""
        ...

    def open(self, models: Sequence[Model], wishes: Wishes, waiting: Callable[[], None]) -> Opened:
        """Have models served, and wait until the server listens."""
        ...

    def remove(self, name: str) -> None:
        """Have a model served no longer."""
        ...

    def set_versions(self, model: Model) -> None:
        """Change which versions of a model are served."""
        ...

    def set_labels(self, name: str, labels: Mapping[str, int | None]) -> None:
        """Give labels to versions; None takes one away."""
        ...

    def load(self, name: str, version: int) -> str:
        """Have one more version served; return a note."""
        ...

    def unload(self, name: str, version: int) -> str:
        """Have one version less served; return a note."""
        ...

    def poll(self) -> None:
        """Have the directories looked at now."""
        ...

    def stop(self, *, everything: bool = False) -> Stopped:
        """Have our models served no longer; `everything`: end the server for all."""
        ...

    def restart(self, waiting: Callable[[], None]) -> float:
        """End it and start it again with its models; return seconds it took."""
        ...

    def logs(self, lines: int, after: int = 0) -> dict[str, Any]:
        """Return `lines` of its log ({seq, at, text}), and the number `next` to go on after."""
        ...


class _Choice:
    """What was chosen, and for which setting. Any thread may use it."""

    def __init__(self) -> None:
        self.server = ""
        self.tokens: dict[str, str] = {}  # of servers that were given with one
        self.found: tuple[tuple[str | None, ...], Connection] | None = None


_own = Own()
_choice = _Choice()


def use(server: str) -> str:
    """Talk to this server from now on: a URL, `own`, or empty for the one that is found.

    Return it as it may be shown: a token in a URL, as Jupyter prints it, is kept apart.
    """
    address, token = without_token(server)
    if token:
        _choice.tokens[address] = token
    _choice.server = address
    return address


def change_to(server: str) -> str:
    """Do what use() does, if that server answers; else go on with the one there was.

    Raises:
        ServingError: it does not answer.
    """
    before, tokens = _choice.server, dict(_choice.tokens)
    try:
        address = use(server)
        current()
    except BaseException:  # an interrupt too: the next magic must not meet a server that is stuck
        _choice.server, _choice.tokens = before, tokens
        raise
    return address


def current() -> Connection:
    """Return the server to talk to, running or not.

    Raises:
        ServingError: the one that was asked for, or that started this kernel, does not answer.
    """
    token = _choice.tokens.get(_choice.server, "")
    setting = (_choice.server, token, *(os.environ.get(name) for name in _DECIDING))
    found = _choice.found
    if found is not None and found[0] == setting:
        return found[1]
    connection = Discovery(_own, token=token).find(_choice.server)
    _choice.found = setting, connection
    return connection
