"""GetModelStatus: the versions of a model, their states and why one failed.

Compatible with model_servers/get_model_status_impl.cc: a label is ignored, versions descend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse

from server_ext.api.lookup import ModelSpec
from server_ext.errors import Code, NotFound
from server_ext.lifecycle.manager import Manager, VersionStatus


class StatusApi:
    """Answers status requests. Any thread may call.

    `problem` tells why nothing is found for a model (its base path is missing, ...), or None.
    """

    def __init__(self, manager: Manager, problem: Callable[[str], str | None]) -> None:
        self._manager = manager
        self._problem = problem

    def versions(self, spec: ModelSpec) -> list[VersionStatus]:
        """Return the statuses the spec asks for, newest version first.

        Raises:
            NotFound: the model, or the version asked for, is unknown.
        """
        known = self._manager.versions(spec.name)
        if spec.version is not None:
            known = [status for status in known if status.version == spec.version]
            if not known:
                raise NotFound(f"Could not find version {spec.version} of model {spec.name}")
        if not known:
            problem = self._problem(spec.name)
            raise NotFound(
                f"Could not find any versions of model {spec.name}"
                + (f": {problem}" if problem else "")
            )
        return known

    def message(self, spec: ModelSpec) -> GetModelStatusResponse:
        """Answer gRPC's GetModelStatus."""
        response = GetModelStatusResponse()
        for status in self.versions(spec):
            entry = response.model_version_status.add()
            entry.version = status.version
            entry.state = int(status.state)
            entry.status.error_code = status.error.code.grpc if status.error else 0
            entry.status.error_message = status.error.message if status.error else ""
        return response

    def document(self, spec: ModelSpec) -> dict[str, Any]:
        """Answer REST's status request; 64-bit numbers are strings, as in protobuf's JSON."""
        return {"model_version_status": [_entry(status) for status in self.versions(spec)]}


def _entry(status: VersionStatus) -> dict[str, Any]:
    code = status.error.code if status.error else Code.OK
    return {
        "version": str(status.version),
        "state": status.state.name,
        "status": {
            "error_code": code.name,
            "error_message": status.error.message if status.error else "",
        },
    }
