"""The explorer: what happens to the finding when a defensible choice changes. To look by hand, not for a report."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from asn_impact.arguments import Times, check_fields
from asn_impact.designs import Design, assign
from asn_impact.errors import AsnImpactError, InputError
from asn_impact.estimation import BiasReduced, GLSImputation, GroupTime, Imputation, TwoWay, infer
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

Name = Literal["group_time", "imputation", "two_way", "gls"]
Controls = Literal["not_yet", "never"]
ESTIMATORS: Final[tuple[Name, ...]] = get_args(Name)


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
        others: dict[str, Estimator] = {"imputation": Imputation(), "two_way": TwoWay(), "gls": GLSImputation()}
        return others[self.estimator]


@public_verb
def explore(
    data: Durations | Design,
    rollout: Rollout | None = None,
    *,
    cluster: str | None = None,
    horizons: tuple[Times, ...] = (10, 20, 30, 60),
    language: Language = "en",
) -> VBox:
    """Return the controls of a study and the event study they lead to, drawn again at every change.

    Looking at many answers and reporting one of them is not evidence: decide what the report uses before you look, and
    report the others as a specification curve.

    Parameters
    ----------
    data
        What `measure` returned: then the longest wait can be chosen too. Or the design of any study of your own.
    rollout
        What `read_training` returned; a design has its own.
    cluster
        The column of the units that stand or fall together, for instance ``"office"``; a design has its own.
    horizons
        The longest waits to choose from, in the unit that the durations are counted in.
    language
        ``"id"`` or ``"en"``.

    Raises
    ------
    InputError
        There is no horizon to choose from, or the durations come without rollout and cluster.

    Examples
    --------
    >>> import asn_impact as ai
    >>> box = ai.explore(ai.example_design())
    >>> [control.description for control in box.children[:2]]
    ['Estimator', 'Comparison']
    """
    import ipywidgets as widgets

    check_language(language)
    build = _designs_of(data, rollout, cluster)
    if not horizons:
        raise InputError(Message("charts.explorer.no_horizon"))
    horizon = widgets.SelectionSlider(options=list(horizons), value=horizons[len(horizons) // 2])
    estimator = widgets.Dropdown(options=_list_options(ESTIMATORS, language))
    controls = widgets.Dropdown(options=_list_options(("not_yet", "never"), language))
    sentence, picture = widgets.HTML(), widgets.Image(format="png")
    answer = functools.lru_cache(maxsize=64)(functools.partial(_find_answer, build, language))

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
    chosen = [estimator, controls] if isinstance(data, Design) else [horizon, estimator, controls]
    return widgets.VBox([*chosen, sentence, picture])


def _designs_of(data: Durations | Design, rollout: Rollout | None, cluster: str | None) -> Callable[[int], Design]:
    """Return what makes the design for a longest wait."""
    if isinstance(data, Design):
        return lambda _: data
    check_kind("explore", "data", data, "Durations")
    check_kind("explore", "rollout", rollout, "Rollout")
    if cluster is None:
        raise InputError(Message("charts.explorer.no_cluster"))
    assert rollout is not None
    starts, column = rollout, cluster
    return lambda horizon: assign(tabulate(data, RestrictedMean(horizon), by=column), starts, cluster=column)


def _list_options(names: tuple[str, ...], language: Language) -> list[tuple[str, str]]:
    return [(_write_label(name, language), name) for name in names]


def _write_label(name: str, language: Language) -> str:
    return Message(f"charts.explorer.{name}").text(language).text


@public_verb
def _find_answer(build: Callable[[int], Design], language: Language, choice: Choice) -> tuple[str, bytes]:
    """Return the finding as a sentence and the event study as a picture; what cannot be estimated says why."""
    try:
        effects = choice.build()(build(choice.horizon))
        chart = event_study(infer(effects.event_study(), BiasReduced()), language=language)
    except AsnImpactError as problem:
        return problem.text(language), b""
    return Message("charts.sentence", text=chart.title.text).text(language), chart.png()
