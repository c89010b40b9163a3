"""Which rows of a budget add up others, and whether its totals are what their components add up to."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from asn_impact.arguments import Names
from asn_impact.arrays import Bool, Float
from asn_impact.errors import InputError
from asn_impact.intake.fields.amounts import is_total
from asn_impact.intake.privacy import masked
from asn_impact.topics.planning.money import money, rupiah
from asn_impact.words import Alert, Message

ROUNDING: Final = 0.001  # share by which an amount may differ from its product, or a total from its sum
#: What says that an amount is the sum of those up to a day.
_SO_FAR: Final = re.compile(
    r"(?<![a-z])(?:s\W{0,2}d\b|sampai|hingga|kumulati[fv]|akumulasi|cumulative|to date|ytd|up to)", re.IGNORECASE
)
_PERIOD: Final = re.compile(
    r"\b(?:jan|feb|mar|apr|mei|jun|jul|ag[su]|sep|okt|nov|des)(?:uari|ruari|et|il|i|ustus|tember|ober|ember)?\b"
    r"|\b(?:bulan|triwulan|tw|semester|tahap)\b",
    re.IGNORECASE,
)
_RUPIAH: Final = 1.0  # by which a row may differ from the sum that it is taken for


@dataclass(frozen=True, eq=False)
class Rows:
    """The N rows of a budget in their order."""

    names: Sequence[str]  #: how a row is called; a row with an amount and no name is taken for a total
    codes: Sequence[str]  #: account codes; empty where there is none
    amounts: Float  #: (N,) rupiah; NaN where a row has none
    alike: Sequence[tuple[float, float]]  #: volume and unit price
    heads: Bool  #: (N,) True for rows that are no components by their form or their name
    said: Names | None = None  #: rows of which the reader says that they add up others; None: nothing was said


def sums_of(rows: Rows) -> tuple[Bool, list[Message]]:
    """Return (N,) which components add up others and are none, and what has to be said.

    A row is a sum where its account code holds those below it, or where the totals of the sheet are right only if it
    is one.

    Raises
    ------
    InputError
        A row can be a sum or a component; a row without volume and unit price is the sum of nothing.
    """
    none: Bool = np.zeros(len(rows.names), dtype=np.bool_)
    if rows.said is not None:
        return none, list(_disagreeing(rows))
    certain, doubtful = _by_code(rows)
    twice, heads = _same_as_next(rows), rows.heads | certain
    apart, between = (_equal_to_many(rows.amounts, heads, ends) for ends in (none, twice & ~heads))
    doubtful |= apart | between | _accounts(rows, certain)
    twice &= ~(certain | doubtful)
    ways = [certain, certain | doubtful, certain | doubtful | twice]
    agreeing = [way for way in ways if not _unexplained(rows.amounts, rows.heads | way).any()]
    different = {way.tobytes(): way for way in agreeing if (rows.amounts[rows.heads] > 0).any()}
    notes: list[Message] = []
    if len(different) == 1:
        certain = agreeing[0]
    elif doubtful.any():
        asked = doubtful | twice if (between & ~apart).any() else doubtful
        names = tuple(_called(rows, int(at)) for at in np.flatnonzero(asked))
        about = {"n": len(names), "names": names, "first": names[0], "line": _line(names)}
        raise InputError(Message("planning.costs.sum_or_not", **about))
    elif twice.any():
        names = tuple(_called(rows, int(at)) for at in np.flatnonzero(twice))
        notes.append(Alert("planning.costs.same", n=len(names), names=names, line=_line(names)))
    return certain, [*notes, *_disagreeing(replace(rows, heads=rows.heads | certain))]


def latest_of(
    keys: Sequence[Hashable], names: Sequence[str], amounts: Float, heading: str, said: Names | None
) -> tuple[Bool, list[Message]]:
    """Return (N,) which rows count where the amounts of one key add up to a month each, and what has to be said.

    Raises
    ------
    InputError
        The heading says that they do (s.d.), and nobody said whether each row counts.
    """
    every: Bool = np.ones(len(keys), dtype=np.bool_)
    order: dict[Hashable, int] = {}
    rows = pd.Series(amounts).groupby([order.setdefault(key, len(order)) for key in keys])
    size, rises = rows.transform("size"), rows.diff()
    again = rows.cumcount(ascending=False).to_numpy() > 0
    if heading in (said or ()):
        return ~again, []
    if said is not None or not again.any() or (rises < 0).any() or not (rises > 0).any():
        return every, []
    first = masked(names[int(np.argmax(again))])
    about = {"heading": masked(heading), "n": int((size > 1).sum()), "first": first}
    if _SO_FAR.search(heading):
        raise InputError(Message("planning.costs.so_far", **about))
    return every, [Alert("planning.costs.rising", **about)] if size.max() > 2 else []


def heads_period(text: str) -> bool:
    """Return whether a row heads those of a month or another period."""
    return _PERIOD.search(text) is not None


def times_over(names: Sequence[str]) -> int:
    """Return how many times the same two or more names stand below each other in the same order.

    Examples
    --------
    >>> times_over(["a", "b", "a", "b"]), times_over(["a", "b", "a"])
    (2, 1)
    """
    every = list(names)
    periods = (p for p in range(2, len(every) // 2 + 1) if len(every) % p == 0 and every[p:] == every[:-p])
    period = next((p for p in periods if len(set(every)) > 1), len(every) or 1)
    return max(len(every) // period, 1)


def holding(codes: Sequence[str]) -> Bool:
    """Return (N,) which rows have a code that begins that of the row below."""
    bare = [code.strip().rstrip(".") for code in codes]
    below = [code != "" and after.startswith(f"{code}.") for code, after in pairwise(bare)]
    return np.array([*below, False], dtype=np.bool_)


_NUMBER: Final = re.compile(r"\(?\s*([IVXLC]+|[A-Z]|[a-z]{1,2}|\d+(?:\.\d+)*|[-–•])\s*([.)]*)", re.ASCII)
_LEADING: Final = re.compile(r"([IVXLC]+[.)]|[A-Z][.)]|[a-z][.)]|\d+(?:\.\d+)+\.?|\d+[.)]|[-–•])\s*(?=\S)", re.ASCII)


def numbered(numbers: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return numbers of rows (I, 1, 1.1, a) as codes that hold those below them; empty where a row has none.

    Without a column of numbers they are those before the names. Each kind of number is a level, in the order in which
    the kinds come.

    Examples
    --------
    >>> numbered(["I", "1", "a", "b", "2", "II"], [""] * 6)
    ['I', 'I.1', 'I.1.a', 'I.1.b', 'I.2', 'II']
    """
    texts = [n.strip() or ((m := _LEADING.match(name)) and m[1]) or "" for n, name in zip(numbers, names, strict=True)]
    roman = "I" in {text.strip(" .)(") for text in texts}
    codes, levels = list[str](), list[tuple[object, str]]()  # the kinds of number above a row, with their numbers
    for text in texts:
        if (found := _NUMBER.fullmatch(text)) is None:
            codes.append("")
            continue
        number = found[1]
        upper = "roman" if roman and re.fullmatch("[IVXLC]+", number) else "upper"
        letters = upper if number.isupper() else "lower"
        kind = (number.count("."), ")" in found[2]) if number[0].isdigit() else letters if number.isalpha() else "-"
        above = next((i for i, (other, _) in enumerate(levels) if other == kind), len(levels))
        levels = [*levels[:above], (kind, number.replace(".", "_"))]
        codes.append(".".join(name for _, name in levels))
    return codes


