"""What the console tells of a worker: signs, one model in detail, findings with their marks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agent.clock import ManualClock
from agent.metrics import Metrics, new_registry
from agent.windows.base import Component
from agent.windows.campaigns import CampaignMeasurement, CampaignReading
from agent.windows.disparity import AttributeMeasurement, BiasMeasurement, Disparity
from agent.windows.engine import Reading, WindowEngine
from streams.console import ConsoleWatch
from streams.console.feedback import feedback_key
from streams.web import Health, Readiness
from tests.unit.console.console_builders import WELL, finding, make_mark, outcome, reading

ALIVE, READY = Health(True), Readiness(True)


class Bench:
    """A watch with metrics of its own and no traffic."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.metrics = Metrics(new_registry(), clock=self.clock)
        self.windows = WindowEngine([], self.clock)
        self.watch = ConsoleWatch(lambda: self.windows, self.metrics, self.clock, 900.0, marks=True)

    def signs(self, health: Health = ALIVE, ready: Readiness = READY, **over: Any) -> list[Any]:
        pipeline: Any = {**WELL, **over}
        return [tuple(sign.get(key) for key in ("sign", "tone", "model", "detail"))
                for sign in self.watch.signs(health, ready, pipeline)]  # fmt: skip


def campaign(kind: str, last: float) -> CampaignReading:
    return CampaignReading(
        key=f"{kind}-{last}", id="a" * 32, kind=kind, subject="", sketch=(), signs=(kind,), events=9, suspected=1,
        first=0.0, last=last, categories={"adversarial": 9}, tenants=2,
    )  # fmt: skip


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_all_is_well(bench: Bench) -> None:
    assert bench.signs() == []


def test_a_share_that_somebody_chose_is_no_sign(bench: Bench) -> None:
    assert bench.signs(sampling_ratio=0.1) == []


@pytest.mark.parametrize(
    ("over", "sign"),
    [
        ({"missing_scores": 1}, ("missing_scores", "warn", None, None)),
        ({"missing_scores": 200}, ("missing_scores", "bad", None, None)),
        ({"dead_letters": 1}, ("dead_letters", "warn", None, None)),
        ({"dead_letters": 100}, ("dead_letters", "bad", None, None)),
        ({"lag_seconds": 90.0}, ("behind", "warn", None, None)),
        ({"lag_seconds": None, "lag_records": 11_699}, ("backlog", "warn", None, None)),
        ({"ready": Readiness(False, ("broker",))}, ("broker", "bad", None, None)),
        ({"sampling_ratio": 0.5, "shedding": True}, ("sampling", "warn", None, None)),
        ({"series": 950}, ("series", "warn", None, None)),
        ({"health": Health(False, "stalled: t[0]")}, ("stalled", "bad", None, "stalled: t[0]")),
        ({"ready": Readiness(False, ("models", "partitions"))}, ("not_ready", "warn", None, "models, partitions")),
    ],
)
def test_signs_of_the_worker(bench: Bench, over: dict[str, Any], sign: Any) -> None:
    assert bench.signs(**over) == [sign]


@pytest.mark.parametrize(
    "over", [{"lag_records": 500}, {"lag_records": 900, "events_per_second": 0.0}, {"lag_records": None}]
)
def test_what_is_done_within_the_minute_is_no_sign(bench: Bench, over: dict[str, Any]) -> None:
    assert bench.signs(**{"events_per_second": 20.0, **over}) == []


def test_signs_of_models_the_worst_first(bench: Bench) -> None:
    metrics = bench.metrics
    metrics.set_drift("chat", "psi", "toxicity", 0.4, 0.2)
    metrics.set_drift("chat", "psi", "length", 0.1, 0.2)
    metrics.set_parity("loan", "gender", 14.0, 13.0)
    metrics.set_parity("loan", "region", 2.0, 13.0)
    metrics.set_bias_hint("loan", "gender", "female", "income", held=True)
    bench.watch.take(outcome("r", finding("canary", severity="critical")))
    bench.watch.take(outcome("s", finding("canary", severity="critical")))
    now = bench.windows.event_now()
    campaigns = (campaign("burst", now), campaign("burst", now - 1.0), campaign("sweep", now - 901.0))
    bench.watch.sample([Reading("chat", 60.0, {"campaigns": CampaignMeasurement(campaigns)})])
    assert bench.signs() == [
        ("critical", "bad", "chat", "canary"),
        ("parity", "bad", "loan", "gender"),
        ("campaign", "bad", "chat", "burst"),
        ("bias_hint", "bad", "loan", "gender=female: income"),
        ("drift", "warn", "chat", "psi toxicity"),
    ]


