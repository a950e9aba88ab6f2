"""What is measured on a stage, as rows, and the rounds in which they take turns.

Every row has its turn once per round, so that what the machine does otherwise hits all alike; every
other round goes backwards, against drifts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import load
from arguments import Choice
from contenders import Contender
from h2load import LoadFailed
from load import Load
from progress import step
from protocols import Asking
from servers import CORES
from stage import Stage, WrongAnswer
from table import Row

REFERENCE = {"gRPC": "grpcio", "REST": "flask"}
FEW = ("512", "mixed", "open")  # loads in which some contenders would tell nothing new
NOT_IN_FEW = ("ours-on", "fastapi", "transport-grpc", "transport-rest")
SEARCH_S = 0.2


def rows(stage: Stage, choice: Choice) -> list[Row]:
    """Return what is measured: TensorFlow alone, then each server by each protocol it speaks."""
    found: list[Row] = []
    for kind in choice.loads_of(stage.model):
        if kind in ("swap", "start"):
            continue
        if "bare" in choice.contenders:
            found += _bare_rows(stage, choice, kind)
        for protocol in REFERENCE:
            found += _server_rows(stage, choice, kind, protocol)
    return found


def _bare_rows(stage: Stage, choice: Choice, kind: str) -> Iterator[Row]:
    """Yield one call at a time, or under many requests the best batch and as many callers as cores."""
    model = stage.model
    if kind not in ("1", str(model.crowd)):
        return
    largest = 1 if kind == "1" or choice.quick else model.largest
    bare, size = load.best(stage.bares, largest, SEARCH_S)
    name = f"{bare.name}, {size} rows" if size > 1 else bare.name
    key = "bare" if kind == "1" else "bare-batch"
    seconds = choice.seconds * model.longer
    measure = partial(load.measure_bare, bare, size, seconds)
    yield Row(model.name, key, name, "-", kind, measure)
    if kind != "1":
        first = stage.bares[0]
        measure = partial(load.measure_bare, first, 1, seconds, CORES)
        yield Row(model.name, "bare-cores", f"{first.name}, {CORES} callers", "-", kind, measure)


def _server_rows(stage: Stage, choice: Choice, kind: str, protocol: str) -> list[Row]:
    found = []
    seconds = choice.seconds * stage.model.longer
    for server, asking in _pairs(stage, protocol):
        if kind in FEW and server.key in NOT_IN_FEW:
            continue
        measure = partial(Load(server, asking, kind, stage.model.crowd).measure, seconds)
        found.append(Row(stage.model.name, server.key, server.name, protocol, kind, measure))
    reference = next((row for row in found if row.key == REFERENCE[protocol]), None)
    for row in found:
        row.reference = None if row is reference else reference
    return found


def _pairs(stage: Stage, protocol: str) -> Iterator[tuple[Contender, Asking]]:
    for server in stage.servers:
        for key in server.speaks:
            if stage.askings[key].name == protocol:
                yield server, stage.askings[key]


def measure(stage: Stage, measured: list[Row], count: int) -> None:
    """Measure each row once per round, then ask each server once more.

    A row that fails is given up, and so are those of a server whose answers are wrong by then.
    """
    for number in range(count):
        with step(f"{stage.model.name}: round {number + 1} of {count}"):
            for row in measured if number % 2 == 0 else reversed(measured):
                if not row.failure:
                    _measure_once(row)
    for server in stage.servers:
        try:
            stage.verify(server)
        except WrongAnswer as error:
            for row in measured:
                if row.key == server.key:
                    row.fail(str(error))


def _measure_once(row: Row) -> None:
    try:
        row.samples.append(row.measure())
    except (LoadFailed, RuntimeError) as error:
        row.fail(str(error))
