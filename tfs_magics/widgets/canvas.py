"""A canvas as a widget: what is drawn is an array, and versions of a model say what it is.

pen --views.js--> _pixels, _fine, _answers --> image, answer, on_change
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from traitlets import Bytes, Dict, Instance, Int, List, observe

from server_ext.errors import InvalidArgument, ServingError
from tfs_magics import connection
from tfs_magics.views.spec import spec as spec_of
from tfs_magics.widgets.panels import Target, targets
from tfs_magics.widgets.rasters import Picture, resized
from tfs_magics.widgets.widget import Widget

MOST_PIXELS = 1024


def _bytes(view: memoryview, _: Any) -> bytes:
    """Return what a page sent, which comes as a view of it."""
    return bytes(view)


class DrawingCanvas(Widget):
    """A canvas with pen, eraser, undo and clear; asks a model while something is drawn.

    `image` is the drawing at `size`, float32, from 0 (paper) to 1 (ink); `pixels` is the same from
    0 to `max`, which is what is sent. `answer` has what each version answered, by its number: an
    array like probabilities, or a dict of them where a model has several outputs. `image` and
    `answer` are traits: `observe` tells of each change, `on_change` of any.

        canvas = DrawingCanvas(size=(8, 8), model="digits", max=16)
        canvas.on_change(lambda canvas: print(canvas.image.sum(), canvas.answer))
        canvas

    Without `model` it is a canvas and nothing more; with it the model's own size is drawn, if it
    has one. `versions` are whom it asks: numbers, labels, or "all", which it is without.
    """

    image = Instance(np.ndarray, help="The drawing, float32, from 0 to 1.")
    answer: Any = Dict(help="Version -> what its first output answered, an array.")
    _size = List(Int()).tag(sync=True)
    _pixels = Bytes(b"").tag(sync=True, from_json=_bytes)
    _fine = Bytes(b"").tag(sync=True, from_json=_bytes)
    _answers = Dict().tag(sync=True)
    _turn = Int(0).tag(sync=True)

    def __init__(
        self,
        size: tuple[int, int] = (28, 28),
        model: str | None = None,
        versions: Target | Iterable[Target] | None = None,
        max: float | None = None,
        signature: str | None = None,
        **traits: Any,
    ) -> None:
        whole = list(_checked(size))
        self.max = max
        more = {"size": whole, "max": max, "signature": signature, **targets(versions)}
        spec = spec_of("draw", _told(), model, **more)
        image = np.zeros(whole, np.float32)
        super().__init__(spec=spec, _size=whole, image=image, **traits)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the image."""
        rows, columns = self.image.shape
        return rows, columns

    @property
    def pixels(self) -> Picture:
        """The drawing as it is sent: `image` times `max`, which is 1 unless it was given."""
        pixels: Picture = self.image * np.float32(self.max or 1)
        return pixels

    def resized(self, height: int, width: int) -> Picture:
        """Return the drawing at any size, from what was drawn and not from its pixels."""
        _checked((height, width))
        if (height, width) == self.image.shape:
            return np.array(self.image, np.float32)
        fine = np.frombuffer(self._fine, np.uint8)
        times = round((len(fine) / self.image.size) ** 0.5)
        if times == 0:  # while the pen is down
            return resized(self.image, height, width)
        rows, columns = self.image.shape
        return resized(fine.reshape(rows * times, columns * times) / 255, height, width)

    def clear(self) -> None:
        """Take everything off the canvas."""
        self.show(np.zeros_like(self.image))

    def show(self, image: Any) -> None:
        """Put a picture on the canvas in place of what was drawn: `size`, from 0 to 1."""
        picture = np.asarray(image, np.float32)
        if picture.shape != self.image.shape:
            raise InvalidArgument(
                f"A picture of shape {list(picture.shape)} does not fit this canvas: "
                f"it takes {list(self.image.shape)}"
            )
        with self.hold_sync():
            self._fine, self._answers = b"", {}
            self._pixels = np.clip(picture, 0, 1).tobytes()
            self._turn += 1

    def on_change(self, callback: Callable[[DrawingCanvas], Any]) -> Callable[[], None]:
        """Have this called with the canvas when its image or its answer has changed.

        Return what ends that.
        """

        def tell(_: object) -> None:
            callback(self)

        self.observe(tell, ["image", "answer"])
        return lambda: self.unobserve(tell, ["image", "answer"])

    @observe("_pixels")
    def _take_pixels(self, change: Mapping[str, Any]) -> None:
        self.image = np.frombuffer(change["new"], np.float32).reshape(self._size).copy()

    @observe("_answers")
    def _take_answers(self, change: Mapping[str, Any]) -> None:
        told: Mapping[str, Any] = change["new"]
        self.answer = {int(version): _first(outputs) for version, outputs in told.items()}


def _checked(size: Any) -> tuple[int, int]:
    """Return the rows and columns.

    Raises:
        InvalidArgument: they are none.
    """
    try:
        height, width = (int(each) for each in size)
    except (TypeError, ValueError):
        raise InvalidArgument(f"size is {size!r}, and must be rows and columns: (28, 28)") from None
    if not (0 < height <= MOST_PIXELS and 0 < width <= MOST_PIXELS):
        raise InvalidArgument(f"size is {size!r}; rows and columns are from 1 to {MOST_PIXELS}")
    return height, width


def _first(outputs: Any) -> Any:
    """Return the answer to the one picture that was sent: an array, or one for each output."""
    if isinstance(outputs, dict):
        return {name: np.array(values)[0] for name, values in outputs.items()}
    return np.array(outputs)[0]


def _told() -> dict[str, Any] | None:
    try:
        return connection.current().status()
    except ServingError:
        return None
