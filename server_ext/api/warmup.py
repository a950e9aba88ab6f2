"""Asks a version its own warm-up records when it has loaded, before anyone else can ask it.

    VERSION/assets.extra/tf_serving_warmup_requests    TFRecord of tensorflow.serving.PredictionLog

Each request in it goes the way of a client's, whatever model and version it names. What fails there
would fail for clients: the version does not become available. Files of the request log serve as
they are.

Compatible with servables/tensorflow/saved_model_warmup.cc. Threads: those that load.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from server_ext.api import classify, multi_inference, predict, regress
from server_ext.api.measured import MakeLoader
from server_ext.api.traffic import LATENCY_LIMITS_US
from server_ext.engine import tfrecord
from server_ext.errors import Code, InvalidArgument, ServingError, Unimplemented
from server_ext.lifecycle.handle import Handle
from server_ext.lifecycle.servable import Loader, Servable, Signature
from server_ext.metrics import Registry

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

log = logging.getLogger(__name__)

WARMUP_FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")
MAX_RECORDS = 1000

_ASK: dict[str, Callable[..., Any]] = {
    "predict_log": predict.ask,
    "classify_log": classify.ask,
    "regress_log": regress.ask,
    "multi_inference_log": multi_inference.ask,
}
_VERBS: dict[str, Callable[..., Any]] = {
    "predict_log": predict.predict,
    "classify_log": classify.classify,
    "regress_log": regress.regress,
    "multi_inference_log": multi_inference.multi_inference,
}


class WarmLoads:
    """Makes loaders whose versions have answered each of their records `iterations` times."""

    def __init__(self, make_loader: MakeLoader, registry: Registry, iterations: int = 1) -> None:
        self._make_loader = make_loader
        self._iterations = iterations
        labels = ("model_path", "status")
        self._latency = registry.histogram(
            "/tensorflow/serving/model_warmup_latency", *labels, limits=LATENCY_LIMITS_US
        )
        self._records = registry.counter("/tensorflow/serving/model_warmup_records_read", *labels)

    def __call__(self, name: str, version: int, path: str) -> Loader:
        """Make the loader of one version."""
        loader = self._make_loader(name, version, path)
        return replace(loader, load=partial(self._load, loader, name, version))

    def _load(self, loader: Loader, name: str, version: int) -> Servable:
        servable = loader.load()
        try:
            file = os.path.join(loader.path, WARMUP_FILE)
            if os.path.exists(file):
                self._warm_up(Handle(name, version, servable), loader.path, file)
        except BaseException:
            servable.close()
            raise
        return servable

    def _warm_up(self, handle: Handle, path: str, file: str) -> None:
        began = time.monotonic()
        count = 0
        code = Code.INTERNAL
        try:
            for record in _records(file):
                count += 1
                self._answer(handle, record, f"Warm-up record {count} in {file}")
            code = Code.OK
        except ServingError as error:
            code = error.code
            raise
        finally:
            seconds = time.monotonic() - began
            self._latency.observe((path, code.name), int(seconds * 1e6))
            self._records.add((path, code.name), count)
        log.info(
            "%s version %d answered %d warm-up records in %.2f s",
            *(handle.name, handle.version, count, seconds),
        )

    def _answer(self, handle: Handle, record: bytes, what: str) -> None:
        request = _request(record, what)
        if request is None:
            return
        verb, message = request
        try:
            for _ in range(self._iterations):
                verb(handle, message)
        except ServingError as error:
            raise ServingError(f"{what} failed: {error.message}", error.code) from None


def inputs_recorded(
    name: str, version: int, path: str, servable: Servable
) -> Iterator[tuple[Signature, Mapping[str, Array]]]:
    """Yield what the records of a version feed, with the signature, up to one that is wrong.

    The warm-up says what is wrong with it.
    """
    file = os.path.join(path, WARMUP_FILE)
    if not os.path.exists(file):
        return
    handle = Handle(name, version, servable)
    try:
        for record in _records(file):
            logged = PredictionLog.FromString(record)
            ask = _ASK.get(logged.WhichOneof("log_type") or "")
            if ask:
                inference = ask(handle, getattr(logged, logged.WhichOneof("log_type")).request)
                yield inference.signature, inference.inputs
    except (ServingError, DecodeError) as error:
        log.debug("Records in %s are left out of trials: %s", file, error)


def _records(file: str) -> Iterator[bytes]:
    try:
        for count, record in enumerate(tfrecord.read(file)):
            if count == MAX_RECORDS:
                raise InvalidArgument(
                    f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {file}"
                )
            yield record
    except ServingError as error:
        if error.code is not Code.DATA_LOSS:
            raise
        raise ServingError(
            f"{file}: {error.message}. Please verify your warmup data is in TFRecord format.",
            Code.DATA_LOSS,
        ) from None


def _request(record: bytes, what: str) -> tuple[Callable[..., Any], Any] | None:
    """Return the verb and the request of a record; None where it says nothing."""
    try:
        logged = PredictionLog.FromString(record)
    except DecodeError:
        raise InvalidArgument(
            f"Failed to parse warmup record: {what} is no tensorflow.serving.PredictionLog"
        ) from None
    kind = logged.WhichOneof("log_type")
    if kind is None:
        return None
    verb = _VERBS.get(kind)
    if verb is None:
        raise Unimplemented(
            f"Unsupported log_type for warmup: {what} is a {kind}, known are {', '.join(_VERBS)}"
        )
    return verb, getattr(logged, kind).request
