"""``harmwatch assess --rebalance`` on Parquet whose texts are views, as Polars writes them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.unit.assess.rebalance.test_rebalance_command import BASIC, HEAD, METHODS, people, result


@pytest.mark.parametrize("method", METHODS)
def test_views_of_texts_are_rebalanced(tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    cells = [pa.array(cells, pa.string_view()) for cells in zip(*people(), strict=True)]
    source, out = tmp_path / "people.parquet", tmp_path / "out.parquet"
    pa.parquet.write_table(pa.table(cells, names=list(HEAD)), source)
    found = result(capsys, str(source), *BASIC, "--rebalance", str(out), "--rebalance-method", method)
    written = pa.parquet.read_table(out)
    assert written.num_rows == found["rows_written"] == 600
    assert written.schema.field("points").type == pa.string_view()
    if method == "resample":
        times = Counter(written["id"].to_pylist())
        assert sum(count - 1 for count in times.values()) == found["rows_added"] > 0
