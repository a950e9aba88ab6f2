"""One prediction: what the model takes -> what to send -> the answer as arrays.

The metadata is asked first and the very version that gave it is asked to predict, so dtypes,
shapes and answer belong together, also while a new version takes over.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from server_ext import chatter
from server_ext.errors import (
    Code,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ServingError,
)
from tfs_magics.client import jsonform
from tfs_magics.client.feeds import Array, explain_shape, feed
from tfs_magics.client.rest import ANSWER_TIMEOUT_S, Client
from tfs_magics.client.signatures import DEFAULT_SIGNATURE, Metadata, Signature
from tfs_magics.client.timing import UNTIMED, Timing
from tfs_magics.nearest import suggestion

_SWAPS = 3
_SHAPES = re.compile(r"shape|rank|size|dimension", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Where a server answers: REST URL and gRPC target, empty where it has none.

    `authorization` is the header that goes with each request, such as `Bearer abc`; never shown.
    """

    rest_url: str
    grpc_target: str
    authorization: str = field(default="", repr=False)

    @property
    def client(self) -> Client:
        """The REST client for this place; one a place."""
        return _client(self.rest_url, self.authorization)


@dataclass(frozen=True)
class Prediction:
    """The answer of one version; `fed` is what was sent, by alias."""

    model: str
    version: int
    fed: Mapping[str, Array]
    outputs: Mapping[str, Array]
    seconds: float
    timing: Timing = UNTIMED

    @property
    def value(self) -> Array | dict[str, Array]:
        """The array of the only output, or a dict of the outputs by alias."""
        if len(self.outputs) == 1:
            return next(iter(self.outputs.values()))
        return dict(self.outputs)


def predict(
    place: Place,
    name: str,
    x: Any,
    *,
    version: int | None = None,
    signature: str | None = None,
    grpc: bool = False,
) -> Prediction:
    """Ask a model, by REST unless `grpc`; None means the latest version, the default signature.

    Raises:
        NotFound: no such model or version is served; says what is.
        InvalidArgument: no such signature, or `x` does not fit it (InputMismatch).
        ServingError: the server refused or cannot be reached.
    """
    for attempt in range(1, _SWAPS + 1):
        model = metadata(place.client, name, version)
        chosen = _signature(model, signature)
        fed = feed(x, name, chosen)
        try:
            return _ask(place, model, chosen, fed, grpc=grpc)
        except ServingError as error:
            if error.code is Code.NOT_FOUND and version is None and attempt < _SWAPS:
                continue  # unloaded since it gave its metadata: a newer one answers now
            mismatch = explain_shape(fed, chosen)
            if mismatch and error.code is Code.INVALID_ARGUMENT and _SHAPES.search(error.message):
                raise mismatch from error
            raise
    raise AssertionError("the last attempt returns or raises")


def metadata(client: Client, name: str, version: int | None = None) -> Metadata:
    """Return the signatures of a model, with help when there is no such model.

    Raises:
        NotFound: no such model or version is served.
    """
    try:
        return client.metadata(name, version)
    except ServingError as error:
        if error.code is not Code.NOT_FOUND:
            raise
        raise not_served(client, name, version) from None


def not_served(client: Client, name: str, version: int | None) -> NotFound:
    """Return the error that says why a model, or a version of it, does not answer."""
    models = {model["name"]: model for model in client.server()["models"]}
    if name not in models:
        hint = suggestion(name, models, label="Served are")
        return NotFound(f"No model {name} is served.{hint or ' %tfs_serve serves one.'}")
    entry = models[name]
    available = [str(each["version"]) for each in entry["versions"] if each["state"] == "AVAILABLE"]
    for each in entry["versions"]:
        if each["error"] and each["version"] == (version or each["version"]) and not available:
            return NotFound(f"{name} {each['version']} did not load: {each['error']['message']}")
    if not available:
        reason = entry["problem"] or "no version is available yet"
        return NotFound(f"{name} does not answer: {reason}. %tfs_status tells more.")
    listed = ", ".join(available)
    return NotFound(f"{name} has no version {version} that answers. Available: {listed}.")


def _ask(
    place: Place, model: Metadata, signature: Signature, fed: Mapping[str, Array], *, grpc: bool
) -> Prediction:
    if grpc:
        if not place.grpc_target:
            raise FailedPrecondition(
                f"No gRPC is reached from here, only REST at {place.rest_url}: leave out --grpc."
            )
        with chatter.held_back():
            from tfs_magics.client import rpc  # imports TensorFlow

        began = time.monotonic()
        outputs = rpc.predict(place, model, signature, fed, ANSWER_TIMEOUT_S)
        seconds, timing = time.monotonic() - began, UNTIMED
    else:
        body = jsonform.request_body(fed, signature.name)
        answer = place.client.predict(model.name, model.version, body).checked()
        outputs = jsonform.outputs(answer.body, signature)
        seconds, timing = answer.seconds, answer.timing
    return Prediction(model.name, model.version, fed, outputs, seconds, timing)


def _signature(model: Metadata, wanted: str | None) -> Signature:
    name = wanted or DEFAULT_SIGNATURE
    if name in model.signatures:
        return model.signatures[name]
    hint = suggestion(name, model.signatures) if wanted else ""
    listed = ", ".join(model.signatures)
    raise InvalidArgument(
        f"{model.name} {model.version} has no signature {name}.{hint or f' It has: {listed}.'}"
    )


@lru_cache(maxsize=8)
def _client(url: str, authorization: str) -> Client:
    return Client(url, authorization)
