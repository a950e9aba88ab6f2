"""What a loaded model version is to the rest of the server: signatures and two ways to run them.

    run       blocks until the outputs are there
    submit    returns; the outputs come by a call, from another thread when they had to wait

A Loader makes one; the Manager owns it and lends it out by handles; the engine implements it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from server_ext.errors import Code, DeadlineExceeded, ServingError, outcome
from server_ext.lifecycle.timing import Timing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic] | NDArray[Any]

DEFAULT_SIGNATURE = "serving_default"
"""The signature that is meant by requests that name none."""


class TensorSpec(NamedTuple):
    """One input or output of a signature.

    `name` is the tensor's name in the graph (`serving_default_x:0`), `dtype` the number of its
    tensorflow.DataType, `shape` its sizes with -1 for any size, or None when the rank is unknown.
    """

    name: str
    dtype: int
    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Signature:
    """A named computation of a model: tensors in, tensors out, by alias. Hashable.

    `defaults` names the inputs that may be left out; `definition` is the serialized
    tensorflow.SignatureDef as the model stores it, for GetModelMetadata.
    """

    name: str
    method_name: str
    inputs: Mapping[str, TensorSpec] = field(hash=False)
    outputs: Mapping[str, TensorSpec] = field(hash=False)
    definition: bytes = field(repr=False)
    defaults: frozenset[str] = frozenset()


class Turn:
    """What a request and the queue in which it waits tell each other.

    `deadline` is the time.monotonic() until which an answer is of use, None for ever. The front end
    sets `gone` when the caller has left; a queue sets `queued` for as long as the request waits.
    `brief` says that who submits the request reads others as well: it may be held for a run that is
    short, but for no other one; and when it has read what there is, it helps with what waits.
    `timing` is where to note how long it waits and runs, None where nobody wants to know.
    """

    __slots__ = ("brief", "deadline", "gone", "queued", "timing")

    def __init__(self, deadline: float | None = None, *, brief: bool = False) -> None:
        self.deadline = deadline
        self.brief = brief
        self.gone = False
        self.queued = False
        self.timing: Timing | None = None

    def left(self) -> ServingError | None:
        """Return what to answer when the caller waits no more, None while it does."""
        if self.gone:
            return ServingError("The caller has left", Code.CANCELLED)
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return DeadlineExceeded("Deadline Exceeded")
        return None


Done = Callable[["list[Array] | ServingError"], None]


class Hazards(NamedTuple):
    """Operations for which a signature should not be run on inputs that nobody sent; "" for none.

    `state` may keep a state or draw random numbers, `loop` may not end. What is `compiled` is so
    for each size of its inputs, which takes long: it should not be run with many.
    """

    state: str = ""
    loop: str = ""
    compiled: str = ""


class Servable(Protocol):
    """One loaded version. Any thread may run it at any time between load and `close`.

    What derives from this class gets `submit`, which runs at once.
    """

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """Signatures by name, `__saved_model_init_op` included when the model has it."""
        ...

    @property
    def memory_bytes(self) -> int:
        """Estimate of the memory the version holds, in bytes."""
        ...

    def run(
        self, signature: Signature, inputs: Mapping[str, Array], outputs: Sequence[str]
    ) -> list[Array]:
        """Compute the outputs with these aliases, in this order. Blocks until done.

        The signature is one of `signatures`, or one made of their tensors under other aliases.
        `inputs` has the dtypes of the signature (strings as object arrays of bytes); inputs with a
        default may be absent.

        Raises:
            ServingError: with the runtime's code and text; INVALID_ARGUMENT when a shape does not
                fit the graph. No input may end the process.
        """
        ...

    def submit(
        self,
        signature: Signature,
        inputs: Mapping[str, Array],
        outputs: Sequence[str],
        done: Done,
        turn: Turn,
    ) -> None:
        """Compute as `run` does, and call `done` once with the outputs or the error.

        `done` may be called before `submit` returns, or later by another thread. Raises nothing.
        """
        done(outcome(lambda: self.run(signature, inputs, outputs), "A run"))

    def hazards(self, signature: Signature) -> Hazards:
        """Return what forbids to try a signature out; where nothing is known, that."""
        return Hazards(state="of which nothing is known")

    def close(self) -> None:
        """Give back the memory. Called once, after the last run."""
        ...


class Wrapped(Servable):
    """A servable in front of another one, which it closes: all that it does not change is that's.

    `submit` is not: it comes by this one's `run`.
    """

    def __init__(self, servable: Servable) -> None:
        self._servable = servable

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """The servable's."""
        return self._servable.signatures

    @property
    def memory_bytes(self) -> int:
        """The servable's."""
        return self._servable.memory_bytes

    def run(
        self, signature: Signature, inputs: Mapping[str, Array], outputs: Sequence[str]
    ) -> list[Array]:
        """Run the servable in this thread; raises what it raises."""
        return self._servable.run(signature, inputs, outputs)

    def hazards(self, signature: Signature) -> Hazards:
        """Return the servable's."""
        return self._servable.hazards(signature)

    def close(self) -> None:
        """Close the servable."""
        self._servable.close()


@dataclass(frozen=True)
class Loader:
    """How to make a servable of one version, and how to tell that its files have changed.

    `load` blocks until the version can answer and raises ServingError when it cannot; calling it
    again is a retry. `stamp` is cheap and equal as long as the files are the same: a version that
    failed is tried again when its stamp changes. `memory_bytes` estimates what it will take, before
    it is loaded. `path` is where the version lies, for people.
    """

    load: Callable[[], Servable]
    path: str = ""
    stamp: Callable[[], Hashable] = field(default=lambda: None, repr=False)
    memory_bytes: Callable[[], int] = field(default=lambda: 0, repr=False)
