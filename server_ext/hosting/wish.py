"""What a start asks for: ports and a way to batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from server_ext.errors import FailedPrecondition
from server_ext.hosting.output import Ready
from server_ext.hosting.ports import GRPC_PORT, REST_PORT, PortWish
from server_ext.hosting.settings import Settings, check_batching


@dataclass(frozen=True)
class Wish:
    """Two ports and a way to batch; `given` tells whether the start itself named the last."""

    rest: PortWish
    grpc: PortWish
    batching: str
    given: bool

    def choose(self) -> tuple[int, int]:
        """Return the ports to ask for.

        Raises:
            Unavailable: one that was asked for is taken.
        """
        return self.rest.choose(), self.grpc.choose()

    def again(self, got: Ready) -> Wish:
        """Return the wish for the next run of a server: where it was, if that can be."""
        return replace(
            self,
            rest=_stay(self.rest, got.rest_port),
            grpc=_stay(self.grpc, got.grpc_port),
        )

    def notes(self, got: Ready) -> Sequence[str]:
        """Return what to tell about the ports."""
        pairs = ((self.rest, got.rest_port), (self.grpc, got.grpc_port))
        return [note for wish, port in pairs if (note := wish.note(port or 0))]

    def check(self, running: Ready, batching: str) -> None:
        """Return if a server that runs is what is asked for.

        Raises:
            FailedPrecondition: it is on another port, or batches in another way.
        """
        for wish, port in ((self.rest, running.rest_port), (self.grpc, running.grpc_port)):
            if wish.fixed and wish.fixed != port:
                raise FailedPrecondition(
                    f"The model server already runs with {wish.what} on port {port}. "
                    f"Leave out {wish.option}, or stop it first."
                )
        if self.given and self.batching != batching:
            raise FailedPrecondition(
                f"The model server already runs with --batching {batching}. "
                "Leave out --batching, or stop it first."
            )


def wish(
    settings: Settings, rest_port: int | None, grpc_port: int | None, batching: str | None
) -> Wish:
    """Return what a start asks for, where None leaves the choice to the settings.

    Raises:
        InvalidArgument: a number that is no port, or no way to batch.
    """
    if batching is not None:
        check_batching(batching)
    rest = PortWish("REST", "--rest-port", REST_PORT, settings.rest_port, settings.host)
    grpc = PortWish("gRPC", "--grpc-port", GRPC_PORT, settings.grpc_port, settings.host)
    return Wish(
        rest if rest_port is None else replace(rest, fixed=rest_port),
        grpc if grpc_port is None else replace(grpc, fixed=grpc_port),
        batching or settings.batching,
        batching is not None,
    )


def _stay(wish: PortWish, port: int | None) -> PortWish:
    if not port or wish.fixed:
        return wish
    return replace(wish, usual=port, fixed=None)
