"""The model server this process owns: a child that is started when needed and ends with it.

    open(models) --> models.config in a private directory --> ServerProcess --> ready: ports

Threads: any thread may call any method; starting and stopping wait for each other. In a forked copy
of the process the server can be asked, but neither changed nor stopped.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from server_ext.errors import FailedPrecondition, InvalidArgument, ServingError, Unavailable
from server_ext.hosting import models as modelfile
from server_ext.hosting.command import BATCHING, WAYS_TO_BATCH, command, environment
from server_ext.hosting.models import Model
from server_ext.hosting.ports import GRPC_PORT, HOST, REST_PORT, PortWish
from server_ext.hosting.process import LAST_LINES, Ready, ServerFailed, ServerProcess

START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 35  # more than the server takes to answer what is in flight
EXIT_TIMEOUT_S = 5
CONFIG = "models.config"


class OwnServer:
    """One server at a time; one that died is started again, with its models, by `open`."""

    def __init__(self) -> None:
        self._stopped_at: float | None = None
        self._notes: tuple[str, ...] = ()
        self._models: dict[str, Model] = {}
        self._process: ServerProcess | None = None
        self._directory: Path | None = None
        self._usual = (REST_PORT, GRPC_PORT)
        self._batching = BATCHING
        self._lock = threading.RLock()

    @property
    def models(self) -> Mapping[str, Model]:
        """What the server was asked to serve, by name."""
        return self._models

    @property
    def notes(self) -> Sequence[str]:
        """Which ports differ from the usual ones, in words."""
        return self._notes

    @property
    def stopped_at(self) -> float | None:
        """When it was stopped, in Unix seconds; None if it was not."""
        return self._stopped_at

    @property
    def running(self) -> bool:
        """Whether the server listens and has not ended."""
        process = self._process
        return self.started and process is not None and process.alive and process.ready is not None

    @property
    def started(self) -> bool:
        """Whether there is a server that was not stopped; it may have died."""
        return self._process is not None and self._stopped_at is None

    @property
    def rest_url(self) -> str:
        """Where REST answers."""
        return f"http://{HOST}:{self._ready.rest_port}"

    @property
    def grpc_target(self) -> str:
        """Where gRPC answers."""
        return f"{HOST}:{self._ready.grpc_port}"

    def open(
        self,
        models: Sequence[Model],
        rest_port: int | None,
        grpc_port: int | None,
        batching: str | None,
        waiting: Callable[[], None],
    ) -> float:
        """Have models served by the server, started or joined; return seconds a start took.

        Returns when the server listens. It takes up the models within a second or so. `batching` is
        how a server that starts batches, by default BATCHING.

        Raises:
            InvalidArgument: `batching` is no way to batch.
            Unavailable: it did not start, or a port that was asked for is taken.
            FailedPrecondition: it runs on other ports than asked for or batches in another way, or
                it belongs to the process that forked this one.
            KeyboardInterrupt: the server goes on starting; another call joins it.
        """
        wishes = (
            PortWish("REST", "--rest-port", self._usual[0], rest_port),
            PortWish("gRPC", "--grpc-port", self._usual[1], grpc_port),
        )
        if batching not in (None, *WAYS_TO_BATCH):
            raise InvalidArgument(f"--batching {batching}: use {', '.join(WAYS_TO_BATCH)}")
        if self._process is not None and not self._process.owned:
            self._check_borrowed(models)
            return 0.0
        with self._lock:
            if self.running:
                _check_ports(self._ready, wishes)
                self._check_batching(batching)
                self._serve(models)
                return 0.0
            began = time.monotonic()
            before = dict(self._models)
            if not self._starting:
                self._batching = batching or self._batching
            self._serve(models)
            try:
                self._join_or_start(wishes, waiting)
            except ServingError:
                self._models = before
                raise
            return time.monotonic() - began

    def check(self, grace_s: float = 0.0) -> None:
        """Return if the server runs, and still does after `grace_s`.

        Raises:
            Unavailable: none was started, it was stopped, or it ended by itself.
        """
        if self._process is None or self._stopped_at is not None:
            raise Unavailable("No model server runs here. %tfs_serve NAME starts one.")
        if self._process.ended(grace_s):
            raise ServerFailed(
                f"The model server ended by itself ({self._process.exit_text}). "
                "%tfs_serve starts it again.",
                self._process.log.last(LAST_LINES),
            )

    def last_lines(self, number: int) -> list[str]:
        """Return at most `number` of the last lines of the log, the oldest first."""
        return self._process.log.last(number) if self._process is not None else []

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> bool:
        """End the server and forget its models; tell whether it went by itself."""
        with self._lock:
            gone = self._end(timeout_s)
            self._stopped_at = time.time()
            self._models.clear()
            self._usual = (REST_PORT, GRPC_PORT)
            self._batching = BATCHING
            return gone

    def at_exit(self) -> None:
        """End the server with this process, unless this is a forked copy of the one it is of."""
        if self._process is not None and self._process.owned:
            self._end(EXIT_TIMEOUT_S)

    @property
    def _ready(self) -> Ready:
        if self._process is None or self._process.ready is None:
            raise Unavailable("The model server is still starting. %tfs_serve waits for it.")
        return self._process.ready

    @property
    def _starting(self) -> bool:
        """Whether an interrupt left a server that starts."""
        return self.started and self._process is not None and self._process.alive

    def _check_batching(self, batching: str | None) -> None:
        if batching not in (None, self._batching):
            raise FailedPrecondition(
                f"The model server already runs with --batching {self._batching}. "
                "Leave out --batching, or end it with %tfs_stop first."
            )

    def _join_or_start(self, wishes: Sequence[PortWish], waiting: Callable[[], None]) -> None:
        if self._process is not None and self._starting:
            ready = self._process.wait_ready(START_TIMEOUT_S, waiting)
        else:
            ready = self._start(wishes, waiting)
        pairs = zip(wishes, (ready.rest_port, ready.grpc_port), strict=True)
        self._notes = tuple(note for wish, got in pairs if (note := wish.note(got or 0)))
        self._usual = (ready.rest_port or REST_PORT, ready.grpc_port or GRPC_PORT)

    def _start(self, wishes: Sequence[PortWish], waiting: Callable[[], None]) -> Ready:
        self._end(EXIT_TIMEOUT_S)  # of one that died: its pipes, its directory
        ports = [wish.choose() for wish in wishes]
        try:
            return self._spawn(ports, waiting)
        except ServerFailed:
            again = [wish.choose() for wish in wishes]
            if again == ports:
                raise  # else another process was quicker to take a port
            return self._spawn(again, waiting)

    def _serve(self, models: Sequence[Model]) -> None:
        """Add models, or change what is served of them; before or while the server runs."""
        changed = {model.name: model for model in models if self._models.get(model.name) != model}
        self._models.update(changed)
        if changed and self._directory is not None:
            modelfile.write(self._directory / CONFIG, self._models.values())

    def _check_borrowed(self, models: Sequence[Model]) -> None:
        if any(self._models.get(model.name) != model for model in models):
            raise FailedPrecondition(
                "The model server belongs to the process that forked this one. Serve models there."
            )

    def _spawn(self, ports: Sequence[int], waiting: Callable[[], None]) -> Ready:
        self._directory = Path(tempfile.mkdtemp(prefix="tfs-magics-"))
        config = self._directory / CONFIG
        modelfile.write(config, self._models.values())
        self._process = ServerProcess(
            command(config, *ports, batching=self._batching),
            cwd=str(self._directory),
            env=environment(),
        )
        self._stopped_at = None
        try:
            ready = self._process.wait_ready(START_TIMEOUT_S, waiting)
            if ready.rest_port is None:
                raise ServerFailed(
                    f"The model server could not listen on port {ports[0]} for REST.",
                    self._process.log.last(LAST_LINES),
                )
        except ServerFailed:
            self._end(EXIT_TIMEOUT_S)
            raise
        return ready

    def _end(self, timeout_s: float) -> bool:
        gone = self._process is None or self._process.stop(timeout_s)
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None
        return gone


def _check_ports(ready: Ready, wishes: Sequence[PortWish]) -> None:
    for wish, port in zip(wishes, (ready.rest_port, ready.grpc_port), strict=True):
        if wish.fixed and wish.fixed != port:
            raise FailedPrecondition(
                f"The model server already runs with {wish.what} on port {port}. "
                f"Leave out {wish.option}, or end it with %tfs_stop first."
            )
