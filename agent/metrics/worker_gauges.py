"""What a worker says of itself: whether it is ready, whether a broker answers, what each partition does."""

from __future__ import annotations

from agent.metrics.series import Family, Number

__all__ = ["WorkerGauges"]


class WorkerGauges:
    """A part of `Metrics`. Times are Unix times in seconds."""

    _numbers: dict[str, Family[Number]]

    def ready(self, ready: bool) -> None:
        """What /readyz says."""
        self._numbers["harmwatch_ready"].child(()).value = float(ready)

    def started(self, epoch_seconds: float) -> None:
        """When this worker, and with it every counter, began; it is one process until `processes` says otherwise."""
        self._numbers["harmwatch_start_time_seconds"].child(()).value = epoch_seconds
        self.processes(running=1)

    def processes(self, *, running: int, silent: int = 0, down: int = 0) -> None:
        """Of this worker, this one or its children, by what they do."""
        for state, number in (("running", running), ("silent", silent), ("down", down)):
            self._numbers["harmwatch_processes"].child((state,)).value = float(number)

    def process_restarted(self) -> None:
        self._numbers["harmwatch_process_restarts_total"].child(()).value += 1

    def broker_answered(self, epoch_seconds: float) -> None:
        self._numbers["harmwatch_broker_last_answer_timestamp_seconds"].child(()).value = epoch_seconds

    def records(self, topic: str, n: int = 1) -> None:
        """Records taken from a topic of events, decodable or not."""
        self._numbers["harmwatch_records_total"].child((topic,)).value += n

    def consumer_lag(self, topic: str, partition: int, records: int) -> None:
        self._numbers["harmwatch_consumer_lag"].child((topic, str(partition))).value = float(records)

    def lag_unknown(self, topic: str, partition: int) -> None:
        """No broker says how far away the end is: better no lag than one of before."""
        self._numbers["harmwatch_consumer_lag"].drop((topic, str(partition)))

    def partition_progress(self, topic: str, partition: int, epoch_seconds: float) -> None:
        """The committed offset moved, or the lag is zero."""
        labels = (topic, str(partition))
        self._numbers["harmwatch_partition_progress_timestamp_seconds"].child(labels).value = epoch_seconds

    def drop_partition(self, topic: str, partition: int) -> None:
        """This worker no longer owns the partition: what it does is someone else's to say."""
        for name in ("harmwatch_consumer_lag", "harmwatch_partition_progress_timestamp_seconds"):
            self._numbers[name].drop((topic, str(partition)))

    def last_progress(self, epoch_seconds: float) -> None:
        self._numbers["harmwatch_last_progress_timestamp_seconds"].child(()).value = epoch_seconds
