"""gRPC methods as plain functions from request bytes to response bytes.

    transport --bytes--> Method.answer --> api --> bytes, or a ServingError with code and message

Methods that run a model are `blocking`: the transport hands them to the workers.
Compatible with PredictionService and ModelService (apis/prediction_service.proto,
apis/model_service.proto).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from google.protobuf.message import DecodeError
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from server_ext.api import metadata, predict
from server_ext.api.lookup import from_proto
from server_ext.api.services import Services
from server_ext.errors import Internal, InvalidArgument, ServingError

log = logging.getLogger(__name__)

MAX_MESSAGE = (
    1024  # characters of an error message that reach a client, as model_servers/grpc_status_util.cc
)
PREDICTION_SERVICE = "tensorflow.serving.PredictionService"
MODEL_SERVICE = "tensorflow.serving.ModelService"


class Method(NamedTuple):
    """One unary method. `answer` raises nothing but ServingError."""

    path: str
    answer: Callable[[bytes], bytes]
    blocking: bool


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
        _method(
            PREDICTION_SERVICE,
            "GetModelMetadata",
            GetModelMetadataRequest,
            services,
            _metadata,
            False,
        ),
        _method(MODEL_SERVICE, "GetModelStatus", GetModelStatusRequest, services, _status, False),
    )


def _predict(services: Services, request: PredictRequest) -> Any:
    if not request.HasField("model_spec"):
        raise InvalidArgument("Missing ModelSpec")
    spec = from_proto(request.model_spec)
    return services.predict(spec, lambda handle: predict.predict(handle, request))


def _metadata(services: Services, request: GetModelMetadataRequest) -> Any:
    metadata.check(request)
    return services.lent(from_proto(request.model_spec), metadata.metadata)


def _status(services: Services, request: GetModelStatusRequest) -> Any:
    return services.status.message(from_proto(request.model_spec))


def _method(
    service: str,
    name: str,
    request_type: Any,
    services: Services,
    call: Callable[[Services, Any], Any],
    blocking: bool,
) -> Method:
    def answer(payload: bytes) -> bytes:
        try:
            response: bytes = call(services, request_type.FromString(payload)).SerializeToString()
            return response
        except ServingError as error:
            raise ServingError(_cut(error.message), error.code) from None
        except DecodeError:
            raise InvalidArgument(
                f"The request is not a {request_type.DESCRIPTOR.full_name} message"
            ) from None
        except Exception:
            log.exception("%s failed in a way that is a bug of the server", name)
            raise Internal("Internal error; the server's log has the details") from None

    return Method(f"/{service}/{name}", answer, blocking)


def _cut(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}...TRUNCATED"
