"""The magics: argument tables with help, and one call each into serving.py.

line --arguments.split by the table--> Namespace --> serving --> View, array, or one red line
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import Any

from IPython.core.magic import Magics, magics_class
from IPython.core.magic_arguments import argument

from server_ext.errors import NotFound
from tfs_magics import connection, serving
from tfs_magics.client.feeds import Array, InputMismatch
from tfs_magics.client.response import Response
from tfs_magics.exporting.export import Exported
from tfs_magics.ipython import arguments, works
from tfs_magics.ipython.completion import Completion
from tfs_magics.ipython.declare import cell, line
from tfs_magics.ipython.evaluation import Names
from tfs_magics.ipython.managing import NAME, ManagingMagics
from tfs_magics.ipython.notebook import AnswerTables
from tfs_magics.selection import NoModel
from tfs_magics.served import Served
from tfs_magics.views.commands import commands
from tfs_magics.views.prediction import is_probabilities
from tfs_magics.views.view import View


@magics_class
class TFSMagics(ManagingMagics, Magics):  # type: ignore[misc]  # IPython is not typed
    """TensorFlow Serving next to the notebook: %tfs lists the magics."""

    def __init__(self, shell: Any) -> None:
        Magics.__init__(self, shell)
        connection.use(self.server)
        self.tables = AnswerTables(shell)
        self.completion = Completion(shell, self)

    @line()
    def tfs(self, args: Namespace, names: Names) -> View:
        """List these magics."""
        own = [*vars(type(self)), *vars(ManagingMagics)]
        own = [name for name in own if name.startswith("tfs")]
        return commands([(self._title(name), _summary(getattr(self, name))) for name in own])

    def _title(self, name: str) -> str:
        return f"%%{name}" if name in self.magics["cell"] else f"%{name}"

    @line(
        argument("object", metavar="OBJ", help="A model, function or path; any expression."),
        argument("--name", help="Name of the model; by default that of the variable."),
        argument("--base-path", metavar="DIR", help="Where models are kept; ./models by default."),
        argument(
            "--version", type=int, metavar="N", help="Version number; by default the next one."
        ),
        argument("--timestamp", action="store_true", help="Number the version by the time."),
        argument("--overwrite", action="store_true", help="Replace --version N if it exists."),
        argument(
            "--signature",
            action="append",
            default=[],
            metavar=arguments.PAIR,
            help="A signature and its tf.function, such as call=model.call; several may follow.",
        ),
        argument(
            "--check",
            metavar="EXPR",
            help="Input on which the exported files must answer as the live model does.",
        ),
    )
    def tfs_export(self, args: Namespace, names: Names) -> Exported:
        """Export a model as its next version."""
        __tracebackhide__ = True
        obj = names.object(args.object)
        name = args.name or names.own_name(args.object, obj)
        return serving.export(
            obj,
            name=name,
            base_path=args.base_path or self.base_path,
            version=args.version,
            timestamp=args.timestamp,
            overwrite=args.overwrite,
            signatures=names.functions(args.signature) or None,
            check=None if args.check is None else names.value(args.check),
        )

    @line(
        argument(
            "models",
            nargs="*",
            metavar="MODEL",
            help="Names, directories, or variables: a live model or function is exported first. By "
            "default what was exported in this session, else all there is in the base path.",
        ),
        argument("--name", help="Name of a live model; by default that of the variable."),
        argument("--base-path", metavar="DIR", help="Where models are kept; ./models by default."),
        argument(
            "--rest-port",
            type=int,
            metavar="PORT",
            help="Port for REST: 8501, or a free one; 0 too.",
        ),
        argument(
            "--grpc-port",
            type=int,
            metavar="PORT",
            help="Port for gRPC: 8500, or a free one; 0 too.",
        ),
        argument(
            "--versions",
            metavar="WHICH",
            help="latest:N, all, or numbers like 1,3; latest:1 unless set.",
        ),
        argument(
            "--batching",
            metavar="HOW",
            help="off, on, or auto: let requests that wait run together where the server has shown "
            "that this changes no answer; auto unless set.",
        ),
        argument(
            "--replace",
            action="store_true",
            help="Take over a name under which another notebook serves a model.",
        ),
        argument(
            "--server",
            metavar="URL",
            help="Whose server to use from now on: a Jupyter server's or model server's URL, own.",
        ),
    )
    def tfs_serve(self, args: Namespace, names: Names) -> Served:
        """Serve models, and wait until they answer."""
        __tracebackhide__ = True
        if args.server is not None:
            self.server = connection.change_to(args.server)
        rest_port, grpc_port, batching = self.of_a_start(args)
        try:
            return serving.serve(
                *(names.live(word) or word for word in args.models),
                name=args.name,
                base_path=self.chosen_base_path(args.base_path),
                rest_port=rest_port,
                grpc_port=grpc_port,
                versions=args.versions,
                batching=batching,
                replace=args.replace,
                timeout_s=self.timeout,
            )
        except NoModel as error:
            raise NotFound(f"{error}{names.kind(error.name)}") from None

    @line(
        NAME,
        argument("x", metavar="EXPR", help="Its input: an array, or a dict of arrays by input."),
        argument("--version", type=int, metavar="N", help="Version to ask; by default the latest."),
        argument("--signature", metavar="S", help="Signature to ask; serving_default unless set."),
        argument("--grpc", action="store_true", help="Ask over gRPC rather than REST."),
    )
    def tfs_predict(self, args: Namespace, names: Names) -> Array | dict[str, Array]:
        """Ask a served model for its answer to an array, as an array.

        Several outputs are a dict of arrays by name.
        """
        __tracebackhide__ = True
        x = names.value(args.x)
        try:
            answer = serving.prediction(
                args.name,
                x,
                version=args.version,
                signature=args.signature,
                grpc=args.grpc,
            )
        except InputMismatch as error:
            error.cell = works.cell(args.name, args.x, error)
            raise
        value = answer.value
        if not isinstance(value, dict) and is_probabilities(value):
            self.tables.expect(value, lambda: serving.answered(answer, value))
        return value

    @cell(
        NAME,
        argument("--version", type=int, metavar="N", help="Version to ask; by default the latest."),
    )
    def tfs_request(self, args: Namespace, names: Names, cell: str) -> Response:
        """Post the cell's JSON to a model as it is, and show the answer."""
        return serving.request(args.name, cell, version=args.version)

    @line()
    def tfs_status(self, args: Namespace, names: Names) -> View:
        """Show the server and the state of each version."""
        return serving.status()

    @line(
        NAME,
        argument(
            "--version", type=int, metavar="N", help="Version to show; by default the latest."
        ),
    )
    def tfs_metadata(self, args: Namespace, names: Names) -> View:
        """Show what a model takes and returns."""
        return serving.metadata(args.name, version=args.version)


def _summary(magic: Callable[..., Any]) -> str:
    """Return the sentence that says what a magic does."""
    parser = getattr(magic, "parser", None)
    text: str = (parser.description if parser else magic.__doc__) or ""
    return text.strip().splitlines()[0].rstrip(".")
