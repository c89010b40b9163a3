"""Applications for permits: drawn once, followed twice, and soiled as exports are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from asn_impact.arrays import Bool, Float, Int
from asn_impact.measures.calendar import WorkCalendar
from synthetic.catalogue import DISTRICTS, OFFICES, SERVICES
from synthetic.regency import (
    Dates,
    Offices,
    Regency,
    in_ramadan,
    month_starts,
    working_day,
)
from synthetic.truth import (
    averages,
    known_months,
    label,
    mature,
    missing_where,
    realised_difference,
    restricted,
    since_january_2023,
    within,
)

TEST_ROWS, REPEATED, BACKWARDS, SPACED = 12, 20, 6, 15  # soiled rows by kind


@dataclass(frozen=True, eq=False)
class Applications:
    """Applications in order of receipt. N applications."""

    case: npt.NDArray[np.object_]  # (N,) application number
    office: Int  # (N,) position of the office
    month: Int  # (N,) month of receipt since 2023-01
    service: npt.NDArray[np.object_]  # (N,)
    district: npt.NDArray[np.object_]  # (N,)
    received: Dates  # (N,)


def draw_applications(regency: Regency, offices: Offices, calendar: WorkCalendar) -> Applications:
    """Draw what is asked for, where and when; nothing of it depends on training."""
    counts = _counts(regency, offices)
    office = np.repeat(np.repeat(np.arange(regency.offices), regency.months), counts.ravel())
    month = np.repeat(np.tile(np.arange(regency.months), regency.offices), counts.ravel())
    draw = regency.draw("received")
    received = _received(draw, month, calendar)
    service = _draw_services(draw, office)
    district = _draw_districts(draw, offices.names[office])
    order = np.argsort(received, kind="stable")
    return Applications(
        _numbers(received[order]),
        office[order],
        month[order],
        service[order],
        district[order],
        received[order],
    )


def _counts(regency: Regency, offices: Offices) -> Int:
    """Applications by office and month (O, T): slow growth, fewer in Ramadan, a rush in December."""
    draw = regency.draw("volume")
    months = np.arange(regency.months)
    calendar_month = months % 12
    season = 1.0 + 0.25 * (calendar_month == 11) + 0.08 * (calendar_month == 0)
    season = season * np.where(in_ramadan(month_starts(months) + 14), 0.92, 1.0) * 1.003**months
    busy = draw.gamma(25.0, 1 / 25.0, (regency.offices, regency.months))
    counts: Int = draw.poisson(offices.volume[:, None] * season * busy).astype(np.int64)
    return counts


def _received(draw: np.random.Generator, month: Int, calendar: WorkCalendar) -> Dates:
    """Day of receipt: a working day at the counter, any day for the 6 % sent from home."""
    start, end = month_starts(month), month_starts(month + 1)
    place, from_home = draw.random(len(month)), draw.random(len(month)) < 0.06
    before = calendar.number(start - 1)
    at_counter = before + 1 + (place * (calendar.number(end - 1) - before)).astype(np.int64)
    any_day = start + (place * (end - start).astype(np.int64)).astype(np.int64)
    return np.where(from_home, any_day, working_day(calendar, at_counter))


def _draw_services(draw: np.random.Generator, office: Int) -> npt.NDArray[np.object_]:
    """Draw a service for each; the k-th of an office's list is asked for in proportion to 1 / k."""
    place = draw.random(len(office))
    chosen = np.empty(len(office), dtype=object)
    for position in np.unique(office):
        names = np.array(OFFICES[position][2], dtype=object)
        shares = np.cumsum(1 / np.arange(1, len(names) + 1))
        mine = office == position
        chosen[mine] = names[np.searchsorted(shares / shares[-1], place[mine], side="right")]
    return chosen


