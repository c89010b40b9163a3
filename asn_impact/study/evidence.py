"""From the design to what a report holds: inferences, charts and tables, and the warnings that go in front of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from asn_impact.errors import EstimationError, InferenceError, InputError
from asn_impact.study.blind import said_of
from asn_impact.study.detail import Detail, detailed, moved, say_tail
from asn_impact.study.measured import nouns_of
from asn_impact.study.prepared import Prepared
from asn_impact.study.settings import Study
from asn_impact.study.stepped import where_days_went
from asn_impact.verbs import public_verb
from asn_impact.words import Alert, Language, Message, Speech, each_once

if TYPE_CHECKING:
    from asn_impact.designs import Design
    from asn_impact.estimation import Effects, Inference
    from asn_impact.measures.panel import Panel
    from asn_impact.reporting.chart import Chart
    from asn_impact.reporting.imprint import Imprint
    from asn_impact.reporting.tables import Table
    from asn_impact.scrutiny.scrutinise import Scrutiny
    from asn_impact.topics.clocks.changes import StepChanges

FEWEST_CLUSTERS: Final = 8  # that the rules of inference were tried with in simulations: docs/coverage.md


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the data say."""

    ready: Prepared  #: everything before the estimate; `refusal` says why there is none
    headline: Inference | None = None  #: one number, or the coefficients of a regression; None when refused
    events: Inference | None = None  #: effects by time since adoption, where the estimator has them
    #: What was held against the headline, and its grade; None for several coefficients.
    scrutiny: Scrutiny | None = None
    #: Completion curve, moved quantiles, other choices, departures; empty for several coefficients.
    detail: Detail = field(default_factory=Detail)
    warnings: tuple[Message, ...] = ()  #: what a reader must know before the result
    #: How much of the effect on a wait lies in each step of its log; None where there is none.
    steps: StepChanges | None = None


@public_verb
def estimated(study: Study, ready: Prepared, *, beside: bool | Literal["events"] = True) -> Evidence:
    """Return the evidence of a prepared study: the effect, or the reason why none can be had.

    Without what stands beside the finding (event study, curve, other choices) it is the finding and its grade alone;
    ``"events"`` adds the event study.
    """
    if ready.design is None:
        assert ready.refusal is not None
        return Evidence(ready, warnings=(ready.refusal,))
    try:
        return _inferred(study, ready, ready.design, beside=beside)
    except (EstimationError, InferenceError) as problem:
        refusal = problem.message
        return Evidence(replace(ready, refusal=refusal), warnings=(refusal,))


def foreseen(study: Study, ready: Prepared) -> Message | None:
    """Return why `estimated` would give no effect, as far as it can be told without an estimate."""
    from asn_impact.estimation import Classical, Permutation, Placebo, Simultaneous
    from asn_impact.estimation.inference import single_cluster

    if ready.refusal is not None or ready.design is None:
        return ready.refusal
    rule: Any = study.rule.made()
    rule = rule.rule if isinstance(rule, Simultaneous) else rule
    return None if isinstance(rule, Classical | Permutation | Placebo) else single_cluster(ready.design)


def _inferred(study: Study, ready: Prepared, design: Design, *, beside: bool | str) -> Evidence:
    from asn_impact.estimation import infer

    effects: Effects = study.estimator.made()(design)
    rule = study.rule.made()
    headline = infer(_one_number(effects), rule)
    one = len(headline.estimate) == 1
    events = _by_time(effects, rule) if beside else None
    steps, unsplit = where_days_went(study, headline) if beside else (None, ())
    notes = each_once(ready.notes, effects.notes, headline.notes, () if events is None else events.notes, unsplit)
    scrutiny = scrutiny_of(study, ready, effects, rule) if one else None
    return Evidence(
        replace(ready, notes=notes),
        headline=headline,
        events=events,
        scrutiny=scrutiny,
        detail=detailed(study, ready, effects, scrutiny) if one and beside is True else Detail(),
        warnings=tuple(_few_clusters(headline.effects.design)),
        steps=steps,
    )


