"""The models of a host: changes them one after the other, tells the server, remembers them.

    change --> checked --> server: serve this --ok--> wanted, registry, board
                              |                        ^
                              +--refused--> the error  |
    no server runs, it stops or ends meanwhile --------+   the next run is told all of it

Threads: all public methods are called by one thread, that of the host's turns, but for `attach` and
`detach`, which the supervisor's calls. So nobody holds a lock while the server is waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from server_ext.errors import Code, FailedPrecondition, NotFound, ServingError, Unavailable
from server_ext.hosting import deletion
from server_ext.hosting import wanted as wanted_models
from server_ext.hosting.board import Board
from server_ext.hosting.deletion import SetAside
from server_ext.hosting.held import HeldVersions
from server_ext.hosting.models import Model, Versions, found_versions
from server_ext.hosting.process import ServerProcess
from server_ext.hosting.registry import Registry, Saved
from server_ext.hosting.settings import Owner, Settings
from server_ext.hosting.wanted import Wanted

COMMAND_TIMEOUT_S = 120.0  # a server that hangs is ended before, and then nobody waits any longer
AVAILABLE = "AVAILABLE"


class Catalog:
    """What is wanted and what the server was told. See the module for who may call what."""

    def __init__(
        self,
        settings: Settings,
        wanted: Wanted,
        held: HeldVersions,
        registry: Registry | None,
        board: Board,
        *,
        running: bool,
    ) -> None:
        self._settings = settings
        self._held = held
        self._registry = registry
        self._board = board
        self._process: ServerProcess | None = None
        self._problems: dict[str, str] = {}
        self.wanted = wanted
        self.running = running

    def attach(self, process: ServerProcess) -> None:
        """Take the process of a new run; `replay` is to be its first turn."""
        self._process = process

    def detach(self) -> None:
        """Let go of a process that has ended."""
        self._process = None

    def replay(self, process: ServerProcess) -> None:
        """Tell a new run all that is wanted; what it refuses does not keep it from the rest."""
        self._problems = {}
        try:
            self._tell(process, self.wanted, first=True)
        except ServingError as error:
            if _is_over(error):
                return
            self._replay_each(process)
        self._board.set_wanted(self.wanted, self._problems)

    def serve(self, models: Sequence[Model], owner: Owner | None, replace_owner: bool) -> None:
        """Add or change models, all of them or none."""
        after = self.wanted
        for model in models:
            wanted_models.check_model(model, self._settings)
            before = after.get(model.name)
            after = after.served(model, owner, replace_owner=replace_owner)
            if model.labels:
                wanted_models.check_labels(
                    model.name,
                    model.labels,
                    before.model.labels if before else {},
                    self._usable(model),
                )
        wanted_models.check_number(after, self._settings)
        self._apply(after, [model.name for model in models])

    def remove(self, name: str) -> None:
        """Serve a model no longer."""
        after = self.wanted.without(name)
        self._held.release(name)
        self._apply(after, [name])

    def clear(self) -> None:
        """Want no model."""
        self._held.forget()
        self._apply(Wanted(), [entry.model.name for entry in self.wanted])

    def change(
        self, name: str, versions: Versions | None, labels: Mapping[str, int | None]
    ) -> None:
        """Choose other versions of a model; add, move and remove labels; both or none of it."""
        model = self.wanted[name].model
        after = {**model.labels, **labels}
        kept = {label: version for label, version in after.items() if version is not None}
        asked = {label: version for label, version in labels.items() if version is not None}
        usable = (
            versions.choose(found_versions(model.base_path)) if versions else self._available(name)
        )
        wanted_models.check_labels(name, asked, {}, usable)
        self._change(replace(model, versions=versions or model.versions, labels=kept))

    def load(self, name: str, version: int) -> str:
        """Serve this version, too; return what that means."""
        model = self.wanted[name].model
        there = found_versions(model.base_path)
        if version not in there:
            known = ", ".join(map(str, sorted(there))) or "none"
            raise NotFound(
                f"Model {name} has no version {version} in {model.base_path}. "
                f"Versions there: {known}."
            )
        released = self._held.release(name, version)
        chosen = model.versions.choose(there)
        if version in chosen:
            if released:
                self._change(model)
                return f"Version {version} of {name} is loaded again."
            self._check_loads(name, version)
            return f"Version {version} of {name} is among those served already."
        return self._choose(model, chosen | {version})

    def unload(self, name: str, version: int) -> str:
        """Serve this version no longer, but the others; return what that means."""
        model = self.wanted[name].model
        chosen = model.versions.choose(found_versions(model.base_path))
        if version not in chosen:
            known = ", ".join(map(str, sorted(chosen))) or "none"
            raise NotFound(f"Version {version} of {name} is not served. Versions served: {known}.")
        if len(chosen) == 1:
            raise FailedPrecondition(
                f"Version {version} is the last one of {name}: remove the model instead."
            )
        return self._choose(model, chosen - {version})

    def poll(self) -> None:
        """Have the server look at the directories now."""
        if self._process is None:
            raise Unavailable("The model server does not run, so it cannot look for versions.")
        self._process.ask("poll").wait(COMMAND_TIMEOUT_S)

    def set_aside(self, name: str, version: int) -> SetAside:
        """Take the files of a version that is not loaded out of the server's sight."""
        model = self.wanted[name].model
        path = deletion.find(model, version, self._settings.roots)
        for entry in self.wanted:
            states = self._board.states(entry.model.name) if self._process else None
            deletion.check_unused(entry.model, path, states)
        aside = deletion.set_aside(path, version)
        self._held.release(name, version)
        if self._process is not None:
            self._process.ask("poll")  # the next older one may be due; nobody waits for that
        return aside

    def set_running(self, running: bool) -> None:
        """Remember whether the server is to run."""
        self.running = running
        self.save()

    def save(self) -> None:
        """Write down what is wanted and what is held."""
        if self._registry is not None:
            entries = tuple(self.wanted)
            self._registry.save(Saved(entries, tuple(self._held.all()), self.running))

    def _choose(self, model: Model, numbers: Collection[int]) -> str:
        before = model.versions.words
        versions = Versions(numbers=tuple(sorted(numbers)))
        self._change(replace(model, versions=versions))
        now = ", ".join(map(str, versions.numbers))
        note = f"{model.name} is served in exactly these versions now: {now}."
        if model.versions.numbers:
            return note
        return f"{note} New versions are no longer picked up; to go back, choose versions {before}."

    def _change(self, model: Model) -> None:
        self._apply(self.wanted.changed(model), [model.name])

    def _apply(self, after: Wanted, names: Iterable[str]) -> None:
        """Tell the server, and if it does not refuse, have it so from now on."""
        for name in names:
            self._problems.pop(name, None)
        process = self._process
        if process is not None:
            # Labels were checked above; what other models have is not this change's affair.
            try:
                self._tell(process, after, first=True)
            except ServingError as error:
                if not _is_over(error):
                    raise
        self.wanted = after
        self._board.set_wanted(after, self._problems)
        self.save()

    def _tell(self, process: ServerProcess, wanted: Wanted, *, first: bool) -> None:
        names = {entry.model.name for entry in wanted} - self._problems.keys()
        process.ask(
            "serve",
            config=wanted.config(names),
            held=[
                {key: each.document()[key] for key in ("name", "version", "stamp", "reason")}
                for each in self._held.all()
            ],
            roots=list(self._settings.roots),
            first=first,
        ).wait(COMMAND_TIMEOUT_S)

    def _replay_each(self, process: ServerProcess) -> None:
        """Find out which models are refused, by one more of them each time."""
        self._problems = {entry.model.name: "not told yet" for entry in self.wanted}
        for entry in self.wanted:
            name = entry.model.name
            del self._problems[name]
            try:
                self._tell(process, self.wanted, first=True)
            except ServingError as error:
                if _is_over(error):
                    return
                self._problems[name] = error.message

    def _check_loads(self, name: str, version: int) -> None:
        for each in self._board.versions(name):
            if each["version"] == version and each["state"] == "END" and each.get("error"):
                why = each["error"]["message"].rstrip(".")
                raise FailedPrecondition(
                    f"Version {version} of {name} is to be served and could not be loaded: {why}. "
                    f"It is loaded again when its files change, or {name} is removed and served."
                )

    def _available(self, name: str) -> set[int]:
        states = self._board.states(name)
        return {version for version, state in states.items() if state == AVAILABLE}

    def _usable(self, model: Model) -> set[int]:
        """Return the versions that a label may stand for: those that answer or soon will."""
        return self._available(model.name) | model.versions.choose(found_versions(model.base_path))


def _is_over(error: ServingError) -> bool:
    """Tell whether the server ends, or has ended, and refuses nothing: the next run is told all."""
    return error.code is Code.UNAVAILABLE
