"""The runs of a server that is wanted, one after the other, in the supervisor's thread.

launch --ready line--> running --ends by itself, or hangs--> pause --> launch ...
   |                      |
   +---> failed           +--- stopped by us, or exit code 0 ---> stopped
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from server_ext.errors import ServingError
from server_ext.hosting import cause, memory
from server_ext.hosting.backoff import Backoff
from server_ext.hosting.cause import Cause
from server_ext.hosting.health import Health
from server_ext.hosting.output import Ready
from server_ext.hosting.ports import PortTaken, says_taken, taken_of
from server_ext.hosting.process import ServerFailed, ServerProcess
from server_ext.hosting.settings import Settings
from server_ext.hosting.situation import Situation, State
from server_ext.hosting.watch import Crew, Unwanted, Watch

LOOK_S = 1.0  # for an end that nobody told us of
EXIT_S = 5.0  # between the end of a server's output and its own
ABORT_S = 1.0  # a server that is not ready yet has nothing to finish
CLEAN = "exit code 0"


class End(NamedTuple):
    """How a run ended; `final` if it was the last, `explained` if the same will not come again."""

    reason: str = ""
    lines: tuple[str, ...] = ()
    final: State | None = None
    explained: bool = False
    cause: Cause | None = None


class Runs:
    """All runs of one watch. One thread calls `until_over`, once."""

    def __init__(
        self, settings: Settings, crew: Crew, watch: Watch, tell: Callable[..., None]
    ) -> None:
        self._settings = settings
        self._crew = crew
        self._watch = watch
        self._tell_locked = tell
        self._wish = watch.wish
        self._ran = False
        self._restarts = 0
        self._reason = ""  # why the last run ended
        self._cause: Cause | None = None
        self._how = ""
        self._code: int | None = None
        self._launched = 0.0
        self._killed_before: int | None = None  # by the system, for want of memory
        self._ports = (0, 0)
        self._output_ended = False
        self._hung = False
        self._backoff = Backoff(
            settings.first_pause_s,
            settings.longest_pause_s,
            settings.max_restarts,
            settings.restart_window_s,
        )

    def until_over(self) -> Situation:
        """Run the server until it is stopped or has failed; return which of them, and why."""
        while True:
            end = self._one_run()
            if end.final is None:
                end = self._pause(end)
            if end.final is not None:
                return Situation(end.final, end.reason, end.lines, cause=end.cause)

    def _one_run(self) -> End:
        try:
            process = self._launch()
        except Unwanted:
            self._crew.run_is_over("")
            return End(final=State.STOPPED)
        except ServingError as error:
            return self._not_started(error)
        self._ran = True
        try:
            return self._attend(process)
        finally:
            self._watch.process = None

    def _launch(self) -> ServerProcess:
        """Start the server, on other ports if somebody was quicker to take those we chose.

        Who may be quicker again; the last time it is ports that the system picks.
        """
        ports = self._wish.choose()
        for other_ports in (self._wish.choose, self._wish.anywhere):
            try:
                return self._ready(ports)
            except ServerFailed as error:
                before, ports = ports, other_ports()
                moves = ports != before or says_taken(error.lines)
                if self._how.startswith("signal") or not moves:
                    raise
                self._crew.run_is_over("")
        return self._ready(ports)

    def _ready(self, ports: tuple[int, int]) -> ServerProcess:
        self._how, self._output_ended, self._hung = "", False, False
        self._code, self._ports = None, ports
        self._launched, self._killed_before = time.monotonic(), memory.killed()
        process = self._crew.launch(*ports, self._wish.batching, self._note_end_of_output)
        self._watch.process = process
        try:
            ready = process.wait_ready(self._settings.start_timeout_s, self._watch.check)
            if ready.rest_port is None:
                raise ServerFailed(
                    f"The model server could not listen on port {ports[0]} for REST.",
                    process.last_lines,
                )
        except (ServerFailed, Unwanted):
            self._how, self._code = process.exit_text or "no ready line", process.exit_code
            process.stop(ABORT_S)
            raise
        return process

    def _not_started(self, error: ServingError) -> End:
        """Give up at once if the very first run says that it cannot: the next one would, too."""
        explained = self._crew.run_is_over(self._how)
        lines = error.lines if isinstance(error, ServerFailed) else ()
        title = error.title if isinstance(error, ServerFailed) else error.message
        fatal = not self._ran and not self._how.startswith("signal")
        if isinstance(error, PortTaken):
            why = cause.port_in_use(error.port)
        elif taken := says_taken(lines) and taken_of(self._ports, self._settings.host):
            why = cause.port_in_use(taken[0])
        else:
            why = cause.not_started(self._code, lines, self._killed_before)
        return End(title, lines, State.FAILED if fatal else None, explained, why)

    def _attend(self, process: ServerProcess) -> End:
        """Stay with a server that is ready until it has ended, by itself or not."""
        ready = process.ready
        assert ready is not None
        url = self._tell_running(ready)
        health = Health(
            url,
            self._settings.health_interval_s,
            self._settings.health_deadline_s,
            self._note_silence,
        )
        while not self._watch.changed.wait_for(lambda: self._is_over(process), LOOK_S):
            pass
        asked, hung = not self._watch.wanted, self._hung
        health.close()
        end = self._stopped(process) if asked else self._ended(process, hung)
        health.join()
        return end

    def _stopped(self, process: ServerProcess) -> End:
        self._watch.gentle = process.stop(self._watch.stop_timeout_s or 0.0)
        self._crew.run_is_over("")
        return End(final=State.STOPPED)

    def _ended(self, process: ServerProcess, hung: bool) -> End:
        """Collect what is left of a server that ended by itself, or is to be ended."""
        deadline_s = self._settings.health_deadline_s
        code: int | None = None
        if hung:
            self._how = f"no answer for {deadline_s:g} s"
            reason = f"The model server did not answer for {deadline_s:g} s and was ended."
        elif process.ended(EXIT_S):
            self._how, code = process.exit_text, process.exit_code
            reason = f"The model server ended by itself ({self._how})."
        else:
            self._how = "it closed its output"
            reason = "The model server closed its output and was ended."
        process.kill()
        process.stop(EXIT_S)
        lines = tuple(process.last_lines)
        if self._how == CLEAN:
            self._crew.run_is_over("")
            return End(reason, lines, State.STOPPED)
        explained = self._crew.run_is_over(self._how)
        why = cause.hung(deadline_s)
        if code is not None:
            why = cause.of_exit(code, lines, self._killed_before)
        return End(reason, lines, None, explained, why)

    def _too_often(self, reason: str) -> str:
        ends, window_s = self._settings.max_restarts + 1, self._settings.restart_window_s
        often = f" That happened {ends} times within {window_s:g} s." if ends > 1 else ""
        return f"{reason}{often}"

    def _pause(self, end: End) -> End:
        """Wait until it is time for the next run; return an end that is final if there is none."""
        now = time.monotonic()
        pause_s = self._backoff.pause_s(now, explained=end.explained)
        if pause_s is None:
            return End(self._too_often(end.reason), end.lines, State.FAILED, cause=end.cause)
        self._restarts += 1
        self._reason, self._cause = end.reason, end.cause
        again = {
            "reason": end.reason,
            "cause": end.cause,
            "lines": end.lines,
            "restarts": self._restarts,
            "attempt": max(1, self._backoff.ends),
        }
        watch = self._watch
        with watch.changed.lock:
            if watch.wanted:
                watch.impatient = False
                self._tell_locked(State.RESTARTING, **again, retry_at=time.time() + pause_s)
        watch.changed.wait_for(lambda: watch.impatient or not watch.wanted, pause_s)
        with watch.changed.lock:
            if not watch.wanted:
                return End(final=State.STOPPED)
            self._tell_locked(State.RESTARTING, **again)
        return end

    def _tell_running(self, ready: Ready) -> str:
        """Tell that the server listens, and where; return where REST does."""
        notes = tuple(self._watch.wish.notes(ready))
        self._wish = self._wish.again(ready)
        fields = {
            "reason": self._reason,
            "cause": self._cause,
            "restarts": self._restarts,
            "ready": ready,
            "started_at": time.time(),
            "start_seconds": round(time.monotonic() - self._launched, 3),
            "notes": notes,
        }
        with self._watch.changed.lock:
            if self._watch.wanted:
                self._tell_locked(State.RUNNING, **fields)
        where = Situation(State.RUNNING, host=self._settings.host, ready=ready).address()
        return where.rest_url if where is not None else ""

    def _is_over(self, process: ServerProcess) -> bool:
        return not self._watch.wanted or self._hung or self._output_ended or not process.alive

    def _note_end_of_output(self) -> None:
        with self._watch.changed.lock:
            self._output_ended = True
            self._watch.changed.ring()

    def _note_silence(self) -> None:
        with self._watch.changed.lock:
            self._hung = True
            self._watch.changed.ring()
