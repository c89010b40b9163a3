"""The history of positions: in which unit a person was on the day a course ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from asn_impact.errors import InputError
from asn_impact.intake.fields.columns import Headings, normalised
from asn_impact.intake.fields.labels import join_spellings, same_office
from asn_impact.intake.fields.people import person_key
from asn_impact.intake.fields.regencies import ALL, REGENCY, settle_regencies
from asn_impact.intake.gathering import explaining, gather
from asn_impact.intake.privacy import pseudonym
from asn_impact.intake.readers.completions import NOWHERE
from asn_impact.words import Alert, Message, paragraph

_DAMAGED = re.compile(r"\s*\d[.,]\d+e\+?\d+\s*|\d{15}000", re.IGNORECASE)  # what a spreadsheet leaves of a long number


def find_units_then(
    completions: pd.DataFrame, history: pd.DataFrame | None, headings: Mapping[str, str]
) -> tuple[pd.DataFrame, list[Message]]:
    """Completions with the unit of each person on the day the course ended, and what has to be said about it."""
    if history is None:
        at_training = "pelatihan" in normalised(headings["office"]) or "training" in normalised(headings["office"])
        return completions, [] if at_training or "officer" not in completions else [Alert("training.unit_of_records")]
    days = pd.to_datetime(completions["course_end"]).astype("datetime64[s]")
    records = completions.assign(day=days, row=range(len(completions))).sort_values(["day", "row"])
    posts = pd.merge_asof(records, history, left_on="day", right_on="since", by="officer", suffixes=("", "_then"))
    posts = posts.sort_values("row").set_index(completions.index)
    known = posts["office_then"].notna()
    pairs = zip(completions["office"], posts["office_then"], known, strict=True)
    other = pd.Series([told and not same_office(str(own), str(then)) for own, then, told in pairs], completions.index)
    changes = int(other.sum())
    nowhere = ~known & (completions["office"] == NOWHERE)
    unknown = int((~known & ~nowhere).sum())
    changes = 0 if (completions["office"] == NOWHERE).all() else changes
    notes: list[Message] = [Message("training.unit_then", n=changes)] if changes else []
    notes += [Alert("training.unit_nowhere", n=int(nowhere.sum()), total=len(completions))] if nowhere.any() else []
    notes += [Alert("training.unit_unknown", n=unknown)] if unknown else []
    if nowhere.all():
        raise InputError(paragraph(Message("training.nothing_usable"), *notes))
    placed = completions.assign(office=completions["office"].where(~other, posts["office_then"]))
    return placed.loc[~nowhere], notes


def dates_of(dates: Mapping[str, str] | None, positions: Any | None, *, since: bool) -> dict[str, str]:  # noqa: ANN401
    """Return the orders of dates of the history of positions, or those of the records."""
    both = {} if dates is None else dict(dates)
    return {f: o for f, o in both.items() if (f == "since" and positions is not None) == since}


def read_history(
    positions: Any,  # noqa: ANN401
    columns: Headings | None,
    dates: Mapping[str, str],
    key: bytes | None,
    *,
    offices: Mapping[str, str] | None = None,
    regency: str | None = None,
) -> tuple[pd.DataFrame, list[Message]]:
    """Return ``officer, office_then, since`` in the order of time; of two units from one day none can be chosen.

    With `regency`, for records that tell offices apart by it, the history has to do so too.
    """
    fields = ("officer", "office", "since")
    with explaining(positions):
        wanted = (*fields, REGENCY) if regency is not None else fields
        rows = gather(positions, wanted, columns=columns, dates=dates, keep=(), required=fields)
        if regency == ALL and REGENCY not in rows.headings:
            raise InputError(Message("training.positions_by_regency"))
        frame, of_regencies = rows.frame, list[Message]()
        if REGENCY in rows.headings:
            frame, of_regencies = settle_regencies(join_spellings(frame, offices)[0], regency)
        every = pd.DataFrame(frame.select(*fields).collect().to_pandas())
        table = every.dropna()
    lost = len(every) - len(table)
    of_lost = [Alert("training.positions_lost", n=lost, total=len(every))] if lost else []
    notes = [*rows.notes, *of_regencies, *of_lost]
    table = table.assign(
        officer=tell_apart(table["officer"], key), since=pd.to_datetime(table["since"]).astype("datetime64[s]")
    ).drop_duplicates()
    double = int(table.duplicated(["officer", "since"], keep=False).sum())
    if double:
        raise InputError(Message("training.two_units", n=double))
    if table.empty:
        raise InputError(Message("training.no_history"))
    return table.sort_values("since", kind="stable").rename(columns={"office": "office_then"}), notes


def tell_apart(numbers: pd.Series, key: bytes | None) -> pd.Series:
    """Numbers of persons however they were spaced as one, or as keyed pseudonyms; damaged ones are refused."""
    texts = numbers.astype("string")
    if damaged := _count_damaged(texts):
        raise InputError(Message("training.damaged", n=damaged))
    keys = {text: person_key(text) for text in texts.dropna().unique()}
    plain = texts.map(keys, na_action="ignore").astype("string")
    plain = plain.mask(plain == "")
    if key is not None:
        names = {p: pseudonym("nip", p, key) for p in plain.dropna().unique()}
        plain = plain.map(names, na_action="ignore").astype("string")
    return plain.astype(object).where(plain.notna(), None)


def _count_damaged(texts: pd.Series) -> int:
    """Return how many numbers a spreadsheet has cut to 15 digits.

    It does so to a whole column: one number among whole ones that ends in zeros is a number.
    """
    distinct = texts.dropna().drop_duplicates()
    cut = distinct.str.fullmatch(_DAMAGED.pattern, flags=re.IGNORECASE)
    whole = distinct.str.fullmatch(r"\s*\d{18}\s*") & ~cut
    if cut.sum() == 1 and whole.any() and distinct[cut].str.fullmatch(r"\d{18}").all():
        return 0
    return int(texts.isin(distinct[cut]).sum())
