"""gRPC methods as plain functions from request bytes to response bytes.

    transport --bytes--> Method.answer --> api --> bytes, or a ServingError with code and message

Methods that run a model are `blocking`: the transport hands them to the workers. One that may wait
for minutes is `apart`: it takes a thread that no other method needs. One that is `draining` is
answered while the server refuses all others.
Compatible with PredictionService and ModelService (apis/prediction_service.proto,
apis/model_service.proto).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from google.protobuf.message import DecodeError
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.regression_pb2 import RegressionRequest

from server_ext.api import classify, metadata, multi_inference, predict, regress
from server_ext.api.lookup import from_proto
from server_ext.api.services import Services
from server_ext.errors import Code, Internal, InvalidArgument, ServingError

log = logging.getLogger(__name__)

# Bytes of an error message that reach a client, as model_servers/grpc_status_util.cc. A client may
# refuse the answer whose headers are larger than 8 KiB, and a byte takes up to three of those.
MAX_MESSAGE_BYTES = 1024
PREDICTION_SERVICE = "tensorflow.serving.PredictionService"
MODEL_SERVICE = "tensorflow.serving.ModelService"
COUNTED = frozenset(("Predict", "Classify", "Regress"))  # in request_count, as upstream


class Method(NamedTuple):
    """One unary method. `answer` raises nothing but ServingError.

    It takes the request and the time.monotonic() at which it came.
    """

    path: str
    answer: Callable[[bytes, float], bytes]
    blocking: bool
    apart: bool = False
    draining: bool = False


Send = Callable[[bytes | None], None]


class Stream(NamedTuple):
    """One method that answers with a stream.

    `watch` takes the request and where to send the messages, None to end the stream; it returns at
    once, with what to call when the client has gone. It raises nothing but ServingError.
    """

    path: str
    watch: Callable[[bytes, Send], Callable[[], None]]


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
    return (
        _method(PREDICTION_SERVICE, "Predict", PredictRequest, services, _predict, True),
        _method(PREDICTION_SERVICE, "Classify", ClassificationRequest, services, _classify, True),
        _method(PREDICTION_SERVICE, "Regress", RegressionRequest, services, _regress, True),
        _method(
            PREDICTION_SERVICE, "MultiInference", MultiInferenceRequest, services, _multi, True
        ),
        _method(
            PREDICTION_SERVICE,
            "GetModelMetadata",
            GetModelMetadataRequest,
            services,
            _metadata,
            False,
        ),
        _method(MODEL_SERVICE, "GetModelStatus", GetModelStatusRequest, services, _status, False),
        _method(
            MODEL_SERVICE,
            "HandleReloadConfigRequest",
            ReloadConfigRequest,
            services,
            _reload,
            True,
        )._replace(apart=True),
    )


def _predict(services: Services, request: PredictRequest) -> Any:
    return _infer(services, request, "Predict", predict.predict)


def _classify(services: Services, request: ClassificationRequest) -> Any:
    return _infer(services, request, "Classify", classify.classify)


def _regress(services: Services, request: RegressionRequest) -> Any:
    return _infer(services, request, "Regress", regress.regress)


def _multi(services: Services, request: MultiInferenceRequest) -> Any:
    check = services.check_methods
    spec = multi_inference.model_of(request)
    response = services.predict(
        spec,
        lambda handle: multi_inference.multi_inference(handle, request, check_method=check),
        "MultiInference",
    )
    rows = getattr(request.input, request.input.WhichOneof("kind")).examples
    services.traffic.examples(spec.name, len(rows))
    return response


def _infer(services: Services, request: Any, api: str, verb: Callable[..., Any]) -> Any:
    if not request.HasField("model_spec"):
        raise InvalidArgument("Missing ModelSpec")
    check = services.check_methods
    return services.predict(
        from_proto(request.model_spec),
        lambda handle: verb(handle, request, check_method=check),
        api,
    )


def _metadata(services: Services, request: GetModelMetadataRequest) -> Any:
    metadata.check(request)
    return services.lent(from_proto(request.model_spec), metadata.metadata)


def _status(services: Services, request: GetModelStatusRequest) -> Any:
    return services.status.message(from_proto(request.model_spec))


def _reload(services: Services, request: ReloadConfigRequest) -> Any:
    return services.reloads.handle(request)


def _method(
    service: str,
    name: str,
    request_type: Any,
    services: Services,
    call: Callable[[Services, Any], Any],
    blocking: bool,
) -> Method:
    def answer(payload: bytes, came: float) -> bytes:
        request = _parsed(request_type, payload)
        code = Code.INTERNAL
        try:
            response: bytes = call(services, request).SerializeToString()
            code = Code.OK
            return response
        except ServingError as error:
            code = error.code
            raise ServingError(_cut(error.message), code) from None
        except Exception:
            log.exception("%s failed in a way that is a bug of the server", name)
            raise Internal("Internal error; the server's log has the details") from None
        finally:
            if name in COUNTED:
                seconds = time.monotonic() - came
                services.traffic.answered(request.model_spec.name, code, name, "GRPC", seconds)

    return Method(f"/{service}/{name}", answer, blocking)


def _parsed(request_type: Any, payload: bytes) -> Any:
    try:
        return request_type.FromString(payload)
    except DecodeError:
        raise InvalidArgument(
            f"The request is not a {request_type.DESCRIPTOR.full_name} message"
        ) from None


def _cut(message: str) -> str:
    encoded = message.encode(errors="backslashreplace")
    if len(encoded) <= MAX_MESSAGE_BYTES:
        return encoded.decode()
    return f"{encoded[:MAX_MESSAGE_BYTES].decode(errors='ignore')}...TRUNCATED"
