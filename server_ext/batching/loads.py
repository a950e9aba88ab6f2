"""Which versions run in batches, as the flags say, and with which parameters.

    --batching=on, --enable_batching           every version: the file's parameters, or the defaults
    --batching=auto                            those for which auto.py decides, within the same
    --enable_per_model_batching_parameters     of these, versions with a batching_params.pbtxt

Compatible with model_servers/server.cc and servables/tensorflow/bundle_factory_util.cc.
Any thread may call; `_lock` guards the table of loaded versions.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from server_ext import protos
from server_ext.batching import parameters
from server_ext.batching.auto import Auto, Records, Runtime
from server_ext.batching.batched import Batched
from server_ext.batching.cache import Cache, default_directory
from server_ext.batching.counts import Counts
from server_ext.batching.decision import Decision, register
from server_ext.batching.parameters import VERSION_FILE, Parameters, Pool
from server_ext.batching.scheduler import Scheduler
from server_ext.flagvalues import AUTO, OFF
from server_ext.lifecycle.servable import Loader, Servable
from server_ext.lifecycle.source import MakeLoader
from server_ext.metrics import Labels, Registry
from server_ext.options import Options

log = logging.getLogger(__name__)


class Batching:
    """Batching in one server: its threads, and the versions that use them.

    `message` is a BatchingParameters in the place of the file that a flag names; `environ` says
    where a cache belongs.

    Raises:
        ServingError: the parameters file cannot be read.
        InvalidArgument: it is no BatchingParameters, or allows no thread.
    """

    def __init__(
        self,
        options: Options,
        registry: Registry,
        message: Any = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        file = options.batching_parameters_file
        self._source = file and "--batching_parameters_file"
        if message is not None:
            self._source = "--platform_config_file"
        self._mode = options.batching_mode
        self._per_version = options.enable_per_model_batching_parameters
        self._message = message or (parameters.read(file) if file else protos.BatchingParameters())
        self._cache = Cache(options.cache_directory or default_directory(environ))
        self._auto: Auto | None = None
        self._lock = Lock()
        self._loaded: WeakValueDictionary[tuple[str, int], Servable] = WeakValueDictionary()
        self._decisions: WeakKeyDictionary[Servable, Decision] = WeakKeyDictionary()
        self._scheduler: Scheduler | None = None
        if self._mode != OFF:
            pool = Pool.of(self._message) if self._source else Pool()
            self._scheduler = Scheduler(pool, options.max_queued_bytes)
            self._counts = Counts(
                registry,
                self._scheduler.pool.name,
                self._queued,
                recording=options.commands_on_stdin,
            )
            register(registry, self._decided)
        elif self._per_version:
            log.warning("Nothing is batched: it needs --enable_batching or --batching=auto")
        if self._mode == AUTO and self._message.pad_variable_length_inputs:
            log.warning("pad_variable_length_inputs is ignored: --batching=auto fills up no inputs")

    def loads(
        self,
        make_loader: MakeLoader,
        records: Records = lambda name, version, path, servable: (),
        runtime: Callable[[], Runtime] = lambda: Runtime("", stays=True),
    ) -> MakeLoader:
        """Return what makes loaders of versions that run in batches.

        In auto mode the `records` of a version are tried out; `runtime` says what computes.
        """
        if not self._scheduler:
            return make_loader
        if self._mode == AUTO:
            cores = min(self._scheduler.pool.threads, os.cpu_count() or 1)
            self._auto = Auto(records, self._cache, runtime(), cores)
        return partial(self._make_loader, make_loader)

    def of(self, model: str, version: int | None) -> Mapping[str, Any]:
        """Say how requests for a version are batched, or for those to come: for status pages."""
        return self._decision(model, version).description()

    def queued(self) -> Mapping[tuple[str, int], int]:
        """Return how many requests wait for a batch, by model and version."""
        return self._scheduler.waiting_by_version() if self._scheduler else {}

    def fetch(self) -> list[tuple[tuple[str, int], int]]:
        """Return version and rows of the batches since the last time, if they are recorded."""
        return self._counts.fetch() if self._scheduler else []

    def help(self) -> None:
        """Run here what waits in batches and is short, for who has submitted with brief turns."""
        if self._scheduler:
            self._scheduler.help()

    def drain(self) -> None:
        """From now on let no batch wait for more requests."""
        if self._scheduler:
            self._scheduler.drain()

    def close(self, timeout_s: float) -> None:
        """Run what waits, then end the threads."""
        if self._scheduler:
            self._scheduler.close(timeout_s)

    def _make_loader(self, make_loader: MakeLoader, name: str, version: int, path: str) -> Loader:
        loader = make_loader(name, version, path)
        return replace(loader, load=partial(self._load, name, version, path, loader))

    def _load(self, name: str, version: int, path: str, loader: Loader) -> Servable:
        limits = self._limits(path)
        servable = loader.load()
        if not limits:
            decision = Decision(None, f"version {version} has no {VERSION_FILE}")
        elif self._auto:
            decision = self._auto.decide(name, version, loader, servable, limits)
        else:
            decision = Decision(limits, self._reason())
        if self._scheduler and decision.parameters:
            servable = Batched(
                name,
                servable,
                decision.parameters,
                self._scheduler,
                self._counts,
                decision.shown,
                version,
            )
        with self._lock:
            self._loaded[name, version] = servable
            self._decisions[servable] = decision
        return servable

    def _limits(self, path: str) -> Parameters | None:
        return parameters.of_version(path) if self._per_version else Parameters.of(self._message)

    def _reason(self) -> str:
        if self._per_version:
            return VERSION_FILE
        return self._source or "--enable_batching, with defaults"

    def _decision(self, model: str, version: int | None) -> Decision:
        if not self._scheduler:
            return Decision(None, "--enable_batching is not set")
        if version is None:
            return Decision(None, "no version is loaded")
        with self._lock:
            servable = self._loaded.get((model, version))
            decision = self._decisions.get(servable) if servable else None
        return decision or Decision(None, "a TensorFlow Lite model is not batched")

    def _decided(self) -> dict[tuple[str, int], Decision]:
        with self._lock:
            return {
                key: self._decisions[servable]
                for key, servable in self._loaded.items()
                if servable in self._decisions
            }

    def _queued(self) -> Mapping[Labels, int]:
        waiting = self._scheduler.waiting() if self._scheduler else {}
        with self._lock:
            names = {name for (name, _), one in self._loaded.items() if isinstance(one, Batched)}
        return {(name,): waiting.get(name, 0) for name in names | waiting.keys()}
