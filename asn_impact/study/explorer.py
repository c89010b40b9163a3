"""The explorer: what happens to the finding when a defensible choice changes. To look by hand, not for a report."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from asn_impact.arguments import Times, check_fields
from asn_impact.designs import Design, assign
from asn_impact.errors import AsnImpactError, EstimationError, InputError
from asn_impact.estimation import BiasReduced, GLSImputation, GroupTime, Imputation, TwoWay, infer
from asn_impact.estimation.effects import Estimator
from asn_impact.estimation.inference import Rule
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.tabulate import tabulate
from asn_impact.reporting.charts import event_study, headline
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.findings import Finding
from asn_impact.study.measured import nouns_of
from asn_impact.study.prepared import prepared
from asn_impact.study.programme import Programme, open_study
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Speech

if TYPE_CHECKING:
    from ipywidgets import VBox

    from asn_impact.intake.readers.training import Rollout
    from asn_impact.measures.durations import Durations
    from asn_impact.study.claims import Claim

Name = Literal["own", "gls", "group_time", "imputation", "two_way"]
Controls = Literal["not_yet", "never"]
ESTIMATORS: Final[tuple[Name, ...]] = get_args(Name)[1:]


@dataclass(frozen=True)
class Choice:
    """One set of choices: how long a wait counts, how the effect is computed, who is compared with.

    Without a `horizon` it is that of the study; the estimator ``"own"`` is that of the study too.
    """

    horizon: Times | None
    estimator: Name
    controls: Controls

    def __post_init__(self) -> None:
        check_fields(self)

    def build(self, own: Estimator | None = None) -> Estimator:
        """Return the estimator of the choice; `own` is that of the study."""
        if self.estimator == "own" and own is not None:
            return own
        others: dict[str, Estimator] = {"imputation": Imputation(), "two_way": TwoWay(), "gls": GLSImputation()}
        return others.get(self.estimator, GroupTime(controls=self.controls))


@dataclass(frozen=True, eq=False)
class _Subject:
    """What is explored: the design for a longest wait, and what the study itself has chosen."""

    design: Callable[[int | None], Design]
    horizons: tuple[int, ...] = ()
    horizon: int | None = None
    own: Estimator | None = None
    rule: Rule = BiasReduced()  # noqa: RUF009 - a frozen value

    def estimators(self, language: Language) -> list[tuple[str, str]]:
        """Return the estimators to choose from as label and name: that of the study first."""
        others: list[tuple[str, str]]
        others = [(_write_label(name, language), name) for name in ESTIMATORS if self.own != _PLAIN[name].build()]
        if self.own is None:
            return others
        own = Message("charts.explorer.own", name=self.own.entry.short).text(language).text
        return [(own, "own"), *others]


_PLAIN: Final[Mapping[str, Choice]] = {name: Choice(None, name, "not_yet") for name in ESTIMATORS}


@public_verb
def explore(
    data: str | Path | Programme | Finding | Durations | Design,
    rollout: Rollout | None = None,
    *,
    cluster: str | None = None,
    horizons: tuple[Times, ...] = (10, 20, 30, 60),
    language: Language | None = None,
) -> VBox:
    """Return the controls of a study and the event study they lead to, drawn again at every change.

    It opens with the choices of the study itself, or with the default estimator. Looking at many answers and reporting
    one of them is not evidence: decide what the report uses before you look, and report the others as a
    specification curve.

    Parameters
    ----------
    data
        Your own study: ``"study.toml"``, or what `open_study` returned; with several claims one is chosen first.
        Or a `Finding`, the design of a study, or what `measure` returned.
    rollout
        Of durations: what `read_training` returned. Everything else has its own.
    cluster
        Of durations: the column of the units that stand or fall together, for instance ``"office"``.
    horizons
        The longest waits to choose from, in the days that the waits are counted in: of durations, and of a study of
        waits, which adds its own.
    language
        ``"id"`` or ``"en"``; without it the first language of a study, and English elsewhere.

    Raises
    ------
    InputError
        There is no horizon to choose from, or the durations come without rollout and cluster.
    StudyError
        The study file is not there, or says what cannot be understood.

    Examples
    --------
    >>> import asn_impact as ai
    >>> box = ai.explore(ai.example_design())
    >>> [control.description for control in box.children[:2]]
    ['Estimator', 'Comparison']

    On a study of your own::

        ai.explore("study.toml")
    """
    programme = open_study(data) if isinstance(data, str | Path) else data
    if isinstance(programme, Programme):
        spoken = language or programme.about.languages[0]
        check_language(spoken)
        if len(programme.claims) > 1:
            return _one_of(programme.claims, horizons, spoken)
        return _panel_of_claim(programme.claims[0], horizons, spoken)
    spoken = language or "en"
    check_language(spoken)
    return _panel(_of_value(programme, rollout, cluster, horizons), spoken)


# ------------------------------------------------------------------------------------------------ what is explored


def _of_claim(claim: Claim, horizons: tuple[int, ...]) -> _Subject:
    """Return the study of a claim: its data are read when its design is first asked for, once a horizon."""
    study = claim.study
    own = study.outcome.parameters.get("horizon")

    def design(horizon: int | None) -> Design:
        outcome = study.outcome
        if horizon is not None:
            outcome = replace(outcome, parameters={**outcome.parameters, "horizon": horizon})
        ready = prepared(replace(study, outcome=outcome))
        if ready.design is None:
            assert ready.refusal is not None
            raise EstimationError(ready.refusal)
        return ready.design

    offered = () if own is None else tuple(sorted({*horizons, own}))
    return _Subject(functools.cache(design), offered, own, study.estimator.made(), study.rule.made())


def _of_value(data: object, rollout: Rollout | None, cluster: str | None, horizons: tuple[int, ...]) -> _Subject:
    """Return a finding, a design, or durations with their rollout."""
    if isinstance(data, Design):
        return _Subject(lambda _: data)
    if isinstance(data, Finding) and data.inference is not None:
        effects = data.inference.effects
        return _Subject(lambda _: effects.design, own=effects.estimator, rule=data.inference.rule)
    if isinstance(data, Finding):
        raise InputError(data.refusal or Message("charts.explorer.no_effect", id=data.id))
    check_kind("explore", "data", data, "Durations")
    check_kind("explore", "rollout", rollout, "Rollout")
    if cluster is None:
        raise InputError(Message("charts.explorer.no_cluster"))
    if not horizons:
        raise InputError(Message("charts.explorer.no_horizon"))
    times: Any = data
    starts: Any = rollout
    column = cluster

    def design(horizon: int | None) -> Design:
        assert horizon is not None
        return assign(tabulate(times, RestrictedMean(horizon), by=column), starts, cluster=column)

    return _Subject(design, horizons, horizons[len(horizons) // 2])


# ---------------------------------------------------------------------------------------------------- what is seen


def _one_of(claims: Sequence[Claim], horizons: tuple[int, ...], language: Language) -> VBox:
    """Return a list of claims, and the controls of the one that is chosen; the others are not read."""
    import ipywidgets as widgets

    options = [(claim.label.text(language).text, place) for place, claim in enumerate(claims)]
    chosen = _labelled(widgets.Dropdown(options=options), "claim", language)
    box = widgets.VBox()
    panel = functools.cache(lambda place: _panel_of_claim(claims[place], horizons, language).children)

    def show(_: Any = None) -> None:  # noqa: ANN401 - what changed; it is read anew
        box.children = (chosen, *panel(chosen.value))

    chosen.observe(show, names="value")
    show()
    return box


def _panel_of_claim(claim: Claim, horizons: tuple[int, ...], language: Language) -> VBox:
    return _panel(_of_claim(claim, horizons), Speech(language, nouns_of(claim.study)))


def _panel(subject: _Subject, language: Language) -> VBox:
    """Return the controls of one subject, its finding and its event study."""
    import ipywidgets as widgets

    offered = subject.horizons or (0,)
    horizon = widgets.SelectionSlider(options=list(offered), value=subject.horizon or offered[0])
    estimator = widgets.Dropdown(options=subject.estimators(language))
    controls = widgets.Dropdown(options=[(_write_label(name, language), name) for name in get_args(Controls)])
    sentence, picture = widgets.HTML(), widgets.Image(format="png")
    answer = functools.lru_cache(maxsize=64)(functools.partial(_find_answer, subject, language))

    def show(_: Any = None) -> None:  # noqa: ANN401 - what changed; all three are read anew
        controls.disabled = estimator.value != "group_time"
        finding, drawing = answer(Choice(horizon.value or None, estimator.value, controls.value))
        sentence.value = f"<b>{finding}</b>"
        picture.value = drawing

    for widget, name in ((horizon, "horizon"), (estimator, "estimator"), (controls, "controls")):
        _labelled(widget, name, language).observe(show, names="value")
    show()
    chosen = [horizon, estimator, controls] if subject.horizons else [estimator, controls]
    return widgets.VBox([*chosen, sentence, picture])


def _labelled(widget: Any, name: str, language: Language) -> Any:  # noqa: ANN401 - a control
    import ipywidgets as widgets

    widget.description = _write_label(name, language)
    widget.style = {"description_width": "14em"}
    widget.layout = widgets.Layout(width="40em")
    return widget


def _write_label(name: str, language: Language) -> str:
    return Message(f"charts.explorer.{name}").text(language).text


@public_verb
def _find_answer(subject: _Subject, language: Language, choice: Choice) -> tuple[str, bytes]:
    """Return the finding as a sentence and the event study as a picture; what cannot be estimated says why."""
    try:
        effects = choice.build(subject.own)(subject.design(choice.horizon))
    except AsnImpactError as problem:
        return problem.text(language), b""
    try:
        events, measure = infer(effects.event_study(), subject.rule), effects.outcome.words.short.text(language)
        chart = event_study(events, language=language, title=measure.text)
        found = Message("charts.sentence", text=headline(events, language=language))
        return found.text(language), chart.png()
    except AsnImpactError:  # this estimator or rule has no effects by time: then the finding alone
        return _finding_alone(effects, subject.rule, language), b""


def _finding_alone(effects: Any, rule: Rule, language: Language) -> str:  # noqa: ANN401 - Effects
    try:
        text = headline(infer(effects.overall(), rule), language=language)
    except AsnImpactError as problem:
        return problem.text(language)
    return Message("charts.sentence", text=text).text(language)
