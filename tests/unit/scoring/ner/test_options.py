"""The option `ner`: what it takes, and what each mistake is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.scoring.ner import finder_of
from tests.unit.scoring.ner.tiny_models import write_ruler


def test_one_or_several_models(tmp_path: Path) -> None:
    english = {"kind": "spacy", "model": str(write_ruler(tmp_path / "en", "en", {"Anna": "PERSON"}))}
    chinese = {"kind": "spacy", "model": str(write_ruler(tmp_path / "zh", "zh", {"王小明": "PERSON"})), "gate": False}
    one, both = finder_of(english), finder_of([english, chinese])
    assert one is not None
    assert both is not None
    assert (one.version, both.version) == ("en_ruled@1.2.3", "en_ruled@1.2.3+zh_ruled@1.2.3")
    assert [len(spans) for spans in both.find(["Ask Anna", "请联系王小明", "Ask 王小明 and Anna"])] == [1, 1, 2]
    assert finder_of(None) is finder_of([]) is None


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("en_core_web_sm", "takes a list of mappings"),
        ([{"model": "x"}], "kind must be one of spacy, transformers"),
        ([{"kind": ["spacy"], "model": "x"}], "kind must be one of"),
        ([{"kind": "spacy"}], "spacy needs model"),
        ([{"kind": "transformers", "model": "/x"}], "transformers takes no option 'model'; it takes checkpoint"),
        ([{"kind": "transformers", "checkpoint": 5}], "transformers needs checkpoint"),
        ([{"kind": "spacy", "model": "x", "gate": "no"}], "gate is true or false"),
        ([{"kind": "spacy", "model": "x", "script": "runes"}], "script must be one of latin, han, any"),
        ([{"kind": "spacy", "model": "x", "slot": "y"}], "takes no option 'slot'"),
        ([{"kind": "spacy", "model": "x", "labels": {"PER": "WHO"}}], "labels maps labels"),
        ([{"kind": "spacy", "model": "x", "batch": 0}], "batch must be 1 or more"),
        ([{"kind": "spacy", "model": "nowhere_at_all"}], "no installed spaCy package"),
    ],
)
def test_mistakes_are_one_line(option: object, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        finder_of(option)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("scorer pii: ner")


def test_packages_that_are_absent_are_said_and_what_is_not_used_is_not_loaded() -> None:
    program = """
import sys
from agent.scoring.ner import finder_of
assert finder_of(None) is None
assert not {"spacy", "torch", "transformers"} & set(sys.modules)
sys.modules["spacy"] = None
from agent.errors import ConfigError
try:
    finder_of({"kind": "spacy", "model": "x"})
except ConfigError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "scorer pii: ner: spacy is not installed; pip install 'harmwatch[ner]'\n"
