"""Exports Keras models: which tensors they take, under which names, and how to write them.

    Sequential, functional   types, shapes and names stand in the model's inputs
    subclassed               the shapes of its first call; Keras keeps no types, so they are
                             float32, unless the sample for the check says string or integer

An input that nobody named is called `inputs` here. Keras would call it `keras_tensor_17`, by a
counter of the process, and clients that name their inputs would break with the next version.

Threads: any; nothing is kept between calls.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from server_ext.errors import InvalidArgument
from tfs_magics.exporting.functions import tables_of
from tfs_magics.exporting.runtime import tensorflow
from tfs_magics.exporting.subject import Subject, alias, by_alias

_MADE_UP = re.compile(r"(keras_tensor|input_layer)(_\d+)?")
_UNNAMED = "inputs"
_OWN_METHOD = (
    "give the model a method with @tf.function(input_signature=[tf.TensorSpec(shape, dtype)]) and "
    "export that: signatures={'serving_default': model.METHOD}"
)

Leaf = Callable[[Any, str], Any]


def keras_subject(model: Any, sample: object = None, name: str = "") -> Subject:
    """Return how to export a keras.Model; `sample` is the input of the check, if there is one.

    Raises:
        InvalidArgument: the model has not been built, or Keras does not know what it takes.
    """
    arguments = _arguments(model, sample)
    nest = tensorflow().nest

    def live(inputs: Mapping[str, Any]) -> Any:
        return model(*nest.map_structure(lambda spec: inputs[spec.name], arguments))

    aliases = tuple(spec.name for spec in nest.flatten(arguments))
    return Subject(
        name or str(model.name),
        lambda directory: _write(model, arguments, directory),
        live,
        aliases,
    )


def _write(model: Any, arguments: list[Any], directory: Path) -> None:
    """Write what model.export writes, each weight once.

    model.export stores every weight twice, and a server would hold both in memory (Keras issue
    23553): as Keras's variable, by tracking the model, and as the TensorFlow variable in it, by the
    endpoint. So the TensorFlow variables and the lookup tables are tracked instead of the model.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        model.export(str(directory), verbose=False, input_signature=arguments)
        return
    archive = keras.export.ExportArchive()
    for table in tables_of([model]):
        archive.track(table)
    archive.add_variable_collection("variables", [each.value for each in model.variables])
    archive.add_endpoint("serve", model.__call__, arguments)
    archive.write_out(str(directory), verbose=False)


def _arguments(model: Any, sample: object) -> list[Any]:
    """Return the positional arguments of the model, a tf.TensorSpec in place of each tensor."""
    if not _is_built(model):
        raise InvalidArgument(
            f"model {model.name!r} is not built, so it has no weights and no input shape: call it "
            "once on data, or model.build(input_shape), for example model.build((None, 28, 28, 1))"
        )
    symbols = getattr(model, "inputs", None)
    if isinstance(symbols, list) and all(_is_symbol(each) for each in symbols):
        structure = model.input if _is_functional(model) else symbols[0]
        return [_tree(structure, "", _spec_of_symbol)]
    return _arguments_of_call(model, sample)


def _arguments_of_call(model: Any, sample: object) -> list[Any]:
    names = _required_parameters(model.call)
    if len(names) > 1:
        if not isinstance(sample, Mapping) or set(sample) != set(names):
            raise InvalidArgument(
                f"model {model.name!r} takes {len(names)} arguments ({', '.join(names)}), and "
                "Keras keeps the shape of the first only: pass "
                f"check={{{', '.join(f'{name!r}: ...' for name in names)}}}, or {_OWN_METHOD}"
            )
        return [_tree(sample[name], name, _spec_of_value(model)) for name in names]
    shapes, name = _first_call(model), names[0] if names else _UNNAMED
    # The keys of a dict are names enough.
    tree = [_tree(shapes, "" if isinstance(shapes, Mapping) else name, _spec_of_shape(model))]
    if sample is None:
        _refuse_strings(model)
        return tree
    nest, leaf = tensorflow().nest, _spec_of_value(model)
    given = by_alias(sample, [spec.name for spec in nest.flatten(tree)])
    structure: list[Any] = nest.map_structure(lambda spec: leaf(given[spec.name], spec.name), tree)
    return structure


def _is_built(model: Any) -> bool:
    # Layer.build of a subclass without a build method only sets the flag; its layers tell.
    called = getattr(model, "_called", True)
    return bool(model.built) and (called or all(layer.built for layer in model.layers))


def _is_symbol(value: object) -> bool:
    import keras

    return isinstance(value, keras.KerasTensor)


def _is_functional(model: Any) -> bool:
    import keras

    return not isinstance(model, keras.Sequential)


def _first_call(model: Any) -> Any:
    """Return the shape, or the structure of shapes, that the model was first called with."""
    config = model.get_build_config() or {}
    if "input_shape" not in config:
        raise InvalidArgument(
            f"Keras does not know which input model {model.name!r} takes: call it once on data, or "
            f"{_OWN_METHOD}"
        )
    return config["input_shape"]


def _refuse_strings(model: Any) -> None:
    import keras

    takers = (keras.layers.TextVectorization, keras.layers.StringLookup)
    for layer in model._flatten_layers():
        if isinstance(layer, takers):
            raise InvalidArgument(
                f"model {model.name!r} has a {type(layer).__name__} layer, and Keras does not keep "
                "whether a subclassed model takes strings or numbers: pass check=x with an input "
                f"to learn it from, or {_OWN_METHOD}"
            )


def _required_parameters(call: Any) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [
        parameter.name
        for parameter in inspect.signature(call).parameters.values()
        if parameter.kind in kinds and parameter.default is parameter.empty
    ]


def _tree(structure: Any, name: str, leaf: Leaf) -> Any:
    """Replace the leaves of nested dicts, lists and tuples; a leaf is told its place as a name."""
    if isinstance(structure, Mapping):
        join = f"{name}_" if name else ""
        return {key: _tree(value, f"{join}{key}", leaf) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)) and not _is_shape(structure):
        prefix = name or _UNNAMED
        parts = [_tree(value, f"{prefix}_{i}", leaf) for i, value in enumerate(structure)]
        return parts if isinstance(structure, list) else tuple(parts)
    return leaf(structure, name)


def _is_shape(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(
        size is None or isinstance(size, int) for size in value
    )


def _spec(shape: Any, dtype: Any, name: str) -> Any:
    sizes = [None, *list(shape)[1:]] if len(shape) else []
    return tensorflow().TensorSpec(sizes, dtype, name=alias(name))


def _spec_of_symbol(symbol: Any, place: str) -> Any:
    own = "" if _MADE_UP.fullmatch(symbol.name) else symbol.name
    return _spec(symbol.shape, symbol.dtype, own or place or _UNNAMED)


def _spec_of_shape(model: Any) -> Leaf:
    # Not the compute type: a mixed-precision model computes in float16 and takes float32.
    return lambda shape, place: _spec(shape, model.variable_dtype, place)


def _spec_of_value(model: Any) -> Leaf:
    def leaf(value: Any, place: str) -> Any:
        tensor = tensorflow().convert_to_tensor(value)
        dtype = model.variable_dtype if tensor.dtype.is_floating else tensor.dtype
        return _spec(tensor.shape, dtype, place)

    return leaf
