"""Which texts go to a model."""

from __future__ import annotations

import pytest

from agent.scoring.ner.gate import Script, holds_script, may_hold_names


@pytest.mark.parametrize(
    ("text", "script", "passes"),
    [
        ("Please ask Anna about it.", "latin", True),
        ("Anna left.", "latin", True),
        ("Write to O'Neil", "latin", True),
        ("Émile came", "latin", True),
        ("ask anna about it", "latin", True),  # nobody capitalises here
        ("Ask anna about it", "latin", False),
        ("Write a poem. Then explain it: What does it mean?", "latin", False),
        ("- Summarise the text\n- Please list the dates", "latin", False),
        ("I think I'm late", "latin", False),
        ("12345", "latin", False),
        ("", "latin", False),
        ("请联系王小明", "han", True),
        ("克里斯·埃文斯来了", "han", True),
        ("上官婉儿来了", "han", True),
        ("今天天气很好", "han", False),
        ("Anna", "han", False),
        ("请联系王小明", "any", True),
        ("ask Anna", "any", True),
        ("今天天气很好", "any", False),
    ],
)
def test_the_gate(text: str, script: Script, passes: bool) -> None:
    assert (holds_script(text, script) and may_hold_names(text, script)) is passes


@pytest.mark.parametrize(
    ("text", "script", "holds"),
    [
        ("我买了一台iPhone手机，请问保修期多长时间", "latin", False),
        ("请联系 John Smith", "latin", True),
        ("Anna", "latin", True),
        ("Анна", "latin", False),
        ("Анна", "any", False),
        ("ask 王", "han", False),
        ("🙂🙂", "any", False),
    ],
)
def test_a_script_is_held_by_enough_of_a_text(text: str, script: Script, holds: bool) -> None:
    assert holds_script(text, script) is holds
