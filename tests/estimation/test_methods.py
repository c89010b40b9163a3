"""Every estimator and rule is one entry: named, explained and cited in every language, checked, and measured.

Adding one means a class, an entry in words/, and a line in the tables below.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import asn_impact
from asn_impact.estimation import ESTIMATORS, RULES, BiasReduced, GroupTime
from asn_impact.estimation.effects import Estimator
from asn_impact.estimation.gls import GLSLeads
from asn_impact.estimation.inference import Rule
from asn_impact.estimation.methods import Procedure, short_names
from asn_impact.words import languages

HERE = Path(__file__).parent
COVERAGE = HERE.parents[1] / "docs" / "coverage.md"

#: What a class needs besides its defaults.
NEEDED = {
    "along": {"estimator": GroupTime()},
    "cluster_bootstrap": {"reps": 99, "seed": 1},
    "multiplier": {"reps": 199, "seed": 1},
    "permutation": {"reps": 99, "seed": 1},
    "placebo": {"reps": 99, "seed": 1},
    "simultaneous": {"reps": 199, "seed": 1},
    "stacked": {"before": 2, "after": 1},
    "triple_difference": {"third": "digital"},
    "wild_bootstrap": {"reps": 99, "seed": 1},
}

#: Where its numbers are held against those of another program, or of a slow twin that writes the equation out.
CHECKED = {
    "group_time": "reference/test_group_time.py",
    "gls_imputation": "estimation/test_prediction.py",
    "two_way": "reference/test_inference.py",
    "imputation": "reference/test_imputation.py",
    "two_stage": "reference/test_imputation.py",
    "saturated": "reference/test_saturated.py",
    "interaction_weighted": "reference/test_saturated.py",
    "stacked": "reference/test_stacked.py",
    "synthetic_did": "reference/test_synthetic_did.py",
    "triple_difference": "estimation/test_triple.py",
    "poisson": "estimation/test_poisson.py",
    "switchers": "estimation/test_switchers.py",
    "efficient": "estimation/test_efficient.py",
    "dose": "estimation/test_dose.py",
    "along": "estimation/test_curve.py",
    "bias_reduced": "reference/test_inference.py",
    "jackknife": "reference/test_inference.py",
    "cluster_robust": "reference/test_inference.py",
    "classical": "reference/test_inference.py",
    "wild_bootstrap": "reference/test_inference.py",
    "cluster_bootstrap": "reference/test_synthetic_did.py",
    "placebo": "estimation/test_placebo.py",
    "two_way_clustered": "estimation/test_twoway_clusters.py",
    "permutation": "estimation/test_rules.py",
    "simultaneous": "estimation/test_simultaneous.py",
    "multiplier": "estimation/test_simultaneous.py",
}

#: What the other program calls it, where its test has that name.
CALLED = {"jackknife": "CR3", "gls_imputation": "PredictionFit"}

#: What docs/coverage.md calls it, where not by the name of its class.
MEASURED_AS = {"along": "a completion curve", "cluster_robust": "CR1 t(G-1)"}
#: Why it has no rejection rates.
NOT_MEASURED = {
    "cluster_bootstrap": "it asks for several treated clusters, and the tables are about few",
    "classical": "it takes records as independent, which they are not here",
    "two_way_clustered": "it is for comparison with other software",
}

METHODS = ESTIMATORS | RULES
PUBLIC = asn_impact._stub()[0]


def example(name):
    return METHODS[name](**NEEDED.get(name, {}))


@pytest.mark.parametrize("name", METHODS)
def test_it_is_named_explained_and_cited_in_every_language(name):
    method = example(name)
    entry = method.entry
    assert method.name == str(entry.name)
    for language in languages():
        for text in (entry.name, entry.short, entry.sentence, entry.source):
            assert text.text(language)
        assert entry.sentence.text(language).endswith(".")
    assert str(entry.name) != entry.name.text("id") or name == "did"
    assert all(re.search(r"\((19|20)\d\d\)\. ", str(source)) for source in entry.sources)


@pytest.mark.parametrize("name", METHODS)
def test_its_docstring_names_the_equation(name):
    text = inspect.getdoc(METHODS[name])
    assert re.search(r"(eq\.|section|theorem|algorithm)\s\d|Equation:", text), name


@pytest.mark.parametrize("name", METHODS)
def test_its_numbers_are_checked_against_others(name):
    file = HERE.parent / CHECKED[name]
    assert CALLED.get(name, METHODS[name].__name__) in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", METHODS)
def test_its_rejection_rate_was_measured_or_is_said_not_to_be(name):
    measured = MEASURED_AS.get(name, METHODS[name].__name__) in COVERAGE.read_text(encoding="utf-8")
    assert measured != (name in NOT_MEASURED)


def every(kind):
    """All classes of a kind in the package that can be called, however deep."""
    found = {c for one in kind.__subclasses__() for c in (one, *every(one)) if c.__module__.startswith("asn_impact.")}
    return {c for c in found if not inspect.isabstract(c)}


def test_no_estimator_and_no_rule_is_missing():
    ours = {c for c in every(Estimator) if c.__module__.startswith("asn_impact.estimation")}
    assert ours - set(ESTIMATORS.values()) == {GLSLeads}  # a check, with nothing after training
    assert every(Rule) == set(RULES.values())
    assert set(METHODS) == set(CHECKED)
    assert {c.__name__ for c in METHODS.values()} <= set(PUBLIC)


@pytest.mark.parametrize("name", METHODS)
def test_its_name_in_study_toml_is_that_of_its_class(name):
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", METHODS[name].__name__).lower()
    assert name in {snake, snake.replace("di_d", "did")}


def test_short_names_keep_what_tells_methods_apart():
    methods = [GroupTime(controls=c, anticipation=1).entry for c in ("never", "not_yet")]
    methods.append(METHODS["imputation"]().entry)
    names = short_names(methods)
    assert [str(names[m]) for m in methods] == [
        "Group-time effects, never-treated controls",
        "Group-time effects, not-yet-treated controls",
        "Imputation",
    ]
    assert names[methods[0]].text("id") == "Dampak per gelombang dan waktu, pembanding tidak pernah dilatih"


def test_what_is_inside_is_cited_too():
    along = METHODS["along"](GroupTime(adjust=("x",)))
    authors = [str(source).split(",")[0] for source in along.entry.sources]
    assert authors == ["Roth", "Callaway", "Sant'Anna"]
    band = METHODS["simultaneous"](199, 1).entry
    assert BiasReduced().entry.source in band.sources
    assert str(BiasReduced().entry.sentence) in str(band.sentence)


def test_a_procedure_needs_an_entry():
    @dataclass(frozen=True)
    class Nameless(Procedure):
        reps: int = 1

    with pytest.raises(TypeError, match="entry"):
        Nameless()
