"""What on-call hears when the monitor itself is in trouble: a worker falls behind, is killed, and comes back."""

from __future__ import annotations

import pytest

from tests.brokers.base import BrokerCluster

from .paging_rig import paging_rig

FASTER = 20.0

pytestmark = [pytest.mark.layer("prometheus"), pytest.mark.layer("alertmanager"), pytest.mark.slow]


async def test_a_dead_worker_is_told_of_and_what_it_explains_is_not(kafka: BrokerCluster) -> None:
    async with paging_rig(kafka, FASTER) as rig:
        # As of a gateway whose queue has built up: what is measured now took place an hour ago.
        rig.traffic.age_seconds = 3_600.0
        await rig.webhook.until("EventsLate", "firing", rig.minutes(40.0))
        assert await rig.alertmanager.inhibitors("EventsLate") == set()
        killed = rig.clock.now()
        rig.worker.kill()
        down = await rig.webhook.until("HarmwatchDown", "firing", rig.minutes(20.0), since=killed)
        # It still fires in Prometheus, whose ten minutes are not over; Alertmanager keeps it to itself.
        firing = {one["metric"]["alertname"] for one in await rig.prometheus.instant('ALERTS{alertstate="firing"}')}
        inhibitors = await rig.alertmanager.inhibitors("EventsLate")
        rig.traffic.age_seconds = 0.0
        restarted = rig.clock.now()
        await rig.restart_worker()
        await rig.webhook.until("HarmwatchDown", "resolved", rig.minutes(20.0), since=restarted)
        after = [told for told in rig.webhook.of("pager", down.at) if told.tells("EventsLate", "firing")]
    assert {"EventsLate", "HarmwatchDown"} <= firing
    assert inhibitors == {"HarmwatchDown"}
    assert not after
