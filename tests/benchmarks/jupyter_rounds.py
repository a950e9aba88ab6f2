"""The benchmark of what Jupyter hosts: recovery, the end, the kernels' echo, the way through it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import jupyter_echo
import jupyter_proxy
import jupyter_recovery
from arguments import Choice
from jupyter_hosted import Hosted, available
from jupyter_proxy import Measured
from jupyter_recovery import Recovery
from kernelchannel import Kernel
from models import MODELS
from progress import step
from protocols import Rest
from table import markdown, number, percentile, spread

SERVED = ("dense", "convolution", "text")
IDLE_ECHOES, QUICK_IDLE_ECHOES = 300, 30
QUICK_LOAD_S = 1.5  # with a model of 64 MiB
OVER_TENSORFLOW_S = 2
GONE_S = 2
ECHO_P99_MS = 50
HOW_TO_READ = """\
A real JupyterLab server with the extension, and the same batching as `%tfs_serve` gives. Recovery is from
SIGKILL of the model server until the API says of each of three models that a version is AVAILABLE; beside it,
in turns, a process that imports TensorFlow and loads the same three into sessions. The end is from SIGKILL of
Jupyter, with a kernel. An echo runs `1` in a kernel, over the websocket that JupyterLab uses, and counts while
a model of 1 GiB loads and 64 REST requests of the small dense model are in flight. The client acknowledges at
once what it receives: Jupyter does not turn Nagle's algorithm off, which would add Linux's 40 ms to every row.
"""
Echoes = dict[str, list[float]]
Ways = dict[int, list[tuple[Measured, Measured]]]


def run(choice: Choice, folder: Path) -> tuple[str, int]:
    """Measure all of it; return the tables, and 1 if a target is missed."""
    with step("export the models"):
        models = {name: folder / name for name in SERVED}
        for name, base_path in models.items():
            MODELS[name].export(base_path)
        jupyter_echo.export_large(folder / "large", 1 if choice.quick else jupyter_echo.PARTS)
    recoveries = []
    for count in range(choice.rounds):
        with step(f"kill, round {count + 1} of {choice.rounds}"):
            place = folder / f"round{count}"
            recoveries.append(jupyter_recovery.measure(folder, place, models))
    echoes, ways = _busy(choice, folder)
    return _report(recoveries, echoes, ways)


def _busy(choice: Choice, folder: Path) -> tuple[Echoes, Ways]:
    """Measure echoes and the two ways, in turns, at one Jupyter server."""
    dense = MODELS["dense"]
    asking = Rest(folder, dense.input, dense.sample)
    echoes: Echoes = {}
    ways: Ways = {}
    with Hosted(folder / "busy", folder) as hosted, Kernel(hosted.jupyter, "bench.ipynb") as kernel:
        hosted.serve("dense", folder / "dense")
        hosted.until(lambda status: available(status, {"dense"}))
        ways_there = {"at its own port": hosted.direct, "through Jupyter": hosted.proxied}
        load_s = QUICK_LOAD_S if choice.quick else jupyter_echo.LOAD_S
        idle = QUICK_IDLE_ECHOES if choice.quick else IDLE_ECHOES
        for count in range(choice.rounds):
            with step(f"echoes and ways, round {count + 1} of {choice.rounds}"):
                echoes.setdefault("idle", []).extend(jupyter_echo.idle(kernel, idle))
                for name, way in ways_there.items():
                    traffic = jupyter_proxy.traffic(way(), asking, jupyter_echo.IN_FLIGHT)
                    found = jupyter_echo.loaded(hosted, kernel, folder / "large", traffic, load_s)
                    echoes.setdefault(f"1 GiB loads, 64 in flight {name}", []).extend(found)
                for load in jupyter_proxy.LOADS:
                    pair = jupyter_proxy.measure(hosted, asking, load, choice.seconds)
                    ways.setdefault(load, []).append(pair)
    return echoes, ways


def _report(recoveries: Sequence[Recovery], echoes: Echoes, ways: Ways) -> tuple[str, int]:
    targets = _targets(recoveries, echoes)
    checks = [
        [what, f"at most {bound} {unit}", f"{spread(values)} {unit}", "yes" if holds else "NO"]
        for what, values, bound, unit, holds in targets
    ]
    parts = [
        HOW_TO_READ.strip(),
        f"### Killed\n\n{_recovery_table(recoveries)}",
        f"### A kernel's echo\n\n{_echo_table(echoes)}",
        f"### Through Jupyter, small dense model\n\n{_way_table(ways)}",
        f"### What must come out\n\n{markdown(['', 'wanted', 'measured', 'holds'], checks)}",
    ]
    return "\n\n".join(parts) + "\n", int(not all(holds for *_, holds in targets))


def _targets(
    recoveries: Sequence[Recovery], echoes: Echoes
) -> list[tuple[str, list[float], int, str, bool]]:
    over = [one.again_s - one.bare_s for one in recoveries]
    gone = [one.all_gone_s for one in recoveries]
    found: list[tuple[str, list[float], int, str]] = [
        (
            "model server killed: all AVAILABLE again, over TensorFlow's own start",
            over,
            OVER_TENSORFLOW_S,
            "s",
        ),
        ("Jupyter killed: no process left after", gone, GONE_S, "s"),
    ]
    found += [
        (f"p99 of a kernel's echo, {name}", [_p99(values)], ECHO_P99_MS, "ms")
        for name, values in echoes.items()
    ]
    return [
        (what, values, bound, unit, max(values) <= bound) for what, values, bound, unit in found
    ]


def _recovery_table(recoveries: Sequence[Recovery]) -> str:
    names = {
        "TensorFlow alone: import, load three models": "bare_s",
        "model server killed, until all are AVAILABLE": "again_s",
        "Jupyter killed, until the model server is gone": "server_gone_s",
        "Jupyter killed, until the kernel is gone, too": "all_gone_s",
    }
    body = [[name, spread(getattr(one, key) for one in recoveries)] for name, key in names.items()]
    return markdown(["", "s"], body)


def _echo_table(echoes: Echoes) -> str:
    body = [
        [name, f"{len(values):,}", *map(number, (_middle(values), _p99(values), max(values)))]
        for name, values in echoes.items()
    ]
    return markdown(["", "echoes", "p50 ms", "p99 ms", "max ms"], body)


def _way_table(ways: Ways) -> str:
    head = ["in flight", "own port, req/s", "through Jupyter, req/s", "ratio"]
    head += ["own port, p50 ms", "through Jupyter, p50 ms", "ratio"]
    body = []
    for load, pairs in ways.items():
        rates = [(direct.per_second, proxied.per_second) for direct, proxied in pairs]
        medians = [(direct.p50_ms, proxied.p50_ms) for direct, proxied in pairs]
        body.append([str(load), *_both(rates), *_both(medians)])
    return markdown(head, body)


def _both(pairs: Iterable[tuple[float, float]]) -> list[str]:
    direct, proxied = zip(*pairs, strict=True)
    ratio = [other / one for one, other in zip(direct, proxied, strict=True)]
    return [spread(direct), spread(proxied), spread(ratio)]


def _middle(values: Sequence[float]) -> float:
    return percentile([round(value * 1000) for value in values], 50) / 1000


def _p99(values: Sequence[float]) -> float:
    return percentile([round(value * 1000) for value in values], 99) / 1000