def _line(names: Sequence[str | Message]) -> str:
    return "totals = [" + ", ".join(f'"{name}"' for name in dict.fromkeys(map(str, names))) + "]"


def _called(rows: Rows, at: int) -> str | Message:
    return masked(rows.names[at]) or Message("planning.costs.row", row=at + 1)


def _by_code(rows: Rows) -> tuple[Bool, Bool]:
    """Return the components whose account code holds the ones below: those that are their sum, and the others."""
    codes = [code.strip().rstrip(".") for code in rows.codes]
    certain, doubtful = np.zeros((2, len(codes)), dtype=np.bool_)
    for i in np.flatnonzero(holding(codes) & ~rows.heads)[::-1]:
        within = f"{codes[i]}."
        end = next((j for j in range(i + 1, len(codes)) if codes[j] and not codes[j].startswith(within)), len(codes))
        parts = np.arange(i + 1, end)[~(rows.heads | certain)[i + 1 : end]]
        same = parts.size > 0 and abs(rows.amounts[parts].sum() - rows.amounts[i]) <= _RUPIAH
        (certain if same else doubtful)[i] = True
    return certain, doubtful


def _equal_to_many(amounts: Float, heads: Bool, ends: Bool) -> Bool:
    """Return the components that are the sum of two or more below them, or above them, up to a row that is none.

    `ends` may be components or none, as a row that repeats the one below.
    """
    below = _sums_below(amounts, heads, ends)
    above: Bool = _sums_below(amounts[::-1], (heads | below)[::-1], np.zeros_like(heads))[::-1]
    return np.asarray(below | above)


