"""`plan`: what the next wave could detect, from the study's own past, and a lottery for it where one is asked for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.arguments import did_you_mean
from asn_impact.errors import AsnImpactError, StudyError
from asn_impact.intake.gathering import explaining, gather
from asn_impact.study import offers
from asn_impact.study.keys import Place, values
from asn_impact.study.paths import locate
from asn_impact.study.prepared import Prepared, prepared
from asn_impact.study.settings import Study
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, each_once, paragraph, together

if TYPE_CHECKING:
    from asn_impact.estimation.effects import Estimator
    from asn_impact.measures.panel import Panel
    from asn_impact.topics.planning.lottery import Lottery
    from asn_impact.topics.planning.power import Power

_COMPARED: Final = ("estimator", "offices", "treated", "waves", "months", "effect", "of_first", "rejected_at_zero")
_DIRECTION: Final = {"restricted_mean": "lower", "within": "higher"}


@dataclass(frozen=True, eq=False)
class Planned:
    """What `plan` found.

    Attributes
    ----------
    power
        What the studies of the [plan] section could detect.
    effects
        Sizes of effect, signed, at which the power is printed; empty for none.
    lottery
        The draw of [plan.lottery]; None where none was asked for.
    certificate
        File of the certificate, or None.
    beside
        The same draws analysed by other estimators, for comparison.
    notes
        What was left out or assumed, each once.
    """

    power: Power
    effects: tuple[float, ...] = ()
    lottery: Lottery | None = None
    certificate: Path | None = None
    beside: tuple[Power, ...] = ()
    notes: tuple[Message, ...] = ()

    def text(self, language: Language) -> str:
        """Return what is printed: a sentence and a row a scenario, notes, and the certificate of the lottery."""
        sizes = [self.power.table(self.effects)] if self.effects else []
        parts = [
            "\n".join(self.power.sentences(language)),
            _block(Message("study.plan.minimum").text(language), self.power.minimum()),
            *(_block(Message("study.plan.power").text(language), table) for table in sizes),
            f"{self.power.estimator.entry.name.text(language)}; {self.power.rule.entry.name.text(language)}",
            *self._compared(language),
            *(Message("study.note", note=note).text(language) for note in together(self.notes)),
            *([self.lottery.text(language)] if self.lottery is not None else []),
        ]
        return "\n\n".join(parts)

    def _compared(self, language: Language) -> list[str]:
        """Return the smallest effects by estimator."""
        if not self.beside:
            return []
        names = {
            plan.estimator.name: plan.estimator.entry.name.text(language).text for plan in (self.power, *self.beside)
        }
        table = self.power.compare(*self.beside).loc[:, list(_COMPARED)]
        table = table.assign(estimator=table["estimator"].map(names))
        return [_block(Message("study.plan.compared").text(language), table)]


def plan(study: Study) -> Planned:
    """Return what the scenarios in the [plan] section of a study could detect, and draw the lottery it asks for.

    The past is what the study's data hold before the first wave, or the offices never trained; for a study without
    [rollout] it is everything. Only a certificate of a lottery is written, once; if it exists, it is verified.

    Raises
    ------
    StudyError
        There is no [plan], a key or scenario does not fit, or the past cannot be had.
    """
    return Planned(*_look_ahead(study))


@public_verb
def _look_ahead(
    study: Study,
) -> tuple[Power, tuple[float, ...], Lottery | None, Path | None, tuple[Power, ...], tuple[Message, ...]]:
    """Return the parts of `Planned`; its notes are printed, so that nothing is left to warn of."""
    place = study.place("plan")
    parameters = _read_plan(study, place)
    with place.explaining():
        ready = prepared(study)
        past = _past(study, ready, parameters.get("past", "pre_period"))
        power = _power(study, study.estimator.made(), past, parameters)
        beside = tuple(_beside(study, power, past, parameters))
    effects = tuple(sorted((-1 if power.direction == "lower" else 1) * abs(e) for e in parameters.get("effects", ())))
    lottery, certificate = None, None
    if "lottery" in parameters:
        lottery, certificate = _lottery(study, ready, parameters["lottery"], place)
    return power, effects, lottery, certificate, beside, each_once(ready.notes, power.notes)


def _read_plan(study: Study, place: Place) -> dict[str, Any]:
    """Return what the [plan] section says."""
    raw = tomllib.loads(study.file.read_bytes().decode("utf-8-sig"))
    if "plan" not in raw:
        raise StudyError(Message("study.no_plan", file=study.file.as_posix()))
    parameters = values(raw["plan"], offers.plan(), place)
    if "direction" not in parameters and study.outcome.name not in _DIRECTION:
        raise place.refuse(Message("study.no_direction", outcome=study.outcome.name))
    return {"direction": _DIRECTION.get(study.outcome.name), **parameters}


# ------------------------------------------------------------------------------------------------------ the answer


def _past(study: Study, ready: Prepared, which: str) -> Panel:
    from asn_impact.topics.planning.past import never_treated, pre_period

    if study.rollout is None:
        return ready.panel
    if ready.design is None:
        assert ready.refusal is not None
        raise study.place("plan").refuse(Message("study.no_past", why=ready.refusal))
    return never_treated(ready.design) if which == "never_treated" else pre_period(ready.design)


def _beside(study: Study, power: Power, panel: Panel, parameters: Mapping[str, Any]) -> Iterator[Power]:
    """Give the same draws by the estimators that always stand beside the headline, where they can be had."""
    from asn_impact.estimation import GLSImputation, GroupTime, Imputation

    ahead = power.estimator.anticipation
    plain = () if ahead else (Imputation(),)  # it has no months of anticipation
    for estimator in (GLSImputation(anticipation=ahead), *plain, GroupTime(anticipation=ahead)):
        if type(estimator) is not type(power.estimator):
            try:
                yield _power(study, estimator, panel, parameters)
            except AsnImpactError:
                continue


def _power(study: Study, estimator: Estimator, panel: Panel, parameters: Mapping[str, Any]) -> Power:
    from asn_impact.topics.planning.power import detectable

    scenario = {key: value for key, value in parameters.items() if key not in {"past", "effects", "lottery"}}
    return detectable(
        panel,
        cluster=study.cluster,
        estimator=estimator,
        rule=study.rule.made(),
        weights=study.weights,
        level=study.level,
        **scenario,
    )


def _lottery(study: Study, ready: Prepared, parameters: Mapping[str, Any], place: Place) -> tuple[Lottery, Path | None]:
    from asn_impact.topics.planning.lottery import draw_waves, read_certificate, verify

    inside = place.inside("lottery")
    with inside.explaining():
        frame, unit = _offices(study, ready, parameters, inside)
        terms = {key: parameters[key] for key in ("waves", "sizes", "seed", "drawn_on")}
        draw = draw_waves(frame, unit=unit, strata=parameters.get("strata"), **terms)
        if "certificate" not in parameters:
            return draw, None
        path = study.file.parent / parameters["certificate"]
        if not path.exists():
            return draw, draw.save(path)
        if read_certificate(path) != draw.certificate():
            verify(read_certificate(path), frame)
            raise inside.refuse(Message("study.other_draw", file=path.name))
        return draw, path


def _offices(study: Study, ready: Prepared, parameters: Mapping[str, Any], place: Place) -> tuple[pd.DataFrame, str]:
    """Return who takes part, one row each: a file of offices, or the clusters not trained so far."""
    if "path" in parameters:
        if "unit" not in parameters:
            raise place.refuse(Message("study.no_unit"))
        path = locate(parameters["path"], place)
        names = tuple(parameters[key] for key in ("unit", "strata") if key in parameters)
        with explaining(path):
            rows = gather(path, (), columns={n: n for n in names}, dates=None, keep=names, required=())
            return pd.DataFrame(rows.frame.select(*names).collect().to_pandas()), parameters["unit"]
    panel = ready.panel if ready.design is None else ready.design.panel
    attributes = panel.attributes
    if ready.design is not None:
        trained = set(ready.design.cluster[np.isfinite(ready.design.adopted)].tolist())
        attributes = attributes.loc[[c not in trained for c in ready.design.cluster]]
    columns = list(dict.fromkeys([study.cluster, *([parameters["strata"]] if "strata" in parameters else [])]))
    unknown = [name for name in columns if name not in attributes.columns]
    if unknown:
        absent, known = Message("study.no_attribute", name=unknown[0]), tuple(map(str, attributes.columns))
        there = Message("study.attributes", names=known)
        raise place.refuse(paragraph(absent, did_you_mean(unknown[0], known), there, Message("study.or_a_file")))
    return attributes[columns].drop_duplicates().reset_index(drop=True), study.cluster


def _block(title: str, table: pd.DataFrame) -> str:
    return f"{title}\n{table.round(3).to_string(index=False)}"