@pytest.mark.parametrize("name", ["abc\u202egnp", "projects/p/models/" + "m" * 130, "", "plain"])
def test_signs_of_metrics_name_models_as_windows_do(bench: Bench, name: str) -> None:
    bench.watch.sample([reading(name, 0.0)])
    bench.metrics.set_drift(name, "psi", "toxicity", 0.4, 0.2)
    bench.metrics.set_parity(name, "gender", 14.0, 13.0)
    bench.metrics.set_bias_hint(name, "gender", "female", "income", held=True)
    assert [model for _, _, model, _ in bench.signs()] == [name] * 3


def test_signs_are_bounded_and_no_kind_hides_the_others(bench: Bench) -> None:
    for number in range(150):
        bench.metrics.set_drift(f"m{number}", "psi", "toxicity", 1.0 + number, 0.5)
        bench.metrics.set_parity(f"m{number}", "gender", 14.0, 13.0)
        bench.watch.take(outcome(f"r{number}", finding("pii.secret", leaked=True), model=f"m{number}"))
        bench.watch.take(outcome(f"c{number}", finding("pii.canary", severity="critical"), model=f"m{number}"))
    signs = bench.signs(health=Health(False, "x"))
    several = [*["critical"] * 12, "more", *["leaked"] * 12, "more", *["parity"] * 12, "more", *["drift"] * 3, "more"]
    assert [sign for sign, *_ in signs] == ["stalled", *several]
    assert [model for sign, _, model, _ in signs if sign == "drift"] == ["m149", "m148", "m147"]


def test_a_parent_is_told_nearly_all_to_find_the_worst_among_them(bench: Bench) -> None:
    for number in range(300):
        bench.metrics.set_parity(f"m{number % 100}", f"a{number // 100}", 14.0 + number, 13.0)
    told = bench.watch.signs(ALIVE, READY, WELL, nearly_all=True)
    assert [(sign["sign"], sign["value"]) for sign in told[-2:]] == [("parity", 64.0), ("more", 50)]


def leaking(model: str, share: float) -> Reading:
    harm: Any = reading(model, 0.0).results["harm"]
    return Reading(model, 60.0, {"harm": msgspec.structs.replace(harm, leaks=100 * share, scored={"output": 100.0})})


def unequal(model: str, one: Disparity) -> Reading:
    none = Component("bias", 0.0, 0.0, 0.0, 0.0, False)
    return Reading(model, 60.0, {"bias": BiasMeasurement(none, (AttributeMeasurement("gender", (), (one,)),), {})})


def test_of_a_kind_the_farthest_over_the_limit_stay_and_the_others_are_counted(bench: Bench) -> None:
    """Whatever they are called."""
    bench.watch.sample([leaking(f"m{n:02}", 0.2 + n / 100) for n in range(19)] + [leaking("other", 0.98)])
    told = bench.watch.signs(ALIVE, READY, WELL)
    assert [sign.get("model") for sign in told] == ["other", *(f"m{n:02}" for n in range(18, 7, -1)), None]
    assert told[-1] == {"sign": "more", "tone": "bad", "detail": "leaks", "value": 8}


def test_ratios_below_and_differences_above_their_limits_have_one_order(bench: Bench) -> None:
    slight = Disparity("spd", 0.2, 0.11, 0.3, "male", "female", 1)
    grave, graver = (Disparity("dir", 0.1, 0.05, bound, "male", "female", 1) for bound in (0.3, 0.2))
    bench.watch.sample([*(unequal(f"m{n:02}", slight) for n in range(12)), unequal("y", grave), unequal("z", graver)])
    told = bench.watch.signs(ALIVE, READY, WELL)
    assert [sign.get("model") for sign in told] == ["z", "y", *(f"m{n:02}" for n in range(10)), None]
    assert told[-1]["value"] == 2


def test_one_model_over_one_window(bench: Bench) -> None:
    bench.metrics.set_drift("chat", "psi", "toxicity", 0.4, 0.2)
    bench.watch.sample([reading("chat", 0.1, window=60.0), reading("chat", 0.2, window=300.0)])
    assert bench.watch.windows() == ["1m", "5m"]
    longest, short = bench.watch.model("chat", None), bench.watch.model("chat", "1m")
    assert longest is not None and short is not None
    assert (longest["window"], longest["history"]["output"]["value"]) == ("5m", [0.2])
    assert (short["window"], short["history"]["output"]["value"]) == ("1m", [0.1])
    assert [(row["feature"], row["detected"]) for row in short["drift"]] == [("toxicity", True)]
    assert short["fairness"] == {"window": "5m", "attributes": []}
    assert bench.watch.model("nobody", None) is None
    assert bench.watch.model("chat", "2h") is None
    assert list(bench.watch.longest()) == ["chat"]


