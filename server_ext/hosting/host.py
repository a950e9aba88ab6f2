"""Hosts a model server: starts it, keeps it running, tells it what to serve, knows how it is.

    any thread --> Host --turns.py: one change at a time--> catalog.py --pipe--> model server
                    |                                                              |  ^
                    +--supervisor.py: start, health, restart, stop-----------------|--+
                    +--board.py: status, events <----------------------------------+

Used by kernels and by Jupyter servers alike. Threads: any thread may call any method. `status`,
`logs`, `address` and `subscribe` never block; the others wait for the model server, and an
interrupt ends the wait and nothing else. A forked copy of the process can ask, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from server_ext.hosting import deletion, forks
from server_ext.hosting.address import Address
from server_ext.hosting.catalog import Catalog
from server_ext.hosting.crew import HostCrew
from server_ext.hosting.forks import Origin
from server_ext.hosting.held import HeldVersions
from server_ext.hosting.launch import Launcher
from server_ext.hosting.models import Model, Versions
from server_ext.hosting.registry import Registry, Saved
from server_ext.hosting.settings import Owner, Settings
from server_ext.hosting.situation import State
from server_ext.hosting.supervisor import Supervisor
from server_ext.hosting.telling import Telling
from server_ext.hosting.turns import Turns
from server_ext.hosting.wanted import Wanted
from server_ext.hosting.wish import wish

T = TypeVar("T")


class Host(Telling):
    """One model server, hosted. See the module for who may call what."""

    def __init__(self, settings: Settings, registry: Registry | None = None) -> None:
        saved = registry.load() if registry is not None else Saved()
        wanted = Wanted(saved.entries)
        super().__init__(settings, wanted, HeldVersions(saved.held), registry)
        self._origin = Origin()
        self._catalog = Catalog(
            settings, wanted, self._held, registry, self._board, running=saved.running
        )
        self._turns = Turns("model-server-changes")
        self._launcher = Launcher(settings, self._log)
        self._supervisor = Supervisor(
            settings,
            HostCrew(
                self._launcher, self._catalog, self._held, self._board, self._turns, self._log
            ),
        )
        forks.follow(self)

    @property
    def wanted_running(self) -> bool:
        """Whether the server was to run when this was last known: started, and not stopped."""
        return self._catalog.running

    def start(
        self,
        rest_port: int | None = None,
        grpc_port: int | None = None,
        batching: str | None = None,
        waiting: Callable[[], None] = lambda: None,
    ) -> float:
        """Have the server run with all that is wanted; block until it listens.

        Return the seconds that took, 0.0 if it runs. A start under way is joined. None leaves a
        choice to the settings. `waiting` is called several times a second meanwhile.

        Raises:
            InvalidArgument: a number that is no port, or no way to batch.
            FailedPrecondition: it runs on other ports, or batches in another way; or this is a
                forked copy of the process that hosts.
            Unavailable: it did not start, or a port that was asked for is taken.
            KeyboardInterrupt: the server goes on starting; another call joins it.
        """
        self._origin.check()
        asked = wish(self.settings, rest_port, grpc_port, batching)
        self._turns.later(lambda: self._catalog.set_running(True))
        return self._supervisor.start(asked, waiting)

    def stop(self, *, forget: bool = False, now: bool = False) -> bool:
        """End the server after what is in flight, or `now`; block until it has ended.

        Tell whether it went without force. The models stay wanted, unless `forget`. A stop under
        way, which waits for requests, ends with the first that does not.
        """
        self._origin.check()
        gone = self._supervisor.stop(0.0 if now else None)
        self._turns.later(lambda: self._catalog.set_running(False))
        if forget:
            self._turns.do(self._catalog.clear)
        return gone

    def restart(self, waiting: Callable[[], None] = lambda: None) -> float:
        """Stop the server if it runs, start it where it was; else as `start`, interrupts too."""
        self._origin.check()
        asked = self._supervisor.next_wish or wish(self.settings, None, None, None)
        self._turns.later(lambda: self._catalog.set_running(True))
        return self._supervisor.restart(asked, waiting)

    def serve(
        self, models: Sequence[Model], owner: Owner | None = None, replace: bool = False
    ) -> None:
        """Want models, all or none of them: new ones, or other choices for those there are.

        Starts nothing. A server that runs is told, and loads them in its time.

        Raises:
            AlreadyExists: a name belongs to another owner; `replace` takes it over.
            InvalidArgument: no name or path for a model.
            PermissionDenied: a path outside of the roots.
            FailedPrecondition: a label for a version that is not available.
            ResourceExhausted: too many models.
        """
        self._turn(lambda: self._catalog.serve(list(models), owner, replace))

    def remove(self, name: str) -> None:
        """Serve a model no longer.

        Raises:
            NotFound: it is not served.
        """
        self._turn(lambda: self._catalog.remove(name))

    def change(
        self, name: str, versions: Versions | None, labels: Mapping[str, int | None]
    ) -> None:
        """Choose which versions are served, if given, and what labels stand for; None removes one.

        Raises:
            NotFound: the model is not served.
            FailedPrecondition: a label for a version that is not among those, or not AVAILABLE.
        """
        self._turn(lambda: self._catalog.change(name, versions, dict(labels)))

    def set_versions(self, name: str, versions: Versions) -> None:
        """Choose which versions of a model are served, as `change`."""
        self.change(name, versions, {})

    def set_labels(self, name: str, labels: Mapping[str, int | None]) -> None:
        """Have labels stand for versions, as `change`."""
        self.change(name, None, labels)

    def load(self, name: str, version: int) -> str:
        """Serve this version as well; return a note that says what that means for new ones.

        Raises:
            NotFound: no such model is served, or it has no such version.
            FailedPrecondition: it was to be served before, and could not be loaded.
        """
        return self._turn(lambda: self._catalog.load(name, version))

    def unload(self, name: str, version: int) -> str:
        """Serve this version no longer; return a note that says what that means for new ones.

        Raises:
            NotFound: no such model or version is served.
            FailedPrecondition: it is the last one.
        """
        return self._turn(lambda: self._catalog.unload(name, version))

    def poll(self) -> None:
        """Have the server look for new and removed versions now.

        Raises:
            Unavailable: it does not run.
        """
        self._board.disk.look(now=True)
        self._turn(self._catalog.poll)

    def delete_files(self, name: str, version: int) -> int:
        """Delete the files of a version that is not loaded; return how many bytes are free now.

        Raises:
            NotFound: the model is not served, or has no such version on disk.
            PermissionDenied: it lies outside of the roots, or the system does not let us.
            FailedPrecondition: it is loaded, a label stands for it, or it does not hold a model.
        """
        aside = self._turn(lambda: self._catalog.set_aside(name, version))
        freed = deletion.remove(aside)
        self._board.disk.look(now=True)
        return freed

    def address(self) -> Address:
        """Return where the server answers. Never blocks.

        Raises:
            Unavailable: it does not; the message says why, with its last lines.
        """
        situation = self._supervisor.situation
        where = situation.address(self._launcher.token)
        if where is not None and situation.state is State.RUNNING:
            return where
        raise situation.refusal()

    def close(self, timeout_s: float | None = None) -> None:
        """End the server and all threads, for good. The registry keeps what is wanted.

        `timeout_s` is how long the server may take before it is ended by force, by default what the
        settings say. In a forked copy this does nothing.
        """
        if not self._origin.here:
            return
        self._supervisor.close(timeout_s)
        self._turns.close()
        self._board.disk.close()
        if self._registry is not None:
            self._registry.close()

    def _turn(self, work: Callable[[], T]) -> T:
        self._origin.check()
        return self._turns.do(work)

    def let_go(self) -> None:
        """In a forked copy: what nobody holds there must not be waited for."""
        self._supervisor.let_go()
        self._board.let_go()
        self._held.let_go()
        self._log.let_go()
