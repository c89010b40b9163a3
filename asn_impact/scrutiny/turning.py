"""What would change the conclusion: the fewest applications and offices, training dates, cases that are still open.

A finding that thirty applications of thirty thousand turn round is another finding than one that half of them do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import narwhals as nw
import numpy as np
import pandas as pd

from asn_impact.arguments import Level
from asn_impact.arrays import Bool, Float, Int, readonly
from asn_impact.designs import Design
from asn_impact.display import card
from asn_impact.errors import AsnImpactError, InputError
from asn_impact.estimation import Inference
from asn_impact.measures.durations import Durations
from asn_impact.measures.outcomes import CompletionCurve, RestrictedMean, Within
from asn_impact.measures.panel import Panel
from asn_impact.measures.tabulate import LENGTHS, tabulate
from asn_impact.scrutiny.case import one_estimate, settled
from asn_impact.verbs import Guided, public_verb
from asn_impact.words import Message, paragraph

Turn: TypeAlias = Literal["interval", "sign"]
_TURNS: Final[tuple[Turn, ...]] = ("interval", "sign")
_TRIES: Final = 12  # larger and larger sets that are estimated again
_LARGER: Final = 1.1
_COLUMNS: Final = ("what", "turns", "fewest", "of", "share", "day", "estimate", "conf_low", "conf_high")


@dataclass(frozen=True, eq=False)
class Turning(Guided):
    """What would change a conclusion.

    Attributes
    ----------
    finding
        The effect that was asked about.
    table
        One row a way to change it: ``what`` (``applications``, ``offices``, ``earlier``, ``later``, ``open``), what
        ``turns`` (``interval``, ``sign``, ``nothing``), the ``fewest`` ``of`` so many, their ``share``; for open cases
        the last ``day`` on which all must have ended; then the estimate and its interval in that case.
    said
        The same in words.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> answer = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())
    >>> turning = ai.what_would_change(answer)
    >>> turning.table.columns.tolist()
    ['what', 'turns', 'fewest', 'of', 'share', 'day', 'estimate', 'conf_low', 'conf_high']
    """

    finding: Inference
    table: pd.DataFrame
    said: Message

    def fewest(self, what: Literal["applications", "offices"], turns: Turn) -> float:
        """Return the fewest applications or offices without which the sign or the interval turns; NaN: not found."""
        rows = self.table.loc[(self.table["what"] == what) & (self.table["turns"] == turns), "fewest"]
        return float(rows.iloc[0]) if len(rows) else float("nan")

    def __repr__(self) -> str:
        return f"Turning({self.said})"

    def _repr_html_(self) -> str:
        return card(
            "What would change the conclusion", [("id", self.said.text("id")), ("en", self.said)], table=self.table
        )


@public_verb
def what_would_change(
    finding: Inference, *, durations: Durations | None = None, margin: float | None = None, level: Level = 0.95
) -> Turning:
    """Return what would change a conclusion: its sign, or what its interval says of zero.

    Every set of applications and offices that is named has been left out and the effect estimated again by the same
    estimator and rule. There may be a smaller set that the search did not find: it takes applications in the order in
    which they pull the estimate (Broderick, Giordano and Meager, 2020, "An automatic finite-sample robustness metric",
    section 2), with the weights of the estimate on the cells held, and offices in the order of the estimate without
    each.

    Parameters
    ----------
    finding
        Of one number, with its interval.
    durations
        The records behind the panel, from `measure`. Without them, and for outcomes other than `RestrictedMean` and
        `Within`, nothing is said of applications and of open cases.
    margin
        As for `scrutinise`: an effect that would not matter.
    level
        Of the interval.

    Raises
    ------
    EstimationError
        The finding has several estimates.

    Examples
    --------
    >>> import asn_impact as ai
    >>> answer = ai.infer(ai.GroupTime()(ai.example_design()).overall(), ai.BiasReduced())
    >>> ai.what_would_change(answer).table["what"].tolist()
    ['offices', 'offices', 'earlier', 'later']
    """
    one_estimate(finding.effects)
    reading = Reading(margin, level)
    cells = None if durations is None else _cells_of(finding.effects.design, durations)
    rows = list[dict[str, object]]()
    if cells is not None:
        rows += [_row("applications", turns, _applications(finding, cells, turns, reading), level) for turns in _TURNS]
    rows += [_row("offices", turns, _offices(finding, turns, reading), level) for turns in _TURNS]
    rows += [_moved(finding, name, steps, reading) for name, steps in (("earlier", -1), ("later", 1))]
    if cells is not None and durations is not None:
        rows += _open_cases(finding, durations, reading)
    table = pd.DataFrame([row for row in rows if row], columns=list(_COLUMNS))
    return Turning(finding, table, _say(finding, table, reading))


# ------------------------------------------------------------------------------------------- what is a conclusion


class Reading(NamedTuple):
    """How an interval is read: the effect that would not matter, and the level."""

    margin: float | None
    level: float


class Found(NamedTuple):
    """A set whose absence turns the conclusion; `fewest` is NaN where none was found."""

    fewest: float
    of: int
    inference: Inference | None


def _concludes(inference: Inference, reading: Reading) -> str:
    """Say where an interval lies: below or above zero, within the margin, or none of these."""
    low, high = (float(end[0]) for end in inference.interval(reading.level))
    if high < 0 or low > 0:
        return "below" if high < 0 else "above"
    return "within" if settled(inference, reading.margin, level=reading.level) else "open"


def _turned(finding: Inference, other: Inference, turns: Turn, reading: Reading) -> bool:
    if not np.isfinite(other.std_error[0]):
        return False
    if turns == "sign":
        return bool(np.sign(other.estimate[0]) != np.sign(finding.estimate[0]))
    return _concludes(other, reading) != _concludes(finding, reading)


def _direction(finding: Inference, turns: Turn, reading: Reading) -> float:
    """Return where to push the estimate: through zero, or away from it where the interval holds zero."""
    sign = 1.0 if finding.estimate[0] > 0 else -1.0
    return -sign if turns == "sign" or _concludes(finding, reading) in {"below", "above"} else sign


def _again(finding: Inference, design: Design) -> Inference | None:
    try:
        return finding.rule(finding.effects.again(design))
    except AsnImpactError:
        return None


# ---------------------------------------------------------------------------------------------------- applications


@dataclass(frozen=True, eq=False)
class _Cells:
    """How many records (U, T, V) have each of V values of the outcome, in the cells of a design."""

    counts: Int
    values: Float

    @property
    def n(self) -> Int:
        return np.asarray(self.counts.sum(axis=2))


def _by(design: Design, durations: Durations) -> tuple[str, ...]:
    """Return the columns of the records that name a unit; what else is known of units (staff, doses) is not."""
    known = durations.records.collect_schema().names()
    return tuple(name for name in map(str, design.panel.attributes.columns) if name in known)


def _per(panel: Panel) -> Any:  # noqa: ANN401 - a length of periods
    """Return how long the periods of a panel are, as `tabulate` calls it."""
    return next((name for name, months in LENGTHS.items() if months == panel.timeline.period_months), "month")


def _cells_of(design: Design, durations: Durations) -> _Cells | None:
    """Return the records by value in each cell; None where they are not those behind the panel."""
    panel = design.panel
    outcome, by = panel.outcome, _by(design, durations)
    if not isinstance(outcome, RestrictedMean | Within) or panel.covariates:
        return None
    try:
        curves = tabulate(durations, CompletionCurve(outcome.horizon), by=by, per=_per(panel))
    except AsnImpactError:
        return None
    at = _places(design, curves)
    if at is None:
        return None
    n = curves.n[at]
    done = np.rint(np.nan_to_num(curves.curve[at]) * n[:, :, None]).astype(np.int64)
    ended = np.diff(done, axis=2, prepend=0)
    counts = np.concatenate([ended, (n - ended.sum(axis=2))[:, :, None].astype(np.int64)], axis=2)
    days = np.arange(outcome.horizon + 2, dtype=np.float64)
    if isinstance(outcome, RestrictedMean):
        values = np.minimum(days, outcome.horizon)
    else:
        values = (days <= outcome.days).astype(np.float64)
    cells = _Cells(readonly(counts), readonly(values))
    seen = panel.observed
    return cells if np.array_equal(cells.n[seen], panel.n[seen].astype(np.int64)) else None


def _places(design: Design, other: Panel) -> tuple[Int, Int] | None:
    """Return the rows and columns of another panel at which the units and periods of a design stand."""
    panel = design.panel
    rows = pd.Index(other.units, dtype=object).get_indexer(pd.Index(panel.units, dtype=object))
    columns = pd.Index(other.timeline.ordinals).get_indexer(pd.Index(panel.timeline.ordinals))
    rows_at, columns_at = np.ix_(rows, columns)
    return None if (rows < 0).any() or (columns < 0).any() else (rows_at, columns_at)


def _applications(finding: Inference, cells: _Cells, turns: Turn, reading: Reading) -> Found:
    """Leave out applications in the order of their pull until the conclusion turns, and estimate again to be sure."""
    design = finding.effects.design
    seen = design.panel.observed
    total = int(cells.n[seen].sum())
    loadings = np.where(seen, np.nan_to_num(finding.effects.loadings()[0]), 0.0)
    order = _by_pull(cells, loadings, _direction(finding, turns, reading))
    if not len(order.bins):
        return Found(np.nan, total, None)
    goal = _goal(finding, turns, reading)

    def reached(k: int) -> bool:
        shift = _shift(cells, loadings, order.first(k, cells.counts.shape))
        return bool(np.sign(goal) * (shift - goal) > 0)

    found: dict[int, Inference | None] = {}

    def turned(k: int) -> bool:
        found[k] = _again(finding, _without(design, cells, order.first(k, cells.counts.shape)))
        other = found[k]
        return other is not None and _turned(finding, other, turns, reading)

    most = int(order.cumulated[-1])
    k = _tried(turned, _least(reached, most), most)
    return Found(np.nan, total, None) if k is None else Found(float(k), total, found[k])


def _tried(turned: Callable[[int], bool], guess: int | None, most: int) -> int | None:
    """Return the least number near a guess that does it, in a few tries: more first, then fewer."""
    low, high = 0, guess or most
    for _ in range(_TRIES):
        if turned(high):
            break
        low, high = high, max(high + 1, int(np.ceil(high * _LARGER)))
        if high > most:
            return None
    else:
        return None
    for _ in range(_TRIES):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        low, high = (low, middle) if turned(middle) else (middle, high)
    return high


@dataclass(frozen=True, eq=False)
class _Order:
    """Cells and values whose records pull the estimate, the strongest first."""

    bins: Int
    cumulated: Int

    def first(self, k: int, shape: tuple[int, ...]) -> Int:
        """(U, T, V) the k records that pull most."""
        sizes = np.diff(self.cumulated, prepend=0)
        taken = np.zeros(int(np.prod(shape)), dtype=np.int64)
        taken[self.bins] = np.clip(k - (self.cumulated - sizes), 0, sizes)
        return taken.reshape(shape)


def _by_pull(cells: _Cells, loadings: Float, direction: float) -> _Order:
    """Order the records by how far the estimate moves in a direction without one of them."""
    n = np.maximum(cells.n, 1)
    mean = (cells.counts @ cells.values) / n
    deviation = cells.values[None, None, :] - mean[:, :, None]
    pull = -direction * loadings[:, :, None] * deviation / np.maximum(n - 1, 1)[:, :, None]
    size = np.abs(pull).max(initial=0.0)
    counted = ((cells.counts > 0) & (pull > 1e-12 * size) & (cells.n > 1)[:, :, None]).ravel()
    bins = np.flatnonzero(counted)
    bins = bins[np.argsort(-pull.ravel()[bins], kind="stable")]
    return _Order(bins, np.cumsum(cells.counts.ravel()[bins]))


def _shift(cells: _Cells, loadings: Float, removed: Int) -> float:
    """Return by how much the estimate moves without some records, its weights on the cells held."""
    n = np.maximum(cells.n, 1)
    before = (cells.counts @ cells.values) / n
    left = cells.counts - removed
    after = (left @ cells.values) / np.maximum(left.sum(axis=2), 1)
    return float((loadings * (after - before)).sum())


def _goal(finding: Inference, turns: Turn, reading: Reading) -> float:
    """Return by how much the estimate must move, its standard error held."""
    estimate = float(finding.estimate[0])
    if turns == "sign":
        return -estimate
    low, high = (float(end[0]) for end in finding.interval(reading.level))
    where = _concludes(finding, reading)
    if where in {"below", "above"}:
        return -high if where == "below" else -low
    if where == "within":
        assert reading.margin is not None
        return reading.margin - high if estimate > 0 else -reading.margin - low
    return -low if estimate > 0 else -high


def _least(reached: Callable[[int], bool], most: int) -> int | None:
    """Return the least whole number from which on something is reached; None where even the most does not do."""
    if most < 1 or not reached(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _without(design: Design, cells: _Cells, removed: Int) -> Design:
    """Return the design without some records: means, numbers and sums of squares of its cells counted again."""
    panel, left = design.panel, cells.counts - removed
    n = left.sum(axis=2).astype(np.float64)
    touched = panel.observed & (removed.sum(axis=2) > 0)
    mean = (left @ cells.values) / np.maximum(n, 1)
    squares = (left @ cells.values**2) - n * mean**2
    within = panel.within.copy()
    within[touched, 0, 0] = squares[touched]
    of_records = design.weights == "records"
    ratio = np.divide(n, panel.n, out=np.ones_like(n), where=touched)
    return replace(
        design,
        panel=replace(
            panel,
            n=np.where(touched, n, panel.n),
            mean=np.where(touched, mean, panel.mean),
            weight=np.where(touched, panel.weight * ratio, panel.weight) if of_records else panel.weight,
            within=within,
        ),
    )


# --------------------------------------------------------------------------------------------------------- offices


def _offices(finding: Inference, turns: Turn, reading: Reading) -> Found:
    """Leave out clusters in the order of the estimate without each, until the conclusion turns."""
    design, count = finding.effects.design, len(finding.effects.design.clusters)
    change = _direction(finding, turns, reading) * (finding.effects.leave_one_out()[:, 0] - finding.estimate[0])
    order = np.argsort(-np.nan_to_num(change, nan=-np.inf), kind="stable")
    most = min(count // 2, int((change > 0).sum()))
    found: dict[int, Inference | None] = {}

    def reached(k: int) -> bool:
        gone: Bool = np.isin(design.cluster, order[:k])
        found[k] = _again(finding, design.where(~gone))
        other = found[k]
        return other is not None and _turned(finding, other, turns, reading)

    k = _least(reached, most)
    return Found(np.nan, count, None) if k is None else Found(float(k), count, found[k])


# ------------------------------------------------------------------------------------------- dates and open cases


def _row(what: str, turns: str, found: Found, level: float) -> dict[str, object]:
    return {
        "what": what,
        "turns": turns,
        "fewest": found.fewest,
        "of": found.of,
        "share": found.fewest / found.of if found.of else np.nan,
        "day": np.nan,
        **_numbers(found.inference, level),
    }


def _numbers(inference: Inference | None, level: float) -> dict[str, float]:
    if inference is None:
        return dict.fromkeys(("estimate", "conf_low", "conf_high"), np.nan)
    low, high = inference.interval(level)
    return {"estimate": float(inference.estimate[0]), "conf_low": float(low[0]), "conf_high": float(high[0])}


def _turns(finding: Inference, other: Inference, reading: Reading) -> str:
    return next((turns for turns in reversed(_TURNS) if _turned(finding, other, turns, reading)), "nothing")


def _moved(finding: Inference, name: str, steps: int, reading: Reading) -> dict[str, object]:
    """Say what would be found if every date of training were a period earlier or later; nothing where it cannot be."""
    design = finding.effects.design
    other = None if design.status is not None else _again(finding, design.shifted(steps))
    if other is None or not np.isfinite(other.std_error[0]):
        return {}
    return {"what": name, "turns": _turns(finding, other, reading), **_numbers(other, reading.level)}


def _open_cases(finding: Inference, durations: Durations, reading: Reading) -> Iterator[dict[str, object]]:
    """Give the last day on which all open cases must have ended for the conclusion to turn; the first where none does.

    An open case of a month that counts has been followed to the horizon. This asks what if nobody had recorded its end.
    """
    design = finding.effects.design
    outcome = design.panel.outcome
    assert isinstance(outcome, RestrictedMean | Within)
    count = _count_open(design, durations)
    if not count:
        return
    found: dict[int, Inference | None] = {}

    def stays(day: int) -> bool:
        found[day] = _again(finding, _all_ended(design, durations, day))
        other = found[day]
        return other is None or _turns(finding, other, reading) == "nothing"

    day = 0
    if not stays(0):
        least = _least(stays, outcome.horizon + 1)
        day = outcome.horizon if least is None else least - 1
    other = found.get(day)
    if other is None:
        return
    row = _row(
        "open", _turns(finding, other, reading), Found(float(count), int(design.panel.n.sum()), other), reading.level
    )
    yield row | {"day": float(day)}


FEW_OPEN: Final = 10  # the threshold of a release
_OPEN: Final = (nw.col("status") == "open") & nw.col("days").is_null()


def _count_open(design: Design, durations: Durations) -> int:
    """Return how many open cases stand behind the cells of a design."""
    by = _by(design, durations)
    if not by or "status" not in durations.records.collect_schema().names():
        return 0
    rows = durations.records.filter(_OPEN).group_by(*by, "month").agg(nw.len().alias("rows")).collect().to_pandas()
    units, months = set(map(str, design.panel.units)), {int(o) for o in design.panel.timeline.ordinals}
    labels = rows[list(by)].astype(str).agg(" / ".join, axis=1) if len(rows) else pd.Series([], dtype=str)
    timeline = design.panel.timeline
    length = timeline.period_months  # months are named by their number, half-years by that of their first month
    period = rows["month"] // length * (length if timeline.kind == "month" else 1)
    return int(rows.loc[labels.isin(units) & period.isin(months), "rows"].sum())


def _all_ended(design: Design, durations: Durations, day: int) -> Design:
    """Return the design as it would be if all open cases had been decided after so many days."""
    panel = design.panel
    ended = nw.when(_OPEN).then(nw.lit(day, nw.Int32)).otherwise(nw.col("days").cast(nw.Int32)).alias("days")
    filled = replace(durations, records=durations.records.with_columns(ended))
    by = _by(design, durations)
    other = tabulate(filled, panel.outcome, by=by, per=_per(panel))  # type: ignore[call-overload]
    at = _places(design, other)
    if at is None:  # the same records in the same months: cannot be
        raise InputError(Message("checks.turning.not_behind"))
    seen = panel.observed
    within = np.where(seen[:, :, None, None], other.within[at], panel.within)
    return replace(design, panel=replace(panel, mean=np.where(seen, other.mean[at], panel.mean), within=within))


# ----------------------------------------------------------------------------------------------------------- words


def _say(finding: Inference, table: pd.DataFrame, reading: Reading) -> Message:
    where = _concludes(finding, reading)
    ways = {turns: _ways(table, turns) for turns in _TURNS}
    said = [Message(f"checks.turning.interval.{where}", ways=_either(ways["interval"]))] if ways["interval"] else []
    said += [Message("checks.turning.sign", ways=_either(ways["sign"]))] if ways["sign"] else []
    if not said:
        looked = table["what"].eq("applications").any()
        said = [Message("checks.turning.none" if looked else "checks.turning.no_offices")]
    return paragraph(*said, *_say_moved(table, finding), *_say_open(table, finding))


def _ways(table: pd.DataFrame, turns: Turn) -> list[Message]:
    rows = table.loc[(table["turns"] == turns) & table["what"].isin(["applications", "offices"])]
    found = rows.loc[rows["fewest"].notna(), ["what", "fewest", "of", "share"]].itertuples(index=False)
    return [Message(f"checks.turning.{what}", k=int(k), n=int(n), share=share) for what, k, n, share in found]


def _either(ways: list[Message]) -> Message:
    return ways[0] if len(ways) == 1 else Message("checks.turning.either", one=ways[0], other=ways[1])


def _scaled(finding: Inference, row: pd.Series) -> dict[str, float]:
    scale = finding.effects.design.panel.outcome.words.scale
    ends = sorted(scale * float(row[name]) for name in ("conf_low", "conf_high"))
    return {"x": scale * float(row["estimate"]), "low": ends[0], "high": ends[1]}


def _say_moved(table: pd.DataFrame, finding: Inference) -> Iterator[Message]:
    rows = {str(row["what"]): row for _, row in table.iterrows()}
    for name in ("earlier", "later"):
        if name in rows:
            kind = "turns" if rows[name]["turns"] != "nothing" else "stays"
            yield Message(f"checks.turning.{name}_{kind}", **_scaled(finding, rows[name]))


def _say_open(table: pd.DataFrame, finding: Inference) -> Iterator[Message]:
    for _, row in table.loc[table["what"] == "open"].iterrows():
        n, kind = int(row["fewest"]), "stays" if row["turns"] == "nothing" else "turns"
        few = n < FEW_OPEN  # cases still open are a small count as any other
        said = {"least": FEW_OPEN} if few else {"n": n}
        day = {"day": int(row["day"])} if kind == "turns" else {}
        yield Message(f"checks.turning.{'few_' if few else ''}open_{kind}", **said, **day, **_scaled(finding, row))
