"""``make paging``: harm is planted into real traffic, and what reaches on-call is timed.

Real Kafka, the agent's process, Prometheus with the rules that ship, Alertmanager with the configuration that ships, a
webhook. Time is compressed (``--faster``). In order: an hour of past is gathered; half an hour of clean traffic must
page nobody; bursts of a minute, at five percent of one model's outputs, must page within two evaluation intervals after
the window allows, and resolve; and a worker that is killed while an alert fires must be told of, until it runs again.
Exit code 1 when anything of that is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.brokers.base import BrokerCluster, LayerAbsent
from tests.brokers.layers import find_alertmanager, find_prometheus

from .paging_delay import SPIKE, Delay, delay_of
from .paging_rig import EVALUATION_SECONDS, SCRAPE_SECONDS, PagingRig, paging_rig
from .paging_traffic import BURSTING, QUIET, RATES
from .workbench import real_broker

__all__ = ["burst_pages", "clean_minutes", "killed_while_firing", "measure", "until_baseline"]

#: After the window allows, in evaluation intervals.
MOST_INTERVALS = 2.0
LEAST_SCRAPES = 0.95
_PAST_MINUTES = 120.0
_PAGE_MINUTES = 15.0
_RESOLVE_MINUTES = 25.0
_DOWN_MINUTES = 20.0


async def until_baseline(rig: PagingRig) -> float:
    """Wait until the model can raise a spike at all, and return the minutes of an installation that it took."""
    began = rig.clock.now()
    expression = f'model_dimension_window:harmwatch_harmful_events:zscore{{model="{BURSTING}", dimension="output"}}'
    try:
        async with asyncio.timeout(rig.minutes(_PAST_MINUTES)):
            while not await rig.prometheus.instant(expression):
                await rig.sleep(0.5)
    except TimeoutError as error:
        ups = await rig.prometheus.instant("avg_over_time(up[1h])")
        error.add_note(f"no baseline; share of scrapes that succeeded: {[one['value'][1] for one in ups]}")
        raise
    return (rig.clock.now() - began) * rig.faster / 60.0


async def clean_minutes(rig: PagingRig, minutes: float) -> dict[str, Any]:
    """Let clean traffic flow, and count what on-call is told, and what fires."""
    began, calls = rig.clock.now(), dict(rig.traffic.calls)
    await rig.sleep(minutes)
    ready = await rig.prometheus.instant(
        'group by (model) (model_dimension_window:harmwatch_harmful_events:zscore{dimension="output"})'
    )
    shares = await rig.prometheus.instant(
        'avg by (model) (model_dimension_window:harmwatch_harmful_events:median{dimension="output"})'
    )
    fired = await rig.firing(began)
    seconds = round(rig.minutes(minutes))
    ups = await rig.prometheus.instant(f"avg_over_time(up[{seconds}s])")
    return {
        "minutes": minutes,
        "models": len(RATES),
        "model_minutes": minutes * len(RATES),
        "models_whose_spikes_are_watched": sorted(one["metric"]["model"] for one in ready),
        "calls": sum(rig.traffic.calls.values()) - sum(calls.values()),
        "usual_share_of_harmful_output": {one["metric"]["model"]: round(float(one["value"][1]), 5) for one in shares},
        "scrapes_that_succeeded": round(float(ups[0]["value"][1]), 4),
        "pages": len(rig.webhook.of("pager", began)),
        "pages_before": len(rig.webhook.of("pager")) - len(rig.webhook.of("pager", began)),
        "tickets": sorted({a.name for n in rig.webhook.of("tickets") for a in n.alerts}),
        "fired": {f"{name} ({severity})": count for (name, severity), count in sorted(fired.items())},
    }


async def burst_pages(rig: PagingRig, *, resolve: bool = True) -> Delay:
    """A minute at five percent of outputs: until the page, and until it is resolved."""
    start = rig.clock.now() + 0.1
    spike = {"model": BURSTING, "dimension": "output"}
    burst = rig.traffic.plant(BURSTING, start, rig.minutes(1.0))
    found = await rig.webhook.until(SPIKE, "firing", rig.minutes(_PAGE_MINUTES), since=start, **spike)
    scrape = SCRAPE_SECONDS / rig.faster
    rules = rig.bench.folder / "rules"
    delay = await delay_of(rig.prometheus, rules, burst, found.at, faster=rig.faster, scrape_seconds=scrape)
    if not resolve:
        return delay
    ended = await rig.webhook.until(SPIKE, "resolved", rig.minutes(_RESOLVE_MINUTES), since=start, **spike)
    return replace(delay, resolved=ended.at)


async def killed_while_firing(rig: PagingRig) -> dict[str, Any]:
    """kill -9 while a spike fires: what on-call hears of the monitor, and of the spike."""
    await burst_pages(rig, resolve=False)
    killed = rig.clock.now()
    rig.worker.kill()
    down = await rig.webhook.until("HarmwatchDown", "firing", rig.minutes(_DOWN_MINUTES), since=killed)
    restarted = rig.clock.now()
    ready_seconds = await rig.restart_worker()
    up = await rig.webhook.until("HarmwatchDown", "resolved", rig.minutes(_DOWN_MINUTES), since=restarted)
    spike = [n.at for n in rig.webhook.of("pager", killed) if n.tells(SPIKE, "resolved", model=BURSTING)]
    told = {a.name for n in rig.webhook.of("pager", killed) for a in n.alerts if a.status == "firing"}

    def minutes(since: float, until: float) -> float:
        return round((until - since) * rig.faster / 60.0, 2)

    return {
        "minutes_from_kill_to_page": minutes(killed, down.at),
        "minutes_from_kill_to_spike_resolved": minutes(killed, spike[0]) if spike else None,
        "worker_ready_seconds_uncompressed": round(ready_seconds, 1),
        "minutes_from_start_to_resolved": minutes(restarted, up.at),
        "paged": sorted(told),
    }


async def measure(
    cluster: BrokerCluster, *, faster: float, clean: float, bursts: int, seed: int, console: Console
) -> dict[str, Any]:
    """All of it in one run."""
    async with paging_rig(cluster, faster, seed=seed) as rig:
        began = rig.clock.monotonic()
        console.print(f"{faster:g} times as fast; gathering an hour of past ...")
        past = await until_baseline(rig)
        console.print(f"a past after {past:.0f} min; {clean:g} min of clean traffic ...")
        quiet = await clean_minutes(rig, clean)
        console.print(f"{quiet['pages']} pages; {bursts} bursts ...")
        delays: list[Delay] = []
        for place in range(bursts):
            # At different moments between two evaluations.
            await rig.sleep(0.37 * (1 + place))
            delays.append(await burst_pages(rig))
            console.print(str(delays[-1].figures(faster, EVALUATION_SECONDS)))
        console.print("kill -9 while an alert fires ...")
        down = await killed_while_firing(rig)
        scrape = await rig.prometheus.instant("quantile_over_time(0.99, scrape_duration_seconds[1h])")
        return {
            "faster": faster,
            "machine_seconds": round(rig.clock.monotonic() - began, 1),
            "rates_a_minute": dict(RATES),
            "model_below_shares": QUIET,
            "minutes_until_baseline": round(past, 1),
            "clean": quiet,
            "bursts": [delay.figures(faster, EVALUATION_SECONDS) for delay in delays],
            "planted_toxic_outputs": rig.traffic.planted,
            "killed": down,
            "scrape_p99_seconds": round(float(scrape[0]["value"][1]), 3),
            "tracebacks": rig.bench.tracebacks(),
        }


def problems(result: dict[str, Any]) -> list[str]:
    """What is not as it has to be."""
    clean, killed = result["clean"], result["killed"]
    found = [f"{clean[key]} pages in clean traffic ({key})" for key in ("pages", "pages_before") if clean[key]]
    found += [
        f"burst {place}: paged {burst['intervals_from_allowed_to_page']} intervals after the window allowed"
        for place, burst in enumerate(result["bursts"])
        if burst["intervals_from_allowed_to_page"] > MOST_INTERVALS
    ]
    if others := set(killed["paged"]) - {"HarmwatchDown", SPIKE}:
        found.append(f"the killed worker paged {sorted(others)}, too")
    if missing := set(RATES) - {QUIET} - set(clean["models_whose_spikes_are_watched"]):
        found.append(f"no baseline of {sorted(missing)}: that they page nobody says nothing")
    if clean["scrapes_that_succeeded"] < LEAST_SCRAPES:
        share = f"{clean['scrapes_that_succeeded']:.0%}"
        found.append(f"{share} of scrapes succeeded: this machine is too busy, or --faster too high")
    if result["tracebacks"]:
        found.append(f"{result['tracebacks']} tracebacks in the worker's log")
    return found


def _print(console: Console, result: dict[str, Any], wrong: Sequence[str]) -> None:
    table = Table(title="from harm to page, in the time of an installation", title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for key, value in result.items():
        for name, part in value.items() if isinstance(value, dict) else [("", value)]:
            table.add_row(f"{key} {name}".strip(), str(part))
    console.print(table)
    for problem in wrong:
        console.print(f"problem: {problem}", markup=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when all is as it has to be, 1 when not, 2 where a part is absent."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.paging", description=__doc__)
    parser.add_argument("--short", action="store_true", help="about four minutes, for CI")
    parser.add_argument("--faster", type=float, help="how many times; 40 with --short, else 20")
    parser.add_argument(
        "--clean", type=float, metavar="MINUTES", help="of clean traffic, before time is compressed; 30"
    )
    parser.add_argument("--bursts", type=int, help="how many; 2 with --short, else 5")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    args = parser.parse_args(argv)
    console = Console(stderr=args.json, width=140)
    try:
        find_prometheus()
        find_alertmanager()
        with real_broker() as cluster:
            console.print(cluster.description)
            result = asyncio.run(
                measure(
                    cluster,
                    faster=args.faster or (40.0 if args.short else 20.0),
                    clean=30.0 if args.clean is None else args.clean,
                    bursts=(2 if args.short else 5) if args.bursts is None else args.bursts,
                    seed=args.seed,
                    console=console,
                )
            )
    except LayerAbsent as absent:
        sys.stderr.write(f"cannot be run here: {absent}\n")
        return 2
    wrong = problems(result)
    _print(console, result, wrong)
    if args.json:
        sys.stdout.write(json.dumps(result | {"problems": wrong}, ensure_ascii=False) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
