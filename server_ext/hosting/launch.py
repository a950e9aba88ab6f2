"""Starts the processes of a hosted server: directory, token, command, environment.

Each run has a private directory (0700) to work in. The token of a server that asks for one lies
there in a file (0600): a command line or an environment can be read by others.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil

from server_ext.hosting.command import command, environment
from server_ext.hosting.logring import LogRing
from server_ext.hosting.output import Said
from server_ext.hosting.process import ServerFailed, ServerProcess
from server_ext.hosting.settings import Settings

TOKEN_BYTES = 32
PREFIX = "tfs-magics-"


class Launcher:
    """Starts one process after the other. One thread calls; `token` may be read by any."""

    def __init__(self, settings: Settings, log: LogRing) -> None:
        self._settings = settings
        self._log = log
        self._directory: Path | None = None
        self.token: str | None = None

    def launch(
        self,
        rest_port: int,
        grpc_port: int,
        batching: str,
        *,
        one_load_at_a_time: bool,
        heard: Callable[[Said], None],
        ended: Callable[[], None],
    ) -> ServerProcess:
        """Start a process.

        Raises:
            ServerFailed: the system does not let us.
        """
        self.clear()
        remove_left_behind()
        try:
            self._directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
            token_file = self._token_file(self._directory)
        except OSError as error:
            raise ServerFailed(
                f"The model server gets no directory in {tempfile.gettempdir()}: {error.strerror}."
            ) from error
        words = command(
            self._settings,
            rest_port,
            grpc_port,
            batching=batching,
            token_file=token_file,
            one_load_at_a_time=one_load_at_a_time,
        )
        return ServerProcess(
            words,
            cwd=str(self._directory),
            env=environment(),
            log=self._log,
            heard=heard,
            ended=ended,
        )

    def clear(self) -> None:
        """Remove the directory of a run that is over."""
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def new_token(self) -> None:
        """Have the next run ask for another token."""
        self.token = None

    def _token_file(self, directory: Path) -> Path | None:
        if not self._settings.require_token:
            return None
        self.token = self.token or secrets.token_urlsafe(TOKEN_BYTES)
        path = directory / "token"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{self.token}\n")
        return path


def remove_left_behind() -> None:
    """Remove what hosts of this user that were killed have left in the directory for such files."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}[0-9]*-*"):
        pid = directory.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)) and _is_private(directory):
            shutil.rmtree(directory, ignore_errors=True)


def _is_private(directory: Path) -> bool:
    """Tell whether it is a directory that only this user can have made."""
    try:
        found = directory.lstat()
    except OSError:
        return False
    mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return mine and stat.S_ISDIR(found.st_mode)
