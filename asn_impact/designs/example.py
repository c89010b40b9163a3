"""Invented data to try a line on: a small regency whose effect is known."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.designs.design import Design, assign
from asn_impact.intake.readers.rollout import Rollout
from asn_impact.measures.outcomes import RestrictedMean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline
from asn_impact.verbs import public_verb

_OFFICES: Final = tuple(f"Dinas {letter}" for letter in "ABCDEFGHIJKL")
_MONTHS: Final = pd.period_range("2024-01", "2024-12", freq="M")
_WAVES: Final = {"2024-06": 3, "2024-08": 3}  # first trained month -> offices of the wave; six are never trained
_CASES: Final = 12  # applications an office has in a month


@public_verb
def example_rollout() -> Rollout:
    """Return when the invented offices were trained: three from June 2024 on, three from August on, six never.

    Examples
    --------
    >>> example_rollout().adopted.tail(2).to_dict()
    {'Dinas E': Period('2024-08', 'M'), 'Dinas F': Period('2024-08', 'M')}
    """
    starts = [pd.Period(start, "M") for start, offices in _WAVES.items() for _ in range(offices)]
    return Rollout(pd.Series(starts, index=_OFFICES[: len(starts)], dtype=object), label="e-government")


@public_verb
def example_design(*, effect: float = -2.0) -> Design:
    """Return a design to try a line on: 12 invented offices in 12 months, six of them trained in two waves.

    Nobody's data: waits of about nine working days, each office and month a little different, the same on every call.

    Parameters
    ----------
    effect
        What training does to the mean wait, in working days.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> design.panel
    Panel(restricted_mean_30: 12 units x 12 periods, 2024-01 to 2024-12)
    >>> ai.GroupTime()(design).overall().estimate.round(1).item()
    -2.0
    """
    mean = _waits(effect)
    panel = Panel(
        outcome=RestrictedMean(30),
        units=_OFFICES,
        timeline=Timeline.months([month.year * 12 + month.month - 1 for month in _MONTHS]),
        n=np.full(mean.shape, float(_CASES)),
        mean=mean,
        weight=np.ones(mean.shape),
        attributes=pd.DataFrame({"office": _OFFICES, "district": [f"Kecamatan {1 + i % 3}" for i in range(12)]}),
    )
    return assign(panel, example_rollout(), cluster="office")


@public_verb
def example_records(*, effect: float = -2.0) -> pd.DataFrame:
    """Return the applications of the invented offices, 12 an office and month: what `read_exports` takes.

    Parameters
    ----------
    effect
        What training does to the mean wait, in days.

    Examples
    --------
    >>> import asn_impact as ai
    >>> extract = ai.read_exports(ai.example_records(), as_of="2025-03-31")
    >>> extract.ledger.kept
    1728
    """
    waits = np.random.default_rng(7).poisson(np.repeat(_waits(effect)[:, :, None], _CASES, axis=2))
    office, month, day = (index.ravel() for index in np.indices(waits.shape))
    received = _MONTHS.to_timestamp()[month] + pd.to_timedelta(2 * day, unit="D")
    return pd.DataFrame(
        {
            "case": [f"P-{i:04d}" for i in range(waits.size)],
            "office": np.array(_OFFICES)[office],
            "service": np.where(day % 2 == 0, "SIUP", "IMB"),
            "received": received,
            "decided": received + pd.to_timedelta(waits.ravel(), unit="D"),
        }
    )


@public_verb
def example_steps(*, effect: float = -2.0) -> pd.DataFrame:
    """Return the steps of the applications of the invented offices: what `read_step_log` takes.

    A file is verified, waits, is repaired by its applicant (one in three) and is signed. All of the effect is in the
    verification.

    Parameters
    ----------
    effect
        What training does to the mean time of verification, in working days.

    Examples
    --------
    >>> import asn_impact as ai
    >>> log = ai.read_step_log(ai.example_steps(), as_of="2025-03-31")
    >>> log.owners["step"].tolist()
    ['Penetapan', 'Perbaikan Dokumen', 'Verifikasi']
    """
    rng = np.random.default_rng(11)
    mean = np.repeat((_waits(effect) - 4).ravel(), _CASES)
    office, month, day = (index.ravel() for index in np.indices((len(_OFFICES), len(_MONTHS), _CASES)))
    repaired = rng.random(len(mean)) < 1 / 3
    queue, repair, signing = (rng.poisson(days, len(mean)) for days in (1, 3, 2))
    lasts = (rng.poisson(mean), queue, repaired * repair, signing)
    received = (_MONTHS.to_timestamp()[month] + pd.to_timedelta(2 * day, unit="D")).to_numpy()
    past = np.cumsum([np.zeros_like(mean, dtype=np.int64), *lasts], axis=0)
    moments = np.busday_offset(received.astype("datetime64[D]"), past, roll="forward")
    cases = pd.DataFrame({"case": [f"P-{i:04d}" for i in range(len(mean))], "office": np.array(_OFFICES)[office]})
    begun = {"Verifikasi": (0, 1), "Perbaikan Dokumen": (2, 3), "Penetapan": (3, 4)}
    steps = [
        cases.assign(step=step, status="Selesai", step_start=moments[start], step_end=moments[end])
        for step, (start, end) in begun.items()
    ]
    return pd.concat([steps[0], steps[1][repaired], steps[2]], ignore_index=True)


def _waits(effect: float) -> Float:
    """(U, T) expected waits."""
    rng = np.random.default_rng(2024)
    shape = len(_OFFICES), len(_MONTHS)
    start = [pd.Period(start, "M").month - 1 for start, offices in _WAVES.items() for _ in range(offices)]
    adopted = np.array([*start, *[shape[1]] * (shape[0] - len(start))])
    mean = 9 + rng.normal(0, 0.8, (shape[0], 1)) + rng.normal(0, 0.3, (1, shape[1])) + rng.normal(0, 0.3, shape)
    return np.asarray(mean + effect * (np.arange(shape[1]) >= adopted[:, None]))