def _one_number(effects: Effects) -> Effects:
    """Return the overall effect, or the coefficients of an estimator that has none."""
    try:
        return effects.overall()
    except EstimationError:
        return effects


def _by_time(effects: Effects, rule: Any) -> Inference | None:  # noqa: ANN401 - any rule of inference
    from asn_impact.estimation import infer

    try:
        return infer(effects.event_study(), rule)
    except EstimationError:
        return None


def scrutiny_of(study: Study, ready: Prepared, effects: Effects, rule: Any) -> Scrutiny:  # noqa: ANN401 - any rule
    """Return a finding held against all that its study says and its files hold."""
    from asn_impact.scrutiny.scrutinise import scrutinise
    from asn_impact.study.against import held_against

    against = held_against(study, ready, effects, rule)
    try:
        return scrutinise(effects, rule=rule, seed=study.seed, level=study.level, **against)
    except InputError as problem:  # what the study says does not fit its data
        raise study.place("scrutiny").refuse(problem.message) from problem


def _few_clusters(design: Design) -> list[Message]:
    clusters, treated = len(design.clusters), design.treated_clusters
    if clusters >= FEWEST_CLUSTERS:
        return []
    return [Alert("study.few_clusters", clusters=clusters, treated=treated, fewest=FEWEST_CLUSTERS)]


# ------------------------------------------------------------------------------------------- for the report


def source_of(study: Study) -> Message:
    """Return whose data these are; made-up data and a blind run are said to be so."""
    return said_of(study, study.source)


def imprint_of(study: Study) -> Imprint | None:
    """Return who wrote the report; None where the study does not say."""
    from asn_impact.reporting.imprint import Imprint

    with study.place("study").explaining():
        return Imprint(**study.imprint) if study.imprint else None


def say_look(study: Study) -> tuple[Message, ...]:
    """Say which look this is of how many, and what that does to the interval; nothing where there is one."""
    if study.looks is None:
        return ()
    from asn_impact.reporting.words import level_quantity

    assert study.level_together is not None
    levels = {"together": level_quantity(study.level_together), "level": level_quantity(study.level)}
    return (Message("study.look", look=study.look, looks=study.looks, **levels),)


def findings(study: Study, evidence: Evidence) -> list[str]:
    """Return the findings in one sentence each, in the first language of the study."""
    if evidence.headline is None:
        return []
    from asn_impact.reporting.argument import say_grade_and_lack, say_turning
    from asn_impact.reporting.prose import found

    language = Speech(study.languages[0], nouns_of(study))
    scrutiny = evidence.scrutiny
    grade = None if scrutiny is None else scrutiny.grade
    sentence = found(evidence.headline, language=language, level=study.level, grade=grade)
    if scrutiny is not None:
        tail = say_tail(evidence.detail.quantiles, evidence.headline)
        said = [*tail, *say_look(study), *say_grade_and_lack(scrutiny), *say_turning(scrutiny)]
        sentence = sentence.then(*(message.text(language) for message in said))
    return [
        *_coefficients(evidence.headline, study.level, language),
        f"{sentence.text} [{source_of(study).text(language)}]",
    ]


def _coefficients(inference: Inference, level: float, language: Language) -> list[str]:
    """Return one line a term where there are several."""
    from asn_impact.reporting.words import level_quantity

    table = inference.table(level)
    if len(table) == 1:
        return []
    name = inference.effects.terms.columns[0]
    return [
        Message(
            "study.coefficient",
            term=str(getattr(row, name)),
            estimate=row.estimate,
            error=row.std_error,
            level=level_quantity(level),
            low=row.conf_low,
            high=row.conf_high,
        ).text(language)
        for row in table.itertuples(index=False)
    ]


