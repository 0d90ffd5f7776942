"""Whether everything is read, scored and written: throughput, lag, what is lost, and the workers themselves."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard

from grafana import trust
from grafana.edges import edges
from grafana.frame import Section, framed
from grafana.panels import Column, Target, lines, rows, tiles
from grafana.queries import gauge, increase, mean, or_zero, quantile, rate, selector, share
from grafana.scales import ANY, LAG_SECONDS, LOSS, SAMPLED, STALL_SECONDS

__all__ = ["build"]

UID = "harmwatch-pipeline"


def build() -> dashboard.Dashboard:
    """The monitor watching itself."""
    description = "Throughput, lag, missing scores, what is set aside, and the workers."
    return framed(
        UID, "pipeline", description, [_trust(), _flow(), edges(), _scoring(), _aside(), _labels(), _workers()]
    )


def _trust() -> Section:
    return Section("Can I trust the monitor?", trust.tiles_of_trust())


def _flow() -> Section:
    return Section(
        "Is it keeping up?",
        [
            lines(
                "Events read, by format",
                "Inference events decoded, over all workers and chosen models.",
                Target(rate("harmwatch_events_total", "format"), "{{format}}"),
                unit="ops",
                stacked=True,
                width=8,
            ),
            lines(
                "Behind, by share of events",
                "From an event's own time to its metric.",
                *(
                    Target(quantile(part, "harmwatch_event_lag_seconds"), f"{part:.0%} of events")
                    for part in (0.5, 0.95, 0.99)
                ),
                unit="s",
                scale=LAG_SECONDS,
                width=8,
            ),
            lines(
                "Consumer lag, by topic",
                "Records that are not yet read. A partition is counted by the worker that owns it.",
                Target(gauge("harmwatch_consumer_lag", "topic", of="sum"), "{{topic}}"),
                unit="short",
                width=8,
            ),
        ],
    )


def _scoring() -> Section:
    looked_up = rate("harmwatch_cache_lookups_total")
    missed = increase("harmwatch_cascade_missed_total", "scorer", over="1d")
    return Section(
        "Is everything scored?",
        [
            lines(
                "Directions scored, by scorer",
                "Inputs and outputs that each scorer scored. At 0 with events read, scoring has stopped.",
                Target(rate("harmwatch_scored_total", "scorer"), "{{scorer}}"),
                unit="ops",
                width=8,
            ),
            lines(
                "Scores missing, by scorer and reason",
                "error, deadline, busy, memory, redacted: what a scorer did not give. Missing is not safe. At 0 "
                "without a name none is.",
                Target(or_zero(rate("harmwatch_missing_scores_total", "scorer reason")), "{{scorer}} {{reason}}"),
                unit="ops",
                width=8,
            ),
            lines(
                "Events scored, by worker",
                "Share of the latest events that was scored: overload.share, and less while load is shed. A worker's "
                "second line is at 100 % while it sheds load, else at 0.",
                Target(gauge("harmwatch_sampling_ratio", "instance", of="min"), "{{instance}}"),
                Target(gauge("harmwatch_shedding", "instance", of="max"), "{{instance}} sheds load"),
                unit="percentunit",
                scale=SAMPLED,
                most=1.0,
                width=8,
            ),
            lines(
                "Events passed by, by stratum",
                "Decoded and not scored, by overload.share or to keep within the lag budget. Suspicious ones among "
                "them: more of these come in than there is room for.",
                Target(or_zero(rate("harmwatch_passed_by_total", "stratum")), "{{stratum}}"),
                unit="ops",
                width=8,
            ),
            lines(
                "Time by stage: the slowest 5 %",
                "95 % of the micro-batches spend less in a stage. score_<scorer> is a scorer's whole time, and "
                "stages below it its parts.",
                Target(quantile(0.95, "harmwatch_stage_seconds", "stage"), "{{stage}}"),
                unit="s",
                width=8,
            ),
            lines(
                "Texts in a micro-batch, by scorer",
                "Mean. Small batches at high load cost throughput.",
                Target(mean("harmwatch_batch_texts", "scorer"), "{{scorer}}"),
                unit="short",
                width=8,
            ),
            lines(
                "Batches, by what closed them",
                "full: there were enough texts. Mostly deadlines at high load say that batches cannot fill.",
                Target(_batches(), "{{trigger}}"),
                unit="ops",
                stacked=True,
                width=8,
            ),
            lines(
                "Tokens in a micro-batch, by scorer",
                "Mean, padding counted: what a network computes on.",
                Target(mean("harmwatch_batch_tokens", "scorer"), "{{scorer}}"),
                unit="short",
                width=8,
            ),
            lines(
                "Texts seen before",
                "Share of look-ups that the score cache answers: texts that need no scorer.",
                Target(share(rate("harmwatch_cache_lookups_total", result="hit"), looked_up), "answered by the cache"),
                unit="percentunit",
                most=1.0,
                width=8,
            ),
            lines(
                "Cascades: texts, by what was done",
                "certain: the screen found it suspicious, or it is known. audited: seen whatever the screen said. "
                "passed: the screen alone has seen it. Nothing without a cascade.",
                Target(rate("harmwatch_cascade_texts_total", "scorer part"), "{{scorer}} {{part}}"),
                unit="ops",
                stacked=True,
                width=12,
            ),
            lines(
                "Cascades: recall loss over a day",
                "Of the texts with a finding, those that did not seem suspicious and were not audited, going by the "
                "audit. Rates are right all the same; the events have no finding of it.",
                Target(
                    share(missed, f"{increase('harmwatch_cascade_found_total', 'scorer', over='1d')} + {missed}"),
                    "{{scorer}}",
                ),
                unit="percentunit",
                most=1.0,
                width=12,
            ),
        ],
    )


def _batches() -> str:
    return f"sum by (trigger) (rate({selector('harmwatch_batch_texts', '_count')}[$__rate_interval]))"


def _aside() -> Section:
    return Section(
        "What is set aside, and why?",
        [
            lines(
                "Dead letters, by topic and reason",
                "Records that no decoder takes. They are on the dead-letter topic, whole.",
                Target(or_zero(rate("harmwatch_dead_letters_total", "topic reason")), "{{topic}} {{reason}}"),
                unit="ops",
                width=6,
            ),
            lines(
                "Deleted unread, by topic",
                "Retention was faster than the workers: these have no verdict, and never will. 0 is none.",
                Target(or_zero(rate("harmwatch_deleted_unread_total", "topic")), "{{topic}}"),
                unit="ops",
                width=6,
            ),
            lines(
                "Halves without the other half",
                "Inputs whose output did not come in time, or the other way round. Both must reach the same worker.",
                Target(or_zero(rate("harmwatch_orphans_total", "format")), "{{format}}"),
                unit="ops",
                width=6,
            ),
            lines(
                "Duplicates",
                "Events seen before, and not counted again. Some after a restart are as it should be.",
                Target(or_zero(rate("harmwatch_duplicates_total", "format")), "{{format}}"),
                unit="ops",
                width=6,
            ),
            lines(
                "Texts not looked at",
                "truncated: part of the text was beyond the limit. redacted: the sender removed it. 0 is none.",
                Target(or_zero(rate("harmwatch_truncated_total")), "truncated"),
                Target(or_zero(rate("harmwatch_redacted_total")), "redacted"),
                unit="ops",
                width=8,
            ),
            lines(
                "Events out of time",
                "Too late, or too far ahead, for their window: in the counters, but not in H. 0 without a name is "
                "none.",
                Target(or_zero(rate("harmwatch_late_events_total", "reason")), "{{reason}}"),
                unit="ops",
                width=8,
            ),
            lines(
                "Window state left out",
                "Values written to the pane topic without a part, since it takes no larger ones: raise "
                "max.message.bytes. 0 is none.",
                Target(or_zero(rate("harmwatch_window_state_left_out_total", "part")), "{{part}}"),
                unit="ops",
                scale=ANY,
                width=8,
            ),
        ],
    )


def _labels() -> Section:
    return Section(
        "Does the ground truth arrive?",
        [
            lines(
                "Delayed labels, by result",
                "joined: belongs to a decision of this worker. Every worker counts as unknown the labels of others' "
                "decisions.",
                Target(rate("harmwatch_labels_total", "result"), "{{result}}"),
                unit="ops",
            ),
            lines(
                "Decisions that wait for their label",
                "Over all workers.",
                Target(gauge("harmwatch_decisions_awaiting_label", of="sum"), "waiting"),
                unit="short",
                width=6,
            ),
            lines(
                "Labels too late, and decisions given up",
                "late: came after its decision was counted without one. given up: labels.max_waiting was reached.",
                Target(or_zero(rate("harmwatch_late_labels_total")), "late"),
                Target(rate("harmwatch_decisions_given_up_total"), "given up"),
                unit="ops",
                width=6,
            ),
        ],
    )


def _workers() -> Section:
    return Section(
        "How are the workers?",
        [
            rows(
                "Workers",
                "Which version runs where. Two versions for long are a rollout that is stuck.",
                {"instance": "Worker", "version": "Version", "python": "Python"},
                [
                    Column(
                        "Since an offset moved",
                        _with_version(trust.seconds_since_progress("instance")),
                        "s",
                        STALL_SECONDS,
                        0,
                    ),
                    Column("Series", _with_version(gauge("harmwatch_series", "instance")), "short"),
                    Column("Events held", _with_version(gauge("harmwatch_queue_depth", "instance")), "short"),
                ],
                width=16,
                sort_by="Since an offset moved",
            ),
            tiles(
                "Commits that failed",
                "Share of the offset commits that the broker did not take.",
                Target(
                    share(rate("harmwatch_commits_total", result="failed"), rate("harmwatch_commits_total")), "failed"
                ),
                unit="percentunit",
                scale=LOSS,
                height=8,
                width=4,
                decimals=2,
            ),
            tiles(
                "Configuration",
                "refused: workers that refused their changed file and run the one before. further ones: how many files "
                "run beside the first of an installation; 0 is that all workers of each run the same.",
                Target(
                    f"sum(1 - {gauge('harmwatch_config_last_reload_successful', 'job instance', of='min')})", "refused"
                ),
                Target(or_zero(f"sum(count by (job) ({_files()}) - 1)"), "further ones"),
                unit="short",
                scale=ANY,
                height=8,
                width=4,
                decimals=0,
            ),
            lines(
                "Events held, by worker",
                "Between the source and their flush. It is bounded: a flat line at the top is backpressure.",
                Target(gauge("harmwatch_queue_depth", "instance"), "{{instance}}"),
                unit="short",
                width=8,
            ),
            lines(
                "Series exposed, by worker",
                "Against metrics.max_series (20,000 by default).",
                Target(gauge("harmwatch_series", "instance"), "{{instance}}"),
                unit="short",
                width=8,
            ),
            lines(
                "Counted under other, by metric",
                "Updates whose label values had no place left: who is hidden there cannot be told. 0 is none.",
                Target(
                    or_zero(f"{rate('harmwatch_other_series_total', 'metric')} > 0"),
                    "{{metric}}",
                ),
                unit="ops",
                scale=ANY,
                width=8,
            ),
        ],
    )


def _files() -> str:
    """One series for each configuration file that an installation runs."""
    return f'count_values by (job) ("hash", {gauge("harmwatch_config_hash", "job instance")})'


def _with_version(figure: str) -> str:
    """The worker's versions beside a figure of it."""
    return f"{figure} * on (instance) group_right () {gauge('harmwatch_build_info', 'instance version python')}"
