"""GetModelMetadata: what signatures a version has, as the model itself declares them.

Compatible with servables/tensorflow/get_model_metadata_impl.cc.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    SignatureDefMap,
)

from server_ext.errors import InvalidArgument
from server_ext.lifecycle.manager import Handle

SIGNATURE_DEF = "signature_def"


def check(request: GetModelMetadataRequest) -> None:
    """Refuse a request without a model, without a field, or for a field that does not exist.

    Raises:
        InvalidArgument: with TensorFlow Serving's key words.
    """
    if not request.HasField("model_spec"):
        raise InvalidArgument("Missing ModelSpec")
    if not request.metadata_field:
        raise InvalidArgument("GetModelMetadataRequest must specify at least one metadata_field")
    for name in request.metadata_field:
        if name != SIGNATURE_DEF:
            raise InvalidArgument(
                f"Metadata field {name} is not supported: ask for {SIGNATURE_DEF}"
            )


def metadata(handle: Handle) -> GetModelMetadataResponse:
    """Answer with the lent version's signatures; the model spec carries no signature name."""
    response = GetModelMetadataResponse()
    response.model_spec.name = handle.name
    response.model_spec.version.value = handle.version
    response.metadata[SIGNATURE_DEF].Pack(_signatures(handle))
    return response


def metadata_document(handle: Handle) -> dict[str, Any]:
    """Return REST's form of the same; `signature_def` stands twice, as upstream prints it."""
    signatures = json_format.MessageToDict(
        _signatures(handle),
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
    return {
        "model_spec": {
            "name": handle.name,
            "signature_name": "",
            "version": str(handle.version),
        },
        "metadata": {SIGNATURE_DEF: signatures},
    }


def _signatures(handle: Handle) -> SignatureDefMap:
    message = SignatureDefMap()
    for name, signature in handle.servable.signatures.items():
        message.signature_def[name].ParseFromString(signature.definition)
    return message
