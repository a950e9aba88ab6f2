"""The door to TensorFlow's runtime: sessions, shape inference, and the operations that there are.

    Session    a graph with its variables -> prepared calls; its errors are ServingErrors
    Part       what of a graph a call computes -> the shapes of its outputs

Threads: any thread may call.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

# Before the import: errors reach us as exceptions, what TensorFlow logs besides is chatter.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.protobuf.config_pb2 import CallableOptions, ConfigProto
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef

# What tf.compat.v1.saved_model.load uses; it alone gives the graph away before it is loaded.
from tensorflow.python.saved_model.loader_impl import SavedModelLoader

from server_ext.engine import guards, operations, subgraph
from server_ext.engine.call import Executor
from server_ext.engine.operations import NotRegistered
from server_ext.engine.wiring import Wiring
from server_ext.errors import Code, InvalidArgument, NotFound, ServingError

if TYPE_CHECKING:
    from server_ext.engine.shape_check import Pattern

log = logging.getLogger(__name__)
if not tf.get_logger().level:  # unless someone has chosen a level
    tf.get_logger().setLevel(logging.ERROR)

_CURED_BY_FILES = (Code.NOT_FOUND, Code.DATA_LOSS, Code.OUT_OF_RANGE)
_ONEDNN_REFUSAL = re.compile(
    "Operation received an exception: ?Status: ([0-9])|Input dims must be <= 5 and >=1"
)
_ONEDNN_CODES = {  # dnnl_status_t; its softmax has none
    None: Code.INVALID_ARGUMENT,
    "1": Code.RESOURCE_EXHAUSTED,
    "2": Code.INVALID_ARGUMENT,
    "3": Code.UNIMPLEMENTED,
}
_OPERATIONS = tf.Graph()  # empty; it knows the operations that are registered


class Session:
    """A graph with its variables and tables. Any thread may run it until it is closed, once."""

    def __init__(self, config: ConfigProto) -> None:
        self._config = config
        self._session = tf.compat.v1.Session(graph=tf.Graph(), config=config)

    def restore(self, path: str, tags: Sequence[str]) -> MetaGraphDef:
        """Load graph, variables and tables of a SavedModel, with checks (see guards.py).

        Returns its signatures as they are in the file, with the outline of its graph.

        Raises:
            NotRegistered: it needs an operation that is not registered.
            NotFound: there is no graph with these tags.
            ServingError: a file is damaged or missing, or an initialiser fails; TensorFlow's text.
        """
        try:
            return self._load(path, tags)
        except tf.errors.OpError as error:
            failure = serving_error(error)
            missing = operations.missing_in(failure.message)
            if missing:
                raise NotRegistered(path, missing) from None
            text = f"Cannot load {path}: {failure}"
            told = _damaged(path, failure) if failure.code in _CURED_BY_FILES else text
            raise ServingError(told, failure.code) from None
        except RuntimeError as error:  # documented for this case alone
            raise NotFound(
                "Could not find meta graph def matching supplied tags: "
                f"{{ {' '.join(tags)} }}. {error}"
            ) from None
        except OSError as error:
            raise ServingError(_damaged(path, error), Code.DATA_LOSS) from None
        except (ValueError, TypeError, KeyError) as error:  # graph or checkpoint are not whole
            raise ServingError(_damaged(path, error), Code.INVALID_ARGUMENT) from None

    def _load(self, path: str, tags: Sequence[str]) -> MetaGraphDef:
        loader = SavedModelLoader(path)
        meta_graph = loader.get_meta_graph_def_from_tags(list(tags))
        described = MetaGraphDef(graph_def=subgraph.outline(meta_graph.graph_def))
        for name, definition in meta_graph.signature_def.items():
            described.signature_def[name].CopyFrom(definition)
        checked = _put_checks_into(meta_graph, path)
        try:
            loader.load(self._session, list(tags))
        except Exception as error:
            if not checked:
                raise
            # The file may be at fault, or the checks: without them it must at least load.
            self.close()
            self._session = tf.compat.v1.Session(graph=tf.Graph(), config=self._config)
            SavedModelLoader(path).load(self._session, list(tags))
            log.warning("%s loads only without checks of ranks: %s", path, error)
        return described

    def prepare(self, wiring: Wiring) -> Executor:
        """Return the call for these feeds and fetches; it raises ServingError.

        TensorFlow optimises the graph for each, for large models in seconds.
        """
        if not wiring.fetches:
            return lambda *fed: []
        options = CallableOptions(feed=wiring.feeds, fetch=wiring.fetches)
        return _translated(_translated(self._session._make_callable_from_options)(options))

    def close(self) -> None:
        """Give back the memory."""
        graph = self._session.graph
        self._session.close()
        graph.Dismantle()  # else its reference cycles keep the constants until a garbage collection


def _damaged(path: str, error: Exception) -> str:
    """Return TensorFlow's reason, with files named from the version's directory, and what to do."""
    reason = re.sub(r"b'([^']*)'", r"\1", str(error)).replace(f"{path}{os.sep}", "").rstrip(". ")
    return f"Cannot load {path}: {reason}. Export the version again, or remove it."


class Part:
    """What of a graph a call computes, for shape inference (a shape_check.Graph)."""

    def __init__(self, graph: GraphDef, wiring: Wiring) -> None:
        self._graph = graph
        self._feeds = [(spec.name, spec.dtype) for spec in wiring.feeds.values()]
        self._fetches = list(wiring.fetches)

    @property
    def hides_operations(self) -> bool:
        """Whether it calls what its own operations do not show."""
        return subgraph.hides_operations(self._definition())

    def infer(self, inputs: Sequence[Pattern]) -> list[Pattern | None]:
        """Return the shapes of the fetches for these shapes of the feeds; see shape_check.Graph."""
        definition = self._definition()
        nodes = {node.name for node in definition.node}
        graph = tf.Graph()
        try:
            fed_in_order = enumerate(zip(self._feeds, inputs, strict=True))
            with graph.as_default():
                fed = {
                    name: tf.compat.v1.placeholder(dtype, pattern, f"fed.by.the.call.{at}")
                    for at, ((name, dtype), pattern) in fed_in_order
                    if subgraph.node_of(name) in nodes
                }
                fetched = tf.import_graph_def(
                    definition, input_map=fed, return_elements=self._fetches, name=""
                )
                return [_pattern(tensor.shape) for tensor in fetched]
        except tf.errors.OpError as error:
            raise ValueError(error.message) from None
        finally:
            graph.Dismantle()

    def _definition(self) -> GraphDef:
        return subgraph.ancestors(self._graph, self._fetches)


def add_operations(paths: str) -> None:
    """Load the libraries named by --custom_op_paths, for all models that are loaded from now on.

    Raises:
        NotFound: a path does not exist.
        InvalidArgument: a directory has no library, or a file is none that this TensorFlow takes.
    """
    for file in operations.libraries(paths):
        try:
            tf.load_op_library(file)
        except (tf.errors.OpError, RuntimeError) as error:
            raise InvalidArgument(
                f"--custom_op_paths names {file}, which TensorFlow {version()} cannot "
                f"load; is it a library of operations, built for this version? {error}"
            ) from None
        log.info("Loaded the operations in %s", file)


def definition_of(operation: str) -> Any:
    """Return the OpDef of an operation, None if it is not registered."""
    try:
        return _OPERATIONS.op_def_for_type(operation)
    except RuntimeError:  # not registered
        return None


def version() -> str:
    """Return the version of the TensorFlow that runs the models."""
    return str(tf.__version__)


def accelerators() -> list[str]:
    """Return the names of the devices beside the processor, such as GPUs."""
    return [
        device.name for device in tf.config.list_physical_devices() if device.device_type != "CPU"
    ]


def serving_error(error: Any) -> ServingError:
    """Take over code and text of an OpError.

    The headline and the Python stack that sessions add are left out. What oneDNN refuses comes as
    ABORTED, which would tell clients to try again; what it means is in the text.
    """
    text = error.message.removeprefix("Graph execution error:\n\n")
    text = text.partition("\n\nOriginal stack trace")[0]
    refused = _ONEDNN_REFUSAL.search(text)
    code = _ONEDNN_CODES.get(refused[1]) if refused else None
    return ServingError(text, code or Code.from_grpc(error.error_code))


def _put_checks_into(meta_graph: MetaGraphDef, path: str) -> int:
    """Return how many checks were put into a graph; none if that fails."""
    try:
        return guards.put_into(meta_graph, definition_of)
    except Exception:  # a graph of a kind that nobody thought of; TensorFlow may well know it
        log.warning("%s is loaded without checks of ranks", path, exc_info=True)
        return 0


def _translated(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of TensorFlow raise ServingError."""

    def call(*args: Any) -> Any:
        try:
            return function(*args)
        except tf.errors.OpError as error:
            raise serving_error(error) from None
        except UnicodeDecodeError as error:
            # Python could not make the OpError, as its text quotes a value that is not UTF-8: one
            # that was sent, as a rule. The code is lost.
            raise InvalidArgument(error.object.decode(errors="replace")) from None

    return call


def _pattern(shape: Any) -> Pattern | None:
    return None if shape.rank is None else tuple(shape.as_list())
