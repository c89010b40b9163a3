"""How many people handle cases in each office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import pandas as pd

from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import match_columns
from asn_impact.intake.fields.labels import TOTAL_LABEL, answered, label_key, plain_label
from asn_impact.intake.readers.completions import numbers_of
from asn_impact.intake.readers.rollout import columns_of
from asn_impact.words import Message


def staff_numbers(
    staff: Mapping[str, float] | Any | None,  # noqa: ANN401
    completions: pd.DataFrame,
    offices: Mapping[str, str] | None,
) -> pd.Series:
    """Office -> number of staff: as given, else the largest number in the records of the office."""
    if staff is None:
        if "staff" not in completions:
            raise InputError(Message("training.no_staff"))
        numbers = completions.assign(staff=numbers_of(completions["staff"], "staff")).groupby("office")["staff"].max()
    else:
        numbers = _staff_as_written(_given_staff(staff), completions, offices)
    lacking = sorted(set(completions["office"]) - set(numbers.index[numbers > 0]))
    if lacking:
        raise InputError(Message("training.staff_lacking", n=len(lacking), offices=lacking))
    return numbers


def _given_staff(staff: Mapping[str, float] | Any) -> list[tuple[str, float]]:  # noqa: ANN401
    """Return office and number of staff as given; a row that adds up the others is no office."""
    if isinstance(staff, Mapping):
        return [(str(office), float(n)) for office, n in staff.items()]
    table = _staff_table(staff)
    pairs = zip(table["office"].astype(str), numbers_of(table["staff"], "staff"), strict=True)
    return [(office, float(n)) for office, n in pairs if not TOTAL_LABEL.match(plain_label(office))]


def _staff_table(staff: Any) -> pd.DataFrame:  # noqa: ANN401
    """Return ``office, staff`` of a frame: under their names or synonyms, or the office and the only other column."""
    names = list(nw.from_native(staff).lazy().collect_schema().names())
    if {"office", "staff"} <= set(names):
        return columns_of(staff, ("office", "staff"))
    match = match_columns(names, ("office", "staff"), columns=None, keep=(), required=("office",))
    others = [name for name in names if name != match["office"]]
    if "staff" not in match and len(others) == 1:
        match = {**match, "staff": others[0]}
    if "staff" not in match:
        return columns_of(staff, ("office", "staff"))  # says which columns there are
    table = columns_of(staff, (match["office"], match["staff"]))
    return table.set_axis(["office", "staff"], axis=1)


def _staff_as_written(
    staff: Sequence[tuple[str, float]], completions: pd.DataFrame, offices: Mapping[str, str] | None
) -> pd.Series:
    """Return office -> number of staff, each office as the training records write it."""
    written = {label_key(o): o for o in completions["office"].unique()}
    named = {answered(o, offices): n for o, n in staff}
    return pd.Series({written.get(label_key(o), o): n for o, n in named.items()}, dtype=float)
