"""Configuration of the core. pydantic stands at this boundary only; inside, plain values travel.

Files are read by `agent.yaml_file`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator

from agent.config_base import Count, NamePattern, Seconds, Section, Share, with_inline_options
from agent.config_cascade import CascadeConfig
from agent.config_drift import DriftConfig, EmbeddingsConfig
from agent.config_overload import OverloadConfig
from agent.errors import ConfigError, legible
from agent.events import Direction
from agent.scores import Action, CampaignKind, Dimension

__all__ = [
    "AttacksConfig",
    "BatchingConfig",
    "CampaignsConfig",
    "ConsistencyConfig",
    "CoreConfig",
    "DriftConfig",
    "EmbeddingsConfig",
    "EvidenceConfig",
    "ExecutorConfig",
    "ExplainConfig",
    "IdentityConfig",
    "JoinConfig",
    "LabelsConfig",
    "MetricsConfig",
    "PolicyConfig",
    "PolicyMessages",
    "PolicyRule",
    "ScorerConfig",
    "Section",
    "SentimentConfig",
    "WindowsConfig",
    "validate",
]


Missing: TypeAlias = Literal["mask", "block"]

#: Names of scorers are labels of metrics and keys of verdicts.
_SLOT = re.compile(r"[a-z][a-z0-9_]{0,31}")


class ScorerConfig(Section):
    """One scorer: what fills the slot, whether it runs, thresholds by category, its own options, a file of `harmwatch
    calibrate`, and what screens for it.

    Keys that are none of these are options too, so that ``{kind: detoxify, checkpoint: /x}`` need not nest. A misspelt
    key therefore shows when the scorer is made, as an option that it does not take.
    """

    enabled: bool = True
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] | None = None
    thresholds: dict[str, Annotated[float, Field(gt=0, le=1)]] = {}
    options: dict[str, Any] = {}
    calibration: Path | None = None
    cascade: CascadeConfig | None = None

    @model_validator(mode="before")
    @classmethod
    def _inline_options(cls, data: Any) -> Any:
        return with_inline_options(data, cls.model_fields)


class AttacksConfig(Section):
    """What is made of attacks beyond the scores of inputs: passages, and what became of them in the output."""

    passages: bool = True
    outcomes: bool = True
    leak_threshold: Annotated[float, Field(gt=0, le=1)] = 0.5
    success_threshold: Annotated[float, Field(gt=0, le=1)] = 0.5


class BatchingConfig(Section):
    """When a micro-batch closes: whichever comes first. No text waits longer than ``max_wait_seconds``."""

    max_texts: Count = 256
    max_tokens: Count = 32_768
    max_wait_seconds: Seconds = 0.05


class ExecutorConfig(Section):
    """How long a scorer may take for a batch, and how many answers are remembered."""

    deadline_seconds: Seconds = 10.0
    cache_entries: Annotated[int, Field(ge=0, le=10_000_000)] = 20_000


class WindowsConfig(Section):
    """Panes and rolling windows, in seconds of event time."""

    pane_seconds: Seconds = 10.0
    windows_seconds: Annotated[tuple[Seconds, ...], Field(min_length=1, max_length=8)] = (60.0, 300.0, 3600.0)
    allowed_lateness_seconds: Seconds = 60.0
    max_models: Count = 200
    models: Annotated[list[Annotated[str, Field(min_length=1, max_length=256)]], Field(max_length=1000)] = []
    min_count: Count = 30
    min_group: Count = 30
    favourable: dict[str, list[str]] = {}

    @field_validator("windows_seconds")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError("must rise strictly")
        return value


class EvidenceConfig(Section):
    """What is published about a finding. ``hash_key`` makes hashes comparable across restarts and workers."""

    enabled: bool = True
    keep_texts: bool = True
    max_chars: Count = 2000
    hash_key: SecretStr | None = None


class PolicyRule(Section):
    """What is done about findings that fit all that is given here; what is left out fits everything."""

    action: Action
    category: NamePattern = "*"
    dimension: Dimension | None = None
    direction: Direction | None = None
    model: NamePattern = "*"
    min_score: Share = 0.0
    on_missing: Missing | None = None

    @model_validator(mode="after")
    def _missing_matters(self) -> PolicyRule:
        if self.on_missing is not None and self.action in ("allow", "flag"):
            raise ValueError("on_missing belongs to rules that mask or block")
        return self


class PolicyMessages(Section):
    """What stands in place of a blocked text, in the text's own language."""

    en: Annotated[str, Field(min_length=1, max_length=1000)] = "[This text was removed by the content filter.]"
    zh: Annotated[str, Field(min_length=1, max_length=1000)] = "[该内容已被内容过滤器移除。]"


class PolicyConfig(Section):
    """What findings lead to: the first rule that fits, else ``default``. Without rules nothing is changed, only told.

    ``on_missing`` is done to a text that a scorer did not look at although a rule that masks or blocks relies on it.
    """

    rules: Annotated[tuple[PolicyRule, ...], Field(max_length=200)] = ()
    default: Action = "flag"
    on_missing: Missing = "block"
    messages: PolicyMessages = PolicyMessages()


class ExplainConfig(Section):
    """Which words carried a score. Costs more scoring: so not unless asked for, and then within these bounds."""

    findings: bool = False
    max_evaluations: Annotated[int, Field(ge=8, le=10_000)] = 48
    evaluations_per_second: Count = 500
    max_seconds: Seconds = 0.5


