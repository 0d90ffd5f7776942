"""Labelled rows: what is read, and how wrong ones are named without quoting them."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConfigError, DataError, HarmwatchError
from agent.quality.rows import UNKNOWN_LANGUAGE, read_files, read_training, without_seen
from tests.unit.quality.builders import PII_ROWS, TOXIC_ROWS, lines, write

NOBODY = io.BytesIO()


def read(content: bytes, task: str = "toxicity"):  # type: ignore[no-untyped-def]
    (file,) = read_files(["-"], task, io.BytesIO(content))  # type: ignore[arg-type]
    return file


def test_rows_without_a_label_are_counted_and_left_out() -> None:
    file = read(lines(TOXIC_ROWS))
    assert (len(file.rows), file.unlabelled, file.name) == (7, 1, "standard input")
    assert [row.label for row in file.rows] == [1, 1, 0, 0, 0, 1, 0]
    assert file.rows[0].category == "insult"


def test_what_is_left_out_has_a_default() -> None:
    (row,) = read(b'{"text": "x", "label": true}\n\n').rows
    assert (row.label, row.lang, row.category, row.functionality) == (1, UNKNOWN_LANGUAGE, None, None)


def test_spans_are_read_for_personal_data_alone() -> None:
    strange = b'{"text": "x", "label": 1, "spans": [[0, 1]]}\n'
    assert read(strange).rows[0].spans is None
    with pytest.raises(DataError, match="line 1"):
        read(strange, "pii")
    file = read(lines([*PII_ROWS, {"text": "x", "spans": None}]), "pii")
    assert (len(file.rows), file.unlabelled) == (6, 1)
    assert [row.label for row in file.rows] == [1, 0, 0, 1, 0, 1]


def test_plain_and_gzip_are_told_apart_by_content(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.jsonl.gz", TOXIC_ROWS)  # the name lies
    packed = tmp_path / "b.jsonl"
    packed.write_bytes(gzip.compress(lines(TOXIC_ROWS)))
    first, second = read_files([str(plain), str(packed)], "toxicity", NOBODY)
    assert first.rows == second.rows
    assert (first.name, second.name) == ("a", "b")
    assert read(gzip.compress(lines(TOXIC_ROWS))).rows == first.rows


def test_a_folder_is_read_whole_and_names_stay_apart(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "same.jsonl", TOXIC_ROWS)
    write(tmp_path / "x" / "other.jsonl", TOXIC_ROWS)
    (tmp_path / "notes.txt").write_text("no data")
    names = [file.name for file in read_files([str(tmp_path)], "toxicity", NOBODY)]
    assert names == ["other", str(tmp_path / "x" / "same.jsonl"), str(tmp_path / "y" / "same.jsonl")]


@pytest.mark.parametrize(
    ("line", "task", "complaint"),
    [
        (b"zqxjkvbp", "toxicity", "is no valid JSON"),
        (b'["zqxjkvbp"]', "toxicity", "is no JSON object"),
        (b'{"label": 1}', "toxicity", "missing required field `text`"),
        (b'{"text": ["zqxjkvbp"], "label": 1}', "toxicity", r"Expected `str`, got `array` - at `\$.text`"),
        (b'{"text": "zqxjkvbp"}', "toxicity", "has no label"),
        (b'{"text": "zqxjkvbp", "label": 2}', "toxicity", "label must be 0, 1 or null"),
        (b'{"text": "zqxjkvbp", "label": "zqxjkvbp"}', "toxicity", "Expected"),
        (b'{"text": "zqxjkvbp", "label": NaN}', "toxicity", "Expected"),
        (b'{"text": "zqxjkvbp"}', "pii", "has no spans"),
        (b'{"text": "abc", "spans": [{"start": 1, "end": 9, "type": "NAME"}]}', "pii", r"spans\[0\] does not lie"),
        (b'{"text": "abc", "spans": [{"start": 2, "end": 2, "type": "NAME"}]}', "pii", r"spans\[0\] does not lie"),
        (b'{"text": "abc", "spans": [{"start": 0, "end": 2}]}', "pii", r"spans\[0\] has no type"),
        (b'{"text": "abc", "spans": [], "other_spans": [{"start": -1, "end": 2}]}', "pii", r"other_spans\[0\]"),
        (b"[" * 100_000, "toxicity", "is no valid JSON"),
        (b"\xff\xfe", "toxicity", "is not UTF-8"),
    ],
)
def test_a_wrong_row_is_named_by_its_line_and_never_quoted(line: bytes, task: str, complaint: str) -> None:
    good = b'{"text": "fine", "label": 0, "spans": []}\n\n'
    with pytest.raises(DataError, match=rf"standard input: line 3: .*{complaint}") as caught:
        read(good + line + b"\n", task)
    assert "zqxjkvbp" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_encoding_is_said_to_be_one() -> None:
    with pytest.raises(DataError, match="line 1: is not UTF-8"):
        read('{"text": "caf\u00e9", "label": 0}'.encode("latin-1"))


def test_lone_surrogates_are_read() -> None:
    (row,) = read(b'{"text": "\\ud800 x", "label": 0}').rows
    assert row.text == "\ud800 x"


def test_a_line_that_is_too_long_is_refused() -> None:
    with pytest.raises(DataError, match="line 1: longer than"):
        read(b'{"text": "' + b"a" * 9_000_000)


def test_damaged_gzip_is_refused() -> None:
    whole = gzip.compress(lines(TOXIC_ROWS) * 500)
    for content in (whole[: len(whole) // 2], whole[:40] + b"\x00" * 40 + whole[80:]):
        with pytest.raises(DataError, match=r"gzip data is damaged|line"):
            read(content)


def test_no_rows_at_all_is_an_error_and_rows_without_labels_are_not(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no rows"):
        read(b"\n\n")
    assert read(b'{"text": "x", "label": null}').unlabelled == 1
    with pytest.raises(ConfigError, match=r"holds no \.jsonl"):
        read_files([str(tmp_path)], "toxicity", NOBODY)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_files([str(tmp_path / "absent.jsonl")], "toxicity", NOBODY)


@given(st.binary(max_size=200), st.sampled_from(["toxicity", "pii"]))
def test_any_bytes_are_rows_or_one_error(content: bytes, task: str) -> None:
    try:
        read(content, task)
    except HarmwatchError as error:
        assert "\n" not in str(error)


def test_training_rows_take_any_label_and_one_is_positive(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", [{"text": str(label), "label": label} for label in (0, 1, 2, None)])
    assert read_training(path) == (["0", "1", "2"], [0, 1, 0])
    with pytest.raises(DataError, match="both labels"):
        read_training(write(tmp_path / "t.jsonl", [{"text": "x", "label": 0}]))
    with pytest.raises(DataError, match="line 1"):
        read_training(write(tmp_path / "t.jsonl", [{"text": "x"}]))


def test_rows_that_were_trained_on_are_left_out_though_the_training_file_cut_them(tmp_path: Path) -> None:
    long = "many words " * 40
    train = write(tmp_path / "t.jsonl", [{"text": "seen", "label": 1}, {"text": long[:100], "label": 0}])
    texts = ["seen", "seen before", "new", long, "other " + long]
    files = read_files(
        [str(write(tmp_path / "d.jsonl", [{"text": text, "label": 0} for text in texts]))], "toxicity", NOBODY
    )
    (file,) = without_seen(files, train)
    assert ([row.text for row in file.rows], file.left_out) == (["seen before", "new", "other " + long], 2)
