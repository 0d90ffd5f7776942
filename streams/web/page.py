"""The console's pages: one self-contained document per language, put together once at start."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, TypeAlias

from agent.taxonomy import CATEGORIES
from streams.web.exposition import accepts

__all__ = ["LANGUAGES", "Language", "Page", "choose_language", "console_pages", "sign_in_pages"]

Language: TypeAlias = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Page:
    """A document and the content security policy that lets its own script and style run, and nothing else."""

    body: bytes
    policy: str
    language: Language


def choose_language(query: str | None, accept_language: str) -> Language:
    """``?lang=`` if it names one of ours, else the header's favourite of ours, else English."""
    if query is not None:
        prefix = query.strip().lower()[:2]
        if prefix in LANGUAGES:
            return "zh" if prefix == "zh" else "en"
    best: Language = "en"
    best_quality = 0.0
    for tag, quality in accepts(accept_language).items():
        primary = tag.split("-")[0]
        # "*" and other languages are served in English, but do not outrank a language of ours that is named.
        if primary in LANGUAGES and quality > best_quality:
            best, best_quality = ("zh" if primary == "zh" else "en"), quality
    return best


_STYLES = ("vendor/uPlot.min.css", "console.css")
#: Each part makes one name of the first one's object; the last one begins.
_SCRIPTS = (
    *("console_base.js", "console_names.js", "console_overview.js", "console_table.js"),
    *("console_model.js", "console_findings.js", "console_main.js"),
)
#: uPlot 1.6.32, MIT: vendor/README.md.
_LIBRARY = "vendor/uPlot.iife.min.js"


def console_pages() -> dict[Language, Page]:
    """The live status page, by language."""
    style, script, library = "".join(map(_read, _STYLES)), "".join(map(_read, _SCRIPTS)), _read(_LIBRARY)
    policy = (
        f"default-src 'none'; script-src {_hash(library)} {_hash(script)}; style-src {_hash(style)}; "
        "connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
    parts = {"style": style, "script": script, "library": library}
    return {language: Page(_fill("console.html", language, parts), policy, language) for language in LANGUAGES}


def sign_in_pages(*, refused: str = "") -> dict[Language, Page]:
    """The form that turns the token into a session, by language; ``refused`` names what says why not. No script."""
    style = _read("console.css")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    parts = {"style": style, "refused": "" if refused else "hidden"}
    return {
        language: Page(_fill("signin.html", language, parts, {"why_refused": refused}), policy, language)
        for language in LANGUAGES
    }


def _fill(name: str, language: Language, parts: Mapping[str, str], chosen: Mapping[str, str] | None = None) -> bytes:
    """``chosen`` names the message, if any, that stands in a place that may hold one of several."""
    messages: dict[str, str] = json.loads(_read("messages.json"))[language]
    terms = _terms(language)
    document = _read(name)
    places = {place: messages.get(key, "") for place, key in (chosen or {}).items()}
    for key, text in (messages | places).items():
        document = document.replace("{{" + key + "}}", html.escape(text))
    # The texts are data to the script; "<" is escaped so that none can end the element it stands in.
    data = {"messages": messages, "terms": terms}
    for key, value in data.items():
        document = document.replace("{{" + key + "}}", json.dumps(value, ensure_ascii=False).replace("<", "\\u003c"))
    for key, text in parts.items():
        document = document.replace("{{" + key + "}}", text)
    return document.encode("utf-8")


def _terms(language: Language) -> dict[str, Any]:
    """What categories mean; and, for readers of another language, the sentences in which scorers explain."""
    if language == "en":
        return {"categories": {row.name: row.meaning for row in CATEGORIES}}
    terms: dict[str, Any] = json.loads(_read(f"terms.{language}.json"))
    return terms


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _read(name: str) -> str:
    return (files("streams") / "static" / name).read_text(encoding="utf-8")
