"""The laws of protection: no value survives, pseudonyms can be reversed by the key alone, twice does no harm."""

from __future__ import annotations

import pickle
import re
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.assess.protection import (
    Finder,
    Known,
    ProtectionKey,
    TextProtector,
    load_operator,
)
from agent.assess.protection.kinds import IDENTIFYING, KINDS, standard_form
from agent.assess.protection.pseudonym import Reversal
from agent.assess.protection.tokens import PSEUDONYM, TOKEN
from agent.errors import ConfigError, DataError, ScorerError
from agent.redaction import fold
from agent.scores import TextSpan
from agent.scoring.pii import PiiScorer
from tests.unit.assess.protection_builders import (
    FILLERS,
    KEY,
    VALUES,
    forms,
    mixed_texts,
    protector,
    span,
    values_in_forms,
)

IN_TEXTS = ("redact", "mask", "hash", "pseudonym", "generalise")
SCORER = PiiScorer()
RIGHT = Reversal(KEY)


FINDER = Finder(SCORER)


def found(text: str) -> Sequence[TextSpan]:
    return FINDER.spans(text)


@settings(max_examples=150)
@given(mixed_texts, st.sampled_from(IN_TEXTS))
def test_no_value_that_was_found_survives_in_any_form(text: str, name: str) -> None:
    spans = found(text)
    result = protector(name).protect(text, spans).text
    folded = fold(TOKEN.sub("", result))
    for hit in spans:
        assert fold(text[hit.start : hit.end]) not in folded
        assert text[hit.start : hit.end] not in result


@settings(max_examples=150)
@given(mixed_texts, st.sampled_from(IN_TEXTS))
def test_scanning_again_finds_none_of_the_values(text: str, name: str) -> None:
    spans = found(text)
    result = protector(name).protect(text, spans).text
    before = {standard_form(text[hit.start : hit.end], hit.type) for hit in spans}
    again = [hit for hit in SCORER.score_text(result).spans if not TOKEN.search(result[hit.start : hit.end])]
    assert not before & {standard_form(result[hit.start : hit.end], hit.type) for hit in again}


@settings(max_examples=150)
@given(mixed_texts, st.sampled_from(IN_TEXTS))
def test_what_was_not_found_stays_and_protecting_twice_changes_nothing(text: str, name: str) -> None:
    spans = found(text)
    way = protector(name)
    once = way.protect(text, spans).text
    assert way.protect(once, found(once)).text == once
    # Offsets are right: the text around the values is left, character by character.
    rest = text
    for hit in reversed(spans):
        rest = rest[: hit.start] + rest[hit.end :]
    if name == "redact":
        assert re.sub(r"\[[A-Z_+]+\]", "", once) == rest


SPAN_LETTERS = st.sampled_from("abAB12 .@-*[]~#ａＢ１你好İßé😀")


@st.composite
def arbitrary_spans(draw: st.DrawFn) -> tuple[str, list[TextSpan]]:
    text = draw(st.text(alphabet=SPAN_LETTERS, min_size=1, max_size=60)) + draw(
        st.sampled_from(["", "[NAME]", "[IP+CARD]"])
    )
    text = text + text[: draw(st.integers(0, len(text)))]
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return text, [TextSpan(a, b, "pii.x", draw(st.sampled_from(["NAME", "PHONE", "EMAIL"]))) for a, b in pairs]


@settings(max_examples=400)
@given(arbitrary_spans(), st.sampled_from(IN_TEXTS))
def test_no_value_survives_wherever_spans_lie(case: tuple[str, list[TextSpan]], name: str) -> None:
    text, spans = case
    way = protector(name)
    values = way.known(text, spans)
    result = way.protect(text, spans).text
    folded = fold(TOKEN.sub("\0", result))
    for value in values:
        if all(character.lower() != character.upper() or not character.isalnum() for character in value):
            continue  # found again as whole words alone; see the test of those
        assert value not in folded


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (0, 6), (3, 3), (4, 2)])
def test_a_span_outside_the_text_is_refused(start: int, end: int) -> None:
    with pytest.raises(ScorerError):
        protector("redact").protect("abcde", [TextSpan(start, end, "pii.email", "EMAIL")])


def test_names_are_found_again_as_whole_words_alone() -> None:
    text = "Ann Lee; ann lee, ANN LEE! annual flee, Joann Lee. ＡＮＮ ＬＥＥ 李Ann Lee。"
    result = protector("redact").protect(text, [span(text, "Ann Lee", "NAME")]).text
    assert result == "[NAME]; [NAME], [NAME]! annual flee, Joann Lee. [NAME] 李[NAME]。"
    chinese = "张伟说：张伟好"
    assert protector("redact").protect(chinese, [span(chinese, "张伟", "NAME")]).text == "[NAME]说：[NAME]好"


