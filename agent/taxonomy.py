"""One table of categories: what each means, and what others call it. Pure data.

Sources, looked up in November 2026:

- MLCommons AILuminate: the twelve hazards of the assessment standard, with the ids of benchmark 1.0, unchanged in 1.1
  (https://github.com/mlcommons/ailuminate README; modelbench, ``standards/general_purpose_ai_chat_benchmark-1.1-*``;
  Ghosh et al., arXiv:2503.05731). Prompt sets divide ``spc`` and ``sxc`` further (``spc_fin``, ``sxc_prn``).
- OWASP Top 10 for LLM Applications, editions 2025 (https://genai.owasp.org/llm-top-10/) and 2026, published on
  2026-08-04 (https://github.com/GenAI-Security-Project/GenAI-LLM-Top10). The 2026 edition numbers anew.

A mapping says that findings of the category are instances of the hazard or signs of the risk, not that they cover it.
Where neither list has the thing, nothing is named: an insult that attacks nobody's identity is no hazard of AILuminate,
and toxic output is no entry of OWASP's list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["CATEGORIES", "CRITICAL", "HAZARDS", "OWASP_LLM_2025", "OWASP_LLM_2026", "Category", "as_json", "lookup"]

HAZARDS: Mapping[str, str] = {
    "vcr": "Violent Crimes",
    "src": "Sex-Related Crimes",
    "cse": "Child Sexual Exploitation",
    "ssh": "Suicide & Self-Harm",
    "iwp": "Indiscriminate Weapons (CBRNE)",
    "ipv": "Intellectual Property Violations",
    "dfm": "Defamation",
    "ncr": "Non-Violent Crimes",
    "hte": "Hate",
    "prv": "Privacy Violations",
    "spc": "Specialized Advice",
    "sxc": "Sexual Content",
}

OWASP_LLM_2025: Mapping[str, str] = {
    "LLM01:2025": "Prompt Injection",
    "LLM02:2025": "Sensitive Information Disclosure",
    "LLM03:2025": "Supply Chain",
    "LLM04:2025": "Data and Model Poisoning",
    "LLM05:2025": "Improper Output Handling",
    "LLM06:2025": "Excessive Agency",
    "LLM07:2025": "System Prompt Leakage",
    "LLM08:2025": "Vector and Embedding Weaknesses",
    "LLM09:2025": "Misinformation",
    "LLM10:2025": "Unbounded Consumption",
}

OWASP_LLM_2026: Mapping[str, str] = {
    "LLM01:2026": "Prompt Injection",
    "LLM02:2026": "Sensitive Information Disclosure",
    "LLM03:2026": "Excessive Agency",
    "LLM04:2026": "Supply Chain",
    "LLM05:2026": "Data and Model Poisoning",
    "LLM06:2026": "Unbounded Consumption",
    "LLM07:2026": "Misinformation",
    "LLM08:2026": "Hidden Context Exposure",
    "LLM09:2026": "Vector and Embedding Weaknesses",
    "LLM10:2026": "Improper Output Handling",
}


class Category(NamedTuple):
    """One row.

    Attributes
    ----------
    name
        A category, or the beginning of some with ``*`` after it (labels that an operator maps).
    meaning
        In a few words.
    hazards
        Ids out of `HAZARDS`.
    owasp_2025, owasp_2026
        Ids out of the two editions.
    """

    name: str
    meaning: str
    hazards: tuple[str, ...] = ()
    owasp_2025: tuple[str, ...] = ()
    owasp_2026: tuple[str, ...] = ()


_INJECTION = (("LLM01:2025",), ("LLM01:2026",))
_DISCLOSURE = (("LLM02:2025",), ("LLM02:2026",))
_UNTRUE = (("LLM09:2025",), ("LLM07:2026",))

CATEGORIES: tuple[Category, ...] = (
    Category("toxicity", "Insults, threats, hatred, obscenity, taken together", ("hte",)),
    Category("encoder", "The built-in encoders in a slot of their own: harm of any kind", ("hte",)),
    Category("ngrams", "The built-in n-grams in a slot of their own: harm of any kind", ("hte",)),
    Category("toxicity.*", "A kind of toxicity, not all of which is hatred"),
    Category("detoxify.toxicity", "Rude or disrespectful enough to drive people away", ("hte",)),
    Category("detoxify.severe_toxicity", "Very hateful or aggressive", ("hte",)),
    Category("detoxify.obscene", "Obscene language"),
    Category("detoxify.identity_attack", "Attacks on people for who they are", ("hte",)),
    Category("detoxify.insult", "Insults of a person"),
    Category("detoxify.threat", "Threats of violence", ("vcr",)),
    Category("detoxify.sexual_explicit", "Explicit sexual content", ("sxc",)),
    Category("misleading.ungrounded", "Claims that the given context does not support", (), *_UNTRUE),
    Category("misleading.*", "Other misleading output", (), *_UNTRUE),
    Category("pii.name", "Names of persons", ("prv",), *_DISCLOSURE),
    Category("pii.email", "E-mail addresses", ("prv",), *_DISCLOSURE),
    Category("pii.phone", "Telephone numbers", ("prv",), *_DISCLOSURE),
    Category("pii.national_id", "National identity numbers", ("prv",), *_DISCLOSURE),
    Category("pii.card", "Payment card numbers", ("prv",), *_DISCLOSURE),
    Category("pii.bank_account", "Bank account numbers", ("prv",), *_DISCLOSURE),
    Category("pii.address", "Postal addresses", ("prv",), *_DISCLOSURE),
    Category("pii.ip", "Network addresses", ("prv",), *_DISCLOSURE),
    Category("pii.im_account", "Accounts of messengers", ("prv",), *_DISCLOSURE),
    Category("pii.licence_id", "Numbers of licences", ("prv",), *_DISCLOSURE),
    Category("pii.medical_id", "Numbers of patients and insured persons", ("prv",), *_DISCLOSURE),
    Category("pii.plate", "Number plates", ("prv",), *_DISCLOSURE),
    Category("pii.date_of_birth", "Dates of birth", ("prv",), *_DISCLOSURE),
    Category("pii.secret", "Passwords, keys and tokens", (), *_DISCLOSURE),
    Category("pii.canary", "Values that the operator registered as never to be told", ("prv",), *_DISCLOSURE),
    Category("adversarial", "Prompt injection, jailbreaks, disguised attacks", (), *_INJECTION),
    Category("adversarial.injection", "Orders that put the system's own aside", (), *_INJECTION),
    Category("adversarial.jailbreak", "Frames in which a model is to forget its rules", (), *_INJECTION),
    Category("adversarial.extraction", "Asking for the system prompt", (), *_INJECTION),
    Category("adversarial.obfuscation", "Disguised text, whatever it says", (), *_INJECTION),
    Category("adversarial.suffix", "Optimised suffixes: noise that was found by search", (), *_INJECTION),
    Category("adversarial.flooding", "Many-shot and long-context flooding", (), *_INJECTION),
    Category("adversarial.indirect", "Attacks in retrieved passages and tool results", (), *_INJECTION),
    Category("adversarial.leak", "Instructions of the system prompt, told", (), ("LLM07:2025",), ("LLM08:2026",)),
    Category("adversarial.succeeded", "Outputs that do what an attack on their input wanted", (), *_INJECTION),
    Category("adversarial.*", "A kind of adversarial input", (), *_INJECTION),
    Category("transformers.*", "Labels of an operator's own model: theirs to map"),
)

CRITICAL: frozenset[str] = frozenset({"pii.canary"})
"""Categories of which one leak is too many, whatever the rates are: the finding says so."""

_BY_NAME: Mapping[str, Category] = {row.name: row for row in CATEGORIES}


def lookup(category: str) -> Category | None:
    """The row of a category: its own, else the longest beginning with a star; None when there is none."""
    own = _BY_NAME.get(category)
    if own is not None:
        return own
    starred = (row for row in CATEGORIES if row.name.endswith("*") and category.startswith(row.name[:-1]))
    return max(starred, key=lambda row: len(row.name), default=None)


def as_json() -> dict[str, Any]:
    """The table as plain data: ``ailuminate``, ``owasp_llm_2025``, ``owasp_llm_2026`` (id to name), ``categories``."""
    return {
        "ailuminate": dict(HAZARDS),
        "owasp_llm_2025": dict(OWASP_LLM_2025),
        "owasp_llm_2026": dict(OWASP_LLM_2026),
        "categories": [
            {
                "category": row.name,
                "meaning": row.meaning,
                "ailuminate": list(row.hazards),
                "owasp_llm_2025": list(row.owasp_2025),
                "owasp_llm_2026": list(row.owasp_2026),
            }
            for row in CATEGORIES
        ],
    }
