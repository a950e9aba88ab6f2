"""Compares this server with what people use today: `python tests/benchmarks/serving.py`.

One small SavedModel on loopback, on one machine, in one run: TensorFlow alone in a loop, this
server by gRPC and REST, a grpcio sync server and Flask under gunicorn, each with one request in
flight and with 64. All are up at the same time and measured in turns, several rounds long, idle
while another one has its turn. Each answer is checked by a real client before the first round and
after the last.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import load
import models
import numpy as np
from contenders import BARE_THREADS, Bare, Contender, FlaskGunicorn, GrpcioSync, Ours
from protocols import Asking, Grpc, Rest, verify
from table import Row, Sample, compare, figures, ratios

IN_FLIGHT = (1, 64)
LARGEST_BATCH = 128


class Servers(NamedTuple):
    """All that runs during the benchmark, and how to talk to it."""

    bares: list[Bare]
    ours: Contender
    grpcio: Contender
    flask: Contender
    grpc: Asking
    rest: Asking

    def pairs(self) -> list[tuple[Contender, Asking]]:
        """Return each server with each protocol it speaks here."""
        ours = [(self.ours, self.grpc), (self.ours, self.rest)]
        return [*ours, (self.grpcio, self.grpc), (self.flask, self.rest)]

    def verify(self, contender: Contender) -> None:
        """Compare the server's answers, by each protocol, with TensorFlow's own."""
        for server, asking in self.pairs():
            if server is contender:
                verify(asking, contender, self.bares[0].answer)


def main() -> int:
    """Run the benchmark and print its tables; return the exit code."""
    arguments = _parser().parse_args()
    if shutil.which("h2load") is None:
        print("h2load is missing; it is in the package nghttp2-client (Debian, Ubuntu)")
        return 1
    print(_machine())
    with tempfile.TemporaryDirectory(prefix="tfs-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        servers = _start(arguments.model, folder, stack)
        rows = _rows(servers, arguments.seconds, folder)
        _measure(rows, arguments.rounds)
        for contender in (servers.ours, servers.grpcio, servers.flask):
            servers.verify(contender)
    _report(rows, arguments.model)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", choices=models.KINDS, default="dense", help="what is served")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="per measurement (default 2)")
    return parser


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"load generator on the same cores"
    )


def _start(kind: str, folder: Path, stack: ExitStack) -> Servers:
    with _step(f"export a small {kind} model"):
        model = models.export(kind, folder / "model")
        sample = folder / "sample.npy"
        np.save(sample, models.sample())
    bares = [
        Bare(model, folder / f"bare{number}.log", models.SIGNATURE, sample, threads)
        for number, threads in enumerate(BARE_THREADS)
    ]
    ours = Ours(model, folder / "ours.log")
    grpcio = GrpcioSync(model, folder / "grpcio.log")
    flask = FlaskGunicorn(model, folder / "flask.log")
    servers = Servers(bares, ours, grpcio, flask, Grpc(folder), Rest(folder))
    for contender in (*bares, ours, grpcio, flask):
        with _step(f"start {contender.name}, up to its first answer"):
            stack.enter_context(contender)
            servers.verify(contender)
    return servers


def _rows(servers: Servers, seconds: float, folder: Path) -> list[Row]:
    """Return what is measured; a reference stands before what is compared with it.

    The first two rows are TensorFlow alone in the way that is fastest here: with one row per call,
    and with as many as pass best.
    """

    def server(contender: Contender, asking: Asking, count: int, reference: Row | None) -> Row:
        def measure() -> Sample:
            return load.measure_server(contender, asking, count, seconds, folder)

        return Row(contender.name, asking.name, str(count), measure, reference)

    rows = []
    for largest in (1, LARGEST_BATCH):
        with _step(f"look for the fastest bare callable with batches up to {largest}"):
            bare, size = load.best(servers.bares, largest)
        measure = partial(load.measure_bare, bare, size, seconds)
        rows.append(Row(bare.name, "-", f"1 x {size}", measure))
    for contender, asking in ((servers.grpcio, servers.grpc), (servers.flask, servers.rest)):
        for count in IN_FLIGHT:
            reference = server(contender, asking, count, None)
            rows += [reference, server(servers.ours, asking, count, reference)]
    return rows


def _measure(rows: list[Row], rounds: int) -> None:
    """Measure each row once per round; every other round goes backwards, against drifts."""
    for number in range(rounds):
        with _step(f"round {number + 1} of {rounds}"):
            for row in rows if number % 2 == 0 else reversed(rows):
                row.samples.append(row.measure())


def _report(rows: list[Row], kind: str) -> None:
    rounds = len(rows[0].samples)
    print(f"\nSmall {kind} model: median (lowest to highest) of {rounds} rounds.")
    print("1 x 128 is one call at a time, of 128 rows; each row counts as a request.\n")
    print(figures(rows))
    print("\nDivided by the reference of the same protocol, round by round\n")
    print(ratios(rows))
    single, batched = rows[:2]
    print("\nAgainst TensorFlow alone, the bare callables above\n")
    for row in rows:
        if row.reference is None:
            continue
        what = f"{row.name}, {row.protocol}, {row.load} in flight:"
        if row.load == "1":
            print(what, "p50 +", compare(row, single, lambda a, b: a.p50_ms - b.p50_ms), "ms")
        else:
            per_second = compare(row, batched, lambda a, b: a.per_second / b.per_second)
            print(what, per_second, "of the rows per second at the best batch")
    print("memory: +", compare(rows[3], single, lambda a, b: a.rss_mb - b.rss_mb), "MB")


@contextmanager
def _step(what: str) -> Iterator[None]:
    begin = time.monotonic()
    print(f"{what} ...", end=" ", flush=True)
    yield
    print(f"{time.monotonic() - begin:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
