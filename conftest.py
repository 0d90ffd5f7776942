"""Fixtures and settings for all tests."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest_plugins = ["tests.brokers.plugin"]

# A machine that is busy with something else fails no test; what is slow is found by benchmarks.
settings.register_profile("harmwatch", deadline=None)
settings.load_profile("harmwatch")


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """A worker takes what is alive when it begins for immortal (`streams.collector`), 200 MB each; here it is not."""
    thresholds = gc.get_threshold()
    yield
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        gc.collect()
