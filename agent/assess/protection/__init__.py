"""Protection of personal data: operators, one file each and one line in `OPERATORS`, and whole texts.

No import of an operator's libraries happens before it is built.
"""

from agent.assess.protection.base import OPERATORS, Operator, load_operator, operator_class
from agent.assess.protection.keys import ProtectionKey
from agent.assess.protection.known import Known, KnownValues
from agent.assess.protection.scanning import Finder, SpanScorer
from agent.assess.protection.texts import Protected, TextProtector

__all__ = [
    "OPERATORS",
    "Finder",
    "Known",
    "KnownValues",
    "Operator",
    "Protected",
    "ProtectionKey",
    "SpanScorer",
    "TextProtector",
    "load_operator",
    "operator_class",
]
