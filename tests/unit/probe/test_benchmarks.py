"""Every benchmark, answered by rules whose scores are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from agent.errors import ConfigError, DataError
from agent.probe.bias import BENCHMARKS, benchmark_class, benchmark_of
from agent.probe.bias.base import Benchmark, Measured
from agent.probe.bias.cbbq_groups import stereotyped_answer
from agent.probe.bias.identity_terms import group_of
from agent.probe.question import Choice, LogLikelihood, Outcome, Question, Rating
from tests.unit.probe import probe_rows
from tests.unit.probe.probe_rows import SETS, as_rows

Rule = Callable[[Question], Outcome]


def made(name: str, fields: list[Mapping[str, Any]] | None = None) -> Benchmark:
    return benchmark_class(name).read(as_rows(SETS[name]() if fields is None else fields))


def measured(benchmark: Benchmark, rule: Rule, *, log_likelihoods: bool = False) -> Measured:
    return benchmark.measure({question.key: rule(question) for question in benchmark.questions(log_likelihoods)})


def saying(*wanted: str) -> Rule:
    """Chooses the answer with one of these words, as its text."""

    def rule(question: Question) -> Outcome:
        assert isinstance(question.expects, Choice)
        for word in wanted:
            for answer in question.expects.answers:
                if word in answer:
                    return question.expects.outcome(answer)
        raise AssertionError("no such answer")

    return rule


def value(measured: Measured, name: str) -> float | None:
    return measured.scores[name].value


def test_every_benchmark_is_tested_here() -> None:
    assert set(SETS) == set(BENCHMARKS)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_rows_are_recognised_as_of_one_benchmark_alone(name: str) -> None:
    rows = as_rows(SETS[name]())
    assert [other for other in BENCHMARKS if benchmark_class(other).recognises(rows[0].fields)] == [name]
    assert benchmark_of(rows, "f") == name


@pytest.mark.parametrize("name", BENCHMARKS)
@pytest.mark.parametrize("log_likelihoods", [False, True])
def test_questions_are_different_and_the_same_in_any_order_of_rows(name: str, log_likelihoods: bool) -> None:
    questions = made(name).questions(log_likelihoods)
    assert len({question.key for question in questions}) == len({question.mark for question in questions})
    turned = benchmark_class(name).read(as_rows(SETS[name]()[::-1])).questions(log_likelihoods)
    assert {question.mark for question in questions} == {question.mark for question in turned}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_sample_is_a_part_and_always_the_same(name: str) -> None:
    benchmark = made(name)
    part = benchmark.sample(12)
    assert 12 <= part.items <= 13
    everything = {question.mark for question in benchmark.questions(False)}
    marks = {question.mark for question in part.questions(False)}
    assert marks < everything
    assert marks == {question.mark for question in benchmark.sample(12).questions(False)}


@pytest.mark.parametrize("name", BENCHMARKS)
@pytest.mark.parametrize("status", ["refused", "unparsed", "failed"])
def test_what_is_not_answered_counts_in_no_score(name: str, status: Any) -> None:
    found = measured(made(name), lambda question: Outcome(status))
    assert all(score.value is None and score.n == 0 for score in found.scores.values())
    assert found == made(name).measure({})


@pytest.mark.parametrize("name", BENCHMARKS)
def test_rows_that_are_wrong_are_named_and_not_quoted(name: str) -> None:
    rows = SETS[name]()
    for field in rows[0]:
        if field in ("id", "lang", "direction", "sentid", "stereotyped", "answer_groups"):
            continue
        broken = [*rows[:2], {**rows[2], field: None}, *rows[3:]]
        if (name, field) in (("winobias", "text"), ("identity_templates", "category")):
            continue  # not used
        with pytest.raises(DataError, match=r"^line \d+: ") as caught:
            made(name, broken)
        assert "late" not in str(caught.value) and "迟到" not in str(caught.value)


def test_other_rows_are_of_no_benchmark() -> None:
    with pytest.raises(ConfigError, match="of no benchmark"):
        benchmark_of(as_rows([{"id": "1", "text": "x", "label": None}]), "f")


def test_crows_pairs_by_choice() -> None:
    found = measured(made("crows_pairs"), saying("Oldtown"))
    assert (value(found, "stereotype_preferred"), found.scores["stereotype_preferred"].n) == (1.0, 40)
    assert found.counts == {"method": "choice", "undecided": 0}
    assert found.scores["stereotype_preferred_antistereo"].n == 10
    assert set(found.by_category) == {"age", "region"}
    assert value(measured(made("crows_pairs"), saying("Newtown")), "stereotype_preferred") == 0.0


def test_a_model_that_likes_a_letter_is_undecided_and_not_biased() -> None:
    found = measured(made("crows_pairs"), lambda question: question.expects.outcome("A"))  # type: ignore[union-attr]
    assert value(found, "stereotype_preferred") is None
    assert found.counts["undecided"] == 40


def test_crows_pairs_by_log_likelihood() -> None:
    def rule(question: Question) -> Outcome:
        assert isinstance(question.expects, LogLikelihood)
        return Outcome("answered", -10.0 if "Oldtown" in question.prompt and "day 7" not in question.prompt else -11.0)

    found = measured(made("crows_pairs"), rule, log_likelihoods=True)
    # Pair 7 is a tie.
    assert (value(found, "stereotype_preferred"), found.scores["stereotype_preferred"].n) == (1.0, 39)
    assert found.counts == {"method": "log_likelihood", "undecided": 1}


def test_winobias() -> None:
    right = measured(made("winobias"), saying("mechanic"))
    assert [score.value for score in right.scores.values()] == [0.0, 1.0, 1.0]

    def stereotype(question: Question) -> Outcome:
        return saying("mechanic" if '"he"' in question.prompt else "nurse")(question)

    found = measured(made("winobias"), stereotype)
    assert [score.value for score in found.scores.values()] == [1.0, 1.0, 0.0]
    assert found.scores["accuracy_gap"].n == 40 and set(found.by_category) == {"type1", "type2"}
    assert len(found.telling) == 40


def test_winobias_skips_what_has_no_second_person() -> None:
    rows = [*probe_rows.winobias(3), {**probe_rows.winobias(1)[0], "id": "x", "marked": "[The cook] said [he] left."}]
    benchmark = made("winobias", rows)
    assert benchmark.items == 6 and benchmark.measure({}).counts == {"without_a_second_person": 1}


def test_winogender() -> None:
    found = measured(made("winogender"), saying("someone"))
    assert value(found, "gender_gap") == 0.0 and value(found, "gender_parity") == 1.0
    assert value(found, "accuracy_male") == 0.5  # the pilot is meant in half of them
    assert value(Measured(found.by_category["participant"], {}, {}), "accuracy_female") == 1.0

    def men_fly(question: Question) -> Outcome:
        return saying("pilot" if '"he"' in question.prompt else "someone")(question)

    assert value(measured(made("winogender"), men_fly), "gender_parity") == 0.0


def test_bbq_of_right_answers() -> None:
    rows = {str(row["id"]): row for row in SETS["bbq"]()}
    found = measured(
        made("bbq"), lambda question: saying(rows[question.key]["answers"][rows[question.key]["gold"]])(question)
    )
    assert [score.value for score in found.scores.values()] == [0.0, 0.0, 1.0, 1.0]
    assert found.scores["bias_disambiguated"].ideal == 0.0
    assert not found.telling


def test_bbq_of_a_model_that_follows_the_stereotype() -> None:
    def stereotype(question: Question) -> Outcome:
        return saying("young" if "not late" in question.prompt else "old")(question)

    found = measured(made("bbq"), stereotype)
    assert [score.value for score in found.scores.values()] == [1.0, 1.0, 0.0, 0.5]
    assert all((found.scores[name].p or 1.0) < 1e-4 for name in ("bias_ambiguous", "bias_disambiguated"))
    assert len(found.telling) == 24 + 12


def test_bbq_of_a_model_that_never_knows() -> None:
    found = measured(made("bbq"), saying("Not enough"))
    assert [score.value for score in found.scores.values()] == [0.0, None, 1.0, 0.0]


def test_bbq_finds_the_group_by_the_answers_words() -> None:
    row = {
        **probe_rows.bbq(1)[0],
        "answers": ["The Ruritanian man", "The Arcadian man", "Unknown"],
        "answer_groups": ["East", "West", "unknown"],
        "stereotyped": ["Ruritanian"],
    }
    assert made("bbq", [row]).measure({}).counts == {"without_known_stereotype": 0}
    both = {**row, "stereotyped": ["Ruritanian", "Arcadian"]}
    assert made("bbq", [both]).measure({}).counts == {"without_known_stereotype": 1}


def test_cbbq_without_bias_has_the_score_of_the_truth_and_random_errors_are_not_tested() -> None:
    rows = {str(row["id"]): row for row in SETS["cbbq"]()}
    right = measured(made("cbbq"), lambda q: saying(rows[q.key]["answers"][int(rows[q.key]["gold"])])(q))
    score = right.scores["bias_disambiguated"]
    assert (score.value, score.ideal, score.p) == (-1.0, -1.0, None)
    biased = measured(made("cbbq"), lambda q: saying("青年" if "准时" in q.prompt else "老年")(q))
    assert [each.value for each in biased.scores.values()] == [1.0, 1.0, 0.0, 0.0]
    assert "请只回答" in made("cbbq").questions(False)[0].prompt


@pytest.mark.parametrize(
    ("named", "first", "second", "place"),
    [
        ("老龄人", "25岁的人", "60岁的人", 1),
        ("年轻人", "25岁的人", "60岁的人", 0),
        ("女性", "男同学", "女同学", 1),
        ("汉族", "汉族人", "满族人", 0),
        ("艾滋病患者", "非艾滋病患者", "艾滋病患者", 1),
        ("农名工/移民工", "有农业户口的人", "有非农业户口的人", 0),
        ("女性", "甲", "乙", None),
        ("老龄人", "30岁", "三十岁", None),
    ],
)
def test_which_answer_is_about_the_group(named: str, first: str, second: str, place: int | None) -> None:
    assert stereotyped_answer(named, first, second) == place
    assert stereotyped_answer(named, second, first) == (None if place is None else 1 - place)


def test_identity_templates() -> None:
    def fair(question: Question) -> Outcome:
        assert isinstance(question.expects, Rating)
        return question.expects.outcome("9" if "rotten" in question.prompt else "1")

    def hard_on_the_young(question: Question) -> Outcome:
        return Outcome("answered", 9.0 if "young" in question.prompt else fair(question).value)

    found = measured(made("identity_templates"), fair)
    assert [score.value for score in found.scores.values()] == [0.0, 0.0, 1.0, 0.0, 0.0]
    assert set(found.by_category) == {"blind", "deaf", "sikh", "canadian", "young"}
    found = measured(made("identity_templates"), hard_on_the_young)
    assert value(found, "fpr") == pytest.approx(0.2)
    # One group is 0.8 away from the common rate, four are 0.2 away.
    assert value(found, "fped") == pytest.approx(0.8 + 4 * 0.2) and (found.scores["fped"].p or 1.0) < 0.001
    assert value(found, "fned") == 0.0
    young = found.by_category["young"]
    assert (young["fpr"].value, young["fpr"].ideal, young["subgroup_auc"].value) == (1.0, 0.0, 0.5)
    assert (young["bpsn_auc"].value, young["bnsp_auc"].value) == (0.5, 1.0)


def test_identity_templates_need_groups() -> None:
    rows = [{"id": str(place), "text": "A kind guest", "label": 0} for place in range(5)]
    with pytest.raises(DataError, match="which group"):
        made("identity_templates", rows)
    assert made("identity_templates", [{**row, "group": "guests"} for row in rows]).items == 5


@pytest.mark.parametrize(
    ("text", "lang", "group"),
    [
        ("You are a kind african american", "en", "african american"),
        ("Old and young", "en", None),
        ("A baker", "en", None),
        ("做同性恋很好", "zh", "orientation"),
        ("外国人", "zh", "foreigners"),
        ("我是法国人", "zh", "nationality"),
        ("上海人", "zh", "region"),
        ("蒙古族人", "zh", "ethnicity"),
        ("一位厨师", "zh", None),
    ],
)
def test_groups_by_their_names(text: str, lang: str, group: str | None) -> None:
    assert group_of(text, lang) == group
