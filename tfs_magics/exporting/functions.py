"""Exports tf.functions, concrete functions and the objects that have them as methods.

TensorFlow refuses to save a function whose variables and tables do not hang on the saved object. A
function in a notebook uses global models and vectorizers that hang on nothing: what the traced
function captured and what its code refers to gives the variables and tables.

Threads: any; nothing is kept between calls.
"""

from __future__ import annotations

import dis
import inspect
import types
import weakref
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from server_ext.errors import InvalidArgument
from tfs_magics.exporting.files import DEFAULT_SIGNATURE
from tfs_magics.exporting.runtime import tensorflow
from tfs_magics.exporting.subject import Subject

Functions = Mapping[str, Any]


def function_subject(function: Any) -> Subject:
    """Return how to export a tf.function with an input signature, or a concrete function.

    Raises:
        InvalidArgument: it has no input signature; the message says how to give it one.
    """
    return signed_subject(function, own_name(function), {DEFAULT_SIGNATURE: function})


def own_name(obj: Any) -> str:
    """Return the name that an object has by itself: a module's or a Python function's; or ""."""
    python = getattr(obj, "python_function", obj)
    name = getattr(python, "__name__", getattr(obj, "name", ""))
    return name if isinstance(name, str) else ""


def module_subject(module: Any) -> Subject:
    """Return how to export a tf.Module or a loaded SavedModel by the one function it has.

    Raises:
        InvalidArgument: it has no function with an input signature, or several.
    """
    name = own_name(module)
    loaded = getattr(module, "signatures", None)
    if isinstance(loaded, Mapping) and loaded:
        return signed_subject(module, name, dict(loaded))
    functions = dict(_functions_of(module))
    signed = {key: each for key, each in functions.items() if each.input_signature is not None}
    if len(signed) == 1:
        return signed_subject(module, name, {DEFAULT_SIGNATURE: next(iter(signed.values()))})
    kind = type(module).__name__
    if signed:
        first = next(iter(signed))
        raise InvalidArgument(
            f"{kind} has {len(signed)} functions with an input signature ({', '.join(signed)}): "
            f"choose with --signature {DEFAULT_SIGNATURE}=obj.{first}, "
            f"or signatures={{'{DEFAULT_SIGNATURE}': obj.{first}}}"
        )
    has = f"its tf.functions ({', '.join(functions)}) have no" if functions else "no method with an"
    raise InvalidArgument(
        f"{kind} cannot be exported: {has} input signature; decorate the method to serve with "
        "@tf.function(input_signature=[tf.TensorSpec(shape, dtype)])"
    )


def signed_subject(obj: Any, name: str, functions: Functions) -> Subject:
    """Return how to export these functions by signature name, with `obj` and all that they use.

    Without a `serving_default` the first one also gets that name, so that requests may leave the
    signature out. The first one is what a check runs.

    Raises:
        InvalidArgument: a value is no TensorFlow function with an input signature.
    """
    concretes = {key: _concrete(key, function) for key, function in functions.items()}
    first = concretes.get(DEFAULT_SIGNATURE) or next(iter(concretes.values()))
    everything = {DEFAULT_SIGNATURE: functions[next(iter(functions))], **functions}
    order = tuple(str(key) for key in first._arg_keywords)

    def write(directory: Path) -> None:
        root = _root(obj, functions, concretes)
        try:
            tensorflow().saved_model.save(root, str(directory), signatures=everything)
        except AssertionError as error:
            if "untracked" not in str(error):
                raise
            raise InvalidArgument(
                "the function uses a variable or table that export cannot find from its code: keep "
                "it in an attribute of a tf.Module or Keras model, and export that with signatures"
            ) from error

    return Subject(name, write, lambda inputs: _call(first, order, inputs), order)


def tables_of(trackables: Iterable[Any]) -> list[Any]:
    """Return the lookup tables and other resources that hang on TensorFlow or Keras objects."""
    tf = tensorflow()
    found = {
        id(descendant): descendant
        for trackable in trackables
        for each in _with_layers(trackable)
        for descendant in tf.train.TrackableView(each).descendants()
        if isinstance(descendant, tf.saved_model.experimental.TrackableResource)
    }
    return list(found.values())