def charts(study: Study, evidence: Evidence, language: Language) -> dict[str, Chart]:
    """Return every chart the evidence has, by name."""
    from asn_impact.reporting import charts as figures
    from asn_impact.reporting.bands import band_of
    from asn_impact.reporting.prose import HEADINGS
    from asn_impact.reporting.recoding import thickened

    ready = evidence.ready
    common: dict[str, Any] = {
        "language": Speech(language, nouns_of(study)),
        "source": f"{HEADINGS['source'][language]}: {source_of(study).text(language)}",
        "inputs": ready.sources,
    }
    pieces: dict[str, Chart] = {}
    if evidence.events is not None:
        grade = None if evidence.scrutiny is None else evidence.scrutiny.grade
        band = band_of(evidence.events, study.level)
        pieces["event_study"] = figures.event_study(
            evidence.events, level=study.level, band=band, grade=grade, **common
        )
    if ready.design is not None:
        if ready.design.status is None:
            pieces["raw_trends"] = figures.raw_trends(ready.design, **common)
        pieces["who_is_compared"] = figures.who_is_compared(ready.design, **common)
    if ready.months is not None:
        months = thickened(ready.months, ready.design if ready.design is not None else ready.panel)
        pieces["maturity"] = figures.maturity(months, **common)
    return pieces | _detail_charts(study, evidence, common)


def _detail_charts(study: Study, evidence: Evidence, common: dict[str, Any]) -> dict[str, Chart]:
    from asn_impact.reporting import charts as figures
    from asn_impact.topics.clocks.shown import days_by_step

    detail, scrutiny = evidence.detail, evidence.scrutiny
    grade = None if scrutiny is None else scrutiny.grade
    pieces: dict[str, Chart] = {}
    if evidence.steps is not None:
        pieces["days_by_step"] = days_by_step(evidence.steps, level=study.level, grade=grade, **common)
    if detail.curve is not None:
        pieces["completion_curve"] = figures.completion_curve(detail.curve, level=study.level, grade=grade, **common)
    if detail.intervals and scrutiny is not None and scrutiny.breakdown is not None:
        outcome = evidence.ready.panel.outcome
        pieces["sensitivity"] = figures.sensitivity(
            detail.intervals, scrutiny.breakdown, outcome=outcome, grade=grade, **common
        )
    return pieces


def contents(
    evidence: Evidence, drawings: dict[str, Chart], *, level: float, look: tuple[Message, ...] = ()
) -> dict[str, Any]:
    """Return what the report holds, by the fields of `Report`: effect, checks, charts, tables, rows and months."""
    from asn_impact.reporting import tables
    from asn_impact.reporting.left_out import withdrawn_lines

    ready, headline = evidence.ready, evidence.headline
    exhibits: list[Any] = [_warning_table(evidence.warnings)] if evidence.warnings else []
    alone = headline is not None and len(headline.estimate) == 1
    exhibits += [headline] if headline is not None and not alone else []
    in_order = ("who_is_compared", "raw_trends", "days_by_step", "completion_curve", "sensitivity")
    exhibits += [drawings[name] for name in in_order if name in drawings]
    exhibits += _detail_tables(evidence, level)
    design = ready.design if headline is None else headline.effects.design  # as in the other tables
    withdrawn = withdrawn_lines(ready.panel if design is None else design.panel)
    exhibits += [tables.clusters(design)] if design is not None and design.status is None else []
    exhibits += [_level_table(ready)] if headline is None else []
    return {
        "answer": (headline,) if alone else (),
        "by_time": (evidence.events,) if evidence.events is not None else (),
        "scrutiny": (evidence.scrutiny,) if evidence.scrutiny is not None else (),
        "beside": (*withdrawn, *say_tail(evidence.detail.quantiles, headline), *look, *say_steps(evidence, level)),
        "panel": ready.panel if headline is None else None,
        "ledger": ready.ledger,
        "months": (ready.months,) if ready.months is not None else (),
        "exhibits": tuple(exhibits),
        "inputs": ready.sources,
        "as_of": ready.as_of,
        "level": level,
    }


