"""How throughput and memory grow: with the models, with the connections, with the payloads.

A fresh server for each number of models, and for each protocol's payloads, as memory that was used
once stays with a process. The model of the payloads adds floats, so that it costs next to nothing.
"""

from __future__ import annotations

import resource
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from arguments import Choice
from contenders import Contender
from h2load import LoadFailed, Running, Traffic, for_seconds, per_second
from load import Load
from models import MODELS, SIGNATURE
from progress import step
from protocols import Asking, Grpc, Rest
from servers import Ours
from table import markdown, number, percentile

MODEL_COUNTS = (1, 10, 100)
CONNECTIONS = (1, 16, 256, 2048)
PAYLOADS = {"1 kB": 10**3, "16 kB": 16 * 10**3, "256 kB": 256 * 10**3, "4 MB": 4 * 10**6}
PAYLOADS["64 MB"] = 64 * 10**6
BYTES_OF_NUMBER = {"gRPC": 4, "REST": 21}  # as raw float32, and as the text of one on average
IN_FLIGHT_PAYLOADS = 4
IN_FLIGHT = 64
GENERATORS = 4
COLUMNS = ["protocol", "req/s", "p50 ms", "p99 ms", "RSS MB"]
HOW_TO_READ = """\
Memory is that of the server after each load. Models: copies of the small dense model, 64 requests in flight;
REST asks each model in turn, gRPC four of them. Connections: one request in flight on each. Payloads: 4 requests
in flight, raw floats over gRPC and JSON text over REST.
"""
Line = list[str]


def run(choice: Choice, modes: Sequence[str], folder: Path) -> tuple[str, int]:
    """Measure the growth of our server in the modes that were chosen; return the tables and 0."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    judged = "auto" if "auto" in modes else "on"
    chosen = [mode for mode in ("off", judged) if f"ours-{mode}" in choice.contenders]
    with step("export the models"):
        dense = MODELS["dense"].export(folder / "dense")
        total = _export_total(folder / "total")
    tables: dict[str, list[Line]] = {"models": [], "connections": [], "payload": []}
    for mode in chosen:
        with step(f"batching {mode}: models"):
            tables["models"] += _models(mode, dense, folder, choice.seconds)
        with step(f"batching {mode}: connections"):
            tables["connections"] += _connections(mode, dense, folder, choice.seconds)
        with step(f"batching {mode}: payloads"):
            tables["payload"] += _payloads(mode, total, folder, choice.seconds)
    heads = {"models": [*COLUMNS, "start s"], "payload": [*COLUMNS, "MB/s"]}
    parts = [HOW_TO_READ.strip()]
    parts += [
        f"### {name.capitalize()}\n\n"
        + markdown(["batching", name, *heads.get(name, COLUMNS)], body)
        for name, body in tables.items()
    ]
    return "\n\n".join(parts) + "\n", 0


def _models(mode: str, version: Path, folder: Path, seconds: float) -> Iterator[Line]:
    model = MODELS["dense"]
    rest = Rest(folder, model.input, model.sample)
    for count in MODEL_COUNTS:
        names = [f"model{number}" for number in range(count)]
        config = folder / f"{count}.config"
        config.write_text(_config(names, version.parent))
        flags = [f"--model_config_file={config}", "--num_load_threads=2"]
        asked = names[:: max(1, count // GENERATORS)][:GENERATORS]
        calls = [Grpc(folder, model.input, model.sample, name) for name in asked]
        with Ours(version, folder, mode, flags) as ours:
            addresses = [rest.address(ours.ports).replace("/bench:", f"/{name}:") for name in names]
            by_rest = Traffic(addresses, rest.options, rest.body(1), IN_FLIGHT, 1)
            by_grpc = [_call(call, ours, IN_FLIGHT // len(calls)) for call in calls]
            for protocol, traffics in (("gRPC", by_grpc), ("REST", [by_rest])):
                figures = _load(ours, traffics, seconds)
                yield [mode, f"{count}", protocol, *figures, number(ours.start_s)]


def _call(call: Grpc, ours: Contender, in_flight: int) -> Traffic:
    return Traffic([call.address(ours.ports)], call.options, call.body(1), 1, in_flight)


def _load(ours: Contender, traffics: Sequence[Traffic], seconds: float) -> Line:
    try:
        Running(traffics, for_seconds(seconds / 2)).outcomes()
        outcomes = Running(traffics, for_seconds(seconds)).outcomes()
    except LoadFailed as error:
        return _failed(error)
    latencies = [latency for outcome in outcomes for latency in outcome.latencies_us]
    failed = sum(outcome.failed for outcome in outcomes)
    if failed or not latencies:
        return _failed(f"{failed} requests, {len(latencies)} did not")
    p50, p99 = (number(percentile(latencies, percent) / 1000) for percent in (50, 99))
    return [number(per_second(outcomes)), p50, p99, number(ours.usage().rss_bytes / 1e6)]


def _failed(why: object) -> Line:
    return [f"failed: {' '.join(str(why).split())[:40]}", "-", "-", "-"]


def _config(names: Iterable[str], base: Path) -> str:
    model = 'config {{ name: "{}" base_path: "{}" model_platform: "tensorflow" }}'
    return f"model_config_list {{ {' '.join(model.format(name, base) for name in names)} }}"


def _connections(mode: str, version: Path, folder: Path, seconds: float) -> Iterator[Line]:
    model = MODELS["dense"]
    with Ours(version, folder, mode) as ours:
        for family in (Grpc, Rest):
            asking = family(folder, model.input, model.sample)
            for count in CONNECTIONS:
                load = Load(ours, asking, str(count), count, alone=True)
                yield [mode, f"{count:,}", asking.name, *_measure(load, seconds)]


def _payloads(mode: str, version: Path, folder: Path, seconds: float) -> Iterator[Line]:
    for family in (Grpc, Rest):
        asking: Asking = family(folder, "values", _values)
        with Ours(version, folder, mode) as ours:
            for name, size_bytes in PAYLOADS.items():
                rows = size_bytes // BYTES_OF_NUMBER[asking.name]
                load = Load(ours, asking, str(IN_FLIGHT_PAYLOADS), IN_FLIGHT_PAYLOADS, rows=[rows])
                figures = _measure(load, seconds)
                megabytes = asking.body(rows).stat().st_size / 1e6
                rate = figures[0].replace(",", "")
                total = "-" if rate.startswith("failed") else number(float(rate) * megabytes)
                yield [mode, name, asking.name, *figures, total]


def _measure(load: Load, seconds: float) -> Line:
    try:
        sample = load.measure(seconds)
    except LoadFailed as error:
        return _failed(error)
    return [
        number(figure)
        for figure in (sample.per_second, sample.p50_ms, sample.p99_ms, sample.rss_mb)
    ]


def _values(count: int) -> np.ndarray[Any, np.dtype[Any]]:
    return np.random.default_rng(7).random((1, count), dtype=np.float32)


def _export_total(base_path: Path) -> Path:
    """Write a model that adds the values of each row: as little work as there can be."""

    class Total(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="values")])  # type: ignore[untyped-decorator]
        def total(self, values: Any) -> dict[str, Any]:
            return {"total": tf.reduce_sum(values, axis=1)}

    module = Total()
    directory = base_path / "1"
    tf.saved_model.save(module, str(directory), {SIGNATURE: module.total})
    return directory
