"""Another configuration for a server that runs: checked, tried, then applied as a whole or not.

    check names, platforms, labels
      -> serve what was there and what is new, until each new model answers
      -> serve the new configuration alone          or, when one cannot:  the old one, and an error

Models that go are still there while those that come are loading. Changed policies and paths of
models that stay are applied, and not waited for. HandleReloadConfigRequest and a changed
configuration file come this way alike.

Compatible with model_servers/server_core.cc, which waits without limit and undoes nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest, ReloadConfigResponse

from server_ext.api import labels
from server_ext.errors import Code, InvalidArgument, ServingError, Unavailable
from server_ext.lifecycle.manager import Manager, VersionStatus
from server_ext.lifecycle.policy import State
from server_ext.lifecycle.source import ModelConfig, Source
from server_ext.modelconfig import from_proto

log = logging.getLogger(__name__)

_LOOK_S = 0.2  # the longest that a reload overlooks that the server stops


class Reloads:
    """Applies configurations, one at a time. Any thread may call.

    `counter` returns the value of a counter by TensorFlow Serving's raw name, 0 for an unknown one.
    `check` refuses a configuration before anything of it is tried; `applied` hears of each that is.
    """

    def __init__(
        self,
        manager: Manager,
        source: Source,
        *,
        timeout_s: float,
        allow_unavailable_labels: bool = False,
        counter: Callable[[str], int] = lambda name: 0,
        check: Callable[[Sequence[ModelConfig]], None] = lambda models: None,
        applied: Callable[[Sequence[ModelConfig]], None] = lambda models: None,
    ) -> None:
        self._manager = manager
        self._source = source
        self._timeout_s = timeout_s
        self._allow_unavailable_labels = allow_unavailable_labels
        self._counter = counter
        self._check_besides = check
        self._applied = applied
        self._turn = threading.Lock()
        self._closed = threading.Event()

    def apply(
        self, models: Sequence[ModelConfig], *, wait: bool = True, replay: bool = False
    ) -> None:
        """Serve these models instead of those before, or raise and go on as before.

        With `wait` this returns when every added model has a version that is AVAILABLE; without,
        at once, and a model that fails to load stays configured. A `replay` says what was accepted
        already, by a server before this one: its labels may stand for any version.

        Raises:
            InvalidArgument: a model would change its platform.
            FailedPrecondition: a label is refused, see `labels.check`.
            ServingError: `check` refuses; an added model fails (UNKNOWN), or is not there in time
                (DEADLINE_EXCEEDED); the message names each such model and its cause.
            Unavailable: the server stops.
        """
        with self._turn:
            before = self._source.models
            self._check(before, models, replay)
            known = {config.name for config in before}
            added = [config for config in models if config.name not in known]
            if wait and added:
                try:
                    self._source.serve([*before, *added])
                    self._wait_for(added)
                    self._check_labels(before, models)  # versions may have gone in the meantime
                except ServingError:
                    self._source.serve(before)
                    raise
            self._source.serve(models)
            self._applied(models)

    def handle(self, request: ReloadConfigRequest) -> ReloadConfigResponse:
        """Answer HandleReloadConfigRequest; blocks until the new models answer or one fails.

        Raises:
            InvalidArgument: the config is no model_config_list, or see modelconfig.from_proto.
            ServingError: see `apply`.
        """
        kind = request.config.WhichOneof("config")
        if kind != "model_config_list":
            raise InvalidArgument(
                f"ServerCore config of type {kind or 'CONFIG_NOT_SET'} "
                "type not supported by HandleReloadConfigRequest: send a model_config_list"
            )
        values = [self._counter(name) for name in request.metric_names]
        self.apply(from_proto(request.config))
        response = ReloadConfigResponse()
        response.status.SetInParent()
        for name, value in zip(request.metric_names, values, strict=True):
            response.metric.add(name=name, int64_value_increase=self._counter(name) - value)
        return response

    def close(self) -> None:
        """End the waits of what is being applied; nothing is applied any more."""
        self._closed.set()

    def _check(
        self, before: Sequence[ModelConfig], after: Sequence[ModelConfig], replay: bool
    ) -> None:
        self._require_open()
        platforms = {config.name: config.platform for config in before}
        for config in after:
            now = platforms.get(config.name, config.platform)
            if now != config.platform:
                raise InvalidArgument(
                    "Illegal to change a model's platform. For model "
                    f"{config.name} platform was {now} and new platform requested is "
                    f"{config.platform}"
                )
        if not replay:
            self._check_labels(before, after)
        self._check_besides(after)

    def _check_labels(self, before: Sequence[ModelConfig], after: Sequence[ModelConfig]) -> None:
        labels.check(self._manager, before, after, allow_unavailable=self._allow_unavailable_labels)

    def _require_open(self) -> None:
        if self._closed.is_set():
            raise Unavailable("The server is shutting down")

    def _wait_for(self, added: Sequence[ModelConfig]) -> None:
        deadline = time.monotonic() + self._timeout_s
        while True:
            left_s = deadline - time.monotonic()
            settled = self._manager.wait_until(
                lambda: all(self._is_settled(config.name) for config in added),
                max(0.0, min(_LOOK_S, left_s)),
            )
            self._require_open()
            if settled or left_s <= 0:
                break
        failed = [config.name for config in added if not self._answers(config.name)]
        if failed:
            raise self._failure(failed, in_time=settled)

    def _failure(self, names: Sequence[str], *, in_time: bool) -> ServingError:
        causes = ", ".join(self._cause(name) for name in names)
        return ServingError(
            f"{len(names)} model(s) did not become available"
            + ("" if in_time else f" within {self._timeout_s:g} s (--reload_timeout_seconds)")
            + f": {{{causes}}}. The configuration from before goes on serving",
            Code.UNKNOWN if in_time else Code.DEADLINE_EXCEEDED,
        )

    def _cause(self, name: str) -> str:
        versions = self._manager.versions(name)
        for status in versions:
            if status.error:
                return (
                    f"{{{{name: {name} version: {status.version}}} "
                    f"due to error: {status.error.status_text}}}"
                )
        problem = self._source.problem(name)
        if not problem and versions:
            problem = f"version {versions[0].version} is in state {versions[0].state.name}"
        return f"{{{{name: {name}}} due to error: {problem or 'no version found'}}}"

    def _answers(self, name: str) -> bool:
        return any(s.state is State.AVAILABLE for s in self._manager.versions(name))

    def _is_settled(self, name: str) -> bool:
        versions: list[VersionStatus] = self._manager.versions(name)
        if any(status.state is State.AVAILABLE for status in versions):
            return True
        # All over, by an error or with the life before: what is to come is in START by now.
        over = all(status.state is State.END for status in versions)
        return over and bool(versions or self._source.problem(name))
