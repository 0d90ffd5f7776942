"""Data sets of rows, read and written as a stream: CSV, JSON Lines and Parquet, chosen by suffix.

A reader gives batches of rows (dictionaries from column to cell) and holds one batch at a time; a writer takes them,
and its file appears under its name only when it is whole.
"""

from agent.assess.tables.base import Batch, Row, TableReader, TableWriter, advancing
from agent.assess.tables.open import SUFFIXES, kind_of, open_reader, open_writer, stem_and_suffix
from agent.assess.tables.plain import plain_text, readable_text

__all__ = [
    "SUFFIXES",
    "Batch",
    "Row",
    "TableReader",
    "TableWriter",
    "advancing",
    "kind_of",
    "open_reader",
    "open_writer",
    "plain_text",
    "readable_text",
    "stem_and_suffix",
]
