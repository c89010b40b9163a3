"""What a study can name in each section, taken from the functions and classes themselves: nothing is listed twice."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, Final

from asn_impact.intake.fields.numbers import NumberStyle
from asn_impact.measures.calendar import WorkCalendar
from asn_impact.study.keys import Choice, Keys, Setting, choice_kind, keys_of
from asn_impact.study.kinds import (
    DAY,
    LABEL,
    LANGUAGES,
    NUMBER,
    PAIRS,
    PATHS,
    PLAIN,
    TEXT,
    TEXTS,
    TIMES,
    TRANSLATED,
    TRUTH,
    each,
    kind_of,
    one_of,
    table_of,
)
from asn_impact.words import Message

SECTIONS: Final = (
    *("study", "data", "outcome", "calendar", "rollout", "design", "estimator", "inference", "report"),
    *("scrutiny", "words", "plan"),
)
DEFAULT_ESTIMATOR: Final = "gls_imputation"
DEFAULT_RULE: Final = "bias_reduced"
FORMATS: Final = ("html", "docx", "pdf")
STUDY: Final = Keys(
    {
        **{"title": TRANSLATED, "source": TRANSLATED, "language": LANGUAGES, "synthetic": TRUTH},
        **{"authors": TEXTS, "institution": LABEL, "contact": TEXT, "published": DAY, "logo": TEXT},
    },
    ("title", "source"),
)
REPORT: Final = Keys(
    {
        **{"folder": TEXT, "figures": TEXT, "notebooks": TEXTS, "formats": TEXTS, "reference": TEXT},
        "close": one_of(("refuse", "allow")),
        "cells": TRUTH,
    }
)
WORDS: Final = Keys(dict.fromkeys(("foreword", "introduction", "conclusion", "recommendations"), TRANSLATED))
_UNITS: Final = ("by", "covariates", "per")  # of `tabulate`: a unit, what else is averaged, how long a period is


# --------------------------------------------------------------------------------------------- what was measured


@functools.cache
def data() -> Choice:
    """Return what [data] can be: applications, processing steps, a ready panel."""
    from asn_impact.intake.readers.complaints import read_complaints
    from asn_impact.intake.readers.exports import read_exports
    from asn_impact.intake.readers.observations import read_observations
    from asn_impact.intake.readers.steps import read_steps
    from asn_impact.measures.panel import read_panel
    from asn_impact.study.gains import read_ratings, read_tests
    from asn_impact.study.measured import CALLED
    from asn_impact.topics.surveys.answers import read_survey, read_survey_aggregates

    source = Message("study.elsewhere.source")
    cases: dict[str, Any] = {"records": read_exports, "steps": read_steps, "complaints": read_complaints}
    dated: dict[str, Any] = {
        "survey": read_survey,
        "survey_recap": read_survey_aggregates,
        "observations": read_observations,
    }
    of_panel = keys_of(read_panel, elsewhere={"frame": source, "outcome": Message("study.elsewhere.column")})
    columns = of_panel.only(*(key for key, kind in of_panel.kinds.items() if kind is TEXT))
    numbers = kind_of(NumberStyle)
    assert numbers is not None
    offers = {
        name: keys_of(home, elsewhere={"source": source}).also("path", path=PATHS, unused=TEXTS)
        for name, home in (cases | dated).items()
    }
    offers |= {name: offers[name].also(offices=PAIRS) for name in dated}
    apart = {"source": source, "scores": Message("study.elsewhere.scores")}
    for name, reader in (("tests", read_tests), ("ratings", read_ratings)):
        offers[name] = keys_of(reader, elsewhere=apart).also("path", path=PATHS, offices=PAIRS)
    of_file = {"path": TEXT, "numbers": numbers, "offices": PAIRS, "sheets": TEXTS, "regency": TEXT}
    of_columns = _inside(columns.also(regency=TEXT))
    offers["panel"] = of_panel.without(*columns.kinds).also("path", "columns", columns=of_columns, **of_file)
    called = one_of((*dict.fromkeys(CALLED.values()), "projects"))
    return Choice(
        "kind", {name: keys if name == "panel" else keys.also(called=called) for name, keys in offers.items()}
    )


def _inside(keys: Keys) -> Any:  # noqa: ANN401 - a kind
    from asn_impact.study.keys import values

    return table_of(keys.kinds, lambda table, place: values(table, keys, place))


@functools.cache
def outcomes() -> Choice:
    """Return what [outcome] can be; ``mean`` is that of a ready panel."""
    from asn_impact.measures import outcomes as homes
    from asn_impact.measures.tabulate import tabulate
    from asn_impact.study import gains, measured

    clock = {"counted_in": Message("study.elsewhere.clock")}
    of_cells = keys_of(tabulate).only(*_UNITS)
    offers = {
        name: keys_of(home, elsewhere=clock).also(label=LABEL, **of_cells.kinds)
        for name, home in (
            ("restricted_mean", homes.RestrictedMean),
            ("within", homes.Within),
            ("count", homes.Count),
            ("score", homes.Score),
            ("share", homes.Share),
            ("index", measured.index),
            ("element", measured.element),
            ("days_between", measured.days_between),
            ("kept", measured.kept),
            ("days_in_step", measured.days_in_step),
            ("rise_after", measured.rise_after),
        )
    }
    offers["share"] = offers["share"].also(**{"is": TEXTS})
    offers["gain"] = keys_of(gains.gain).also(label=LABEL)
    offers["mean"] = keys_of(homes.Mean, rename={"name": "column"}).also(label=LABEL)
    return Choice("kind", offers, {"completion_curve": Message("study.elsewhere.curve")})


@functools.cache
def costs() -> Keys:
    """Return the keys of a file of costs: a budget with a row a component."""
    from asn_impact.topics.planning.costs import read_costs

    apart = {"source": Message("study.elsewhere.source")}
    apart |= {name: Message("study.elsewhere.course_of_costs") for name in ("match", "others")}
    return keys_of(read_costs, elsewhere=apart).also("path", path=PATHS)


@functools.cache
def worth() -> Keys:
    """Return the keys of a claim on costs: the plain parameters of `returns`."""
    from asn_impact.topics.planning.returns import returns

    apart = {name: Message("study.elsewhere.data") for name in ("inference",)}
    keys = keys_of(returns, elsewhere=apart).without("costs", "reps", "seed", "staff")
    return keys.optional("cases_per_month")


def cells_of(outcome: Setting) -> dict[str, Any]:
    """Return what [outcome] says of the cells: what a unit is, and what is averaged beside the outcome."""
    return {key: value for key, value in outcome.parameters.items() if key in _UNITS}


@functools.cache
def calendars() -> Choice:
    """Return what [calendar] can be, with the clock that runs on it."""
    from asn_impact.measures.durations import Clock, measure

    of_clock = keys_of(measure).only("times")
    hours = keys_of(WorkCalendar.hours, rename={"own": "hours"}, elsewhere={"self": Message("study.elsewhere.source")})
    clock = one_of([*(kind_of(Clock) or TEXT).choices, "working_hours"])
    extra = {"clock": clock, **of_clock.kinds, **hours.kinds}
    return Choice(
        "kind",
        {
            "indonesia": keys_of(WorkCalendar.indonesia).also(**extra),
            "weekdays": keys_of(WorkCalendar.weekdays).also(**extra),
        },
    )


# ------------------------------------------------------------------------------------------- who is compared how


@functools.cache
def rollouts() -> Choice:
    """Return what [rollout] can be: training records, a list of units, a column that is 1 from the start on."""
    from asn_impact.intake.readers.training import read_rollout, read_rollout_from_status, read_training

    training = keys_of(read_training, elsewhere={"source": Message("study.elsewhere.source")})
    frame = {"frame": Message("study.elsewhere.source")}
    return Choice(
        "kind",
        {
            "training": training.also("path", path=PATHS, positions=TEXT, unused=TEXTS),
            "panel": keys_of(read_rollout, elsewhere=frame).optional("unit").also(path=TEXT),
            "status": keys_of(read_rollout_from_status, elsewhere=frame).optional("unit", "period").also(path=TEXT),
        },
    )


@functools.cache
def design() -> Keys:
    """Return the keys of [design]."""
    from asn_impact.designs import assign

    return keys_of(
        assign,
        elsewhere={"panel": Message("study.elsewhere.data"), "rollout": Message("study.elsewhere.rollout")},
    )


@functools.cache
def estimators() -> Choice:
    """Return every estimator; one that asks for another is given it as a table inside its own."""
    from asn_impact.estimation import ESTIMATORS, Along
    from asn_impact.estimation.effects import Estimator

    refused = {name: Message("study.elsewhere.curve") for name, home in ESTIMATORS.items() if home is Along}
    offers: dict[str, Keys] = {}
    choice = Choice("name", offers, refused)
    offers |= {n: keys_of(home, tables={Estimator: choice}) for n, home in ESTIMATORS.items() if n not in refused}
    return choice


@functools.cache
def rules() -> Choice:
    """Return every rule of inference; the rule inside another is called ``errors``, as ``rule`` names the outer one."""
    from asn_impact.estimation import RULES
    from asn_impact.estimation.inference import Rule

    offers: dict[str, Keys] = {}
    choice = Choice("rule", offers)
    offers |= {n: keys_of(home, rename={"rule": "errors"}, tables={Rule: choice}) for n, home in RULES.items()}
    return choice


@functools.cache
def scrutiny() -> Keys:
    """Return the keys of [scrutiny]: the plain parameters of `scrutinise`."""
    from asn_impact.scrutiny.scrutinise import scrutinise

    derived = {"effects": Message("study.elsewhere.effects"), "rule": Message("study.elsewhere.rule")}
    derived |= {"durations": Message("study.elsewhere.data"), "courses": Message("study.elsewhere.rollout")}
    derived |= {"panels": Message("study.elsewhere.mix"), "other": Message("study.elsewhere.placebo")}
    derived |= {"drawn": Message("study.elsewhere.lottery"), "level": Message("study.elsewhere.section", name="level")}
    return (
        keys_of(scrutinise, elsewhere=derived)
        .optional("seed")
        .also(
            events=TEXT,
            mix=TEXTS,
            placebo_outcome=choice_kind(outcomes()),
            placebo_services=TEXTS,
            lottery=TEXT,
        )
    )


# ------------------------------------------------------------------------------------------------------- planning


@functools.cache
def plan() -> Keys:
    """Return the keys of [plan]: the plain parameters of `detectable`, and what the study's own past is."""
    from asn_impact.topics.planning.power import detectable

    apart = {name: Message("study.elsewhere.section", name=name) for name in ("cluster", "weights", "level")}
    apart |= {"panel": Message("study.elsewhere.data"), "rule": Message("study.elsewhere.rule")}
    apart["estimator"] = Message("study.elsewhere.section", name="estimator")
    effects = kind_of(tuple[float, ...])
    assert effects is not None
    return keys_of(detectable, elsewhere=apart).also(
        past=one_of(["pre_period", "never_treated"]), effects=effects, lottery=_inside(lottery())
    )


