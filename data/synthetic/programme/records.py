"""What the files of a town hold, drawn once and followed twice: with the training of an office and without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from asn_impact.arrays import Float, Int
from asn_impact.measures.calendar import WorkCalendar
from synthetic.complaints import number_yearly
from synthetic.programme.people import draw_people
from synthetic.programme.town import EARLIEST, MONTHS, Drawn, Town, days_in, draw_town, shocks
from synthetic.regency import working_day
from synthetic.truth import rounded

__all__ = ["ELEMENTS", "LIMITS", "Handed", "hand_over"]

#: Service -> working days promised.
LIMITS: Final[Mapping[str, int]] = MappingProxyType({"Izin Reklame": 5, "SIP Perawat": 7, "Izin Trayek": 14})
#: Element -> usual answer and what the electronic services course adds to it.
ELEMENTS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        **{"persyaratan": (3.1, 0.0), "prosedur": (2.9, 0.35), "waktu": (2.7, 0.40), "biaya": (3.4, 0.0)},
        **{"produk": (3.1, 0.0), "kompetensi": (3.0, 0.30), "perilaku": (3.2, 0.0)},
        **{"pengaduan": (3.0, 0.0), "sarana": (2.9, 0.0)},
    }
)
HORIZON: Final = 20  # working days
FASTER, ONLINE = -0.35, 0.16  # log wait, share of applications
_RATE: Final[Mapping[str, float]] = MappingProxyType({"survey": 9.0, "complaints": 6.0, "projects": 1.6})


@dataclass(frozen=True, eq=False)
class Handed:
    """What the offices know, before it is written down, and what only the generator knows.

    Attributes
    ----------
    town, drawn
        What was fixed, and the offices.
    tables
        ``permits``, ``survey``, ``recap``, ``projects``, ``tests``, ``complaints``, ``training``, ``positions``,
        ``staff``, ``promises``, ``costs``: rows with plain names; layouts give them headings.
    truth
        Claim -> ``course``, ``effect`` (realised, mean over trained office-periods) and ``none`` (no effect at all).
    """

    town: Town
    drawn: Drawn
    tables: Mapping[str, pd.DataFrame]
    truth: Mapping[str, Any]


def hand_over(town: Town) -> Handed:
    """Draw everything a town holds, with the truth beside it.

    Examples
    --------
    >>> handed = hand_over(Town(seed=1, size=0.2))
    >>> handed.truth["claims"]["lambat"]["effect"], handed.truth["claims"]["waktu"]["effect"] < -1
    (0.0, True)
    """
    calendar, drawn = WorkCalendar.indonesia(), draw_town(town)
    permits, of_permits = _permits(town, drawn, calendar)
    survey, of_survey = _survey(town, drawn, calendar)
    claims = {**of_permits, **of_survey}
    for claim, course in (("lambat", "proyek"), ("serapan", "proyek"), ("aduan", "komunikasi")):
        claims[claim] = _nothing(course)
    claims |= {"rekap": _nothing("komunikasi"), "belajar": _nothing("komunikasi")}
    tables = {
        "permits": permits,
        "survey": survey,
        "recap": _recap(town, drawn),
        "projects": _projects(town, drawn, calendar),
        "complaints": _complaints(town, drawn, calendar),
        **draw_people(town, drawn),
        "promises": pd.DataFrame({"service": list(LIMITS), "days": list(LIMITS.values())}),
        "costs": _costs(),
    }
    adopted = {
        course: {str(o): int(m) for o, m in zip(drawn.names, when, strict=True) if np.isfinite(m)}
        for course, when in drawn.adopted.items()
    }
    files = {name: [str(o) for o in drawn.names[held]] for name, held in drawn.holds.items()}
    paid = int((tables["costs"]["volume"] * tables["costs"]["price"]).sum())
    truth = {"claims": claims, "adopted": adopted, "files": files, "costs": paid, "seed": town.seed}
    return Handed(town, drawn, MappingProxyType(tables), MappingProxyType(rounded(truth)))


def _nothing(course: str) -> dict[str, Any]:
    return {"course": course, "effect": 0.0, "none": True}


def _realised(office: Int, month: Int, trained: Any, change: Float) -> dict[str, Any]:  # noqa: ANN401 - (N,) of bool
    """Return the effect of electronic services over trained office-months, each counted once."""
    cells = pd.DataFrame({"office": office, "month": month, "change": change})[trained].groupby(["office", "month"])
    return {"course": "egov", "effect": float(cells["change"].mean().mean()), "none": False}


def _cells(draw: np.random.Generator, offices: Int, rate: Any, months: int) -> tuple[Int, Int]:  # noqa: ANN401
    """Return office and month of every record of a file."""
    counts = draw.poisson(np.broadcast_to(np.reshape(rate, (-1, 1)), (len(offices), months)))
    place, month = (cell.ravel().repeat(counts.ravel()) for cell in np.indices(counts.shape))
    return offices[place], month


def _permits(town: Town, drawn: Drawn, calendar: WorkCalendar) -> tuple[pd.DataFrame, dict[str, Any]]:
    draw, held = town.draw("permits"), drawn.holds["permits"]
    office, month = _cells(draw, held, drawn.volume[held], MONTHS)
    n = len(office)
    received = days_in(draw, month, calendar)
    service = draw.integers(0, len(LIMITS), n)
    limit = np.array(list(LIMITS.values()))[service]
    own = shocks(draw, len(drawn.names), MONTHS, spread=0.10)
    usual = np.log(0.55 * limit + 2.5) + drawn.level[office] + own[office, month] + draw.normal(0.0, 0.65, n)
    trained = drawn.trained("egov", office, month)
    now, then = (np.floor(np.exp(usual + shift)).astype(np.int64) for shift in (FASTER * trained, 0.0))
    place = draw.random(n)
    online, online_then = place < 0.35 + ONLINE * trained, place < 0.35
    begun = calendar.number(received)
    decided = working_day(calendar, begun + now)
    open_yet = decided > np.datetime64(town.as_of)
    ended = np.where(draw.random(n) < 0.05, "rejected", "granted")
    followed = pd.Series(int(calendar.number(np.array([np.datetime64(town.as_of)]))[0]) - begun)
    whole = (followed.groupby(month).transform("min") >= HORIZON).to_numpy() & trained
    changes = {
        "waktu": np.fmin(now, HORIZON) - np.fmin(then, HORIZON),
        "daring": online.astype(float) - online_then,
        "janji": (now <= limit).astype(float) - (then <= limit),
    }
    truth = {
        name: _realised(office, month, trained if name == "daring" else whole, change)
        for name, change in changes.items()
    }
    table = pd.DataFrame(
        {
            "office": office,
            "service": np.array(list(LIMITS), dtype=object)[service],
            "received": received.astype("datetime64[s]"),
            "decided": np.where(open_yet, np.datetime64("NaT"), decided).astype("datetime64[s]"),
            "status": np.where(open_yet, "open", ended),
            "online": online,
        }
    ).sort_values(["received", "office"], kind="stable", ignore_index=True)
    table.insert(0, "case", number_yearly(table["received"].dt.year, "503"))
    return table, truth


def _survey(town: Town, drawn: Drawn, calendar: WorkCalendar) -> tuple[pd.DataFrame, dict[str, Any]]:
    draw, held = town.draw("survey"), drawn.holds["survey"]
    office, month = _cells(draw, held, town.size * _RATE["survey"], MONTHS)
    n = len(office)
    usual, gain = np.array(list(ELEMENTS.values())).T
    mood = drawn.level[office] / 2 + shocks(draw, len(drawn.names), MONTHS, spread=0.06)[office, month]
    latent = usual + (mood + draw.normal(0.0, 0.35, n))[:, None] + draw.normal(0.0, 0.45, (n, len(ELEMENTS)))
    trained = drawn.trained("egov", office, month)
    now, then = (np.clip(np.rint(latent + shift * gain), 1, 4) for shift in (trained[:, None], 0.0))
    change = {element: now[:, i] - then[:, i] for i, element in enumerate(ELEMENTS)}
    truth = {"puas": _realised(office, month, trained, 25 * (now - then).mean(axis=1))}
    for element in ("persyaratan", "sarana"):
        truth[f"puas-{element}"] = {**_realised(office, month, trained, change[element]), "none": True}
    seconds = draw.integers(7 * 3600, 20 * 3600, n).astype("timedelta64[s]")
    moment = days_in(draw, month, calendar).astype("datetime64[s]") + seconds
    table = pd.DataFrame({"office": office, "moment": moment, **dict(zip(ELEMENTS, now.astype(int).T, strict=True))})
    return table.sort_values(["moment", "office"], kind="stable", ignore_index=True), truth


def _recap(town: Town, drawn: Drawn) -> pd.DataFrame:
    """Mean answers by office and half-year, 2021 to 2024."""
    draw, held = town.draw("recap"), drawn.holds["recap"]
    halves = (MONTHS - EARLIEST) // 6
    office, half = (cell.ravel() for cell in np.indices((len(held), halves)))
    people = draw.integers(40, 90, len(office))
    mood = drawn.level[office] / 2 + shocks(draw, len(held), halves, spread=0.05)[office, half]
    means = {
        e: usual + mood + draw.normal(0.0, 0.6, len(office)) / np.sqrt(people) for e, (usual, _) in ELEMENTS.items()
    }
    answers = {e: np.clip(np.round(mean, 2), 1, 4) for e, mean in means.items()}
    return pd.DataFrame(
        {"office": held[office], "year": 2021 + half // 2, "half": 1 + half % 2, "people": people, **answers}
    )


def _projects(town: Town, drawn: Drawn, calendar: WorkCalendar) -> pd.DataFrame:
    """Draw packages begun from January to September of 2022 to 2024; a late one is not done by the export."""
    draw, held = town.draw("projects"), drawn.holds["projects"]
    office, month = _cells(draw, held, max(town.size, 0.6) * _RATE["projects"], 36)
    kept = month % 12 < 9
    office, month = office[kept], month[kept] - 12
    n = len(office)
    start = days_in(draw, month, calendar)
    planned = start + draw.integers(60, 90, n)
    own = shocks(draw, len(drawn.names), 6, spread=5.0)[office, (month + 12) // 6]
    ended = planned + np.rint(12 + 20 * drawn.level[office] + own + draw.normal(0.0, 16.0, n)).astype(np.int64)
    as_of = np.datetime64(town.as_of)
    spent = np.clip(90 + 10 * drawn.level[office] + own / 2 + draw.normal(0.0, 5.0, n), 20, 100)
    table = pd.DataFrame(
        {
            "office": office,
            "package": [f"Paket pekerjaan {i:03d}" for i in range(1, n + 1)],
            "budget": 1_000_000 * draw.integers(50, 900, n),
            "start": start.astype("datetime64[s]"),
            "planned": planned.astype("datetime64[s]"),
            "ended": np.where(ended > as_of, np.datetime64("NaT"), ended).astype("datetime64[s]"),
            "physical": np.where(ended > as_of, 80.0, 100.0),
            "spent": np.round(spent, 2),
        }
    )
    return table.sort_values(["office", "start"], kind="stable", ignore_index=True)


def _complaints(town: Town, drawn: Drawn, calendar: WorkCalendar) -> pd.DataFrame:
    draw, held = town.draw("complaints"), drawn.holds["complaints"]
    office, month = _cells(draw, held, town.size * _RATE["complaints"], MONTHS)
    received = days_in(draw, month, calendar)
    own = shocks(draw, len(drawn.names), MONTHS, spread=0.10)[office, month]
    days = np.floor(np.exp(2.0 + drawn.level[office] + own + draw.normal(0.0, 0.7, len(office)))).astype(np.int64)
    answered = working_day(calendar, calendar.number(received) + days)
    open_yet = answered > np.datetime64(town.as_of)
    table = pd.DataFrame(
        {
            "office": office,
            "received": received.astype("datetime64[s]"),
            "decided": np.where(open_yet, np.datetime64("NaT"), answered).astype("datetime64[s]"),
            "status": np.where(open_yet, "open", "granted"),
        }
    ).sort_values(["received", "office"], kind="stable", ignore_index=True)
    table.insert(0, "case", np.arange(len(table)) + 7_000_001)
    return table


def _costs() -> pd.DataFrame:
    rows = [
        ("Honorarium Narasumber", 48, "OJ", 900_000),
        ("Belanja Perjalanan Dinas", 6, "OT", 2_500_000),
        ("Konsumsi Peserta", 240, "OH", 57_000),
        ("Sewa Ruang", 6, "Hari", 1_500_000),
    ]
    return pd.DataFrame(rows, columns=["component", "volume", "unit", "price"])
