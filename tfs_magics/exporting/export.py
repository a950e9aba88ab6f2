"""Turns a live object into the next version of a model, at once or not at all.

    recognise -> write into a hidden directory -> read signatures, compare -> rename to the number

    exported = export(model, name="digits")          # ./models/digits/1, then 2, 3, ...

TensorFlow is imported by the export, not by this module. Threads: any thread may export; exports
within one process wait for each other, exports of several processes get different numbers.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server_ext.errors import Code, FailedPrecondition, InvalidArgument, ServingError
from tfs_magics.exporting.check import compare
from tfs_magics.exporting.exportables import recognise
from tfs_magics.exporting.files import Signature, TensorInfo, read_signatures, size_bytes
from tfs_magics.exporting.runtime import one_line, quiet
from tfs_magics.exporting.versions import (
    check_name,
    check_version,
    existing,
    local_directory,
    publish,
    publish_free,
    staging,
)

__all__ = ["Exported", "Signature", "TensorInfo", "export"]


@dataclass(frozen=True, repr=False)
class Exported:
    """A version that is on disk now; shows itself as a table in a notebook, as text elsewhere.

    `bytes` is the size of its files, `seconds` the time the export took. `difference` is the
    largest one between files and live object that the check found, None without a check. `replaced`
    tells that there was such a version before; a server that has it loaded keeps the old files.
    """

    name: str
    version: int
    path: Path
    bytes: int
    signatures: list[Signature]
    seconds: float
    difference: float | None = None
    replaced: bool = False

    def __repr__(self) -> str:
        from tfs_magics import views

        return repr(views.exported(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from tfs_magics import views

        return views.exported(self)._repr_mimebundle_(include, exclude)


def export(
    obj: Any,
    *,
    name: str | None = None,
    base_path: str | os.PathLike[str] = "./models",
    version: int | None = None,
    timestamp: bool = False,
    overwrite: bool = False,
    signatures: Mapping[str, Callable[..., Any]] | None = None,
    check: Any = None,
) -> Exported:
    """Write an object as a version that TensorFlow Serving can load: `base_path/name/version`.

    `obj` is a Keras model (built or called once), a tf.Module, a tf.function with an input
    signature, a concrete function, a .keras or .h5 file, or a SavedModel directory, which is
    copied. `signatures` chooses TensorFlow functions by signature name; the first one also becomes
    `serving_default` if none is called so. `name` is by default the object's own name or the file's
    stem. Without `version` the number is the highest existing one plus 1, or with `timestamp` the
    time in seconds. `overwrite` lets `version` replace an existing one; see `versions` for how.

    `check` is an input (an array, or a dict of arrays by input) that the exported files and the
    live object must answer alike, up to rounding; it is run by `serving_default`. It also tells
    which types a subclassed Keras model takes: Keras does not keep them.

    The directory appears complete, by one rename. An export that fails or is interrupted leaves
    nothing behind.

    Raises:
        InvalidArgument: the object or an option is not usable, or the model raised while traced.
        NotFound: `obj` is a path, and there is nothing.
        FailedPrecondition: the check found a difference, or the directory cannot be written.
        ServingError: ALREADY_EXISTS, `version` exists and `overwrite` is False.
    """
    started = time.monotonic()
    number = _check_number(version, timestamp=timestamp, overwrite=overwrite)
    if name is not None:
        check_name(name)
    with _as_serving_errors("the model could not be exported"), quiet():
        subject = recognise(obj, signatures, check)
        name = name or _own_name(subject.name)
        parent = local_directory(base_path) / name
        # Looked at before the work, and by `publish` once more.
        old = None if number is None else existing(parent, number, overwrite=overwrite)
        with staging(parent) as staged:
            subject.write(staged)
            found = read_signatures(staged)
            difference = None
            if check is not None:
                with _as_serving_errors("the check could not be run"):
                    difference = compare(subject, staged, found[0], check)
            size = size_bytes(staged)
            if number is None:
                path = publish_free(staged, int(time.time()) if timestamp else None)
            else:
                path = publish(staged, number, overwrite=overwrite)
    seconds = time.monotonic() - started
    return Exported(name, int(path.name), path, size, found, seconds, difference, old is not None)


def _check_number(version: Any, *, timestamp: bool, overwrite: bool) -> int | None:
    if version is None:
        if overwrite:
            raise InvalidArgument(
                "overwrite needs the version to replace; without one an export takes a new number"
            )
        return None
    if timestamp:
        raise InvalidArgument(f"version {version!r} and timestamp both choose the number; give one")
    return check_version(version)


def _own_name(name: str) -> str:
    usable = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_")
    if not usable:
        raise InvalidArgument("the object has no name of its own: pass name='...' for the model")
    return check_name(usable)


@contextmanager
def _as_serving_errors(what: str) -> Iterator[None]:
    """Let what Keras, TensorFlow, the disk and the model's own code raise be told in one line."""
    try:
        yield
    except ServingError:
        raise
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        reason = error.strerror or one_line(error)
        raise FailedPrecondition(f"{what}: {reason}{place}") from error
    except Exception as error:  # the model's own code runs here
        text = f"{what}: {type(error).__name__}: {one_line(error)}"
        number = getattr(error, "error_code", None)  # TensorFlow's own errors have one
        if isinstance(number, int) and number != Code.INVALID_ARGUMENT.grpc:
            raise ServingError(text, Code.from_grpc(number)) from error
        raise InvalidArgument(text) from error
