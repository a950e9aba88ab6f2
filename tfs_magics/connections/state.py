"""Reads a host's status: which models are wanted, whose they are, why no server answers.

A status is a dict of `server`, `models`, `held`: what a Host of server_ext.hosting tells of itself,
in this process or through /tfs/api/status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server_ext.errors import FailedPrecondition, InvalidArgument, ServingError, Unavailable
from server_ext.flagvalues import WAYS_TO_BATCH
from server_ext.hosting.models import Model, Versions, parse_versions
from server_ext.hosting.process import ServerFailed
from tfs_magics.connections.where import Wishes

Status = Mapping[str, Any]
MOVING = ("starting", "restarting")


def wanted(status: Status) -> dict[str, Model]:
    """Return the models that are to be served, by name."""
    return {entry["name"]: _model(entry) for entry in status["models"]}


def owner_of(entry: Mapping[str, Any]) -> str:
    """Return the notebook a model belongs to, else its kernel; empty if it is nobody's."""
    owner = entry.get("owner") or {}
    return str(owner.get("notebook") or owner.get("kernel") or "")


def not_running(status: Status) -> ServingError:
    """Return why no server answers, and what to do."""
    server = status["server"]
    state, lines = server["state"], server["lines"] or ()
    said = (server["reason"] or "The model server ended by itself").rstrip(".")
    if state == "starting":
        return Unavailable("The model server is still starting. %tfs_serve waits for it.")
    if state == "restarting":
        return ServerFailed(
            f"{said}. It is being started again; %tfs_status shows how far that is.", lines
        )
    if state == "failed":
        return ServerFailed(f"{said}. %tfs_restart starts it again.", lines)
    if state == "stopping":
        return Unavailable("The model server is stopping. %tfs_serve NAME starts it again.")
    return Unavailable("No model server runs here. %tfs_serve NAME starts one.")


def check_wishes(status: Status, wishes: Wishes) -> None:
    """Return if a server that runs is as the user wishes.

    Raises:
        FailedPrecondition: it has another port, or batches in another way.
        InvalidArgument: the wish is no way to batch.
    """
    server = status["server"]
    if wishes.batching not in (None, *WAYS_TO_BATCH):
        raise InvalidArgument(f"--batching {wishes.batching}: use {', '.join(WAYS_TO_BATCH)}")
    if server["state"] != "running":
        return
    ports = (
        ("REST", "--rest-port", wishes.rest_port, server["rest_port"]),
        ("gRPC", "--grpc-port", wishes.grpc_port, server["grpc_port"]),
    )
    for what, option, asked, got in ports:
        if asked and asked != got:
            raise FailedPrecondition(
                f"The model server already runs with {what} on port {got}. "
                f"Leave out {option}, or end it with %tfs_stop first."
            )
    if wishes.batching not in (None, server["batching"]):
        raise FailedPrecondition(
            f"The model server already runs with --batching {server['batching']}. "
            "Leave out --batching, or end it with %tfs_stop first."
        )


def _model(entry: Mapping[str, Any]) -> Model:
    return Model(
        entry["name"], entry["base_path"], _versions(entry.get("wanted") or entry["policy"])
    )


def _versions(text: str) -> Versions:
    """Read a policy as servers spell it: `latest: 1`, `all`, `specific: 1, 3`."""
    return parse_versions(text.removeprefix("specific:"))
