"""Loads SavedModels and runs them, through the door to TensorFlow that runtime.py is.

    load:  files -> Session per version, variables restored, tables initialised
    run:   arrays -> Call (a prepared session call per signature and outputs) -> arrays
    close: the session and its memory go at once, without waiting for a garbage collection

A session's prepared calls are what TensorFlow offers cheapest, for SavedModels of TF 1 and 2 alike.
Threads: any thread may load, and run what is loaded.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.protobuf.config_pb2 import ConfigProto
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

from server_ext.engine import directory, hazards, operations, runtime, signatures, trial
from server_ext.engine.call import Call
from server_ext.engine.operations import NotRegistered
from server_ext.engine.runtime import Part, Session
from server_ext.engine.threads import OpThreads
from server_ext.engine.wiring import Wiring
from server_ext.errors import FailedPrecondition, ServingError
from server_ext.lifecycle import storage
from server_ext.lifecycle.servable import DEFAULT_SIGNATURE, Hazards, Loader, Servable, Signature

if TYPE_CHECKING:
    from server_ext.lifecycle.servable import Array

log = logging.getLogger(__name__)

_KEPT_CALLS = 64
DEFAULT_THREADS = OpThreads()


class SavedModel(Servable):
    """A loaded SavedModel, a Servable. Any thread may run it until it is closed.

    `session` holds the graph with its variables; the model closes it. `meta_graph` describes it:
    its signatures, and the graph in outline (see subgraph.py).
    """

    def __init__(self, session: Session, meta_graph: MetaGraphDef, memory_bytes: int) -> None:
        self._session: Session | None = session
        self._outline = meta_graph.graph_def
        definitions = meta_graph.signature_def
        self._signatures = signatures.read(definitions)
        self._memory_bytes = memory_bytes
        self._defaults = {
            name: signatures.default_values(definition) for name, definition in definitions.items()
        }
        # Bounded, as clients choose the outputs: a signature with ten has a million of choices.
        self._call = lru_cache(maxsize=_KEPT_CALLS)(self._make_call)

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """Signatures by name."""
        return self._signatures

    @property
    def memory_bytes(self) -> int:
        """Estimate of the memory the model holds, in bytes."""
        return self._memory_bytes

    def run(
        self, signature: Signature, inputs: Mapping[str, Array], outputs: Sequence[str]
    ) -> list[Array]:
        """Compute the outputs with these aliases, in this order. Blocks until done.

        Raises:
            InvalidArgument: a shape does not fit the graph, or an input is missing.
            Unimplemented: the signature has tensors that are no arrays.
            FailedPrecondition: the model has been closed.
            ServingError: with TensorFlow's code and text.
        """
        return self._call(signature, tuple(outputs))(inputs)

    def prepare(self, graph: GraphDef | None = None) -> None:
        """Make the call that most requests will ask for, so that none waits for it.

        A signature that cannot be run is left to the requests for it; the others may be fine. With
        the graph of the model it is run as well, see trial.py.
        """
        signature = self.signatures.get(DEFAULT_SIGNATURE)
        if not signature:
            return
        try:
            call = self._call(signature, tuple(signature.outputs))
        except ServingError as error:
            log.warning("Signature '%s' cannot be run: %s", signature.name, error)
            return
        if graph:
            try:
                _try_out(call, signature, graph)
            except Exception as error:  # zeros may be nothing that it can take; nobody asked
                log.debug("Signature '%s' fails on zeros: %s", signature.name, error)

    def hazards(self, signature: Signature) -> Hazards:
        """Return the operations for which a signature should not be tried out."""
        fetches = [spec.name for spec in signature.outputs.values()]
        return hazards.found(self._outline, fetches, runtime.definition_of)

    def close(self) -> None:
        """Give back the memory. Called once, after the last run."""
        session, self._session = self._session, None
        self._call.cache_clear()
        if session:
            session.close()

    def _make_call(self, signature: Signature, outputs: tuple[str, ...]) -> Call:
        if self._session is None:
            raise FailedPrecondition("This version has been unloaded")
        wiring = Wiring(signature, outputs)
        executor = self._session.prepare(wiring)
        part = Part(self._outline, wiring)
        return Call(wiring, executor, part, self._defaults.get(signature.name, {}))


def load(
    path: str,
    *,
    tags: Sequence[str] = ("serve",),
    threads: OpThreads = DEFAULT_THREADS,
    session_config: ConfigProto | None = None,
    try_out: bool = True,
) -> SavedModel:
    """Load the SavedModel in a version's directory; blocks until it can answer.

    `session_config` is what its session starts from; `threads` are set in it. `try_out` runs it
    once, so that the first request takes no longer than the next.

    Raises:
        NotFound: no SavedModel there, none with these tags, or one that needs an operation which
            neither TensorFlow nor an installed package has.
        Unimplemented: a session bundle of TensorFlow 0.x.
        ServingError: a file is damaged or missing, or an initialiser fails; TensorFlow's text.
    """
    directory.require_model(Path(path))
    config = ConfigProto(allow_soft_placement=True)
    if session_config is not None:
        config.CopyFrom(session_config)
    config.intra_op_parallelism_threads = threads.intra_op
    config.inter_op_parallelism_threads = threads.inter_op
    try:
        return _load(path, tags, config, try_out)
    except NotRegistered as error:
        if not operations.provide(error, lambda name: runtime.definition_of(name) is not None):
            raise
    return load(path, tags=tags, threads=threads, session_config=session_config, try_out=try_out)


def _load(path: str, tags: Sequence[str], config: ConfigProto, try_out: bool) -> SavedModel:
    session = Session(config)
    try:
        meta_graph = session.restore(path, tags)
        model = SavedModel(session, meta_graph, directory.memory_bytes(path))
        model.prepare(meta_graph.graph_def if try_out else None)
    except BaseException:
        session.close()
        raise
    return model


def make_loader(
    name: str,
    version: int,
    path: str,
    *,
    tags: Sequence[str] = ("serve",),
    threads: OpThreads = DEFAULT_THREADS,
    session_config: ConfigProto | None = None,
    try_out: bool = True,
) -> Loader:
    """Return the loader of a version; a Source asks for one with the model's name and number."""
    return Loader(
        load=partial(
            load,
            path,
            tags=tags,
            threads=threads,
            session_config=session_config,
            try_out=try_out,
        ),
        path=path,
        stamp=partial(storage.stamp, path),
        memory_bytes=partial(directory.memory_bytes, path),
    )


def _try_out(call: Call, signature: Signature, graph: GraphDef) -> None:
    """Run a call once on zeros, where that can do no harm."""
    fetches = [spec.name for spec in signature.outputs.values()]
    zeros = trial.feed(signature)
    if zeros is not None and trial.is_harmless(graph, fetches, runtime.definition_of):
        call(zeros)
