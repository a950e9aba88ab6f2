"""From what a request names to a lent version: model, version or label, signature.

One handle serves a whole call, so an answer comes whole from one version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tensorflow_serving.apis.model_pb2 import ModelSpec as ModelSpecMessage

from server_ext.errors import FailedPrecondition, InvalidArgument, ServableNotFound, Unavailable
from server_ext.lifecycle.coming import Coming
from server_ext.lifecycle.manager import Handle, Manager
from server_ext.lifecycle.servable import DEFAULT_SIGNATURE, Servable, Signature


class ModelSpec(NamedTuple):
    """Which model a request means; at most one of `version` and `label` is set."""

    name: str
    version: int | None = None
    label: str | None = None


def from_proto(spec: Any) -> ModelSpec:
    """Read a tensorflow.serving.ModelSpec."""
    choice = spec.WhichOneof("version_choice")
    return ModelSpec(
        spec.name,
        spec.version.value if choice == "version" else None,
        spec.version_label if choice == "version_label" else None,
    )


class Lookup:
    """Finds the version that answers a request. Any thread may call.

    `labels` returns the labels of a model (label -> version) as configured now. `coming` tells what
    will be there soon; without it, as in TensorFlow Serving, that does not exist yet.
    """

    def __init__(
        self,
        manager: Manager,
        labels: Callable[[str], Mapping[str, int]],
        coming: Coming | None = None,
    ) -> None:
        self._manager = manager
        self._labels = labels
        self._coming = coming

    def lend(self, spec: ModelSpec) -> Handle:
        """Lend the version the spec names; without one, the largest that is AVAILABLE.

        Raises:
            InvalidArgument: no model name, or a label the model does not have.
            ServableNotFound: no such version is loaded.
            Unavailable: the label's version is not available yet, or the one named is coming.
        """
        if not spec.name:
            raise InvalidArgument("ModelSpec has no name specified.")
        if self._coming and not self._coming.told:
            raise _not_yet(spec)
        if spec.label is None:
            return self._numbered(spec)
        version = self._labels(spec.name).get(spec.label)
        if version is None:
            raise InvalidArgument(f"Unrecognized servable version label: {spec.label}")
        try:
            return self._manager.handle(spec.name, version)
        except ServableNotFound:
            raise Unavailable(
                f"Label {spec.label} of model {spec.name} stands for version {version}, "
                "which is not available yet"
            ) from None

    def _numbered(self, spec: ModelSpec) -> Handle:
        try:
            return self._manager.handle(spec.name, spec.version)
        except ServableNotFound:
            if self._coming and self._coming.soon(spec.name, spec.version):
                raise _not_yet(spec) from None
            raise


def _not_yet(spec: ModelSpec) -> Unavailable:
    which = f"Version {spec.version} of model" if spec.version is not None else "Model"
    return Unavailable(f"{which} {spec.name} is not available yet: it is loading. Ask again soon")


def grpc_signature(servable: Servable, name: str) -> Signature:
    """Return the signature a gRPC Predict names; `serving_default` for an empty name.

    Raises:
        FailedPrecondition: the model has no such signature (servables/tensorflow/predict_util.cc).
    """
    key = name or DEFAULT_SIGNATURE
    signature = servable.signatures.get(key)
    if signature is None:
        raise FailedPrecondition(f'Serving signature key "{key}" not found. {_known(servable)}')
    return signature


def rest_signature(servable: Servable, name: str) -> Signature:
    """Return the signature a REST predict names; `serving_default` for an empty name.

    Raises:
        InvalidArgument: the model has no such signature (model_servers/http_rest_api_handler.cc).
    """
    key = name or DEFAULT_SIGNATURE
    signature = servable.signatures.get(key)
    if signature is None:
        raise InvalidArgument(
            f'Serving signature name: "{key}" not found in signature def. {_known(servable)}'
        )
    return signature


def example_signature(servable: Servable, name: str) -> Signature:
    """Return the signature a Classify or Regress names; `serving_default` for an empty name.

    Raises:
        InvalidArgument: the model has no such signature (servables/tensorflow/classifier.cc).
    """
    key = name or DEFAULT_SIGNATURE
    signature = servable.signatures.get(key)
    if signature is None:
        raise InvalidArgument(f"No signature was found with the name: {key}. {_known(servable)}")
    return signature


def answered_by(handle: Handle, signature: Signature) -> ModelSpecMessage:
    """Return what an answer says of who gave it: never a label, always version and signature."""
    message = ModelSpecMessage(name=handle.name, signature_name=signature.name)
    message.version.value = handle.version
    return message


def _known(servable: Servable) -> str:
    names = sorted(name for name in servable.signatures if not name.startswith("__"))
    return f"This version has: {', '.join(names)}." if names else "This version has none."