def test_names_are_found_again_with_their_accents_composed_or_apart() -> None:
    for form, other in (("NFC", "NFD"), ("NFD", "NFC")):
        given, elsewhere = (unicodedata.normalize(each, "José Álvarez") for each in (form, other))
        known = protector("redact").known(given, [TextSpan(0, len(given), "pii.name", "NAME")])
        wrapped = elsewhere.replace(" ", "\n  ")
        assert protector("redact").protect(f"von {wrapped}, ja", [], known).text == "von [NAME], ja"
        result = protector("redact").protect(f"von {elsewhere}, {elsewhere.upper()}s Haus", [], known)
        assert result.text == f"von [NAME], {elsewhere.upper()}s Haus"


def test_touching_values_are_replaced_one_by_one_and_overlapping_ones_together() -> None:
    text = "a@b.example13912345678 xx12345678"
    spans = [TextSpan(0, 11, "pii.email", "EMAIL"), TextSpan(11, 22, "pii.phone", "PHONE")]
    result = protector("redact").protect(
        text,
        spans,
        {"xx1234": Known("NAME", load_operator("redact")), "345678": Known("CARD", load_operator("redact"))},
    )
    assert result.text == "[EMAIL][PHONE] [NAME+CARD]"
    assert result.done == [("EMAIL", "redact"), ("PHONE", "redact"), ("NAME+CARD", "redact")]


def test_types_have_their_operators_and_kept_values_stay() -> None:
    text = "a@b.example and 13912345678, a@b.example"
    way = TextProtector(load_operator("redact"), {"EMAIL": load_operator("keep")})
    result = way.protect(text, [span(text, "a@b.example", "EMAIL"), span(text, "13912345678", "PHONE")])
    assert result.text == "a@b.example and [PHONE], a@b.example"


def test_values_found_elsewhere_are_replaced_too() -> None:
    way = protector("pseudonym")
    known = way.known("Ann Lee", [TextSpan(0, 7, "pii.name", "NAME")])
    result = way.protect("Note on ANN LEE.", [], known)
    assert result.text == f"Note on {load_operator('pseudonym', {}, KEY).replace('ann lee', 'NAME')}."


def test_a_mask_that_would_show_another_value_gives_way() -> None:
    text = "13912340678 and 678"
    spans = [span(text, "13912340678", "PHONE"), TextSpan(16, 19, "pii.medical_id", "MEDICAL_ID")]
    assert protector("mask").protect(text, spans).text == "[PHONE] and [MEDICAL_ID]"
    alone = "13912345678 and q.m"
    spans = [span(alone, "13912345678", "PHONE"), span(alone, "q.m", "IM_ACCOUNT")]
    known = {"*678": Known("SECRET", load_operator("redact"))}
    assert protector("mask").protect(alone, spans, known).text == "[PHONE] and [IM_ACCOUNT]"


# --- consistency -----------------------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(st.sampled_from(VALUES), st.sampled_from(["hash", "pseudonym", "redact"]))
def test_all_forms_of_a_value_get_one_replacement(value: str, name: str) -> None:
    (hit,) = found(value)
    operator = load_operator(name, {}, KEY)
    assert len({operator.replace(form, hit.type) for form in forms(value)}) == 1


@pytest.mark.parametrize(
    ("kind", "same"),
    [
        ("PHONE", ("139 1234 5678", "+86 139-1234-5678", "0086 13912345678", "１３９１２３４５６７８")),
        ("CARD", ("4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111")),
        ("EMAIL", ("Ann@Example.org", " ann@example.ORG ", "ａnn@example.org")),
        ("NATIONAL_ID", ("11010519491231002X", "11010519491231002x", "110105 19491231 002x")),
        ("BANK_ACCOUNT", ("GB82 WEST 1234 5698 7654 32", "gb82west12345698765432")),
        ("NAME", ("Ann  Lee", "ANN LEE", "ann lee")),
        ("IP", ("2001:db8::1", "2001:0DB8:0:0:0:0:0:1")),
        ("PLATE", ("京A·12345", "京a12345")),
    ],
)
def test_forms_of_writing_that_are_one_value(kind: str, same: Sequence[str]) -> None:
    operator = load_operator("pseudonym", {}, KEY)
    assert len({operator.replace(form, kind) for form in same}) == 1
    exact = load_operator("pseudonym", {"exact": True}, KEY)
    assert len({exact.replace(form, kind) for form in same}) == len(same)


