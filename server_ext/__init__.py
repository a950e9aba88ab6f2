"""The model server: versions, hot swap, REST and gRPC, as TensorFlow Serving does them, in Python.

Importing this package loads nothing heavy. `server_ext/ARCHITECTURE.md` is the map.
"""

__version__ = "0.1.0"