def _sums_below(amounts: Float, heads: Bool, either: Bool) -> Bool:
    sums = np.zeros(len(amounts), dtype=np.bool_)
    ends, total, n = [(0.0, 0)], 0.0, 0  # from the end to each row that is no component
    for i in range(len(amounts) - 1, -1, -1):
        apart = [total - before for before, some in ends if n - some > 1]
        sums[i] = not heads[i] and bool(apart) and bool((np.abs(np.array(apart) - amounts[i]) <= _RUPIAH).any())
        if heads[i] or sums[i]:
            ends.append((total, n))
            continue
        total, n = total + amounts[i], n + 1
        ends += [(total, n)] if either[i] else []
    return sums


def _accounts(rows: Rows, certain: Bool) -> Bool:
    """Return the components named as an account (Belanja ...) that repeat the one below, which is not."""
    account = np.array([name.casefold().startswith("belanja") for name in rows.names], dtype=np.bool_)
    accounts: Bool = _same_as_next(rows) & account & ~np.append(account[1:], True) & ~certain
    return accounts


def _same_as_next(rows: Rows) -> Bool:
    """Return the components with the volume and the unit price of the one below."""
    both = ~rows.heads & ~np.append(rows.heads[1:], True)
    same = np.array([*(a == b for a, b in pairwise(rows.alike)), False], dtype=np.bool_)
    return np.asarray(both & same)


def _blocks(at: int, amounts: Float, heads: Bool) -> Float:
    """Return the sums of the components below a row and above it, up to each row that is none and to the ends."""
    added = np.concatenate([[0.0], np.cumsum(np.where(heads, 0.0, amounts))])
    ends = np.append(np.flatnonzero(heads), len(amounts))
    starts = np.append(np.flatnonzero(heads) + 1, 0)
    return np.concatenate([added[ends[ends > at]] - added[at + 1], added[at] - added[starts[starts <= at]]])


def _unexplained(amounts: Float, heads: Bool) -> Bool:
    """Return the rows with an amount that are no components, and the sum of none."""
    alone = np.zeros(len(amounts), dtype=np.bool_)
    for at in np.flatnonzero(heads & (amounts > 0)):
        apart = np.abs(_blocks(int(at), amounts, heads) - amounts[at])
        alone[at] = apart.min() > ROUNDING * amounts[at] + _RUPIAH
    return alone


def _disagreeing(rows: Rows) -> Iterator[Message]:
    """Give the totals that are not what their components add up to; refuse what no component stands for."""
    total = float(rows.amounts[~rows.heads].sum())
    for at in map(int, np.flatnonzero(_unexplained(rows.amounts, rows.heads))):
        name, amount = rows.names[at], float(rows.amounts[at])
        blocks = _blocks(at, rows.amounts, rows.heads)
        nearest = float(blocks[np.argmin(np.abs(blocks - amount))])
        said = {"first": _called(rows, at), "amount": money(amount, "costs.said"), "total": money(nearest, "costs.sum")}
        aside = rows.said is not None and is_total(name, rows.said)
        if amount > total * (1 + ROUNDING) + _RUPIAH and not aside:
            shown = {"amount": rupiah(amount, "id"), "total": rupiah(total, "id")}
            raise InputError(Message("planning.costs.lump_sum", first=_called(rows, at), **shown))
        if name and not is_total(name, rows.said):
            raise InputError(Message("planning.costs.loose", **said))
        yield Alert("planning.costs.disagrees", **said)