def test_secrets_and_types_are_told_apart() -> None:
    for name in ("hash", "pseudonym"):
        operator = load_operator(name, {}, KEY)
        assert operator.replace("hunter2", "SECRET") != operator.replace("HUNTER2", "SECRET")
        assert operator.replace("12345678", "PHONE").partition("]")[0][6:] != operator.replace("12345678", "CARD")[5:]


@settings(max_examples=200)
@given(st.text(max_size=30), st.sampled_from(sorted(KINDS)))
def test_the_standard_form_is_its_own(value: str, kind: str) -> None:
    assume(not unicodedata.normalize("NFKC", value.casefold()).strip().startswith(("86", "0086")))
    assert standard_form(standard_form(value, kind), kind) == standard_form(value, kind)


# --- pseudonyms ------------------------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(st.text(min_size=1, max_size=60), st.sampled_from(sorted(KINDS)), st.booleans())
def test_pseudonyms_are_reversed_by_their_key(value: str, kind: str, exact: bool) -> None:
    token = load_operator("pseudonym", {"exact": exact}, KEY).replace(value, kind)
    match = PSEUDONYM.fullmatch(token)
    assert match is not None
    assert RIGHT.reveal(match[1], match[2]) == (value if exact else standard_form(value, kind))


@settings(max_examples=200)
@given(values_in_forms, st.data())
def test_pseudonyms_are_reversed_by_nothing_else(value: str, data: st.DataObject) -> None:
    match = PSEUDONYM.fullmatch(load_operator("pseudonym", {}, KEY).replace(value, "EMAIL"))
    assert match is not None
    letters = match[2]
    with pytest.raises(DataError, match="another key, or changed"):
        Reversal(ProtectionKey(b"another key of the tests")).reveal("EMAIL", letters)
    with pytest.raises(DataError):
        RIGHT.reveal("NAME", letters)
    # Of the last letter some bits may be padding, which says nothing.
    at = data.draw(st.integers(0, len(letters) - 2))
    other = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567").filter(lambda c: c != letters[at]))
    with pytest.raises(DataError):
        RIGHT.reveal("EMAIL", letters[:at] + other + letters[at + 1 :])
    with pytest.raises(DataError):
        RIGHT.reveal("EMAIL", letters[:-3])


def test_a_pseudonym_shows_the_length_of_a_value_only_in_steps() -> None:
    operator = load_operator("pseudonym", {}, KEY)
    assert len({len(operator.replace("x" * n, "NAME")) for n in range(1, 16)}) == 1


def test_formats_of_tokens_are_stable() -> None:
    # Data sets that were protected before must stay joinable with those of today.
    assert load_operator("hash", {}, KEY).replace("Ann Lee", "NAME") == "[NAME#bkwdgka4h7wrpwdkd4xbatkdbw]"
    assert (
        load_operator("pseudonym", {}, KEY).replace("Ann Lee", "NAME")
        == "[NAME~mwnuhevmj5mfihw7pj6l5cqx43k7lquvt47j6wajn2vrkizid2na]"
    )
    assert KEY.check == "861ee4dc"


# --- keys ------------------------------------------------------------------------------------------------------------


def test_keys_are_long_enough_and_never_shown(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "key").write_bytes(b"correct horse battery staple\r\n")
    (folder / "short").write_bytes(b"fifteen bytes..\n")
    key = ProtectionKey.from_file(folder / "key")
    monkeypatch.setenv("A_KEY", "correct horse battery staple")
    assert key.check == ProtectionKey.from_environment("A_KEY").check
    assert key.derive("one") != key.derive("other")
    for shown in (repr(key), str(key), f"{key}"):
        assert shown == "ProtectionKey(...)"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(ConfigError, match="holds 15 bytes, at least 16") as raised:
        ProtectionKey.from_file(folder / "short")
    assert "fifteen" not in str(raised.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        ProtectionKey.from_file(folder / "none")
    with pytest.raises(ConfigError, match="NO_SUCH is not set"):
        ProtectionKey.from_environment("NO_SUCH", {})
    with pytest.raises(ConfigError, match="16"):
        ProtectionKey.from_environment("S", {"S": "short"})


@pytest.mark.parametrize("name", ["hash", "pseudonym", "fpe"])
def test_operators_with_keys_ask_for_them(name: str) -> None:
    with pytest.raises(ConfigError, match="needs a key: give --key-file"):
        load_operator(name)


def test_types_of_the_scorer_are_known_and_fillers_hold_none() -> None:
    assert set(IDENTIFYING) >= {hit.type for value in VALUES for hit in found(value)}
    assert not found(" ".join(FILLERS))
