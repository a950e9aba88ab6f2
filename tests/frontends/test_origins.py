"""A server that no page of another site can use, and whose models no request can change."""

from __future__ import annotations

import grpc
import pytest
import requests

pytestmark = pytest.mark.tensorflow

ROW = {"instances": [[0, 0, 0, 0]]}
PREDICT = "/v1/models/constant:predict"
FOREIGN = "http://evil.example.org"


@pytest.fixture(scope="module")
def closed_server(config_file, monitored, start_module_server):
    return start_module_server(
        f"--model_config_file={config_file}",
        monitored,
        "--rest_api_refuse_foreign_origins",
        "--enable_reload_requests=false",
    )


def ask(server, method, path, origin=None, **more):
    headers = {"Origin": origin} if origin is not None else {}
    headers |= more.pop("headers", {})
    return requests.request(method, server.url + path, headers=headers, timeout=30, **more)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", PREDICT),
        ("OPTIONS", PREDICT),
        ("GET", "/v1/models/constant"),
        ("GET", "/v1/server"),
        ("GET", "/docs"),
        ("GET", "/healthz"),
        ("GET", "/monitoring/prometheus/metrics"),
    ],
)
@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://127.0.0.1:1"])
def test_a_page_of_another_origin_is_refused_whatever_it_asks(closed_server, origin, method, path):
    answer = ask(closed_server, method, path, origin, json=ROW if method == "POST" else None)

    assert answer.status_code == 403
    assert answer.json()["error"].startswith(f"Pages of {origin} may not use this server")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_nothing_is_predicted_for_another_origin_on_the_short_way_either(closed_server):
    with requests.Session() as session:
        for origin in (FOREIGN, None, FOREIGN, closed_server.url, FOREIGN):
            headers = {"Origin": origin} if origin else {}
            answer = session.post(closed_server.url + PREDICT, json=ROW, headers=headers)
            assert answer.status_code == (403 if origin == FOREIGN else 200)


def test_the_page_of_the_server_itself_goes_on_working(closed_server):
    own = closed_server.url

    assert ask(closed_server, "GET", "/docs").status_code == 200
    assert ask(closed_server, "GET", "/v1/server", own).status_code == 200
    answer = ask(closed_server, "POST", PREDICT, own, json=ROW)
    assert answer.json()["predictions"][0]["b"] == 3.0


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_form_cannot_send_what_looks_like_json(closed_server, kind):
    answer = ask(
        closed_server,
        "POST",
        PREDICT,
        closed_server.url,
        data='{"instances": [[0, 0, 0, 0]]}',
        headers={"Content-Type": kind},
    )

    assert answer.status_code == 415
    assert "Content-Type: application/json" in answer.json()["error"]


def test_clients_that_are_no_browsers_are_answered_as_ever(closed_server):
    data = '{"instances": [[0, 0, 0, 0]]}'

    assert ask(closed_server, "POST", PREDICT, data=data).status_code == 200


def test_pages_of_other_origins_may_ask_unless_that_is_off(native_server):
    assert ask(native_server, "POST", PREDICT, FOREIGN, json=ROW).status_code == 200


def reload_code(server):
    from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest
    from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub

    request = ReloadConfigRequest()
    request.config.model_config_list.SetInParent()
    with grpc.insecure_channel(server.target) as channel, pytest.raises(grpc.RpcError) as raised:
        ModelServiceStub(channel).HandleReloadConfigRequest(request, timeout=30)
    return raised.value.code(), raised.value.details()


def test_no_request_changes_the_models(closed_server):
    code, details = reload_code(closed_server)

    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "managed by whoever started it" in details
    assert ask(closed_server, "GET", "/v1/models/constant").status_code == 200


def test_no_request_changes_the_models_on_the_other_transport(start_server, models):
    server = start_server(
        f"--model_base_path={models / 'pair'}",
        "--enable_grpc_reflection",
        "--enable_reload_requests=false",
    )

    assert reload_code(server)[0] is grpc.StatusCode.PERMISSION_DENIED