@functools.cache
def lottery() -> Keys:
    """Return the keys of [plan.lottery]: those of `draw_waves`, who takes part and where the certificate goes."""
    from asn_impact.topics.planning.lottery import draw_waves

    keys = keys_of(draw_waves, elsewhere={"frame": Message("study.elsewhere.source")})
    return keys.optional("unit", "strata").also(
        "waves", waves=each(PLAIN), path=TEXT, certificate=TEXT, drawn_on=DAY, strata=TEXT
    )


# -------------------------------------------------------------------------------------------------------- all of it


def walk() -> Iterator[tuple[str, str, Keys]]:
    """Give every section, what it chooses ("" where there is no choice) and its keys.

    Examples
    --------
    >>> {section for section, _, _ in walk()} == {*SECTIONS, "plan.lottery"}
    True
    """
    inference = {name: keys.also(level=NUMBER, looks=TIMES, look=TIMES) for name, keys in rules().offers.items()}
    for section, keys in (("study", STUDY), ("report", REPORT), ("words", WORDS), ("design", design())):
        yield section, "", keys
    for section, keys in (("scrutiny", scrutiny()), ("plan", plan()), ("plan.lottery", lottery())):
        yield section, "", keys
    for section, choice in (
        ("data", data()),
        ("outcome", outcomes()),
        ("calendar", calendars()),
        ("rollout", rollouts()),
        ("estimator", estimators()),
    ):
        for name, keys in choice.offers.items():
            yield section, name, keys
    for name, keys in inference.items():
        yield "inference", name, keys
