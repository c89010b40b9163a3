"""The columns that the estimator, the rule and the checks of a study name."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from asn_impact.arguments import did_you_mean
from asn_impact.study import offers
from asn_impact.study.keys import Setting
from asn_impact.study.kinds import TEXT, TEXTS
from asn_impact.study.ready import Prepared
from asn_impact.study.settings import Study
from asn_impact.words import Message, paragraph

if TYPE_CHECKING:
    from asn_impact.intake.readers.training import Rollout
    from asn_impact.measures.panel import Panel


FIELDS: Final = ("case", "office", "service", "received", "decided", "status")  # of every application
PERIOD: Final = "period"  # names the periods themselves, where a rule clusters by them


def cells_asked(study: Study) -> dict[str, Any]:
    """Return what `tabulate` is asked for beside records and outcome."""
    cells = offers.cells_of(study.outcome)
    covariates = tuple(dict.fromkeys((*cells.get("covariates", ()), *named_columns(study)[0])))
    return {"by": "office", **cells, "covariates": covariates}


def named_columns(study: Study) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns that the estimator and the rule name: those of numbers, and attributes of the units."""
    if study.rollout is None:
        return (), ()
    numbers, attributes = _columns(study.estimator)
    of_rule, strata = _columns(study.rule)
    return tuple(dict.fromkeys((*numbers, *of_rule))), tuple(dict.fromkeys((*attributes, *strata)))


def _columns(setting: Setting) -> tuple[list[str], list[str]]:
    """Return the columns a setting names: its lists of texts are columns of numbers, its texts attributes."""
    numbers: list[str] = []
    attributes: list[str] = []
    assert setting.keys.home is not None
    defaults = {name: p.default for name, p in inspect.signature(setting.keys.home).parameters.items()}
    for key, kind in setting.keys.kinds.items():
        value = setting.parameters.get(key, defaults.get(setting.keys.parameters.get(key, key)))
        if isinstance(value, Setting):
            inner = _columns(value)
            numbers += inner[0]
            attributes += inner[1]
        elif kind is TEXTS:
            numbers += value
        elif kind is TEXT and isinstance(value, str) and value != PERIOD:
            attributes.append(value)
    return numbers, attributes


def refuse_unknown_columns(study: Study, panel: Panel) -> None:
    """Refuse a column that is no attribute of the units, before anything is estimated."""
    known = [str(name) for name in panel.attributes.columns]
    for section, setting in (("estimator", study.estimator), ("inference", study.rule)):
        for name in _columns(setting)[1]:
            if name not in known:
                raise study.place(section).refuse(
                    paragraph(
                        Message("study.no_attribute", name=name),
                        did_you_mean(name, known),
                        Message("study.attributes", names=tuple(known)),
                    )
                )


def with_doses(study: Study, ready: Prepared, rollout: Rollout) -> Prepared:
    """Return the panel with the doses that the estimator names: how much of the staff had been trained in the end."""
    missing_doses = [name for name in named_columns(study)[1] if name not in ready.panel.attributes.columns]
    if rollout.doses is None or not missing_doses:
        return ready
    last = rollout.doses.sort_values("month").groupby("office").last()
    panel = ready.panel
    names = panel.units if study.by is None else panel.attributes[study.by]
    offices = pd.Series(list(names), index=panel.attributes.index, dtype=object)
    doses = {name: offices.map(last[name]) for name in missing_doses if name in last.columns}
    return replace(ready, panel=replace(panel, attributes=panel.attributes.assign(**doses)))


def of_scrutiny(study: Study) -> list[str]:
    """Return the columns that the finding is held against: kinds of applications, and an outcome of their own."""
    placebo = study.scrutiny.get("placebo_outcome")
    column = None if placebo is None else placebo.parameters.get("column")
    names = [*study.scrutiny.get("mix", ()), *([] if column is None else [column])]
    return [name for name in names if name not in FIELDS]
