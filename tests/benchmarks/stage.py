"""One model with all that serves it: exported, started, found right, and measured in rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import requests
from arguments import Choice
from contenders import Contender
from grpc import RpcError
from models import SIGNATURE, Model
from progress import step
from protocols import Asking, Grpc, Rest, same
from servers import (
    BARE_THREADS,
    CORES,
    Bare,
    FastApiUvicorn,
    FlaskGunicorn,
    GrpcioSync,
    GrpcTransport,
    Ours,
    RestTransport,
    Triton,
)
from triton_protocols import TritonGrpc, TritonRest

FAMILIES = {"grpc": Grpc, "rest": Rest, "triton_grpc": TritonGrpc, "triton_rest": TritonRest}
LIMITS_OF = ("dense", "mobilenet")  # two sizes of requests are enough for the transports


class WrongAnswer(Exception):
    """A server answers something else than TensorFlow."""


class Stage:
    """A model on disk, how it is asked, and the servers that are up.

    `left_out` says of each server that is missing why.
    """

    def __init__(self, model: Model, folder: Path) -> None:
        self.model = model
        self.folder = folder
        folder.mkdir()
        with step(f"export the model {model.name}"):
            self.version = model.export(folder / "model")
        self.askings: dict[str, Asking] = {
            key: family(folder, model.input, model.sample) for key, family in FAMILIES.items()
        }
        self.servers: list[Contender] = []
        self.bares: list[Bare] = []
        self.left_out: dict[str, str] = {}

    def bare(self, kind: int = 0) -> Bare:
        """Return a process with the bare callable, not started yet."""
        sample = self.folder / "sample.npy"
        values = self.model.sample()
        np.save(sample, values.astype("S") if values.dtype == object else values)
        return Bare(self.version, self.folder, SIGNATURE, sample, kind)

    def verify(self, contender: Contender) -> None:
        """Compare the server's answers, by each protocol, with TensorFlow's own.

        Raises:
            WrongAnswer: one of them differs, or is an error.
        """
        for key in contender.speaks:
            try:
                answer = self.askings[key].ask(contender.ports)
            except (RpcError, requests.RequestException) as error:
                raise WrongAnswer(f"{contender.name} over {key}: {error}") from error
            if not same(answer, self.bares[0].answer):
                raise WrongAnswer(f"{contender.name} over {key} answers {str(answer)[:200]}")


@contextmanager
def open_stage(
    model: Model, folder: Path, choice: Choice, modes: Sequence[str], triton: Path | None
) -> Iterator[Stage]:
    """Start the contenders that were chosen, as many at a time as there are cores."""
    stage = Stage(model, folder / model.name)
    with ExitStack() as stack:
        with step(f"start the contenders for {model.name}"):
            kinds = range(1 if choice.quick else len(BARE_THREADS))
            stage.bares = [stage.bare(kind) for kind in kinds]
            _enter(stage, stage.bares, stack)
            servers = list(_servers(stage, choice.contenders, modes, triton))
            stage.servers = _enter(stage, servers, stack)
        for key, why in stage.left_out.items():
            print(f"{key} is left out: {why}")
        yield stage


def _servers(
    stage: Stage, chosen: Sequence[str], modes: Sequence[str], triton: Path | None
) -> Iterator[Contender]:
    place = (stage.version, stage.folder)
    simple: dict[str, Callable[[Path, Path], Contender]] = {
        "grpcio": GrpcioSync,
        "flask": FlaskGunicorn,
        "fastapi": FastApiUvicorn,
    }
    yield from (simple[key](*place) for key in simple if key in chosen)
    yield from (Ours(*place, mode) for mode in modes if f"ours-{mode}" in chosen)
    if "triton" in chosen and triton:
        yield Triton(*place, triton)
    if "transport" in chosen and stage.model.name in LIMITS_OF:
        answer = stage.bares[0].answer
        by_grpc, by_rest = stage.askings["grpc"], stage.askings["rest"]
        assert isinstance(by_grpc, Grpc)
        assert isinstance(by_rest, Rest)
        yield GrpcTransport(*place, by_grpc.answer(answer))
        yield RestTransport(*place, by_rest.answer(answer))


def _enter(stage: Stage, contenders: Sequence[Contender], stack: ExitStack) -> list[Contender]:
    """Start them, ask each once, and return those that answer as TensorFlow does."""

    def enter(contender: Contender) -> Contender | None:
        try:
            contender.__enter__()
        except RuntimeError as error:
            stage.left_out[contender.key] = str(error).strip().splitlines()[-1]
            return None
        try:
            stage.verify(contender)
        except WrongAnswer as error:
            stage.left_out[contender.key] = str(error)
            contender.__exit__(None, None, None)
            return None
        stack.push(contender)
        return contender

    with ThreadPoolExecutor(CORES) as pool:
        return [contender for contender in pool.map(enter, contenders) if contender]
