"""Every check that can run on a finding, and the grade that follows."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from asn_impact.designs import Design
from asn_impact.display import card
from asn_impact.errors import AsnImpactError, DataWarning, EstimationError, InferenceError
from asn_impact.estimation import GroupTime, Imputation, Inference, TwoWay
from asn_impact.estimation.effects import Effects
from asn_impact.estimation.inference import Rule
from asn_impact.measures.durations import Durations
from asn_impact.measures.panel import Panel
from asn_impact.scrutiny.decomposition import bacon, negative_weights
from asn_impact.scrutiny.event_path import EventPath, event_path
from asn_impact.scrutiny.grade import Assignment, Grade, grade
from asn_impact.scrutiny.heaping import QUESTION as HEAPING
from asn_impact.scrutiny.heaping import heaping
from asn_impact.scrutiny.placebo import OUTCOME as OTHER_OUTCOME
from asn_impact.scrutiny.placebo import leave_one_out, one_estimate, placebo_in_space, placebo_in_time, placebo_outcome
from asn_impact.scrutiny.pretrends import QUESTION, pretrends
from asn_impact.scrutiny.said import Check, Said, Verdict, cannot_say, refused, say
from asn_impact.scrutiny.sensitivity import Breakdown, RelativeMagnitude, breakdown, sensitivity
from asn_impact.scrutiny.specification import specification_curve
from asn_impact.scrutiny.surroundings import EVENT as COINCIDENCE
from asn_impact.scrutiny.surroundings import NEAR as SPILLOVER
from asn_impact.scrutiny.surroundings import coincidence, composition, spillover

__all__ = ["Scrutiny", "departures", "lottery_kept", "scrutinise", "steps_for", "two_way_weights"]

_STEPS = (1, 2, 3, 4, 6, 12)
_PER_ESTIMATE = 5  # clusters for each estimate of an event study whose whole variance is used
_DEPARTURE = say(
    "Berapa besar penyimpangan dari tren sejajar yang masih dapat ditahan kesimpulan?",
    "How large a departure from parallel trends does the conclusion survive?",
)
_WEIGHTS = say(
    "Apakah ada dampak yang dihitung dengan bobot negatif?", "Does any effect enter with a weight below zero?"
)
_LOTTERY = say("Apakah pelatihan mengikuti undian?", "Did training follow the lottery?")


@dataclass(frozen=True, eq=False)
class Scrutiny:
    """A finding with everything that was held against it.

    Attributes
    ----------
    finding
        The effect and its uncertainty; None where there is none.
    checks
        In the order in which a reader asks.
    grade
        By the published rule.
    breakdown
        The largest departure survived; None where it cannot be had.
    """

    finding: Inference | None
    checks: tuple[Check, ...]
    grade: Grade
    breakdown: Breakdown | None

    def __getitem__(self, name: str) -> Check:
        """Return the check of a name."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(f"No check is called {name!r}. There are: {[check.name for check in self.checks]}.")

    def table(self, language: Literal["id", "en"] = "en") -> pd.DataFrame:
        """Return one row a check: name, question, verdict and answer."""
        return pd.DataFrame(
            {
                "check": [check.name for check in self.checks],
                "question": [getattr(check.question, language) for check in self.checks],
                "verdict": [getattr(check.verdict_said(), language) for check in self.checks],
                "answer": [getattr(check.answer, language) for check in self.checks],
            }
        )

    def __repr__(self) -> str:
        counted = {
            v: sum(check.verdict == v for check in self.checks) for v in ("holds", "doubtful", "fails", "cannot_say")
        }
        said = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in counted.items() if count)
        return f"Scrutiny({self.grade!r}; {len(self.checks)} checks: {said})"

    def _repr_html_(self) -> str:
        facts: list[tuple[str, object]] = [("grade", f"{self.grade.letter}: {self.grade.meaning.en}")]
        facts += [("missing for the next grade", said.en) for said in self.grade.missing]
        return card("Scrutiny", facts, table=self.table())


