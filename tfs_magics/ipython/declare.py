"""Declares a magic: a method, the table of its arguments, and how it fails.

    @line(argument("name", metavar="NAME", help="..."), argument("--version", type=int))
    def tfs_metadata(self, args, names): ...

The method gets its arguments parsed and the names of the cell around it. The table gives `--help`
and `?`. What the user can mend is told in one line.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from IPython.core.magic import (
    cell_magic,
    line_magic,
    needs_local_scope,
    no_var_expand,
    output_can_be_silenced,
)
from IPython.core.magic_arguments import magic_arguments

from server_ext.errors import ServingError
from tfs_magics.ipython import arguments
from tfs_magics.ipython.evaluation import Names
from tfs_magics.ipython.usage import Interrupted, told

Run = TypeVar("Run", bound=Callable[..., Any])


def line(*table: Any) -> Callable[[Run], Run]:
    """Declare a line magic with these `argument`s of IPython.core.magic_arguments."""
    return functools.partial(_declare, line_magic, "%", table)


def cell(*table: Any) -> Callable[[Run], Run]:
    """Declare a cell magic, whose method also gets the text of the cell."""
    return functools.partial(_declare, cell_magic, "%%", table)


def _declare(kind: Any, prefix: str, table: tuple[Any, ...], run: Run) -> Run:
    name = run.__name__

    @functools.wraps(run)
    def magic(self: Any, line: str, *cell: str, local_ns: Mapping[str, Any] | None = None) -> Any:
        __tracebackhide__ = True  # an error inside of EXPR is the user's: IPython shows it alone
        parser: argparse.ArgumentParser = getattr(self, name).parser
        names = Names(self.shell, local_ns)
        try:
            given = arguments.split(line, parser, f"{prefix}{name}", names.expand)
            return run(self, parser.parse_args(given), names, *cell)
        except arguments.HelpWanted:
            print(parser.format_help().removeprefix("::\n\n"))  # noqa: T201
            return None
        except ServingError as error:
            raise told(error) from None
        except KeyboardInterrupt as error:
            raise Interrupted(f"{prefix}{name}") from error

    declared = needs_local_scope(no_var_expand(magic))
    if kind is line_magic:  # IPython looks for the semicolon in a cell as if it were Python
        declared = output_can_be_silenced(declared)
    for argument in reversed(table):
        declared = argument(declared)
    return cast(Run, magic_arguments()(kind(declared)))