def test_what_is_old_is_measured_anew(bench: Bench) -> None:
    bench.watch.sample([reading()])
    assert len(bench.watch.readings()) == 1
    bench.clock.advance(14.0)
    assert len(bench.watch.readings()) == 1
    bench.clock.advance(1.0)
    assert bench.watch.readings() == []


def test_findings_come_with_what_was_said_of_them(bench: Bench) -> None:
    bench.watch.take(outcome("r", finding("toxicity"), finding("pii.email")))
    ident = bench.watch.recent.latest()[0].id
    assert bench.watch.findings(None, None, 0, 10)["findings"][0]["marks"] == {}
    mark = make_mark(1, False, id=ident)
    before = bench.watch.findings(None, None, 0, 10)["changes"]
    bench.watch.book.take(feedback_key(ident, "toxicity"), msgspec.json.encode(mark))
    answer = bench.watch.findings(None, None, 0, 10)
    assert answer["findings"][0]["marks"] == {"toxicity": False}
    assert (answer["changes"], answer["number"], answer["feedback"]) == (before + 1, 1, True)
    assert [precision.marked for precision in answer["precision"]] == [1]
    assert "scorers" not in answer["findings"][0]
    assert msgspec.json.encode(answer)


def test_whether_there_is_evidence_is_asked_each_time(bench: Bench) -> None:
    """A reloaded configuration may have turned it off."""
    wanted = [True]
    watch = ConsoleWatch(
        lambda: bench.windows, bench.metrics, bench.clock, 900.0, marks=True, evidence=lambda: wanted[0]
    )
    assert watch.findings(None, None, 0, 10)["evidence"] is True
    wanted[0] = False
    assert watch.findings(None, None, 0, 10)["evidence"] is False


def test_the_model_other_means_all_that_have_no_window(bench: Bench) -> None:
    bench.watch.sample([reading("kept"), reading("other")])
    for model in ("kept", "folded", "other"):
        bench.watch.take(outcome(f"of-{model}", finding(), model=model))

    def ids(model: str | None) -> list[str]:
        return [each["inference_id"] for each in bench.watch.findings(model, None, 0, 9)["findings"]]

    assert ids("other") == ["of-other", "of-folded"]
    assert ids("kept") == ["of-kept"]
    assert len(ids(None)) == 3

    # Marks stand under the models' own names, too.
    for number, model in enumerate(("kept", "folded", "folded", "other")):
        mark = make_mark(number, model=model)
        bench.watch.book.take(feedback_key(mark.id, mark.category), msgspec.json.encode(mark))

    def marked(model: str | None) -> list[int]:
        return [precision.marked for precision in bench.watch.findings(model, None, 0, 9)["precision"]]

    assert (marked("other"), marked("kept"), marked("folded"), marked(None)) == ([3], [1], [2], [4])


def test_which_configuration_runs(bench: Bench) -> None:
    assert bench.watch.configuration() == {"hash": "", "taken": 0.0, "refused": False}
    bench.metrics.config_taken(1000.0, "00f" + "a" * 61)
    assert bench.watch.configuration() == {"hash": "00faaaaaaaaa", "taken": 1000.0, "refused": False}
    bench.metrics.config_reload(1010.0, applied=False)
    assert bench.watch.configuration() == {"hash": "00faaaaaaaaa", "taken": 1000.0, "refused": True}
    bench.metrics.config_reload(1020.0, applied=True, sha256="b" * 64)
    assert bench.watch.configuration() == {"hash": "b" * 12, "taken": 1020.0, "refused": False}


def test_findings_of_a_model_that_has_no_figures_of_its_own_are_found_by_its_name(bench: Bench) -> None:
    bench.watch.take(outcome("r", model="plain"))
    bench.watch.take(outcome("s", model="chat"))
    bench.watch.sample([reading("chat"), reading("other")])
    assert bench.watch.model("plain", None) is None
    found = bench.watch.findings("plain", None, 0, 10)["findings"]
    assert [(held["model"], held["inference_id"]) for held in found] == [("plain", "r")]