def scrutinise(
    effects: Effects,
    *,
    rule: Rule,
    seed: int,
    reps: int = 199,
    events: Any = None,  # noqa: ANN401 - a frame or Events
    durations: Durations | None = None,
    limits: Sequence[int] = (),
    neighbours: Mapping[Hashable, Sequence[Hashable]] | None = None,
    other: Inference | None = None,
    panels: Sequence[Panel] = (),
    assignment: Assignment = "comparison",
    drawn: Mapping[Hashable, Any] | None = None,
) -> Scrutiny:
    """Return every check that can run on these effects, and the grade.

    Checks that need something that was not given say so (``cannot_say``).

    Parameters
    ----------
    effects
        Any effects with an overall number, for instance ``GroupTime()(design)``.
    rule
        The rule of inference of the finding.
    seed, reps
        Of the placebo among untrained offices.
    events
        Frame of dated events: see `coincidence`.
    durations, limits
        For `heaping`.
    neighbours
        For `spillover`.
    other
        Inference on an outcome that training cannot touch: see `placebo_outcome`.
    panels
        For `composition`.
    assignment, drawn
        How training was given; for a lottery, the first treated period drawn for each unit: see `lottery_kept`.

    Raises
    ------
    EstimationError
        The effects have no overall number.
    """
    overall = effects if effects.view is not None or len(effects.terms) == 1 else effects.overall()
    one_estimate(overall)
    design = overall.design
    finding = _finding(overall, rule)
    path, why = _path(effects, rule)
    survives = _breakdown(path)
    checks = [
        pretrends(path) if path is not None else cannot_say("pretrends", QUESTION, why),
        departures(path, survives) if path is not None else cannot_say("departures", _DEPARTURE, why),
        placebo_in_time(overall, rule=rule, steps=max(1, int(design.cohorts.min()) // 2)),
        placebo_in_space(overall, seed=seed, reps=reps),
        leave_one_out(overall),
        two_way_weights(overall),
        specification_curve({"as given": design}, _estimators(overall), (rule,)).check(),
        composition(overall, rule=rule, panels=panels),
    ]
    checks += _given(overall, rule, events, durations, limits, neighbours, other)
    if drawn is not None:
        checks.append(lottery_kept(design, drawn))
    letter = grade(
        checks,
        estimable=finding is not None,
        assignment=assignment,
        clusters=len(design.clusters),
        treated_clusters=design.treated_clusters,
        breakdown=np.nan if survives is None else survives.value,
    )
    return Scrutiny(finding, tuple(checks), letter, survives)


# ------------------------------------------------------------------------------------------------- the pieces


def _finding(overall: Effects, rule: Rule) -> Inference | None:
    """Return the finding, or None where it has no standard error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            found = rule(overall)
    except AsnImpactError:
        return None
    return found if np.isfinite(found.std_error[0]) and np.isfinite(found.df[0]) else None


def steps_for(clusters: int, before: int, after: int) -> int:
    """Return how many periods to put in a step of the event path: the fewest that leave few enough estimates.

    No more estimates than a fifth of the clusters, and no fewer than one on each side: a rule that does not look at
    the estimates, so that nobody chooses the step by its answer.

    Examples
    --------
    >>> steps_for(38, 13, 8)
    3
    """
    for every in _STEPS:
        pre, post = (before - (every - 1)) // every, after // every
        if pre < 1 or post < 1:
            break
        if pre + post <= max(2, clusters // _PER_ESTIMATE):
            return every
    raise InferenceError(
        f"{before} periods before and {after} after the reference cannot be put into so few steps that {clusters} "
        f"clusters carry their variance ({_PER_ESTIMATE} clusters for each)."
    )


def _path(effects: Effects, rule: Rule) -> tuple[EventPath | None, Said]:
    """Return the event path that the checks use, or None and the reason."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            source = effects if effects.view is None else effects.estimator(effects.design)
            events = rule(source.event_study())
            monthly = event_path(events, waves="same")
            every = steps_for(len(effects.design.clusters), monthly.pre, monthly.post)
            return event_path(events, every=every, waves="same"), Said("", "")
    except AsnImpactError as problem:
        return None, refused(problem)


def _breakdown(path: EventPath | None) -> Breakdown | None:
    try:
        return None if path is None else breakdown(path)
    except InferenceError:
        return None


def departures(path: EventPath, survives: Breakdown | None = None) -> Check:
    """Return the check of departures from parallel trends: holds when the breakdown value is 1 or more.

    Doubtful: between 0.5 and 1. Fails: below 0.5, although the interval excludes zero under parallel trends.
    """
    found = breakdown(path) if survives is None else survives
    sizes = (0.0, 0.5, 1.0, 1.5, 2.0)
    table = sensitivity(path, [RelativeMagnitude(size) for size in sizes], level=found.level).assign(mbar=sizes)
    value = found.value
    verdict: Verdict = "cannot_say" if np.isnan(value) else "holds" if value >= 1 else "doubtful"
    if value < 0.5:
        verdict = "fails"
    answer = found.said + say("Langkah: {k} periode.", "Steps of {k} periods.", k=path.every)
    return Check(
        "departures", _DEPARTURE, answer, verdict, table, "Rambachan and Roth (2023), Review of Economic Studies 90"
    )


def two_way_weights(effects: Effects) -> Check:
    """Return the check of weights below zero, in this estimate and in the two-way estimate of the same design.

    Fails: in this estimate they sum to less than -0.1. Doubtful: there are some.
    """
    rows, ours = [], None
    for label in ("this estimate", "two-way"):
        try:
            found = negative_weights(effects if label == "this estimate" else _two_way(effects.design))
        except AsnImpactError:
            continue
        ours = found if label == "this estimate" else ours
        rows.append({"estimate of": label, "share negative": found.share, "sum of negative weights": found.sum})
    if ours is None:
        why = say(
            "Bobot penduga ini atas dampak tidak diketahui.", "The weights of this estimate on effects are not known."
        )
        return cannot_say("weights", _WEIGHTS, why)
    verdict: Verdict = "fails" if ours.sum < -0.1 else "doubtful" if ours.share > 0 else "holds"
    answer = say(
        "{share} sel yang dilatih berbobot negatif, berjumlah {x}.",
        "{share} of the treated cells have a weight below zero, {x} in sum.",
        share=ours.share,
        x=ours.sum,
    )
    return Check("weights", _WEIGHTS, answer + _bacon_said(effects.design), verdict, pd.DataFrame(rows), _DCDH)


_DCDH = "de Chaisemartin and D'Haultfoeuille (2020), AER 110; Goodman-Bacon (2021), Journal of Econometrics 225"


def _two_way(design: Design) -> Effects:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return TwoWay()(design)


def _bacon_said(design: Design) -> Said:
    try:
        kinds = bacon(design).by_kind().set_index("kind")["weight"]
    except AsnImpactError:
        return Said("", "")
    return say(
        "Dalam regresi dua arah, {share} bobot membandingkan dengan kantor yang sudah dilatih.",
        "In the two-way regression, {share} of the weight compares with offices already trained.",
        share=float(kinds.get("later against earlier", 0.0)),
    )


def _estimators(effects: Effects) -> list[Any]:
    """Return the estimator that was used and those just as defensible, each once."""
    used = [effects.estimator, GroupTime(), GroupTime(controls="never"), Imputation(), TwoWay()]
    return list({estimator.name: estimator for estimator in used}.values())


def _given(
    effects: Effects,
    rule: Rule,
    events: Any,  # noqa: ANN401
    durations: Durations | None,
    limits: Sequence[int],
    neighbours: Mapping[Hashable, Sequence[Hashable]] | None,
    other: Inference | None,
) -> list[Check]:
    """Return the checks that need something from the caller; without it they say so."""
    made = {
        "coincidence": coincidence(effects.design, events) if events is not None else None,
        "heaping": heaping(durations, limits=limits) if durations is not None else None,
        "spillover": spillover(effects, neighbours, rule=rule) if neighbours is not None else None,
        "placebo_outcome": placebo_outcome(other) if other is not None else None,
    }
    return [check if check is not None else cannot_say(name, *_NEEDED[name]) for name, check in made.items()]


_NEEDED: Mapping[str, tuple[Said, Said]] = {
    "coincidence": (COINCIDENCE, say("Tabel peristiwa tidak diberikan.", "No table of events was given.")),
    "heaping": (
        HEAPING,
        say("Catatan tiap permohonan tidak diberikan.", "The records of the applications were not given."),
    ),
    "spillover": (SPILLOVER, say("Daftar tetangga tidak diberikan.", "No list of neighbours was given.")),
    "placebo_outcome": (OTHER_OUTCOME, say("Ukuran pembanding tidak diberikan.", "No other outcome was given.")),
}


def lottery_kept(design: Design, drawn: Mapping[Hashable, Any]) -> Check:
    """Return the check of a lottery: every unit was trained in the period that was drawn for it.

    Holds: all units. Doubtful: 95 % or more. Fails: fewer.

    Parameters
    ----------
    drawn
        First treated period drawn for each unit, as `Timeline.locate` reads them; missing: never.
    """
    if strangers := [unit for unit in design.panel.units if unit not in drawn]:
        raise EstimationError(
            f"{len(strangers)} units have no drawn period, first: {strangers[:3]!r}. Give None for never trained."
        )
    wanted, _ = design.panel.timeline.locate([drawn[unit] for unit in design.panel.units])
    same = wanted == design.adopted
    table = pd.DataFrame(
        {
            "unit": [str(unit) for unit in design.panel.units],
            "drawn": [design.cohort_label(step) for step in wanted],
            "trained": [design.cohort_label(step) for step in design.adopted],
        }
    ).loc[~same]
    answer = say(
        "{k} dari {n} kantor dilatih pada waktu yang diundi.",
        "{k} of {n} units were trained when drawn.",
        k=int(same.sum()),
        n=len(same),
    )
    verdict: Verdict = "holds" if same.all() else "doubtful" if same.mean() >= 0.95 else "fails"
    return Check("lottery", _LOTTERY, answer, verdict, table.reset_index(drop=True))
