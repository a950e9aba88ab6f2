"""What users see: one function an output, each from plain values to a View."""

from __future__ import annotations

from tfs_magics.views.signature import exported
from tfs_magics.views.view import View

__all__ = ["View", "exported"]
