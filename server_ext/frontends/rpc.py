"""gRPC methods as plain functions from request bytes to response bytes.

    transport --bytes--> Method.answer --> api --> done(bytes, or a ServingError with code and text)

Methods that run a model are `blocking`: the transport hands them to the workers, and the answer
comes when it comes. One that may wait for minutes is `apart`: it takes a thread that no other
method needs. One that is `draining` is answered while the server refuses all others. One that is
`open` is answered to callers without a token.
Compatible with PredictionService and ModelService (apis/prediction_service.proto,
apis/model_service.proto).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

from google.protobuf.message import DecodeError
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest
from tensorflow_serving.apis.regression_pb2 import RegressionRequest

from server_ext.api import classify, metadata, multi_inference, predict, regress
from server_ext.api.inference import Inference
from server_ext.api.lookup import from_proto
from server_ext.api.services import Services
from server_ext.codecs.request_frames import FramedRequest
from server_ext.errors import (
    Code,
    InvalidArgument,
    PermissionDenied,
    ServingError,
    failure,
    outcome,
)
from server_ext.lifecycle.servable import Turn

# Bytes of an error message that reach a client, as model_servers/grpc_status_util.cc. A client may
# refuse the answer whose headers are larger than 8 KiB, and a byte takes up to three of those.
MAX_MESSAGE_BYTES = 1024
PREDICTION_SERVICE = "tensorflow.serving.PredictionService"
MODEL_SERVICE = "tensorflow.serving.ModelService"
COUNTED = frozenset(("Predict", "Classify", "Regress"))  # in request_count, as upstream


Reply = Callable[[bytes | ServingError], None]


class Call(NamedTuple):
    """One call of a unary method: the request, and the time.monotonic() at which it came."""

    payload: bytes
    came: float
    turn: Turn


class Method(NamedTuple):
    """One unary method.

    `answer` gives the reply or the error once, before it returns or later from another thread.
    """

    path: str
    answer: Callable[[Call, Reply], None]
    blocking: bool
    apart: bool = False
    draining: bool = False
    open: bool = False

    def take(self, call: Call, done: Reply) -> None:
        """Have a call answered. Raises nothing: a thread that receives must not end by one call."""
        try:
            self.answer(call, done)
        except Exception as error:
            done(failure(error, self.path))


Send = Callable[[bytes | None], None]


class Stream(NamedTuple):
    """One method that answers with a stream.

    `watch` takes the request and where to send the messages, None to end the stream; it returns at
    once, with what to call when the client has gone. It raises nothing but ServingError.
    """

    path: str
    watch: Callable[[bytes, Send], Callable[[], None]]
    open: bool = False


class GrpcFront(Protocol):
    """A transport that serves the methods: native where it can, grpcio elsewhere."""

    transport: str

    @property
    def port(self) -> int | None:
        """TCP port really bound, or None."""
        ...

    def start(self) -> None:
        """Begin to answer."""
        ...

    def stop(self, timeout_s: float) -> None:
        """Refuse new calls, answer those in flight for up to `timeout_s`, close."""
        ...


def methods(services: Services) -> tuple[Method, ...]:
    """Return every gRPC method of the server."""
    prediction = partial(_method, services, PREDICTION_SERVICE)
    model = partial(_method, services, MODEL_SERVICE)
    ask_predict = partial(predict.ask, as_content=services.tensor_content)
    return (
        prediction("Predict", FramedRequest, _inferring("Predict", ask_predict)),
        prediction("Classify", ClassificationRequest, _inferring("Classify", classify.ask)),
        prediction("Regress", RegressionRequest, _inferring("Regress", regress.ask)),
        prediction("MultiInference", MultiInferenceRequest, _multi),
        prediction("GetModelMetadata", GetModelMetadataRequest, _at_once(_metadata), False),
        model("GetModelStatus", GetModelStatusRequest, _at_once(_status), False),
        model("HandleReloadConfigRequest", ReloadConfigRequest, _at_once(_reload))._replace(
            apart=True
        ),
    )


Answered = Callable[[Any], None]
Begin = Callable[[Services, Any, Turn, Answered], None]
"""Begins to answer a request; the response message or the error comes by the last argument."""


def _inferring(api: str, ask: Callable[..., Inference[Any]]) -> Begin:
    def begin(services: Services, request: Any, turn: Turn, done: Answered) -> None:
        if not request.HasField("model_spec"):
            done(InvalidArgument("Missing ModelSpec"))
            return
        check = services.check_methods
        services.infer(
            from_proto(request.model_spec),
            lambda handle: ask(handle, request, check_method=check),
            api,
            turn,
            done,
        )

    return begin


def _multi(services: Services, request: Any, turn: Turn, done: Answered) -> None:
    check = services.check_methods
    spec = multi_inference.model_of(request)

    def counted(answer: Any) -> None:
        if not isinstance(answer, ServingError):
            rows = getattr(request.input, request.input.WhichOneof("kind")).examples
            services.traffic.examples(spec.name, len(rows))
        done(answer)

    services.infer(
        spec,
        lambda handle: multi_inference.ask(handle, request, check_method=check),
        "MultiInference",
        turn,
        counted,
    )


def _at_once(call: Callable[[Services, Any], Any]) -> Begin:
    def begin(services: Services, request: Any, turn: Turn, done: Answered) -> None:
        done(outcome(lambda: call(services, request), type(request).__name__))

    return begin


def _metadata(services: Services, request: GetModelMetadataRequest) -> Any:
    metadata.check(request)
    return services.lent(from_proto(request.model_spec), metadata.metadata)


def _status(services: Services, request: GetModelStatusRequest) -> Any:
    if not request.HasField("model_spec"):
        raise InvalidArgument("Missing ModelSpec")
    return services.status.message(from_proto(request.model_spec))


def _reload(services: Services, request: ReloadConfigRequest) -> Any:
    if not services.reload_requests:
        raise PermissionDenied(
            "HandleReloadConfigRequest is off (--enable_reload_requests=false): the models of this "
            "server are managed by whoever started it, such as the magics, or Jupyter's panel and "
            "its API at /tfs/api"
        )
    return services.reloads.handle(request)


def _method(
    services: Services,
    service: str,
    name: str,
    request_type: Any,
    begin: Begin,
    blocking: bool = True,
) -> Method:
    counted = name in COUNTED

    def answer(call: Call, done: Reply) -> None:
        try:
            request = parsed(request_type, call.payload)
        except InvalidArgument as error:
            done(error)
            return

        def finish(answer: Any) -> None:
            failed = isinstance(answer, ServingError)
            if not failed:
                try:
                    answer = answer.SerializeToString()
                except Exception as error:
                    answer, failed = failure(error, name), True
            if counted:
                code = answer.code if failed else Code.OK
                seconds = time.monotonic() - call.came
                services.traffic.answered(request.model_spec.name, code, name, "GRPC", seconds)
            done(_cut(answer) if failed else answer)

        begin(services, request, call.turn, finish)

    return Method(f"/{service}/{name}", answer, blocking)


def parsed(request_type: Any, payload: bytes) -> Any:
    """Return the request message of a type.

    Raises:
        InvalidArgument: the payload is no such message.
    """
    try:
        return request_type.FromString(payload)
    except DecodeError:
        raise InvalidArgument(
            f"The request is not a {request_type.DESCRIPTOR.full_name} message"
        ) from None


def _cut(error: ServingError) -> ServingError:
    encoded = error.message.encode(errors="backslashreplace")
    if len(encoded) <= MAX_MESSAGE_BYTES:
        text = encoded.decode()
    else:
        text = f"{encoded[:MAX_MESSAGE_BYTES].decode(errors='ignore')}...TRUNCATED"
    return ServingError(text, error.code)
