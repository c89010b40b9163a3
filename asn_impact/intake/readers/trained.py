"""Completions -> the share of its staff that an office has trained by each month, and its first month at a share."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from asn_impact.errors import InputError
from asn_impact.intake.fields.labels import label_key
from asn_impact.intake.privacy import masked
from asn_impact.intake.readers.completions import numbers_of
from asn_impact.words import Alert, Message


def count_persons_once(completions: pd.DataFrame, dose: Literal["share", "hours"]) -> pd.DataFrame:
    """Return ``office, course_end, month, n`` and, for hours, ``hours``: a person is one at the first completion only.

    One course in two rows of a person is one course. Rows without a number of a person are not counted where there are
    such numbers; without any every row is a person.
    """
    table = completions
    if "officer" in table:
        table = table.dropna(subset=["officer"]).sort_values("course_end", kind="stable")
        same = [c for c in ("office", "officer", "course", "course_end") if c in table]
        table = table.drop_duplicates(same)
        table = table.assign(n=(~table.duplicated(["office", "officer"])).astype(int))
    if dose == "share":
        return table.loc[table["n"] > 0].drop(columns="hours", errors="ignore")
    if "hours" not in table:
        raise InputError(Message("training.no_hours_column"))
    persons = 1.0 if "officer" in table else table["n"]
    hours = numbers_of(table["hours"], "hours")
    if (lacking := int((hours.isna() | (hours < 0)).sum())) > 0:
        raise InputError(Message("training.no_hours", n=lacking))
    return table.assign(hours=hours * persons)


def accumulate(completions: pd.DataFrame, staff: pd.Series | None) -> pd.DataFrame:
    """Return ``office, month, n, done`` and, with staff numbers, ``share`` and ``hours``, added up over months."""
    columns = [c for c in ("n", "hours") if c in completions]
    monthly = completions.groupby(["office", "month"])[columns].sum().reset_index()
    so_far = monthly.groupby("office")[columns].cumsum()
    members = np.nan if staff is None else monthly["office"].map(staff)
    hours = so_far["hours"] / members if "hours" in columns else np.nan
    return monthly.assign(done=so_far["n"], share=so_far["n"] / members, hours=hours)


def first_months(monthly: pd.DataFrame, share: float | None, offices: list[str]) -> pd.Series:
    """Return office -> first month at the share, missing where it is never reached."""
    first = monthly.loc[_at_share(monthly, share)].groupby("office")["month"].min()
    months = pd.PeriodIndex([first.get(o, pd.NaT) for o in offices], freq="M")
    return pd.Series(months, index=pd.Index(offices, name="office"), name="adopted")


def _at_share(monthly: pd.DataFrame, share: float | None) -> pd.Series:
    return monthly["done"] > 0 if share is None else monthly["share"] >= share - 1e-9


def count_below_again(monthly: pd.DataFrame, share: float | None) -> list[Message]:
    """Say how many offices fall below the share again because trained persons leave; they go on counting as trained."""
    reached = _at_share(monthly, share)
    below = monthly.loc[~reached & reached.groupby(monthly["office"]).cummax(), "office"].unique()
    return (
        [Alert("training.below_again", n=len(below), offices=tuple(map(masked, sorted(below))))] if len(below) else []
    )


def count_partly_treated(completions: pd.DataFrame, adopted: pd.Series) -> list[Message]:
    """Say how many offices were trained after the first day of their first treated month."""
    first = completions["office"].map(adopted) == completions["month"]
    late = completions.loc[first & (pd.to_datetime(completions["course_end"]).dt.day > 1), "office"].nunique()
    return [Message("training.partly_treated", n=late)] if late else []


def count_over_full(monthly: pd.DataFrame) -> list[Message]:
    """Say how many offices have more people trained than staff."""
    over = int((monthly.groupby("office")["share"].max() > 1).sum())
    return [Message("training.over_full", n=over)] if over else []


def main_providers(completions: pd.DataFrame, adopted: pd.Series) -> pd.Series | None:
    """Return office -> who taught more than half of those trained by its first month, missing where nobody did.

    None where the list has no such column. Spellings that no eye tells apart are one.
    """
    if "provider" not in completions:
        return None
    start = completions["office"].map(adopted)
    taught = completions.loc[start.notna() & (completions["month"] <= start)].dropna(subset=["provider"])
    spelt = taught["provider"].astype(str).str.split().str.join(" ")
    first = spelt.groupby(spelt.map(label_key)).first()
    each = taught.assign(provider=spelt.map(label_key)).groupby(["office", "provider"])["n"].sum()
    share = each / each.groupby("office").transform("sum")
    main = share[share > 0.5].reset_index().set_index("office")["provider"].map(first)
    return main.reindex(adopted.index[adopted.notna()]).rename("provider")
