"""The explorer: what happens to the finding when a defensible choice changes. To look by hand, not for a report."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from asn_impact.arguments import Times, check_fields
from asn_impact.designs import assign
from asn_impact.errors import AsnImpactError, InputError
from asn_impact.estimation import BiasReduced, GroupTime, Imputation, TwoWay, infer
from asn_impact.estimation.effects import Estimator
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.tabulate import tabulate
from asn_impact.reporting.charts import event_study
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message

if TYPE_CHECKING:
    from ipywidgets import VBox

    from asn_impact.intake.readers.training import Rollout
    from asn_impact.measures.durations import Durations

__all__ = ["Choice", "explore"]

Name = Literal["group_time", "imputation", "two_way"]
Controls = Literal["not_yet", "never"]
ESTIMATORS: Final[tuple[Name, ...]] = ("group_time", "imputation", "two_way")


@dataclass(frozen=True)
class Choice:
    """One set of choices: how long a wait counts, how the effect is computed, who is compared with."""

    horizon: Times
    estimator: Name
    controls: Controls

    def __post_init__(self) -> None:
        check_fields(self)

    def build(self) -> Estimator:
        """Return the estimator of the choice."""
        if self.estimator == "group_time":
            return GroupTime(controls=self.controls)
        return Imputation() if self.estimator == "imputation" else TwoWay()


@public_verb
def explore(
    durations: Durations,
    rollout: Rollout,
    *,
    cluster: str,
    horizons: tuple[Times, ...] = (10, 20, 30, 60),
    language: Language = "en",
) -> VBox:
    """Return three controls and the event study they lead to, drawn again at every change.

    Looking at many answers and reporting one of them is not evidence: decide what the report uses before you look, and
    report the others as a specification curve.

    Parameters
    ----------
    durations
        What `measure` returned.
    rollout
        What `read_training` returned.
    cluster
        The column of the units that stand or fall together, for instance ``"office"``.
    horizons
        The longest waits to choose from.
    language
        ``"id"`` or ``"en"``.

    Raises
    ------
    InputError
        There is no horizon to choose from.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> durations = ai.measure(extract, ai.WorkCalendar.indonesia())
    >>> box = explore(durations, ai.example_rollout(), cluster="office")
    >>> len(box.children)
    5
    """
    import ipywidgets as widgets

    check_language(language)
    check_kind("explore", "durations", durations, "Durations")
    check_kind("explore", "rollout", rollout, "Rollout")
    if not horizons:
        raise InputError(Message("charts.explorer.no_horizon"))
    horizon = widgets.SelectionSlider(options=list(horizons), value=horizons[len(horizons) // 2])
    estimator = widgets.Dropdown(options=_list_options(ESTIMATORS, language))
    controls = widgets.Dropdown(options=_list_options(("not_yet", "never"), language))
    sentence, picture = widgets.HTML(), widgets.Image(format="png")
    answer = functools.lru_cache(maxsize=64)(functools.partial(_find_answer, durations, rollout, cluster, language))

    def show(_: Any = None) -> None:  # noqa: ANN401 - what changed; all three are read anew
        controls.disabled = estimator.value != "group_time"
        finding, drawing = answer(Choice(horizon.value, estimator.value, controls.value))
        sentence.value = f"<b>{finding}</b>"
        picture.value = drawing

    for widget, name in ((horizon, "horizon"), (estimator, "estimator"), (controls, "controls")):
        widget.description = _write_label(name, language)
        widget.style = {"description_width": "14em"}
        widget.layout = widgets.Layout(width="34em")
        widget.observe(show, names="value")
    show()
    return widgets.VBox([horizon, estimator, controls, sentence, picture])


def _list_options(names: tuple[str, ...], language: Language) -> list[tuple[str, str]]:
    return [(_write_label(name, language), name) for name in names]


def _write_label(name: str, language: Language) -> str:
    return Message(f"charts.explorer.{name}").text(language).text


@public_verb
def _find_answer(
    durations: Durations, rollout: Rollout, cluster: str, language: Language, choice: Choice
) -> tuple[str, bytes]:
    """Return the finding as a sentence and the event study as a picture; what cannot be estimated says why."""
    try:
        panel = tabulate(durations, RestrictedMean(choice.horizon), by=cluster)
        effects = choice.build()(assign(panel, rollout, cluster=cluster))
        chart = event_study(infer(effects.event_study(), BiasReduced()), language=language)
    except AsnImpactError as problem:
        return problem.text(language), b""
    return Message("charts.sentence", text=chart.title.text).text(language), chart.png()
