"""What the benchmark asks is the same for all servers."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = pytest.mark.tensorflow

LARGE = b"x" * 50_000_000  # takes a while to write


def test_a_body_is_whole_for_all_who_ask_at_once(bench, tmp_path: Path):
    body = bench("protocols").Body(tmp_path, "json", lambda rows: LARGE)

    with ThreadPoolExecutor(4) as pool:
        sizes = list(pool.map(lambda _: body.file(1).stat().st_size, range(4)))

    assert sizes == [len(LARGE)] * 4
