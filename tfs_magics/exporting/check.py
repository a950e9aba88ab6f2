"""Compares the exported files with the live object on the same input.

    sample -> tensors by alias -> live object    -> outputs by alias  \\
                               -> exported files -> outputs by alias  -> largest difference

Numbers may differ by rounding: the graph on disk is optimised in another way. Allowed is a fraction
of the output's largest value, 1e-4 for 32 and 64 bits, 1e-2 for fewer. Integers and strings must be
equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from server_ext.errors import FailedPrecondition, InvalidArgument
from tfs_magics.exporting.files import Loaded, Signature
from tfs_magics.exporting.runtime import tensorflow
from tfs_magics.exporting.subject import Subject, by_alias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic] | NDArray[Any]


class Difference(NamedTuple):
    """How far an output of the files is from the live one, and how far it may be."""

    output: str
    amount: float
    allowed: float
    text: str


def compare(subject: Subject, directory: Path, signature: Signature, sample: object) -> float:
    """Run the files and the live object on `sample`; return the largest difference of any output.

    `sample` is an array for a single input, else a dict of arrays by alias, or a list of them in
    the order of the object's inputs.

    Raises:
        InvalidArgument: the sample has other inputs, types or shapes than the signature.
        FailedPrecondition: an output differs by more than rounding; the message names the output
            and the largest difference.
    """
    inputs = bind(sample, signature, subject.inputs)
    live = named(subject.live(inputs))
    exported = named(Loaded(directory).run(signature.name, inputs))
    if set(live) != set(exported):
        raise FailedPrecondition(
            f"the exported files return {', '.join(sorted(exported))} and the live model returns "
            f"{', '.join(sorted(live))}; nothing was exported"
        )
    found = [difference(key, live[key], exported[key]) for key in sorted(live)]
    worst = max(found, key=lambda each: (each.amount > each.allowed, each.amount))
    if worst.amount > worst.allowed:
        raise FailedPrecondition(
            f"exported files and live model differ: {worst.output} {worst.text}; nothing was "
            "exported. A model that draws random numbers differs from itself: leave the check out"
        )
    return worst.amount


def bind(sample: object, signature: Signature, order: Sequence[str] = ()) -> dict[str, Any]:
    """Return a tensor of the signature's type for each input.

    `order` are the aliases in the order of a list; without it only a dict serves several inputs.

    Raises:
        InvalidArgument: an input is missing, unknown, or of a type that would lose information.
    """
    ordered = set(order) == set(signature.inputs)
    given = by_alias(sample, order if ordered else sorted(signature.inputs), ordered=ordered)
    return {key: _tensor(key, given[key], signature.inputs[key].dtype) for key in given}


def named(outputs: Any) -> dict[str, Array]:
    """Return a model's outputs by the aliases that TensorFlow gives them, as arrays.

    Compatible with _normalize_outputs (tensorflow/python/saved_model/signature_serialization.py).
    """
    import numpy as np

    if hasattr(outputs, "_asdict"):
        outputs = outputs._asdict()
    if not isinstance(outputs, Mapping):
        values = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        outputs = {f"output_{i}": value for i, value in enumerate(values)}
    return {str(key): np.asarray(value) for key, value in outputs.items()}


def difference(output: str, live: Array, exported: Array) -> Difference:
    """Return how far two values of one output are apart. NaN equals NaN."""
    import numpy as np

    if live.shape != exported.shape:
        text = f"has the shape {list(exported.shape)}, live {list(live.shape)}"
        return Difference(output, float("inf"), 0.0, text)
    if live.dtype.kind in "OSU":
        count = int(np.count_nonzero(live != exported))
        return Difference(output, count, 0.0, f"has {count} of {live.size} strings changed")
    exact = live.dtype.kind in "iub"
    one, other = _wide(live), _wide(exported)
    same = (live == exported) if exact else (one == other) | (np.isnan(one) & np.isnan(other))
    if same.all():
        return Difference(output, 0.0, 0.0, "")
    with np.errstate(invalid="ignore"):
        apart = np.nan_to_num(abs(one - other), nan=np.inf, posinf=np.inf)
        # Large integers may differ and be the same as float64.
        apart = np.where(same, 0.0, np.maximum(apart, 1.0) if exact else apart)
        largest = np.max(abs(one), where=np.isfinite(one), initial=0.0)
    amount = float(apart.max())
    place = np.unravel_index(int(apart.argmax()), apart.shape)
    allowed = 0.0 if exact else float(largest) * (1e-2 if live.itemsize < 4 else 1e-4) + 1e-7
    at = [int(index) for index in place]
    text = f"by up to {amount:.3g} (at {at}: {exported[place]} exported, {live[place]} live)"
    return Difference(output, amount, allowed, text)


def _wide(values: Array) -> NDArray[Any]:
    """Return numbers as float64 or complex128; numpy cannot compute with bfloat16 as it is."""
    return values.astype("complex128" if values.dtype.kind == "c" else "float64")


def _tensor(key: str, value: object, dtype: str) -> Any:
    import numpy as np

    tf = tensorflow()
    if dtype == "string":
        return tf.convert_to_tensor(value, tf.string)
    array = np.asarray(value)
    wanted = tf.dtypes.as_dtype(dtype).as_numpy_dtype
    if array.dtype.kind in "OSU" or not np.can_cast(array.dtype, wanted, "same_kind"):
        raise InvalidArgument(
            f"input {key!r} is {dtype}, the check has {array.dtype}: convert it, for example with "
            f".astype({dtype!r})"
        )
    return tf.convert_to_tensor(array.astype(wanted))
