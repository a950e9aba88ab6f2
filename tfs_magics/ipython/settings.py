"""What a user may set once for all magics: `%config TFSMagics.rest_port = 9000`, or in a file.

An option in the line of a magic goes before.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from traitlets import Enum, Float, Integer, Unicode, observe, validate
from traitlets.config import Config, Configurable
from traitlets.traitlets import TraitError

from server_ext.flagvalues import MAX_PORT, WAYS_TO_BATCH
from tfs_magics import connection
from tfs_magics.selection import BASE_PATH

_PORT = "Port for {} of a server that starts here: None for {} or a free one, 0 for a free one."


class Settings(Configurable):
    """The traits of the magics."""

    server = Unicode(
        "",
        help="Whose model server to use: the URL of a Jupyter server or of a model server's REST, "
        "'own' for one of this kernel's own, or empty for the one that is found; %tfs_where tells.",
    ).tag(config=True)
    base_path = Unicode(BASE_PATH, help="Directory where models are kept.").tag(config=True)
    batching: Enum[Any] = Enum(
        [None, *WAYS_TO_BATCH],
        default_value=None,
        allow_none=True,
        help="How a server that starts lets requests run together: 'off', 'on', 'auto', or None "
        "for what its host is set to.",
    ).tag(config=True)
    rest_port = Integer(
        None, allow_none=True, min=0, max=MAX_PORT, help=_PORT.format("REST", "8501")
    ).tag(config=True)
    grpc_port = Integer(
        None, allow_none=True, min=0, max=MAX_PORT, help=_PORT.format("gRPC", "8500")
    ).tag(config=True)
    timeout = Float(
        None,
        allow_none=True,
        min=0,
        help="Seconds to wait for models to load; None waits until they have loaded or failed.",
    ).tag(config=True)

    @validate("base_path")
    def _some_path(self, proposal: Any) -> str:
        if not proposal["value"].strip():
            raise TraitError("base_path is empty: name a directory, such as './models'")
        return str(proposal["value"])

    @validate("server")
    def _shown_server(self, proposal: Any) -> str:
        return connection.use(proposal["value"])  # without a token, as settings are shown

    @observe("server")
    def _other_server(self, change: Any) -> None:
        connection.use(change["new"])

    def of_a_start(self, args: Namespace) -> tuple[int | None, int | None, str | None]:
        """Return ports and batching of the line, else those set here if no server runs yet.

        What is set here is for a server that starts: one that runs need not be like that.
        """
        given = (args.rest_port, args.grpc_port, args.batching)
        if connection.current().status()["server"]["state"] == "running":
            return given
        usual = (self.rest_port, self.grpc_port, self.batching)
        chosen = [u if g is None else g for g, u in zip(given, usual, strict=True)]
        return chosen[0], chosen[1], chosen[2]

    def chosen_base_path(self, given: str | None) -> str | None:
        """Return the directory of the line, else that of the settings, None where none was set."""
        return given or (self.base_path if self.base_path != BASE_PATH else None)


def drop_rejected(config: Config) -> None:
    """Take settings out of a shell's configuration that are refused, each told in a line.

    %config keeps a value it has refused. With it, the magics could not be loaded again.
    """
    section = config.get("TFSMagics", {})
    for name in [name for name in section if name in Settings.class_trait_names(config=True)]:
        try:
            Settings(config=Config({"Settings": {name: section[name]}}))
        except TraitError as error:
            del section[name]
            print(f"TFSMagics.{name} is left out: {error}", file=sys.stderr)  # noqa: T201
