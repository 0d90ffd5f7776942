"""Producers compress as they like: aiokafka needs a library for all codecs but gzip."""

from __future__ import annotations

import pytest

from tests.brokers.base import BrokerCluster

from .accounts import audit
from .traffic import make_traffic
from .workbench import Workbench


@pytest.mark.slow
def test_every_codec_of_kafka_is_read(kafka: BrokerCluster) -> None:
    traffic = make_traffic(400, seed=9)
    codecs = ("none", "gzip", "snappy", "lz4", "zstd")
    with Workbench(kafka) as bench:
        bench.create_events_topic()
        for codec, chunk in zip(codecs, traffic.chunks(len(codecs)), strict=True):
            bench.lens.publish(bench.events, chunk, compression=codec)
        worker = bench.worker("a")
        worker.start()
        bench.wait_for_lag_zero(60.0)
        assert audit(bench, traffic.ledger).problems() == []
        assert worker.terminate() == 0
