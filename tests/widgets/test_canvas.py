"""A canvas in Python: what a page draws is an array, and what is answered is there by version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from server_ext.errors import InvalidArgument
from tfs_magics.widgets.canvas import DrawingCanvas
from tfs_magics.widgets.rasters import resized


@pytest.fixture
def canvas() -> Iterator[DrawingCanvas]:
    canvas = DrawingCanvas(size=(8, 6), max=16)
    yield canvas
    canvas.close()


def draw(canvas: DrawingCanvas, image: Any, fine: Any = None) -> None:
    """Do what a page does when the pen is lifted."""
    state = {"_pixels": memoryview(np.asarray(image, np.float32).tobytes())}
    if fine is not None:
        state["_fine"] = memoryview(np.asarray(fine, np.uint8).tobytes())
    canvas.set_state(state)


def test_it_begins_empty(canvas: DrawingCanvas):
    assert canvas.image.shape == (8, 6)
    assert canvas.image.dtype == np.float32
    assert not canvas.image.any()
    assert canvas.answer == {}


def test_what_is_drawn_is_an_image_and_what_is_sent_is_scaled(canvas: DrawingCanvas):
    ink = np.linspace(0, 1, 48, dtype=np.float32).reshape(8, 6)

    draw(canvas, ink)

    np.testing.assert_array_equal(canvas.image, ink)
    np.testing.assert_array_equal(canvas.pixels, ink * 16)


def test_each_change_is_told(canvas: DrawingCanvas):
    seen: list[Any] = []
    stop = canvas.on_change(lambda each: seen.append((each.image.sum(), dict(each.answer))))
    canvas.observe(lambda change: seen.append(change["new"].shape), "image")

    draw(canvas, np.ones((8, 6)))
    canvas.set_state({"_answers": {"7": [[0.25, 0.75]]}})
    stop()
    draw(canvas, np.zeros((8, 6)))

    assert seen[0] == (48, {})
    assert seen[1] == (8, 6)
    assert list(seen[2][1]) == [7]
    np.testing.assert_array_equal(seen[2][1][7], [0.25, 0.75])
    assert seen[3:] == [(8, 6)]


def test_answers_of_several_outputs_are_there_by_name(canvas: DrawingCanvas):
    canvas.set_state({"_answers": {"7": {"class": [3], "scores": [[0.5, 0.5]]}}})

    assert canvas.answer[7]["class"] == 3
    assert canvas.answer[7]["scores"].shape == (2,)


def test_a_model_that_has_a_size_of_its_own_is_drawn_for_at_that_size(canvas: DrawingCanvas):
    canvas.set_state({"_size": [2, 2], "_pixels": np.ones(4, np.float32).tobytes()})

    assert canvas.image.shape == (2, 2)


def test_it_is_any_size_from_the_finer_drawing(canvas: DrawingCanvas):
    fine = np.zeros((32, 24))
    fine[:, 12:] = 255
    draw(canvas, fine[::4, ::4] / 255, fine)

    large, small = canvas.resized(16, 12), canvas.resized(4, 3)

    np.testing.assert_allclose(large[:, :6], 0)
    np.testing.assert_allclose(large[:, 6:], 1)
    np.testing.assert_allclose(small, [[0, 0.5, 1]] * 4)
    np.testing.assert_array_equal(canvas.resized(8, 6), canvas.image)


def test_a_picture_is_put_on_it_and_taken_off(canvas: DrawingCanvas):
    canvas.set_state({"_answers": {"7": [[1.0]]}})

    canvas.show(np.full((8, 6), 2.0))
    shown = canvas.image.copy()
    canvas.clear()

    assert (shown == 1).all()
    assert not canvas.image.any()
    assert canvas.answer == {}
    with pytest.raises(InvalidArgument, match=r"shape \[2, 2\] does not fit .* \[8, 6\]"):
        canvas.show(np.zeros((2, 2)))


@pytest.mark.parametrize("size", [(0, 8), (8,), "ab", (8, 100_000), None])
def test_a_size_that_is_none_is_refused(size: Any):
    with pytest.raises(InvalidArgument, match="size is"):
        DrawingCanvas(size=size)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (7, 4), (16, 9)])
def test_the_mean_of_a_picture_stays(shape: tuple[int, int]):
    picture = np.random.default_rng(1).random((7, 4)).astype(np.float32)

    assert resized(picture, *shape).shape == shape
    assert resized(picture, *shape).mean() == pytest.approx(picture.mean(), rel=1e-5)
