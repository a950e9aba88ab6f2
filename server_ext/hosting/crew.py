"""What a host does for its supervisor, and what it makes of a server's events.

launch       --> launch.py starts a process; the first turn tells it all that is wanted
run_is_over  --> held.py finds out whether a load was the cause; nothing is AVAILABLE any more
events       --> board.py, and held.py for loads
"""

from __future__ import annotations

from collections.abc import Callable

from server_ext.hosting.board import Board
from server_ext.hosting.catalog import Catalog
from server_ext.hosting.held import HeldVersions
from server_ext.hosting.launch import Launcher
from server_ext.hosting.logring import LogRing
from server_ext.hosting.output import Said
from server_ext.hosting.process import ServerProcess
from server_ext.hosting.situation import Situation, State
from server_ext.hosting.turns import Turns


class HostCrew:
    """The supervisor's Crew, see watch.py. Its thread calls; `_hear` is called by that of a run."""

    def __init__(
        self,
        launcher: Launcher,
        catalog: Catalog,
        held: HeldVersions,
        board: Board,
        turns: Turns,
        log: LogRing,
    ) -> None:
        self._launcher = launcher
        self._catalog = catalog
        self._held = held
        self._board = board
        self._turns = turns
        self._log = log

    def launch(
        self, rest_port: int, grpc_port: int, batching: str, ended: Callable[[], None]
    ) -> ServerProcess:
        """Start a process, and tell it what to serve even before it listens."""
        process = self._launcher.launch(
            rest_port,
            grpc_port,
            batching,
            one_load_at_a_time=self._held.one_at_a_time,
            heard=self._hear,
            ended=ended,
        )
        self._catalog.attach(process)
        self._turns.later(lambda: self._catalog.replay(process))
        return process

    def run_is_over(self, how: str) -> bool:
        """Take note of the end of a run; tell whether the cause is dealt with."""
        self._catalog.detach()
        self._launcher.clear()
        explained = self._held.run_is_over(how)
        self._board.run_is_over()
        if how:
            self._turns.later(self._catalog.save)
        else:
            self._launcher.new_token()
        return explained

    def tell(self, situation: Situation) -> None:
        """Take note of how the server is; in its log, too, where a run ended by itself."""
        if situation.retry_at is not None or situation.state is State.FAILED:
            self._log.add(f"[host] {situation.reason}")
        self._board.set_situation(situation)

    def _hear(self, said: Said) -> None:
        """Take an event of the server."""
        name, version = said.get("name", ""), said.get("version", 0)
        if said["event"] == "loading":
            if self._held.loading(name, version, said.get("stamp", "")):
                self._turns.later(self._catalog.save)
        elif said["event"] == "loaded":
            self._held.loaded(name, version)
        else:
            self._board.hear(said)
