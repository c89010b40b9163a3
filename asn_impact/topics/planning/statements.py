"""What is said of the returns of a programme, before it is said in a language."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from asn_impact.estimation.resampling import Resampled
from asn_impact.topics.planning.money import money
from asn_impact.words import Alert, Message, Quantity
from asn_impact.words.writing import find_decimals

if TYPE_CHECKING:
    from asn_impact.topics.planning.returns import Returns

Rows: TypeAlias = dict[str, dict[str, Any]]

DAYS: Final = {  # units of an outcome in days -> which days they are
    **dict.fromkeys(("day", "days", "hari"), "plain"),
    **dict.fromkeys(("working days", "hari kerja"), "working"),
    **dict.fromkeys(("calendar days", "hari kalender"), "calendar"),
}


def notes_of(back: Returns) -> list[Message]:
    """Return what was assumed."""
    inference, notes = back.inference, list[Message]()
    if isinstance(inference, Resampled):
        rule = inference.rule.entry.name
        notes.append(Alert("planning.returns.own_intervals", df=float(inference.df[0]), rule=rule))
    if back.beyond_observation:
        notes.append(Alert("planning.returns.beyond", observed=back.observed_months, months=_months(back)))
    if back.across_offices == "equal" and inference.effects.design.weights != "records":
        notes.append(Message("planning.returns.equal"))
    if back.costs.example:
        notes.append(Alert("planning.returns.example", n=back.costs.example))
    return notes


def _interval(row: dict[str, Any], level: float, decimals: int | None) -> Message:
    """Return the interval of a row in brackets; `decimals` None for rupiah."""
    low, high = (
        money(row[end], f"returns.{row['term']}.{end}")
        if decimals is None
        else Quantity(row[end], f"returns.{row['term']}.{end}", decimals)
        for end in ("conf_low", "conf_high")
    )
    if math.isinf(row["conf_high"]):
        return Message("planning.returns.interval_open", level=level, low=low)
    return Message("planning.returns.interval", level=level, low=low, high=high)


def _say_verdict(rows: Rows) -> Message:
    saved, value = rows["days_saved_per_case"], rows["net_present_value"]
    if saved["conf_low"] <= 0 <= saved["conf_high"]:
        return Message("planning.returns.verdict.unsettled")
    if saved["conf_high"] < 0:
        return Message("planning.returns.verdict.longer")
    if value["conf_low"] > 0:
        return Message("planning.returns.verdict.pays")
    return Message("planning.returns.verdict.loses" if value["conf_high"] < 0 else "planning.returns.verdict.shorter")


def _days(back: Returns) -> Message:
    return Message(f"planning.returns.unit.{DAYS[back.inference.effects.design.panel.outcome.unit]}")


def _months(back: Returns) -> Quantity:
    return _few_decimals(12 * back.years, "12 * returns.years")


def _say_days(back: Returns, rows: Rows, level: float) -> list[Message]:
    """Return the days expected over the years, and those that the data hold until now."""
    each, total, until_now = rows["days_saved_per_case"], rows["days_saved"], back.cases_until_now
    expected = Message(
        "planning.returns.days",
        unit=_days(back),
        each=each["estimate"],
        each_range=_interval(each, level, 2),
        months=_months(back),
        cases=back.cases_per_month * 12 * back.years,
        fade=_fading(back.fade_half_life),
        total=total["estimate"],
        total_range=_interval(total, level, 0),
    )
    if math.isnan(until_now):
        return [expected]
    seen = {end: until_now * each[end] for end in ("estimate", "conf_low", "conf_high")} | {"term": "days_until_now"}
    said = {"total": seen["estimate"], "total_range": _interval(seen, level, 0), "months": back.observed_months}
    return [expected, Message("planning.returns.until_now", cases=until_now, **said)]


def say_costs(back: Returns, rows: Rows, level: float) -> Message:
    """Return what the programme cost, in all and for each day expected to be saved."""
    total, row = money(back.costs.total, "costs.total"), rows["cost_per_day"]
    if math.isnan(row["estimate"]):
        return Message("planning.returns.cost_undefined", total=total)
    each = money(row["estimate"], "returns.cost_per_day.estimate")
    return Message(
        "planning.returns.cost", total=total, each=each, months=_months(back), range=_interval(row, level, None)
    )


def say_break_even(back: Returns) -> Message:
    """Return how many days saved on each application would have paid for the costs."""
    days, value = back.break_even_effect, money(back.value_of_a_day, "returns.value_of_a_day")
    if math.isnan(days):
        return Message("planning.returns.no_break_even")
    return Message("planning.returns.break_even", days=days, unit=_days(back), value=value)


def _say_value(back: Returns, rows: Rows, level: float) -> Message:
    row = rows["net_present_value"]
    return Message(
        "planning.returns.value",
        years=_few_decimals(back.years, "returns.years"),
        rate=_few_decimals(100 * back.discount, "returns.discount", "percent"),
        fade=_fading(back.fade_half_life),
        amount=money(row["estimate"], "returns.net_present_value.estimate"),
        range=_interval(row, level, None),
        chance=Quantity(back.probability_positive, "returns.probability_positive", 0, "percent"),
        draws=len(back.draws),
    )


def _fading(half_life: float | None) -> Message:
    if half_life is None:
        return Message("planning.returns.lasts")
    return Message("planning.returns.fades", years=_few_decimals(half_life, "returns.fade_half_life"))


def _few_decimals(value: float, source: str, form: Literal["plain", "percent"] = "plain") -> Quantity:
    """Return a number with as many decimals as it has, six at most."""
    return Quantity(value / 100 if form == "percent" else value, source, find_decimals(value, 6), form)


def statements_of(back: Returns, rows: Rows, level: float) -> tuple[Message, ...]:
    """Return the verdict, the amounts and the notes of what a programme gave back."""
    before = (_say_verdict(rows), *_say_days(back, rows, level), say_costs(back, rows, level))
    return (*before, say_break_even(back), _say_value(back, rows, level), *back.notes)


def say_in_short(back: Returns, rows: Rows, level: float) -> Message:
    """Return what a day expected to be saved costs, how many days on each application would pay, and what is left."""
    row, value = rows["cost_per_day"], rows["net_present_value"]
    return Message(
        "planning.returns.short",
        months=_months(back),
        each=money(row["estimate"], "returns.cost_per_day.estimate"),
        unit=Message(f"planning.returns.day.{DAYS[back.inference.effects.design.panel.outcome.unit]}"),
        range=_interval(row, level, None),
        days=Quantity(back.break_even_effect, "returns.break_even_effect", None),
        value=money(value["estimate"], "returns.net_present_value.estimate"),
        value_range=_interval(value, level, None),
    )
