"""What a study's finding is held against: the keys of [scrutiny] as the arguments of `scrutinise`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import narwhals as nw
import numpy as np
import pandas as pd

from asn_impact.arguments import did_you_mean
from asn_impact.errors import AsnImpactError, InputError
from asn_impact.intake.fields.labels import label_key
from asn_impact.measures.outcomes import Mean, RestrictedMean, Score, Share, Within
from asn_impact.study.happened import other_events
from asn_impact.study.keys import Setting
from asn_impact.study.measured import made_ready
from asn_impact.study.prepared import Prepared
from asn_impact.study.settings import Study
from asn_impact.words import Message, paragraph

if TYPE_CHECKING:
    from asn_impact.designs import Design
    from asn_impact.estimation import Effects, Inference
    from asn_impact.measures.durations import Durations
    from asn_impact.measures.panel import Panel
    from asn_impact.measures.tabulate import Dated

LARGE: Final = 0.05  # share of all applications from which on the share of a service is looked at
SERVICE: Final = "service"
_OWN: Final = ("mix", "placebo_outcome", "placebo_services", "lottery")  # keys that `scrutinise` knows by other names


def held_against(study: Study, ready: Prepared, effects: Effects, rule: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the arguments of `scrutinise` that the study gives, beside effects, rule and seed.

    Raises
    ------
    StudyError
        A file cannot be read as the study says, a service or column is not there, the certificate is not kept.
    """
    given = {key: value for key, value in study.scrutiny.items() if key not in _OWN}
    place = study.place("scrutiny")
    with place.explaining():
        if "events" in given:
            given["events"] = other_events(study)
        if (mix := _mix(study, ready)) is not None:
            given["panels"] = mix
        if others := dict(_others(study, ready, effects, rule)):
            given["other"] = others
        if "lottery" in study.scrutiny:
            given |= _drawn(study.scrutiny["lottery"], effects.design)
    if ready.courses is not None:
        given["courses"] = ready.courses
    return given | {"durations": _days(ready.times)}


def _per(study: Study) -> Any:  # noqa: ANN401 - a length of periods
    return study.outcome.parameters.get("per", "month")


def _days(times: Dated | None) -> Durations | None:
    """Return waits counted in days, on which heaps and open cases are looked for; None for everything else."""
    from asn_impact.measures.durations import Durations

    if not isinstance(times, Durations) or times.calendar.unit not in {"working days", "calendar days"}:
        return None
    return times


# ----------------------------------------------------------------------------------------------------------- the mix


def _mix(study: Study, ready: Prepared) -> tuple[Panel, ...] | None:
    """Return the shares of services, and of what else `mix` names, by office and month.

    None for a single kind; None where the kinds are not known.
    """
    named: Sequence[str] = study.scrutiny.get("mix", ())
    if ready.counted is None:
        return tuple(_column_panels(study, ready, named)) if named else None
    if not isinstance(ready.panel.outcome, RestrictedMean | Within | Score | Share):
        return None
    columns = [*([SERVICE] if _has_values(ready.counted, SERVICE) else []), *named]
    if not columns:
        return None
    panels: list[Panel] = []
    for column in dict.fromkeys(columns):
        try:
            panels += _shares(ready, column, _per(study))
        except AsnImpactError:
            if column in named:
                raise
            return None
    return tuple(panels)


def _shares(ready: Prepared, column: str, per: Any) -> list[Panel]:  # noqa: ANN401 - a length of periods
    """Return the shares of the larger kinds that a column tells apart; none for a single one."""
    from asn_impact.measures.tabulate import tabulate
    from asn_impact.scrutiny.surroundings import service_shares

    counted = ready.counted
    assert counted is not None
    shares = service_shares(tabulate(counted, ready.panel.outcome, by=("office", column), per=per), service=column)  # type: ignore[call-overload]
    if len(shares) < 2:
        return []
    whole = float(shares[0].n.sum())
    large = [share for share in shares if float((share.n * np.nan_to_num(share.mean)).sum()) >= LARGE * whole]
    apart = large[:1] if len(large) == len(shares) == 2 else large  # of two shares each is the other's rest
    if column == SERVICE:
        return apart
    return [replace(share, outcome=Mean(f"{column}: {share.outcome.name}")) for share in apart]


