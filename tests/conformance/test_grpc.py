"""Runs the cases of grpc/ with the official stubs, on both transports. README.md has the format.

A start line `Service/Method` names a method of tensorflow.serving, unless the service is written in
full; with `bytes` behind it the body is sent as it is, otherwise read as protobuf's text format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import grpc
import modes
import pytest
from casefile import Message

pytestmark = pytest.mark.tensorflow

WITHOUT_LIMIT = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Reply(NamedTuple):
    """What came: a message when the code is OK, else the error's text."""

    code: str
    details: str = ""
    message: Any = None


@pytest.fixture(scope="session")
def services() -> dict[str, tuple[Any, Any]]:
    """Return the official stub, if there is one, and the descriptor of each service by its name."""
    from grpc_health.v1 import health_pb2, health_pb2_grpc
    from tensorflow_serving.apis import (
        model_service_pb2,
        model_service_pb2_grpc,
        prediction_service_pb2,
        prediction_service_pb2_grpc,
        session_service_pb2,
    )

    modules = (
        (health_pb2, health_pb2_grpc),
        (model_service_pb2, model_service_pb2_grpc),
        (prediction_service_pb2, prediction_service_pb2_grpc),
        (session_service_pb2, None),
    )
    return {
        service.full_name: (getattr(stubs, f"{service.name}Stub", None), service)
        for messages, stubs in modules
        for service in messages.DESCRIPTOR.services_by_name.values()
    }


@pytest.fixture(scope="module")
def channel_to(server_named: Callable[..., Any]) -> Iterator[Callable[[str, str], grpc.Channel]]:
    """Return the channel to a server by its configuration and transport."""
    channels: dict[tuple[str, str], grpc.Channel] = {}

    def channel(name: str, transport: str) -> grpc.Channel:
        key = (name, transport)
        if key not in channels:
            server = server_named(name, transport)
            channels[key] = grpc.insecure_channel(server.target, options=WITHOUT_LIMIT)
        return channels[key]

    yield channel
    for opened in channels.values():
        opened.close()


@pytest.mark.parametrize("transport", ["native", "grpcio"])
def test_the_answer_is_the_one_of_the_case(case, transport, channel_to, services):
    channel = channel_to(case.server, transport)

    for request, answer in case.exchanges:
        reply = ask(channel, services, request)
        if not modes.refused(case, modes.MODE, reply.details):
            check(reply, answer)


def ask(channel: grpc.Channel, services: dict[str, tuple[Any, Any]], request: Message) -> Reply:
    path, _, form = request.start.partition(" ")
    service, _, name = path.partition("/")
    service = service if "." in service else f"tensorflow.serving.{service}"
    stub, descriptor = services.get(service, (None, None))
    known = descriptor.methods_by_name.get(name) if descriptor else None
    call, message = channel.unary_unary(f"/{service}/{name}"), request.body
    if known and form != "bytes":
        message = parsed(known.input_type, request.text)
        if stub:
            call = getattr(stub(channel), name)
        else:
            message = message.SerializeToString()
    timeout_s = float(request.instructions.get("timeout", 60))
    try:
        reply = call(message, timeout=timeout_s, metadata=request.fields)
    except grpc.RpcError as error:
        return Reply(error.code().name, error.details())
    if isinstance(reply, bytes):
        reply = message_type(known.output_type).FromString(reply)
    return Reply("OK", message=reply)


def check(reply: Reply, answer: Message) -> None:
    code, _, how = answer.start.partition(" ")
    assert reply.code == code, f"{reply.code}: {reply.details}"
    if "length" in answer.instructions:
        assert len(reply.details.encode()) == int(answer.instructions["length"])
    if code == "OK" and how != "with":
        assert printed(reply.message) == printed(parsed(reply.message.DESCRIPTOR, answer.text))
    elif how == "exactly":
        assert reply.details == answer.text
    else:
        found = printed(reply.message) if code == "OK" else reply.details
        assert [line for line in answer.lines if line not in found] == [], found


def parsed(descriptor: Any, text: str) -> Any:
    from google.protobuf import text_format

    message = message_type(descriptor)()
    text_format.Parse(text, message)
    return message


def message_type(descriptor: Any) -> Any:
    from google.protobuf.message_factory import GetMessageClass

    return GetMessageClass(descriptor)


def printed(message: Any) -> str:
    """Return the text format, in which maps are sorted and an Any shows what is in it."""
    from google.protobuf import text_format

    return str(text_format.MessageToString(message))