def say_steps(evidence: Evidence, level: float) -> tuple[Message, ...]:
    """Return in which steps the wait changed, where the file of a study is a log of steps."""
    return () if evidence.steps is None else (evidence.steps.seen(level),)


def tables_of_steps(evidence: Evidence, level: float) -> tuple[Table, ...]:
    """Return the table of the days in each step, where the file of a study is a log of steps."""
    from asn_impact.topics.clocks.shown import days_by_step_table

    return () if evidence.steps is None else (days_by_step_table(evidence.steps, level=level),)


def _detail_tables(evidence: Evidence, level: float) -> list[Table]:
    from asn_impact.reporting import tables

    detail = evidence.detail
    pieces = [*tables_of_steps(evidence, level)]
    pieces += [moved(detail.quantiles, evidence.ready.panel.outcome, level)] if detail.quantiles is not None else []
    return [*pieces, *([tables.specifications(detail.choices, level=level)] if detail.choices else [])]


def _warning_table(warnings: tuple[Message, ...]) -> Table:
    from asn_impact.reporting.tables import Table

    return Table(
        frame=pd.DataFrame({"warning": pd.Series(warnings, dtype=object)}),
        title=Message("study.warning.title"),
        headings={"warning": Message("study.warning.heading")},
    )


def _level_table(ready: Prepared) -> Table:
    """Return the outcome by unit over all periods used: a description, with nothing compared."""
    from asn_impact.reporting.recoding import all_alike
    from asn_impact.reporting.tables import Table, counts_records
    from asn_impact.reporting.words import unit_noun

    panel, words, (one, _) = ready.panel, ready.panel.outcome.words, unit_noun(ready.panel)
    n = np.where(panel.observed, panel.n, 0.0)
    mean = (n * np.nan_to_num(panel.mean)).sum(axis=1) / n.sum(axis=1)
    frame = pd.DataFrame(
        {
            "office": [str(unit) for unit in panel.units],
            "periods": panel.observed.sum(axis=1),
            "records": n.sum(axis=1).astype(int),
            "mean": words.scale * mean,
        }
    )
    of_records = counts_records(panel)
    alike = [of_records and all_alike(panel, panel.observed & (np.arange(len(n)) == i)[:, None]) for i in range(len(n))]
    frame["mean"] = frame["mean"].mask(pd.Series(alike, dtype=bool))
    frame, cells = _other_units(panel, frame, n, words.scale * mean)
    return Table(
        frame=frame if of_records else frame.drop(columns="records"),
        title=words.label,
        note=(Message("study.levels.note")),
        kinds={"periods": "whole", "records": "records", "mean": "one" if words.decimals < 2 else "two"},
        rests_on={"mean": "records"} if of_records else {},
        headings={"office": one, "mean": (Message("study.levels.mean"))},
        cells={"records": cells} if of_records else {},
    )


def _other_units(panel: Panel, frame: pd.DataFrame, n: Any, means: Any) -> tuple[pd.DataFrame, tuple[Any, ...]]:  # noqa: ANN401 - arrays
    """Return the rows with small units in one, and what each row counts."""
    from asn_impact.reporting.recoding import Cells, Release

    shown = Release.of_units(panel)
    rows = frame[shown]
    cells = [Cells(frozenset({unit})) for unit, keep in zip(panel.units, shown, strict=True) if keep]
    if not shown.all():
        weight = n[~shown].sum(axis=1)
        other = {
            "office": Message("release.other.offices"),
            "periods": int(panel.observed[~shown].any(axis=0).sum()),
            "records": int(weight.sum()),
            "mean": float((weight * means[~shown]).sum() / weight.sum()),
        }
        rows = pd.concat([rows, pd.DataFrame([other])], ignore_index=True)
        cells.append(Cells(frozenset(unit for unit, keep in zip(panel.units, shown, strict=True) if not keep)))
    return rows.reset_index(drop=True), tuple(cells)
