"""The command line: which parts are measured, how often and how long."""

from __future__ import annotations

import argparse
import sys
from typing import NamedTuple

from models import LOADS, MODELS, Model

CONTENDERS = (
    "ours-off",
    "ours-on",
    "ours-auto",
    "grpcio",
    "flask",
    "fastapi",
    "triton",
    "transport",
    "bare",
)
QUICK = ("ours-off", "bare")


class Choice(NamedTuple):
    """What is measured. `loads` are chosen among each model's own; `quick` leaves searches out."""

    models: tuple[str, ...]
    loads: tuple[str, ...]
    contenders: tuple[str, ...]
    rounds: int
    seconds: float
    quick: bool
    growth: bool
    jupyter: bool
    panel: bool
    write: bool

    def loads_of(self, model: Model) -> list[str]:
        """Return the loads under which a model is measured."""
        return [load for load in model.loads if load in self.loads]


def parse(words: list[str]) -> Choice:
    """Read the words of a command line; wrong ones end the process with an explanation."""
    parser = argparse.ArgumentParser(
        prog="serving.py", description="Compares this server with others, on this machine."
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, metavar="MODEL")
    parser.add_argument("--loads", nargs="+", choices=LOADS, metavar="LOAD")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, metavar="CONTENDER")
    parser.add_argument("--rounds", type=int, help="rounds, of which medians are shown (3)")
    parser.add_argument("--seconds", type=float, help="per measurement (0.6)")
    parser.add_argument("--quick", action="store_true", help="one model, one load, 0.2 s, once")
    parser.add_argument("--growth", action="store_true", help="models, connections, payloads grow")
    parser.add_argument("--jupyter", action="store_true", help="the server that Jupyter hosts")
    parser.add_argument("--panel", action="store_true", help="how smooth the panel is in a browser")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md as well")
    parser.epilog = f"models: {' '.join(MODELS)}; loads: {' '.join(LOADS)}; "
    parser.epilog += f"contenders: {' '.join(CONTENDERS)}"
    given = parser.parse_args(words)
    quick = given.quick
    return Choice(
        models=tuple(given.models or (["dense"] if quick else MODELS)),
        loads=tuple(given.loads or (["16", "64"] if quick else LOADS)),
        contenders=tuple(given.contenders or (QUICK if quick else CONTENDERS)),
        rounds=given.rounds or (1 if quick else 3),
        seconds=given.seconds or (0.2 if quick else 0.6),
        quick=quick,
        growth=given.growth,
        jupyter=given.jupyter,
        panel=given.panel,
        write=given.write,
    )


def command_line() -> str:
    """Return the command that was given, as `make` takes it."""
    words = " ".join(sys.argv[1:])
    return f'make bench ARGS="{words}"' if words else "make bench"
