"""The explorer: what happens to the finding when a defensible choice changes. To look by hand, not for a report."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from asn_impact.designs import assign
from asn_impact.errors import AsnImpactError, DataWarning, InputError
from asn_impact.estimation import BiasReduced, GroupTime, Imputation, TwoWay, infer
from asn_impact.estimation.effects import Estimator
from asn_impact.intake.training import Rollout
from asn_impact.measures.durations import Durations
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.tabulate import tabulate
from asn_impact.reporting.charts import event_study
from asn_impact.reporting.words import Language, both, checked

if TYPE_CHECKING:
    from ipywidgets import VBox

__all__ = ["Choice", "explore"]

Controls = Literal["not_yet", "never"]
ESTIMATORS: Final = ("group_time", "imputation", "two_way")
_LABELS: Final = {
    "horizon": both(id="Paling lama dihitung (hari)", en="Counted up to (days)"),
    "estimator": both(id="Cara menghitung", en="Estimator"),
    "controls": both(id="Pembanding", en="Comparison"),
    "group_time": both(id="gelombang dan waktu", en="group-time"),
    "imputation": both(id="imputasi", en="imputation"),
    "two_way": both(id="dua arah", en="two-way"),
    "not_yet": both(id="belum dan tidak pernah dilatih", en="not yet and never trained"),
    "never": both(id="tidak pernah dilatih", en="never trained"),
}


@dataclass(frozen=True)
class Choice:
    """One set of choices: how long a wait counts, how the effect is computed, who is compared with."""

    horizon: int
    estimator: str
    controls: Controls

    def made(self) -> Estimator:
        """Return the estimator of the choice."""
        if self.estimator == "group_time":
            return GroupTime(controls=self.controls)
        return Imputation() if self.estimator == "imputation" else TwoWay()


def explore(
    durations: Durations,
    rollout: Rollout,
    *,
    cluster: str,
    horizons: tuple[int, ...] = (10, 20, 30, 60),
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
    """
    import ipywidgets as widgets

    checked(language)
    if not horizons:
        raise InputError("horizons is empty. Expected at least one number of days, for instance (10, 30).")
    horizon = widgets.SelectionSlider(options=list(horizons), value=horizons[len(horizons) // 2])
    estimator = widgets.Dropdown(options=_options(ESTIMATORS, language))
    controls = widgets.Dropdown(options=_options(("not_yet", "never"), language))
    sentence, picture = widgets.HTML(), widgets.Image(format="png")
    answer = functools.lru_cache(maxsize=64)(functools.partial(_answer, durations, rollout, cluster, language))

    def show(_: Any = None) -> None:  # noqa: ANN401 - what changed; all three are read anew
        controls.disabled = estimator.value != "group_time"
        said, drawn = answer(Choice(horizon.value, estimator.value, controls.value))
        sentence.value = f"<b>{said}</b>"
        picture.value = drawn

    named = zip((horizon, estimator, controls), ("horizon", "estimator", "controls"), strict=True)
    for widget, name in named:
        widget.description = _LABELS[name][language]
        widget.style = {"description_width": "14em"}
        widget.layout = widgets.Layout(width="34em")
        widget.observe(show, names="value")
    show()
    return widgets.VBox([horizon, estimator, controls, sentence, picture])


def _options(names: tuple[str, ...], language: Language) -> list[tuple[str, str]]:
    return [(_LABELS[name][language], name) for name in names]


def _answer(
    durations: Durations, rollout: Rollout, cluster: str, language: Language, choice: Choice
) -> tuple[str, bytes]:
    """Return the finding as a sentence and the event study as a picture; what cannot be estimated says why."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # said when the data were read
            panel = tabulate(durations, RestrictedMean(choice.horizon), by=cluster)
            effects = choice.made()(assign(panel, rollout, cluster=cluster))
            chart = event_study(infer(effects.event_study(), BiasReduced()), language=language)
    except AsnImpactError as problem:
        return str(problem), b""
    return f"{chart.title.text}.", chart.png()
