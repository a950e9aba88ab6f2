"""`from quietly import keras` is `import keras` without TensorFlow's notes about this machine.

TensorFlow writes them to standard error while it is imported, before it reads any setting, and a
notebook shows standard error in red. Nothing else is held back: what fails raises an error.
"""

from __future__ import annotations

import os

STDERR = 2

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # for what TensorFlow writes later

_kept = os.dup(STDERR)
_nowhere = os.open(os.devnull, os.O_WRONLY)
os.dup2(_nowhere, STDERR)
try:
    import keras
finally:
    os.dup2(_kept, STDERR)
    os.close(_kept)
    os.close(_nowhere)

__all__ = ["keras"]
