"""Fixtures and settings for all tests."""

from hypothesis import settings

pytest_plugins = ["tests.brokers.plugin"]

# A machine that is busy with something else fails no test; what is slow is found by benchmarks.
settings.register_profile("harmwatch", deadline=None)
settings.load_profile("harmwatch")
