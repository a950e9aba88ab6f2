"""Each gRPC transport by itself: who is let in, what is too large, who leaves, how it ends."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme

from server_ext.errors import InvalidArgument, Unavailable
from server_ext.frontends.grpc_io import GrpcioFront, Threads
from server_ext.frontends.grpc_native import NativeFront
from server_ext.frontends.lanes import Lanes
from server_ext.frontends.rpc import Call, Method, Reply, Send, Stream
from server_ext.frontends.terms import Terms
from server_ext.frontends.tokens import Tokens
from server_ext.lifecycle.workers import Workers
from server_ext.sslconfig import Tls

pytestmark = pytest.mark.tensorflow

LOCAL = ("127.0.0.1", 0)
NAME = (("grpc.ssl_target_name_override", "localhost"),)
SIZES = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))


class Service:
    """Methods that echo. `Hold` waits for `release` on a thread; `Queue` is answered by hand."""

    def __init__(self, pool: Workers | Here) -> None:
        self.pool = pool
        self.release = threading.Event()
        self.began: deque[bytes] = deque()
        self.queued: deque[tuple[Call, Reply]] = deque()
        self.methods = (
            self._method("Echo", lambda call, done: done(call.payload), open=True),
            self._method("Fail", lambda call, done: done(InvalidArgument("no"))),
            self._method("Break", self._break),
            self._method("Hold", self._hold, blocking=True),
            self._method("Queue", lambda call, done: self.queued.append((call, done)), True),
        )
        self.streams = (Stream("/test.Service/Count", self._count),)

    def _method(
        self, name: str, answer: Any, blocking: bool = False, *, open: bool = False
    ) -> Method:
        return Method(f"/test.Service/{name}", answer, blocking, open=open)

    def _break(self, call: Call, done: Reply) -> None:
        raise ZeroDivisionError("nobody thought of this")

    def _hold(self, call: Call, done: Reply) -> None:
        if call.turn.brief:  # then the thread is not to be held
            self.pool.submit(lambda: self._held(call, done))
        else:
            self._held(call, done)

    def _held(self, call: Call, done: Reply) -> None:
        left = call.turn.left()
        if left:
            done(left)
            return
        self.began.append(call.payload)
        self.release.wait(20)
        done(call.payload)

    def _count(self, payload: bytes, send: Send) -> Callable[[], None]:
        send(payload)
        send(None)
        return lambda: None


class Here:
    """What runs jobs at once, in the thread that should not be held."""

    def submit(self, job: Callable[[], None]) -> None:
        job()


class Client:
    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel

    def call(self, name: str, payload: bytes = b"", **more: Any) -> bytes:
        answer: bytes = self.channel.unary_unary(f"/test.Service/{name}")(
            payload, **{"timeout": 20, **more}
        )
        return answer

    def begin(self, name: str, payload: bytes = b"", **more: Any) -> Any:
        return self.channel.unary_unary(f"/test.Service/{name}").future(payload, **more)

    def code(self, name: str, payload: bytes = b"", **more: Any) -> str:
        with pytest.raises(grpc.RpcError) as error:
            self.call(name, payload, **more)
        return str(error.value.code().name)


class Running:
    """A transport with its threads, and clients of it that trust its certificate."""

    def __init__(
        self, kind: str, ca: trustme.CA, terms: dict[str, Any], path: str, address: tuple[str, int]
    ) -> None:
        run, describe, apart = [Workers(1, name) for name in ("run", "describe", "apart")]
        self.lanes = Lanes(run, describe, apart, help=lambda: None)
        self.service = Service(run)
        self.ca = ca
        self.tls = kind == "tls"
        if self.tls:
            terms = {"tls": tls_of(ca), **terms}
        asked = (address, path, self.service.methods, self.service.streams, Terms(**terms))
        self.front: NativeFront | GrpcioFront
        if kind == "native":
            self.front = NativeFront(*asked, self.lanes)
        else:
            self.front = GrpcioFront(*asked, Threads.of(1, batches=True))
        self.front.start()
        self.channels: list[grpc.Channel] = []

    def client(self, target: str = "", certificate: trustme.LeafCert | None = None) -> Client:
        target = target or f"127.0.0.1:{self.front.port}"
        if self.tls:
            credentials = grpc.ssl_channel_credentials(
                self.ca.cert_pem.bytes(),
                certificate and certificate.private_key_pem.bytes(),
                certificate and certificate.cert_chain_pems[0].bytes(),
            )
            channel = grpc.secure_channel(target, credentials, (*SIZES, *NAME))
        else:
            channel = grpc.insecure_channel(target, SIZES)
        self.channels.append(channel)
        return Client(channel)

    def stop(self, timeout_s: float = 0) -> None:
        for channel in self.channels:
            channel.close()
        self.service.release.set()
        self.front.stop(timeout_s)
        for lane in self.lanes[:3]:
            lane.close(5)


def tls_of(ca: trustme.CA, client_verify: bool = False) -> Tls:
    leaf = ca.issue_cert("localhost", "127.0.0.1")
    chain = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
    return Tls(leaf.private_key_pem.bytes(), chain, ca.cert_pem.bytes(), client_verify)


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["native", "grpcio", "tls"])
def start(request: pytest.FixtureRequest, ca: trustme.CA) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(path: str = "", address: tuple[str, int] = LOCAL, **terms: Any) -> Running:
        started.append(Running(request.param, ca, terms, path, address))
        return started[-1]

    yield begin
    for running in started:
        running.stop()


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    file = tmp_path / "tokens"
    file.write_text("secret\n")
    file.chmod(0o600)
    return Tokens(str(file))


def bearer(token: str) -> dict[str, Any]:
    return {"metadata": (("authorization", f"Bearer {token}"),)}


def test_answers_errors_and_streams_arrive(start):
    client = start().client()

    count = client.channel.unary_stream("/test.Service/Count")
    assert client.call("Echo", b"abc") == b"abc"
    assert client.code("Fail") == "INVALID_ARGUMENT"
    assert list(count(b"n", timeout=20)) == [b"n"]


def test_a_method_that_breaks_is_answered_and_the_next_calls_are_too(start):
    client = start().client()

    assert client.code("Break") == "INTERNAL"
    assert client.call("Echo", b"abc") == b"abc"


def test_calls_without_a_token_are_refused_but_for_open_methods(start, tokens):
    client = start(tokens=tokens).client()

    count = client.channel.unary_stream("/test.Service/Count")
    assert client.call("Echo", b"abc") == b"abc"
    assert client.code("Fail") == "UNAUTHENTICATED"
    assert client.code("Fail", **bearer("wrong")) == "UNAUTHENTICATED"
    assert client.code("Fail", **bearer("secret")) == "INVALID_ARGUMENT"
    with pytest.raises(grpc.RpcError) as error:
        list(count(b"n", timeout=20))
    assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert list(count(b"n", timeout=20, **bearer("secret"))) == [b"n"]


def test_a_message_above_the_limit_is_refused_compressed_or_not(start):
    client = start(max_request_bytes=1000).client()

    assert client.call("Echo", b"a" * 1000) == b"a" * 1000
    assert client.code("Echo", b"a" * 1001) == "RESOURCE_EXHAUSTED"
    gzip = {"compression": grpc.Compression.Gzip}
    assert client.code("Echo", bytes(100_000), **gzip) == "RESOURCE_EXHAUSTED"


def test_without_a_limit_a_message_may_be_larger_than_grpc_takes_by_itself(start):
    large = bytes(8 << 20)

    assert start().client().call("Echo", large) == large


def test_a_deadline_that_passes_while_a_call_waits_ends_it_before_it_runs(start, eventually):
    running = start()
    client = running.client()

    held = client.begin("Hold", b"first")
    eventually(lambda: b"first" in running.service.began)
    assert client.code("Hold", b"late", timeout=0.3) == "DEADLINE_EXCEEDED"
    running.service.release.set()

    assert held.result(timeout=20) == b"first"
    assert client.call("Hold", b"next") == b"next"
    assert list(running.service.began) == [b"first", b"next"]


def test_a_cancelled_call_leaves_before_it_runs(start, eventually):
    running = start()
    client = running.client()

    held = client.begin("Hold", b"first")
    eventually(lambda: b"first" in running.service.began)
    left = client.begin("Hold", b"left")
    left.cancel()
    assert client.call("Echo", b"abc") == b"abc"  # what came before it has been heard
    running.service.release.set()

    assert held.result(timeout=20) == b"first"
    assert client.call("Hold", b"next") == b"next"
    assert list(running.service.began) == [b"first", b"next"]


def test_a_call_that_waits_elsewhere_knows_its_deadline_and_hears_that_its_caller_left(
    start, eventually
):
    running = start()
    client = running.client()

    begun = client.begin("Queue", timeout=60)
    call, done = eventually(lambda: running.service.queued and running.service.queued[0])
    assert call.came + 50 < call.turn.deadline < call.came + 61
    assert not call.turn.gone
    begun.cancel()
    eventually(lambda: call.turn.gone)
    done(b"too late")

    assert client.call("Echo", b"abc") == b"abc"


def test_many_calls_wait_at_a_time_and_others_are_answered_meanwhile(start, eventually):
    running = start()
    client = running.client()

    waiting = [client.begin("Queue", b"%d" % number, timeout=60) for number in range(100)]
    eventually(lambda: len(running.service.queued) == 100)
    assert client.call("Echo", b"abc") == b"abc"
    for call, done in running.service.queued:
        done(call.payload)

    assert [call.result(timeout=20) for call in waiting] == [b"%d" % n for n in range(100)]


@pytest.mark.parametrize("size", [4, 50_000_000])
def test_stopping_answers_what_is_in_flight_and_takes_nothing_new(start, eventually, size):
    running = start()
    client = running.client()
    answer = bytes(size)

    begun = client.begin("Queue", b"last", timeout=60)
    _, done = eventually(lambda: running.service.queued and running.service.queued[0])
    stopping = threading.Thread(target=running.front.stop, args=(20,))
    stopping.start()
    eventually(lambda: refuses(running.client()))
    done(answer)

    assert begun.result(timeout=20) == answer
    stopping.join(20)
    assert not stopping.is_alive()


def test_calls_on_their_way_while_it_stops_are_answered_or_told_to_go_elsewhere(start):
    running = start()
    begun = [client.begin("Echo", timeout=20) for client in [running.client()] * 2000]

    running.front.stop(20)

    codes = Counter(call.code() for call in begun)
    told = codes[grpc.StatusCode.OK] + codes[grpc.StatusCode.UNAVAILABLE]
    # grpcio cancels what it has received and not handed over at the very end, which on a busy
    # machine may be a few; of those that it had received before, it was nearly all.
    assert told >= 0.9 * len(begun), codes


def refuses(client: Client) -> bool:
    try:
        client.call("Echo", timeout=1)
    except grpc.RpcError as error:
        return bool(error.code() is grpc.StatusCode.UNAVAILABLE)
    return False


def test_stopping_gives_up_what_takes_too_long(start, eventually):
    running = start()

    begun = running.client().begin("Queue", timeout=60)
    eventually(lambda: running.service.queued)
    running.front.stop(0.2)

    with pytest.raises(grpc.RpcError):
        begun.result(timeout=20)
    [(call, _)] = running.service.queued
    eventually(lambda: call.turn.gone)


def test_a_unix_socket_is_served_beside_the_port_on_the_same_terms(start, tmp_path):
    path = str(tmp_path / "grpc.sock")
    running = start(path)

    assert running.client().call("Echo", b"abc") == b"abc"
    assert running.client(f"unix:{path}").call("Echo", b"abc") == b"abc"
    if running.tls:
        with grpc.insecure_channel(f"unix:{path}") as channel:
            assert Client(channel).code("Echo", timeout=5) == "UNAVAILABLE"


def test_an_address_that_is_taken_is_an_error_that_names_it(start):
    port = start().front.port

    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}"):
        start(address=("127.0.0.1", port))


def test_channel_arguments_take_effect(start):
    running = start(
        arguments={"grpc.max_metadata_size": 9000, "grpc.absolute_max_metadata_size": 9000}
    )
    client = running.client()

    assert client.call("Echo", b"abc", metadata=(("k", "v" * 100),)) == b"abc"
    with pytest.raises(grpc.RpcError):
        client.call("Echo", metadata=(("k", "v" * 12_000),))


@pytest.mark.parametrize("start", ["tls"], indirect=True)
def test_clients_are_asked_for_a_certificate_when_the_terms_say_so(start, ca):
    running = start(tls=tls_of(ca, client_verify=True))
    ours, strange = ca.issue_cert("client@example.org"), trustme.CA().issue_cert("x@example.org")

    assert running.client(certificate=ours).call("Echo", b"abc") == b"abc"
    assert running.client().code("Echo", timeout=5) == "UNAVAILABLE"
    assert running.client(certificate=strange).code("Echo", timeout=5) == "UNAVAILABLE"


@pytest.mark.parametrize("start", ["tls"], indirect=True)
def test_plaintext_is_not_answered_where_tls_is_on(start):
    running = start()

    with grpc.insecure_channel(f"127.0.0.1:{running.front.port}") as channel:
        assert Client(channel).code("Echo", timeout=5) == "UNAVAILABLE"


@pytest.mark.parametrize("start", ["native"], indirect=True)  # grpcio reads in no such thread
def test_a_reader_that_is_held_by_a_long_run_holds_up_no_other_call(start, eventually):
    running = start()
    client, service = running.client(), running.service
    service.pool = Here()
    held = client.begin("Hold", b"held")
    eventually(lambda: service.began)

    for number in range(3):
        assert client.call("Echo", bytes([number])) == bytes([number])
    answers = [client.begin("Queue", b"later") for _ in range(2)]
    eventually(lambda: len(service.queued) == 2)
    for call, done in service.queued:
        done(call.payload)
    assert [answer.result(20) for answer in answers] == [b"later"] * 2

    service.release.set()
    assert held.result(20) == b"held"
    assert client.call("Echo", b"back") == b"back"
