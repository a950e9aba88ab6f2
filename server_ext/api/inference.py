"""What a verb asks of a version, and what it makes of the outputs.

    request --verb.ask()--> Inference --servable--> outputs --reply()--> answer

The two halves of a verb, with the run between them: so a request can wait in a batch without a
thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from server_ext.codecs.dtypes import BY_NUMPY, name_of
from server_ext.errors import InvalidArgument
from server_ext.lifecycle.servable import Servable, Signature

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from server_ext.codecs.request_frames import FramedRequest
    from server_ext.lifecycle.servable import Array

T = TypeVar("T")


@dataclass(slots=True)
class Inference(Generic[T]):
    """One run of a signature: its inputs and the aliases of the outputs wanted, in this order.

    `reply` makes the answer of the outputs; it raises ServingError when they are not what the verb
    can answer. `request` is the message that asks, None where a document does.

    Raises:
        InvalidArgument: an input has another dtype than the signature.
    """

    signature: Signature
    inputs: Mapping[str, Array]
    outputs: Sequence[str]
    reply: Callable[[list[Array]], T]
    request: Message | FramedRequest | None = None

    def __post_init__(self) -> None:
        for position, (alias, spec) in enumerate(self.signature.inputs.items()):
            array = self.inputs.get(alias)
            if array is None:
                continue
            got = BY_NUMPY.get(array.dtype)
            if got is None or got.number != spec.dtype:
                raise InvalidArgument(
                    f"Expects arg[{position}] to be {name_of(spec.dtype)} but "
                    f"{got.name if got else array.dtype} is provided: input '{alias}' of signature "
                    f"'{self.signature.name}'"
                )

    def answer(self, servable: Servable) -> T:
        """Run it here and now, and return the answer.

        Raises:
            ServingError: the run's, or the reply's.
        """
        return self.reply(servable.run(self.signature, self.inputs, self.outputs))
