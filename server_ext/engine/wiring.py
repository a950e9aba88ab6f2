"""Says which tensors of the graph the inputs and outputs of a signature stand for.

    inputs   a, b -> x:0        outputs   y, z -> out:0, same -> x:0
    feeds    x:0                fetches   out:0

Several aliases may name one tensor, and an output may be an input. TensorFlow neither feeds a
tensor twice nor fetches what is fed.
"""

from __future__ import annotations

from collections.abc import Sequence

from server_ext.codecs.dtypes import BY_NUMBER, name_of
from server_ext.errors import Unimplemented
from server_ext.lifecycle.servable import Signature, TensorSpec


class Wiring:
    """The feeds and fetches of a signature for a choice of outputs, each tensor once. Immutable.

    `feeds` and `fetches` hold the specs, `aliases` the inputs' aliases in the order of `feeds`; all
    by the tensor's name. `outputs` are the specs of the chosen outputs in their order.

    Raises:
        Unimplemented: a tensor of the signature is sparse or composite, or of a type without an
            array, such as a resource.
    """

    def __init__(self, signature: Signature, outputs: Sequence[str]) -> None:
        self.signature = signature
        self.outputs = [signature.outputs[alias] for alias in outputs]
        for alias, spec in [*signature.inputs.items(), *zip(outputs, self.outputs, strict=True)]:
            _refuse_what_is_no_array(signature.name, alias, spec)
        self.aliases: dict[str, list[str]] = {}
        for alias, spec in signature.inputs.items():
            self.aliases.setdefault(spec.name, []).append(alias)
        self.feeds = {spec.name: spec for spec in signature.inputs.values()}
        self.fetches = {spec.name: spec for spec in self.outputs if spec.name not in self.feeds}


def _refuse_what_is_no_array(signature: str, alias: str, spec: TensorSpec) -> None:
    if not spec.name:
        kind = "a sparse or composite tensor"
    elif spec.dtype not in BY_NUMBER:
        kind = f"of {name_of(spec.dtype)}"
    else:
        return
    raise Unimplemented(
        f"'{alias}' of signature '{signature}' is {kind}, which this server does not serve"
    )
