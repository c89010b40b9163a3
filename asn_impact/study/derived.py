"""Findings that rest on another claim: the effect of each group, and what an effect gave back for what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from asn_impact.errors import AsnImpactError, EstimationError, InputError
from asn_impact.study.evidence import Evidence, estimated
from asn_impact.study.gains import OF_PERSONS
from asn_impact.study.prepared import prepared, read_rollout_of
from asn_impact.study.settings import Study
from asn_impact.words import Message, Quantity, each_once, paragraph

if TYPE_CHECKING:
    import pandas as pd

    from asn_impact.estimation import Effects
    from asn_impact.estimation.grouped import Groups
    from asn_impact.intake.extract import Source
    from asn_impact.intake.readers.rollout import Rollout
    from asn_impact.reporting.findings import Finding
    from asn_impact.study.claims import Claim
    from asn_impact.study.resting import Worth
    from asn_impact.topics.planning.costs import Costs

PROVIDER: Final = "provider"
DOSE: Final = "dose"
WAVE: Final = "wave"
DRAWS: Final = 4_000  # of the effect, for the chance that benefits exceed costs
_FEW: Final = 4  # doses that are groups by themselves; more are two, above and below the middle


def named(claim: Claim) -> dict[str, Any]:
    """Return what a claim is called, as fields of its finding."""
    return {"id": claim.id, "label": claim.label, "role": claim.role, "level": claim.level}


def by_groups(study: Study, evidence: Evidence, finding: Finding, by: str) -> Finding:
    """Return the finding on groups of the trained of another finding."""
    return finding.of_groups(groups_of(study, evidence, by), level=study.level)


def groups_of(study: Study, evidence: Evidence, by: str) -> Groups:
    """Return the effect of each group of a study's trained offices, or of each value of a column of its records.

    Raises
    ------
    AsnImpactError
        Nothing is called so, or there are fewer than two groups.
    """
    from asn_impact.estimation.grouped import compare_groups

    assert evidence.headline is not None
    effects, rule = evidence.headline.effects, evidence.headline.rule
    if by == WAVE or by in effects.design.panel.attributes.columns:
        return compare_groups(effects, by, rule)
    if by in {PROVIDER, DOSE}:
        return compare_groups(effects, by, rule, groups=_of_offices(study, evidence, by))
    try:
        return compare_groups(_of_records(study, by), by, rule)
    except EstimationError:
        raise
    except AsnImpactError as problem:
        try:
            groups = _of_offices(study, evidence, by)
        except AsnImpactError:
            raise problem from None
        return compare_groups(effects, by, rule, groups=groups)


def _of_records(study: Study, column: str) -> Effects:
    """Return the effect with a unit for each office and value of a column of its records."""
    if study.data.name in {"panel", "survey_recap", *OF_PERSONS}:
        raise InputError(Message("grouped.no_records", by=column, kind=study.data.name))
    own = study.outcome.parameters.get("by", "office")
    units = tuple(dict.fromkeys([*([own] if isinstance(own, str) else own), column]))
    outcome = replace(study.outcome, parameters={**study.outcome.parameters, "by": units})
    ready = prepared(replace(study, outcome=outcome, by=study.by or "office"))
    if ready.design is None:
        assert ready.refusal is not None
        raise InputError(ready.refusal)
    effects: Effects = study.estimator.made()(ready.design)
    return effects


def _of_offices(study: Study, evidence: Evidence, by: str) -> Mapping[Any, Any]:
    """Return trained office -> who taught it, how much, or what else a column of the training list says."""
    if study.rollout is None or study.rollout.name != "training":
        raise InputError(Message("grouped.no_training", by=by))
    if by == DOSE:
        return _doses(study, evidence)
    columns = {} if by == PROVIDER else {PROVIDER: by}
    rollout = read_rollout_of(study, evidence.ready, columns=columns)
    if rollout.providers is None:
        raise InputError(Message("grouped.no_providers"))
    return dict(rollout.providers.dropna())


def _doses(study: Study, evidence: Evidence) -> Mapping[Any, Message]:
    """Return trained office -> its dose in words: hours where the list has them, else the share of its staff."""
    try:
        kind, rollout = "hours", read_rollout_of(study, evidence.ready, dose="hours")
    except AsnImpactError:
        kind, rollout = "share", read_rollout_of(study, evidence.ready)
    if rollout.doses is None:
        raise InputError(Message("designs.no_doses"))
    return _in_words(_last_doses(rollout), kind)


def _last_doses(rollout: Rollout) -> pd.Series:
    assert rollout.doses is not None
    last = rollout.doses.sort_values("month", kind="stable").groupby("office")["dose"].last()
    return last[last.index.isin(rollout.adopted.dropna().index)]


def _in_words(doses: pd.Series, kind: str) -> Mapping[Any, Message]:
    """Return each dose in words: as it is where there are few, else whether it is above the middle one."""
    unit, shown = Message(f"grouped.dose.{kind}"), (100 * doses if kind == "share" else doses).round(1)
    distinct = np.unique(shown)
    if len(distinct) <= _FEW:
        names = {value: Message("grouped.dose.at", n=_number(value), unit=unit) for value in distinct}
        return {office: names[value] for office, value in shown.sort_values().items()}
    middle = float(shown.median())
    low, high = (Message(f"grouped.dose.{side}", n=_number(middle), unit=unit) for side in ("up_to", "more"))
    return {office: low if value <= middle else high for office, value in shown.sort_values().items()}


def _number(value: float) -> Quantity:
    return Quantity(float(value), "rollout.doses", 0 if value == round(value) else 1)


# ------------------------------------------------------------------------------------------------ was it worth it


def worth_it(claim: Claim, finding: Finding, worth: Worth) -> tuple[Finding, Evidence]:
    """Return what the effect of a claim gave back for what it cost, or why that cannot be said.

    Days are times applications, so the effect is estimated once more with every application counting alike.
    """
    from asn_impact.topics.planning.money import money
    from asn_impact.topics.planning.returns import cases_per_month, returns
    from asn_impact.topics.planning.statements import say_break_even, say_costs, say_in_short

    study = replace(claim.study, weights="records")
    ready = prepared(study)
    evidence = estimated(study, ready, beside=False)
    costs, source = costs_of(worth)
    evidence = replace(evidence, ready=replace(ready, sources=(*ready.sources, *source)))
    about: dict[str, Any] = {**named(claim), **dict.fromkeys(("remake", "events", "means", "value"))}
    about |= dict.fromkeys(("said", "tables", "drawn"), ())
    nothing = {**about, "inference": None, "scrutiny": None, "brief": True}
    if evidence.headline is None:
        return replace(finding, **nothing, refusal=evidence.ready.refusal), evidence
    given = dict(worth.values)
    try:
        given.setdefault("cases_per_month", cases_per_month(evidence.headline.effects.design))
        back = returns(evidence.headline, costs, **given, reps=DRAWS, seed=study.seed)
    except InputError as problem:
        return replace(finding, **nothing, refusal=problem.message), evidence
    rows, (verdict, *said) = back.rows(study.level), back.statements(study.level)
    one = {
        **about,
        **{"inference": None, "panel": evidence.headline.effects.design.panel, "scrutiny": evidence.scrutiny},
        "brief": True,
        **{"value": back, "remarks": each_once(costs.notes, evidence.ready.notes, evidence.headline.notes)},
    }
    grade = None if evidence.scrutiny is None else evidence.scrutiny.grade
    low, high = (rows["days_saved_per_case"][end] for end in ("conf_low", "conf_high"))
    if low <= 0 <= high:
        spent = Message("planning.returns.cost_sum", total=money(costs.total, "costs.total"))
        return replace(
            finding, **one, refusal=paragraph(verdict, spent, *_uncounted(costs), say_break_even(back))
        ), evidence
    first = [say_in_short(back, rows, study.level), verdict]
    if high < 0:
        cost = say_costs(back, rows, study.level)
        first, said = [paragraph(verdict, cost)], [other for other in said if other != cost]
    first[0] = paragraph(first[0], *_uncounted(costs))  # the part that a brief shows
    letter = "A" if grade is None else grade.letter
    shaky = () if letter in {"A", "B"} else (Message("programme.worth_supposes", grade=letter),)
    one["said"] = (*first, *shaky, *said, Message("planning.returns.by_application"))
    return replace(finding, **one), evidence


def _uncounted(costs: Costs) -> list[Message]:
    """Say that the budget has other amounts than those that count: what was spent beside what was planned."""
    if differing := [note for note in costs.notes if note.key == "planning.costs.difference"]:
        return differing
    beside = [note["headings"] for note in costs.notes if note.key == "planning.costs.beside"]
    return [Message("planning.costs.uncounted", headings=headings) for headings in beside]


def costs_of(worth: Worth) -> tuple[Costs, tuple[Source, ...]]:
    """Return the costs of the course of a claim, and the files they were read from."""
    with worth.place.explaining():
        costs: Costs = worth.costs.made(source=worth.costs.parameters["path"], match=worth.course, others=worth.others)
    return costs, costs.sources