class BiasConfig(Section):
    """Which decisions are compared between which groups of people. What counts as favourable: `windows.favourable`."""

    attributes: Annotated[list[str], Field(min_length=1, max_length=6)] | None = None
    groups: Annotated[dict[str, Annotated[list[str], Field(max_length=12)]], Field(max_length=6)] = {}
    intersections: Annotated[list[Annotated[list[str], Field(min_length=2, max_length=3)]], Field(max_length=10)] = []
    score_thresholds: dict[str, float] = {}
    ert_hours: Annotated[float, Field(ge=1.0, le=1e7)] = 720.0
    tolerated_ratio: Annotated[float, Field(gt=0.0, le=1.0)] = 0.9


class SentimentConfig(Section):
    """What measures how positively outputs speak of the groups that they mention; nothing unless a kind is named."""

    kind: Literal["lexicon", "transformers"] | None = None
    options: dict[str, Any] = {}


class IdentityConfig(Section):
    """Score gaps between identity groups that outputs mention; ``scorer`` is the one whose scores are compared."""

    enabled: bool = True
    scorer: str = "toxicity"
    min_group: Count = 30
    sentiment: SentimentConfig = SentimentConfig()


class JoinConfig(Section):
    """The store that joins request and response halves and finds duplicates; bounded in entries, characters, time."""

    max_entries: Count = 100_000
    max_chars: Count = 50_000_000
    ttl_seconds: Seconds = 600.0


class LabelsConfig(Section):
    """How decisions and the labels that come on their own wait for each other."""

    max_waiting: Count = 200_000
    max_early: Count = 100_000
    early_seconds: Seconds = 3_600.0


class ConsistencyConfig(Section):
    """How many questions are remembered, by keyed hash, to count answers that contradict each other; 0 turns it off."""

    max_questions: Annotated[int, Field(ge=0, le=10_000_000)] = 10_000


class CampaignsConfig(Section):
    """Attacks that are seen over many events. ``suspicious`` is the share of its threshold from which a score that is
    under it still adds to a campaign."""

    enabled: bool = True
    kinds: Annotated[tuple[CampaignKind, ...], Field(min_length=1)] = get_args(CampaignKind)
    min_events: Annotated[int, Field(ge=5, le=1_000)] = 12
    window_seconds: Seconds = 1800.0
    quiet_seconds: Seconds = 900.0
    similarity: Annotated[float, Field(ge=0.2, le=0.95)] = 0.4
    suspicious: Share = 0.6
    ert_hours: Annotated[float, Field(ge=1.0, le=1e7)] = 720.0
    max_clusters: Annotated[int, Field(ge=10, le=1_000_000)] = 2_000
    max_tenants: Annotated[int, Field(ge=2, le=2_000)] = 256


class MetricsConfig(Section):
    """Bounds on label values and series; what goes beyond is counted under ``other``."""

    max_series: Annotated[int, Field(ge=500, le=100_000_000)] = 20_000
    max_models: Count = 200


def _default_scorers() -> dict[str, ScorerConfig]:
    return {name: ScorerConfig() for name in ("pii", "toxicity", "adversarial", "groundedness")}


class CoreConfig(Section):
    """All of the core. The four built-in scorers run unless ``scorers.<name>.enabled`` is false."""

    scorers: dict[str, ScorerConfig] = Field(default_factory=_default_scorers)
    batching: BatchingConfig = BatchingConfig()
    executor: ExecutorConfig = ExecutorConfig()
    windows: WindowsConfig = WindowsConfig()
    evidence: EvidenceConfig = EvidenceConfig()
    policy: PolicyConfig = PolicyConfig()
    explain: ExplainConfig = ExplainConfig()
    attacks: AttacksConfig = AttacksConfig()
    bias: BiasConfig = BiasConfig()
    drift: DriftConfig = DriftConfig()
    identity: IdentityConfig = IdentityConfig()
    join: JoinConfig = JoinConfig()
    labels: LabelsConfig = LabelsConfig()
    consistency: ConsistencyConfig = ConsistencyConfig()
    campaigns: CampaignsConfig = CampaignsConfig()
    overload: OverloadConfig = OverloadConfig()
    metrics: MetricsConfig = MetricsConfig()

    @field_validator("scorers")
    @classmethod
    def _defaults_stay(cls, value: dict[str, ScorerConfig]) -> dict[str, ScorerConfig]:
        for name in value:
            if not _SLOT.fullmatch(name):
                raise ValueError("a scorer's name is a lower-case word of at most 32 letters, digits and _")
        # Naming one scorer must not silently switch off the others: without `pii`, say, no evidence has texts.
        return {**_default_scorers(), **value}


ModelT = TypeVar("ModelT", bound=BaseModel)


#: Names of types, in the words of whoever writes the file.
_WORDS = (
    (re.compile(" or instance of [A-Za-z]+"), ""),
    (re.compile("valid dictionary"), "mapping"),
    (re.compile("(?:valid )?tuple"), "list"),
    (re.compile("Tuple"), "List"),
    (re.compile("^Extra inputs are not permitted$"), "there is no such key"),
)


#: Characters of a path, and of what is wrong there.
_MOST_SHOWN = 500


def validate(model: type[ModelT], data: Mapping[str, Any], origin: str) -> ModelT:
    """Build a section from plain data.

    Raises
    ------
    ConfigError
        One line per call: the first mistake, with its path. Values are left out, they may be secrets.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = ".".join(str(step) for step in first["loc"]) or "(top level)"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        # What our own validators say is a sentence already; pydantic puts its own words before it.
        said = first["msg"].removeprefix("Value error, ")
        for ours, in_yaml in _WORDS:
            said = ours.sub(in_yaml, said)
        # Names that somebody made up stand in both, however long they are, and whatever they hold.
        raise ConfigError(f"{origin}: {legible(path, _MOST_SHOWN)}: {legible(said, _MOST_SHOWN)}{more}") from None