def _has_values(times: Dated, column: str) -> bool:
    """Return whether a column of the records is known for any application."""
    if column not in times.records.collect_schema().names():
        return False
    return len(times.records.filter(~nw.col(column).is_null()).head(1).collect()) > 0


def _column_panels(study: Study, ready: Prepared, columns: Sequence[str]) -> Iterator[Panel]:
    """Give a ready panel's columns as outcomes of their own."""
    from asn_impact.measures.panel import read_panel

    headings = {key: study.data.parameters["columns"][key] for key in ("unit", "period")}
    for column in columns:
        yield read_panel(ready.frame, outcome=column, **headings)


# ------------------------------------------------------------------------------- what training cannot have touched


def _others(study: Study, ready: Prepared, effects: Effects, rule: Any) -> Iterator[tuple[str, Inference]]:  # noqa: ANN401
    """Give the effect on each outcome and on the services that training cannot have touched, by name."""
    overall = effects.overall()
    setting: Setting | None = study.scrutiny.get("placebo_outcome")
    if setting is not None:
        other = _outcome_panel(study, ready, setting)
        yield other.outcome.name, rule(overall.again(_with(overall.design, other)))
    services: Sequence[str] = study.scrutiny.get("placebo_services", ())
    if services:
        other = _services_panel(ready, services, _per(study))
        yield ", ".join(services), rule(overall.again(_with(overall.design, other)))


def _outcome_panel(study: Study, ready: Prepared, setting: Setting) -> Panel:
    from asn_impact.measures.tabulate import tabulate

    if ready.times is None:
        return next(_column_panels(study, ready, [setting.parameters["column"]]))
    by = tuple(str(name) for name in ready.panel.attributes.columns)
    counted, outcome = made_ready(setting, ready.times)
    panel: Panel = tabulate(counted, outcome, by=by, per=_per(study))
    return panel


def _services_panel(ready: Prepared, services: Sequence[str], per: Any) -> Panel:  # noqa: ANN401 - a length of periods
    """Return the study's own outcome in some services alone."""
    from asn_impact.measures.tabulate import tabulate

    if ready.counted is None or not _has_values(ready.counted, SERVICE):
        raise InputError(Message("study.no_services"))
    frame = ready.counted.records.select(SERVICE).unique().collect()
    known = sorted(str(name) for name in frame[SERVICE].to_list() if name is not None)
    for name in services:
        if name not in known:
            unknown = Message("study.no_service", name=name)
            raise InputError(paragraph(unknown, did_you_mean(name, known), Message("study.attributes", names=known)))
    counted: Any = ready.counted  # a dataclass of ours
    some = replace(counted, records=counted.records.filter(nw.col(SERVICE).is_in(list(services))))
    by = tuple(str(name) for name in ready.panel.attributes.columns)
    panel: Panel = tabulate(some, ready.panel.outcome, by=by, per=per)  # type: ignore[call-overload]
    return panel


def _with(design: Design, other: Panel) -> Design:
    """Return the design with another panel's means in its cells."""
    from asn_impact.scrutiny.surroundings import align, with_outcome

    return with_outcome(design, align(design, other), other.outcome.name)


# --------------------------------------------------------------------------------------------------------- a lottery


def _drawn(path: Path, design: Design) -> dict[str, Any]:
    """Return the period drawn for each unit, after drawing again what the certificate says was drawn."""
    from asn_impact.topics.planning.lottery import read_certificate, verify

    certificate: Mapping[str, Any] = read_certificate(path)
    rows = [(row[0], row[1]) for row in certificate.get("result", ())]
    stratum = certificate.get("strata") or "stratum"
    frame = pd.DataFrame(rows, columns=[certificate.get("unit", "unit"), stratum])
    adopted = verify(certificate, frame).adopted
    waves = {label_key(str(unit)): None if pd.isna(wave) else wave for unit, wave in adopted.items()}
    names = zip(design.panel.units, (design.clusters[c] for c in design.cluster), strict=True)
    by_unit = {unit: _either(label_key(str(unit)), label_key(str(cluster)), waves) for unit, cluster in names}
    return {"assignment": "lottery", "drawn": {unit: wave for unit, (found, wave) in by_unit.items() if found}}


def _either(unit: str, cluster: str, waves: Mapping[str, Any]) -> tuple[bool, Any]:
    """Return whether a unit, or its cluster, took part in the draw, and its wave."""
    name = unit if unit in waves else cluster
    return name in waves, waves.get(name)