def _draw_districts(draw: np.random.Generator, office: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Home district: a district office serves its own inhabitants."""
    anywhere = draw.choice(np.array(list(DISTRICTS), dtype=object), size=len(office), p=list(DISTRICTS.values()))
    own = np.array([name.removeprefix("Kecamatan ") for name in office], dtype=object)
    return np.where(np.isin(own, list(DISTRICTS)), own, anywhere)


def _numbers(received: Dates) -> npt.NDArray[np.object_]:
    """Application numbers that start again every year."""
    year = received.astype("datetime64[Y]").astype(np.int64) + 1970
    running = np.arange(len(year)) - np.searchsorted(year, year, side="left") + 1
    return np.array([f"503/{n:06d}/DPMPTSP/{y}" for n, y in zip(running, year, strict=True)], dtype=object)


# --- Waits --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Waits:
    """Working days from receipt to decision, three times from the same draws, and what became of the file."""

    with_training: Int  # (N,)
    without_training: Int  # (N,)
    without_either: Int  # (N,) neither training nor the new system
    rejected: Bool  # (N,)
    withdrawn: Bool  # (N,)
    withdrawn_after: Int  # (N,) working days; read only where withdrawn


def follow(regency: Regency, offices: Offices, applications: Applications, calendar: WorkCalendar) -> Waits:
    """Follow each application with the training of its office and without it."""
    cell = (applications.office, applications.month)
    draws = _case_draws(regency, applications, calendar)
    gain = regency.training_effect * offices.response[applications.office] * offices.dose[cell]
    without = offices.without[cell]
    with_training = _days(draws, without + gain)
    draw = regency.draw("status")
    fate, place = draw.random(len(without)), draw.random(len(without))
    return Waits(
        with_training=with_training,
        without_training=_days(draws, without),
        without_either=_days(draws, without - offices.system[cell]),
        rejected=fate < 0.045,
        withdrawn=fate > 1 - 0.015,
        withdrawn_after=np.maximum((place * with_training).astype(np.int64), draws.least),
    )


@dataclass(frozen=True, eq=False)
class _CaseDraws:
    """Everything about an application that does not depend on its office's training. N applications."""

    log_time: Float  # (N,) log working time at an average office in an average month
    pause: Int  # (N,) working days a returned file lay with the applicant
    limit: Int  # (N,) time limit of the service
    year_left: Int  # (N,) working days left in the year of receipt
    to_limit: Bool  # (N,) would be hurried to meet the limit
    to_year_end: Bool  # (N,) would be hurried to close the year
    at_once: Bool  # (N,) so simple that it was finished while the applicant waited
    least: Int  # (N,) 1 when received on a day off, else 0


def _case_draws(regency: Regency, applications: Applications, calendar: WorkCalendar) -> _CaseDraws:
    draw = regency.draw("waits")
    size = len(applications.case)
    known = np.array([SERVICES[name] for name in applications.service])  # (N, 3)
    received = applications.received
    year_end = (received.astype("datetime64[Y]") + 1).astype("datetime64[D]") - 1
    number = calendar.number(received)
    returned = draw.random(size) < 0.20
    pause = draw.lognormal(np.log(6.0), 0.6, size) * 5 / 7  # median 6 calendar days
    return _CaseDraws(
        log_time=np.log(known[:, 0]) + known[:, 1] * draw.normal(size=size) + 0.11 * in_ramadan(received),
        pause=np.where(returned, np.rint(pause), 0).astype(np.int64),
        limit=known[:, 2].astype(np.int64),
        year_left=calendar.number(year_end) - number,
        to_limit=draw.random(size) < 0.40,
        to_year_end=draw.random(size) < 0.40,
        at_once=draw.random(size) < 0.05,
        least=(working_day(calendar, number) != received).astype(np.int64),
    )


def _days(draws: _CaseDraws, shift: Float) -> Int:
    """Working days to the decision for a log shift (N,): same day is 0; some files meet a deadline."""
    days = np.floor(np.exp(draws.log_time + shift)).astype(np.int64) + draws.pause
    days = _hurried(days, deadline=draws.limit, reach=3, who=draws.to_limit)
    days = _hurried(days, deadline=draws.year_left, reach=8, who=draws.to_year_end)
    return np.maximum(np.where(draws.at_once, 0, days), draws.least)


def _hurried(days: Int, *, deadline: Int, reach: int, who: Bool) -> Int:
    late = (days > deadline) & (days <= deadline + reach)
    return np.where(late & who, deadline, days)


# --- Truth --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Channels:
    """Whether an application came online, twice from the same draws. N applications."""

    with_training: Bool  # (N,)
    without_training: Bool  # (N,)


def choose_channels(regency: Regency, offices: Offices, applications: Applications, calendar: WorkCalendar) -> Channels:
    """Choose the counter or the internet: the log-odds of an office rise slowly, and by 0.9 with training.

    What arrives on a day off came online. The channel says nothing about the wait.
    """
    draw = regency.draw("channel")
    cell = (applications.office, applications.month)
    usual = draw.normal(-0.9, 0.5, regency.offices)[applications.office] + 0.015 * applications.month
    place = draw.random(len(usual))
    gain = 0.9 * regency.scale * offices.response[applications.office] * offices.dose[cell]
    received = applications.received
    day_off = working_day(calendar, calendar.number(received)) != received
    return Channels(
        with_training=day_off | (place < expit(usual + gain)),
        without_training=day_off | (place < expit(usual)),
    )


def potential_waits(
    regency: Regency,
    offices: Offices,
    applications: Applications,
    waits: Waits,
    channels: Channels,
    calendar: WorkCalendar,
) -> pd.DataFrame:
    """Return what became of every application with training and without: one row each, no dirt."""
    return pd.DataFrame(
        {
            "case": applications.case,
            "office": offices.names[applications.office],
            "month": since_january_2023(applications.month),
            "adopted": known_months(offices.adopted)[applications.office],
            "followed": calendar.between(applications.received, regency.as_of),
            "with_training": missing_where(waits.with_training, waits.withdrawn),
            "without_training": missing_where(waits.without_training, waits.withdrawn),
            "without_training_or_system": missing_where(waits.without_either, waits.withdrawn),
            "online_with_training": channels.with_training,
            "online_without_training": channels.without_training,
            "service": applications.service,
            "received": applications.received.astype("datetime64[s]"),
        }
    )


# Outcomes of an application, by the words that ask for them, with the follow-up they need and their unit. A
# withdrawn one is never decided. Written apart from asn_impact.measures.outcomes, so that tests can compare.
OUTCOMES: tuple[tuple[str, int, str, Callable[[Float], Float]], ...] = (
    ("RestrictedMean(30)", 30, "working days", restricted(30)),
    ("Within(5)", 5, "share", within(5)),
    ("Within(14)", 14, "share", within(14)),
)


def realised(potential: pd.DataFrame, followed: int, unit: str, outcome: Callable[[Float], Float]) -> dict[str, Any]:
    """Average effects over treated office-months whose month was followed long enough by all."""
    cases = mature(potential, followed)
    now, then, neither = (
        outcome(cases[name].to_numpy()) for name in ("with_training", "without_training", "without_training_or_system")
    )
    with_system = realised_difference(cases, now, neither, unit)["att_office_months"]
    effects = cases.assign(training=now - then).loc[cases["month"] >= cases["adopted"]]
    cells = effects.groupby(["office", "month", "adopted"], as_index=False)["training"].mean()
    cells = cells.assign(event_time=(cells["month"] - cells["adopted"]).astype(int))
    return {
        **realised_difference(cases, now, then, unit),
        "att_with_system_office_months": with_system,
        "by_event_time": averages(
            cells.assign(event_time=(cells["month"] - cells["adopted"]).astype(int)), "event_time"
        ),
        "last_mature_month": label(int(cases["month"].max())),
    }


def channel_truth(potential: pd.DataFrame) -> dict[str, Any]:
    """Return what training added to the share of applications that come online, over all months."""
    now, then = (potential[f"online_{name}_training"].to_numpy(np.float64) for name in ("with", "without"))
    return realised_difference(potential, now, then, "share")


def provider_truth(potential: pd.DataFrame, providers: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the realised effect on min(T, 30) by organiser of the course: offices drawn, not taught differently."""
    cases = mature(potential, 30)
    now, then = (np.fmin(cases[f"{name}_training"].to_numpy(), 30.0) for name in ("with", "without"))
    effects = cases.assign(training=now - then).loc[cases["month"] >= cases["adopted"]]
    cells = effects.groupby(["office", "month"], as_index=False)["training"].mean()
    return averages(cells.assign(provider=cells["office"].map(dict(providers))), "provider")


def on_the_day_of_export(
    regency: Regency, applications: Applications, waits: Waits, channels: Channels, calendar: WorkCalendar
) -> pd.DataFrame:
    """Return the true applications as they stand on the day of the export: what has not ended is open."""
    ended = np.where(waits.withdrawn, waits.withdrawn_after, waits.with_training)
    end = working_day(calendar, calendar.number(applications.received) + ended)
    still_open = end > np.datetime64(regency.as_of)
    queued = regency.draw("status").spawn(1)[0].random(len(end)) < 0.4
    status = np.select(
        [still_open & queued, still_open, waits.withdrawn, waits.rejected],
        ["Menunggu", "Proses", "Dicabut", "Ditolak"],
        default="Selesai",
    )
    return pd.DataFrame(
        {
            "case": applications.case,
            "office": applications.office,
            "service": applications.service,
            "district": applications.district,
            "received": applications.received.astype("datetime64[s]"),
            "ended": np.where(still_open, np.datetime64("NaT"), end).astype("datetime64[s]"),
            "status": status.astype(object),
            "online": channels.with_training,
        }
    )


def as_exported(regency: Regency, export: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as the offices hand them over: Indonesian headings, dirt included."""
    names = np.array([office[0] for office in OFFICES], dtype=object)
    clean = pd.DataFrame(
        {
            "No Permohonan": export["case"],
            "Perangkat Daerah": names[export["office"].to_numpy()],
            "Jenis Izin": export["service"],
            "Kecamatan": export["district"],
            "Tanggal Masuk": export["received"],
            "Tanggal Selesai": export["ended"],
            "Status": export["status"],
            "Tahun Berkas": export["received"].dt.year,
            "Kanal": np.where(export["online"], "Daring", "Loket").astype(object),
        }
    )
    dirty = _with_dirt(clean, regency.draw("dirt"))
    return dirty.sort_values(["Tahun Berkas", "Tanggal Masuk", "No Permohonan"], kind="stable", ignore_index=True)


def _with_dirt(clean: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Rows that a careful reader must notice; no row is soiled twice."""
    end_year = clean["Tanggal Selesai"].dt.year
    carried = _picked(draw, clean, end_year == clean["Tahun Berkas"] + 1, REPEATED)
    rest = clean.drop(index=carried.index)
    backwards = _picked(draw, rest, rest["Status"] == "Selesai", BACKWARDS)
    rest = rest.drop(index=backwards.index)
    spaced = _picked(draw, rest, rest["Status"] != "", SPACED)
    tests = _picked(draw, rest.drop(index=spaced.index), rest["Status"] == "Selesai", TEST_ROWS)
    early = pd.to_timedelta(draw.integers(1, 10, BACKWARDS), unit="D")
    soiled: list[pd.DataFrame] = [
        rest.drop(index=spaced.index),
        _changed(spaced, "Perangkat Daerah", spaced["Perangkat Daerah"] + " "),
        _changed(backwards, "Tanggal Selesai", backwards["Tanggal Masuk"] - early),
        _changed(_changed(carried, "Tanggal Selesai", pd.NaT), "Status", "Proses"),
        _changed(carried, "Tahun Berkas", carried["Tahun Berkas"] + 1),
        _changed(tests, "No Permohonan", "TEST/" + tests["No Permohonan"].str.removeprefix("503/")),
    ]
    return pd.concat(soiled)


def _changed(rows: pd.DataFrame, heading: str, value: Any) -> pd.DataFrame:  # noqa: ANN401 - column or value
    return rows.assign(**{heading: value})


def _picked(draw: np.random.Generator, rows: pd.DataFrame, eligible: pd.Series[bool], size: int) -> pd.DataFrame:
    candidates = rows.index[eligible.reindex(rows.index)].to_numpy()
    return rows.loc[np.sort(draw.choice(candidates, size=size, replace=False))]
