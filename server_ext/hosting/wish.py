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

    def anywhere(self) -> tuple[int, int]:
        """Return ports to ask for that nobody can be quicker to take, as far as that is wished."""
        return self.rest.anywhere(), self.grpc.anywhere()

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
            asked = wish.fixed and not wish.free  # and not just what the settings say
            if asked and wish.fixed != port:
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
    host, name = settings.host, settings.name
    rest = PortWish("REST", "--rest-port", REST_PORT, rest_port, host)
    grpc = PortWish("gRPC", "--grpc-port", GRPC_PORT, grpc_port, host)
    return Wish(
        _as_set(rest, f"{name}rest_port", settings.rest_port),
        _as_set(grpc, f"{name}grpc_port", settings.grpc_port),
        batching or settings.batching,
        batching is not None,
    )


def _as_set(wish: PortWish, setting: str, port: int | None) -> PortWish:
    """Return the wish, with the port of the settings where the start itself named none."""
    if wish.fixed is not None or port is None:
        return wish
    return replace(wish, option=setting, fixed=port, free=f"set {setting} to None")


def _stay(wish: PortWish, port: int | None) -> PortWish:
    if not port or wish.fixed:
        return wish
    return replace(wish, usual=port, fixed=None)
