"""Serve the model you just trained, from the notebook it was trained in."""

from server_ext import __version__

__all__ = ["__version__"]
