"""The magics that change a server that runs, and those that look at it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument

from tfs_magics import looking, managing, watching
from tfs_magics.ipython.declare import line
from tfs_magics.ipython.evaluation import Names
from tfs_magics.ipython.settings import Settings
from tfs_magics.views.view import View

MOST_PIXELS = 512
NAME = argument("name", metavar="NAME", help="Name of a served model.")


_REPLACE = argument(
    "--replace", action="store_true", help="Also if another notebook serves the model."
)


class ManagingMagics(Settings):
    """The part of TFSMagics that manages; it is registered with the whole."""

    @line(
        NAME,
        argument(
            "labels",
            nargs="*",
            metavar="LABEL=N",
            help="Labels with the version each stands for: stable=3 canary=4; canary= takes one "
            "away; none shows what there is.",
        ),
        _REPLACE,
    )
    def tfs_label(self, args: Namespace, names: Names) -> View:
        """Give labels to versions of a model."""
        return managing.label(args.name, labels(args.labels), replace=args.replace)

    @line(
        NAME,
        argument(
            "--version",
            type=int,
            metavar="N",
            help="Version to load as well; by default new versions are looked for, and the latest "
            "is followed again.",
        ),
        _REPLACE,
    )
    def tfs_load(self, args: Namespace, names: Names) -> View:
        """Load a version of a served model, and wait until it answers."""
        return managing.load(args.name, args.version, replace=args.replace, timeout_s=self.timeout)

    @line(
        NAME,
        argument(
            "--version", type=int, metavar="N", help="Version to unload; by default the model."
        ),
        _REPLACE,
    )
    def tfs_unload(self, args: Namespace, names: Names) -> View:
        """Unload a model, or one version of it; files stay on disk."""
        return managing.unload(args.name, args.version, replace=args.replace)

    @line(
        argument("name", metavar="NAME", nargs="?", help="A served model; by default all of them."),
    )
    def tfs_panel(self, args: Namespace, names: Names) -> View:
        """Show the panel of the server, or of one model."""
        return watching.panel(args.name)

    @line(
        NAME,
        argument("--versions", metavar="N,N", help="Versions to ask, such as 1,2; by default all."),
        argument("--labels", metavar="L,L", help="Labels to ask, such as stable,canary."),
        argument(
            "--size",
            metavar="HxW",
            help="Rows and columns, such as 28x28, where the signature leaves them open.",
        ),
        argument("--max", type=float, metavar="INK", help="What full ink is: 1, 16, 255."),
        argument("--signature", metavar="S", help="Signature to ask; serving_default unless set."),
    )
    def tfs_draw(self, args: Namespace, names: Names) -> View:
        """Show a canvas, and what versions of a model answer as you draw."""
        return watching.draw(
            args.name,
            versions=numbers(args.versions, "--versions"),
            labels=args.labels.split(",") if args.labels else None,
            size=size(args.size),
            max=args.max,
            signature=args.signature,
        )

    @line()
    def tfs_ps(self, args: Namespace, names: Names) -> View:
        """List your model servers on this machine."""
        return looking.ps()

    @line()
    def tfs_where(self, args: Namespace, names: Names) -> View:
        """Show which model server is used, and why."""
        return looking.where()

    @line()
    def tfs_restart(self, args: Namespace, names: Names) -> View:
        """End the server and start it again with its models."""
        return managing.restart()

    @line(
        argument(
            "--all",
            action="store_true",
            help="End a server that Jupyter hosts also while other notebooks serve models.",
        ),
    )
    def tfs_stop(self, args: Namespace, names: Names) -> View:
        """Stop the server; models and versions stay on disk."""
        return managing.stop(all=args.all)

    @line(
        argument("-n", "--lines", type=int, default=20, metavar="N", help="How many lines; 20."),
        argument(
            "-f", "--follow", action="store_true", help="Go on with new lines until interrupted."
        ),
    )
    def tfs_logs(self, args: Namespace, names: Names) -> View | None:
        """Show the last lines of the server's log."""
        return looking.logs(args.lines, follow=args.follow)


def labels(words: Sequence[str]) -> dict[str, int | None]:
    """Read `stable=3 canary=`; None stands for no version.

    Raises:
        UsageError: a word is not of that form.
    """
    found: dict[str, int | None] = {}
    for word in words:
        label, equals, version = word.partition("=")
        if not (label and equals) or not (version.isdecimal() or not version):
            raise UsageError(f"{word} is no label: use LABEL=VERSION, such as stable=3 canary=.")
        found[label] = int(version) if version else None
    return found


def numbers(text: str | None, option: str) -> list[int] | None:
    """Read `1,2`.

    Raises:
        UsageError: that are no versions.
    """
    if text is None:
        return None
    parts = text.split(",")
    if not all(part.isdecimal() for part in parts):
        raise UsageError(f"{option} {text}: use numbers with commas between them, such as 1,2.")
    return [int(part) for part in parts]


def size(text: str | None) -> tuple[int, int] | None:
    """Read `28x28`, or `28` for a square.

    Raises:
        UsageError: that is no size of an image.
    """
    if text is None:
        return None
    rows, _, columns = text.lower().partition("x")
    found = [int(part) for part in (rows, columns or rows) if part.isdecimal()]
    if len(found) != 2 or not all(1 <= each <= MOST_PIXELS for each in found):
        most = f"rows x columns, each from 1 to {MOST_PIXELS}"
        raise UsageError(f"--size {text}: use {most}, such as 28x28.")
    return found[0], found[1]