def _with_layers(trackable: Any) -> list[Any]:
    # TensorFlow does not see the layers that a Keras model keeps in lists and dicts.
    flatten = getattr(trackable, "_flatten_layers", None)
    return [trackable, *flatten()] if flatten else [trackable]


def _functions_of(module: Any) -> Iterator[tuple[str, Any]]:
    kind = tensorflow().types.experimental.GenericFunction
    for key in sorted({*dir(type(module)), *vars(module)}):
        # On the class first: getattr on the instance would run properties.
        found = inspect.getattr_static(module, key, None)
        if isinstance(found, kind):
            yield key, getattr(module, key)


def _concrete(key: str, function: Any) -> Any:
    kinds = tensorflow().types.experimental
    if isinstance(function, kinds.ConcreteFunction):
        return function
    if not isinstance(function, kinds.GenericFunction):
        raise InvalidArgument(
            f"signature {key!r} is a {type(function).__name__}, not a TensorFlow function: "
            "decorate it with @tf.function(input_signature=[tf.TensorSpec(shape, dtype)])"
        )
    if function.input_signature is None:
        raise InvalidArgument(
            f"the tf.function for signature {key!r} has no input signature: decorate it with "
            "@tf.function(input_signature=[tf.TensorSpec(shape, dtype)]), or pass "
            "function.get_concrete_function(tf.TensorSpec(shape, dtype))"
        )
    return function.get_concrete_function()


def _call(concrete: Any, order: tuple[str, ...], inputs: Mapping[str, Any]) -> Any:
    """Run a concrete function on tensors by alias, in the structure its Python function takes."""
    nest, spec = tensorflow().nest, tensorflow().TensorSpec
    structure = concrete.structured_input_signature
    tensors = iter([inputs[key] for key in order])
    flat = [next(tensors) if isinstance(leaf, spec) else leaf for leaf in nest.flatten(structure)]
    args, kwargs = nest.pack_sequence_as(structure, flat)
    return concrete(*args, **kwargs)


def _root(obj: Any, functions: Functions, concretes: Functions) -> Any:
    """Return an object that holds the variables and tables in use, but no optimizer's variables."""
    tf = tensorflow()
    seen: set[int] = set()
    reached = [
        trackable
        for value in (obj, *functions.values())
        for trackable in _reach(value, tf.__internal__.tracking.Trackable, seen)
    ]
    holders = [*concretes.values(), *reached]
    root = tf.Module()
    root.variables_in_use = [
        variable if isinstance(variable, tf.Variable) else variable.value  # Keras wraps its own
        for holder in holders
        for variable in getattr(holder, "variables", ())
    ]
    root.tables = tables_of(reached)
    return root


def _reach(value: Any, trackable: type, seen: set[int]) -> Iterator[Any]:
    """Yield the TensorFlow and Keras objects that a value is, holds, or refers to in its code."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, weakref.ref):
        yield from _reach(value(), trackable, seen)
    elif hasattr(value, "python_function"):
        yield from _reach(value.python_function, trackable, seen)
    elif isinstance(value, trackable):
        yield value
    else:
        for part in _parts(value):
            yield from _reach(part, trackable, seen)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, (list, tuple, set)):
        return list(value)
    if isinstance(value, types.MethodType):
        owner = value.__self__
        return [owner, value.__func__, *getattr(owner, "__dict__", {}).values()]
    if isinstance(value, types.FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or () if _is_full(cell)]
        names = _globals_of(value.__code__)
        return cells + [value.__globals__[name] for name in names if name in value.__globals__]
    return []


def _globals_of(code: types.CodeType) -> set[str]:
    """Return the global names that code reads, also in the functions defined within it."""
    names = {each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL"}
    inner = [each for each in code.co_consts if isinstance(each, types.CodeType)]
    return names.union(*(_globals_of(each) for each in inner))


def _is_full(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - an empty cell raises
    except ValueError:
        return False
    return True
