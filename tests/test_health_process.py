"""gRPC's health service with its official stubs, on both transports."""

from __future__ import annotations

import signal

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

pytestmark = pytest.mark.tensorflow

SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING
UNKNOWN = HealthCheckResponse.SERVICE_UNKNOWN
WITHOUT_NATIVE_FRONT = (
    "-c",
    "import sys; sys.modules['pygrpc_native'] = None; "
    "from server_ext.cli import main; sys.exit(main())",
)


@pytest.fixture(params=["native", "grpcio"])
def server(request, start_server, tmp_path):
    program = {} if request.param == "native" else {"program": WITHOUT_NATIVE_FRONT}
    flags = (f"--model_base_path={tmp_path / 'none'}", "--enable_grpc_healthcheck_service")
    return start_server(*flags, **program)


def test_check_and_watch_tell_whether_it_serves_until_it_drains(server):
    with grpc.insecure_channel(server.target) as channel:
        health = HealthStub(channel)
        for service in ("", "ModelService", "PredictionService"):
            answer = health.Check(HealthCheckRequest(service=service), timeout=30)
            assert answer.status == SERVING
        with pytest.raises(grpc.RpcError) as error:
            health.Check(HealthCheckRequest(service="Other"), timeout=30)
        assert error.value.code() is grpc.StatusCode.NOT_FOUND
        watched = health.Watch(HealthCheckRequest(service="ModelService"), timeout=60)
        unknown = health.Watch(HealthCheckRequest(service="Other"), timeout=60)
        left = health.Watch(HealthCheckRequest(), timeout=60)
        assert next(watched).status == SERVING
        assert next(unknown).status == UNKNOWN
        assert next(left).status == SERVING
        left.cancel()

        server.send(signal.SIGTERM)

        assert [answer.status for answer in watched] == [NOT_SERVING]
        assert list(unknown) == []
        assert server.wait() == 0


def test_without_its_flag_there_is_no_health_service(start_server, tmp_path):
    server = start_server(f"--model_base_path={tmp_path / 'none'}")

    with grpc.insecure_channel(server.target) as channel, pytest.raises(grpc.RpcError) as error:
        HealthStub(channel).Check(HealthCheckRequest(), timeout=30)

    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
