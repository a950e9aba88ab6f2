"""TensorFlow, imported when an export first needs it, and kept from talking while it works.

Threads: `quiet` holds a lock, because Python's warning filters and log levels belong to the whole
process; two exports in one process write one after the other.
"""

from __future__ import annotations

import logging
import re
import sys
import textwrap
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from server_ext import chatter

_LOGGERS = ("absl", "tensorflow")
_alone = threading.RLock()


def tensorflow() -> Any:
    """Return the `tensorflow` module, importing it, without its notes, if nobody has."""
    if "tensorflow" in sys.modules:
        import tensorflow as tf
    else:
        with chatter.held_back():
            import tensorflow as tf

    return tf


def one_line(error: BaseException) -> str:
    """Return what an error says in one line of at most 500 characters, without terminal colours."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return textwrap.shorten(plain, 500, placeholder=" ...") or "no reason given"


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back Python warnings and the log lines below ERROR of TensorFlow and Keras."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    with _alone, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        levels = [logger.level for logger in loggers]
        try:
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
