"""Predict: named arrays in, named arrays out, checked before the model sees them.

`ask` reads gRPC's message and `ask_json` REST's document.
Compatible with PredictionService.Predict (apis/predict.proto,
servables/tensorflow/predict_util.cc).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from server_ext.api.inference import Inference
from server_ext.api.lookup import grpc_signature, rest_signature
from server_ext.codecs import json_decode, json_encode, tensorproto
from server_ext.codecs.request_frames import FramedRequest
from server_ext.codecs.response_frames import FramedResponse, respond
from server_ext.errors import Internal, InvalidArgument
from server_ext.lifecycle.manager import Handle
from server_ext.lifecycle.servable import Signature

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

METHOD_NAMES = tuple(f"tensorflow/serving/{verb}" for verb in ("predict", "classify", "regress"))


def ask(
    handle: Handle,
    request: PredictRequest | FramedRequest,
    *,
    check_method: bool = False,
    as_content: bool = False,
) -> Inference[FramedResponse]:
    """Read a gRPC Predict for the lent version; `as_content` is about its answer's tensors.

    Raises:
        FailedPrecondition: unknown signature.
        Internal: see `verify_method`.
        InvalidArgument: inputs or output filter do not match the signature.
    """
    signature = grpc_signature(handle.servable, request.model_spec.signature_name)
    verify_method(signature, check_method)
    inputs = _inputs(signature, request)
    aliases = chosen_outputs(signature, request.output_filter)

    def reply(outputs: list[Array]) -> FramedResponse:
        numbers = [signature.outputs[alias].dtype for alias in aliases]
        named = zip(aliases, outputs, numbers, strict=True)
        return respond(handle.name, handle.version, signature.name, named, as_content=as_content)

    return Inference(signature, inputs, aliases, reply, request)


def predict(
    handle: Handle, request: PredictRequest, *, check_method: bool = False
) -> PredictResponse:
    """Answer a gRPC Predict with the lent version; raises what `ask` and the run raise."""
    return ask(handle, request, check_method=check_method).answer(handle.servable).message()


def _inputs(signature: Signature, request: PredictRequest | FramedRequest) -> dict[str, Array]:
    if isinstance(request, FramedRequest):
        check_aliases(signature, (request.alias,))
        return {request.alias: request.array()}
    tensors = dict(request.inputs.items())
    check_aliases(signature, tensors)
    return {alias: tensorproto.decode(tensor, alias) for alias, tensor in tensors.items()}


def ask_json(
    handle: Handle,
    signature_name: str,
    document: Mapping[str, Any],
    *,
    check_method: bool = False,
) -> Inference[bytes]:
    """Read a REST predict document for the lent version; all outputs are answered.

    Raises:
        InvalidArgument: unknown signature, or a document that does not fit it.
        Internal: see `verify_method`.
    """
    signature = rest_signature(handle.servable, signature_name)
    inputs, row_form = json_decode.decode_predict(document, signature.inputs, signature.defaults)
    verify_method(signature, check_method)
    aliases = list(signature.outputs)
    rows = json_decode.scalar_rows(document)

    def reply(outputs: list[Array]) -> bytes:
        named = dict(zip(aliases, outputs, strict=True))
        return json_encode.encode_predict(named, row_form, rows)

    return Inference(signature, inputs, aliases, reply)


def verify_method(signature: Signature, check_method: bool) -> None:
    """Refuse a signature of none of the known methods, if --enable_signature_method_name_check.

    Raises:
        Internal: with the key words of servables/tensorflow/predict_util.cc.
    """
    if check_method and signature.method_name not in METHOD_NAMES:
        raise Internal(
            "Expected prediction signature method_name to be one of "
            f"{{{', '.join(METHOD_NAMES)}}}. Was: {signature.method_name}"
        )


def check_aliases(signature: Signature, sent: Collection[str]) -> None:
    """Refuse missing and surplus inputs.

    Raises:
        InvalidArgument: with the key words of servables/tensorflow/predict_util.cc.
    """
    if len(sent) == len(signature.inputs) and all(alias in signature.inputs for alias in sent):
        return
    extra = sorted(set(sent) - signature.inputs.keys())
    missing = sorted(signature.inputs.keys() - signature.defaults - set(sent))
    if not extra and not missing:
        return
    surplus = len(sent) - len(signature.inputs)
    if surplus > 0 or (surplus < 0 and not signature.defaults):
        raise InvalidArgument(
            f"input size does not match signature: {len(sent)}!={len(signature.inputs)}. "
            f"Sent extra: {{{','.join(extra)}}}. Missing but required: {{{','.join(missing)}}}."
        )
    if missing:
        raise InvalidArgument(
            f"Signature input alias: {missing[0]} not found in request and no default value "
            f"provided. Sent extra: {{{','.join(extra)}}}."
        )
    raise InvalidArgument(
        f"Inputs contains invalid name: {extra[0]}. "
        f"The signature has: {{{','.join(sorted(signature.inputs))}}}."
    )


def chosen_outputs(signature: Signature, wanted: Sequence[str]) -> list[str]:
    """Return the aliases an output filter asks for; an empty filter means all.

    Raises:
        InvalidArgument: an alias is unknown or repeated.
    """
    if not wanted:
        return list(signature.outputs)
    seen: set[str] = set()
    for alias in wanted:
        if alias not in signature.outputs:
            raise InvalidArgument(
                f"output tensor alias not found in signature: {alias} Outputs expected to be in "
                f"the set {{{','.join(sorted(signature.outputs))}}}."
            )
        if alias in seen:
            raise InvalidArgument(f"duplicate output tensor alias: {alias}")
        seen.add(alias)
    return list(wanted)
