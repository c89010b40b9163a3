"""Tests before and after a course: a description without a comparison group, a design with one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arguments import Names
from asn_impact.arrays import Bool, Float
from asn_impact.errors import AsnImpactError, InputError
from asn_impact.identifiers import hidden
from asn_impact.intake.fields.canonical import FILE
from asn_impact.intake.fields.labels import plain_label
from asn_impact.intake.fields.numbers import NumberStyle, parse_numbers
from asn_impact.intake.fields.people import person_key
from asn_impact.intake.fields.regencies import REGENCY, settle_regencies
from asn_impact.intake.gathering import explaining, gather
from asn_impact.intake.ledger import Ledger
from asn_impact.intake.privacy import masked
from asn_impact.measures.outcomes import Better, Mean
from asn_impact.study.blind import turned_at_random
from asn_impact.study.measured import renamed
from asn_impact.study.ready import Prepared
from asn_impact.words import Alert, Message

if TYPE_CHECKING:
    from asn_impact.intake.extract import Source
    from asn_impact.intake.gathered import Gathered
    from asn_impact.study.settings import Study

OF_PERSONS: Final = {
    "tests": 2,
    "ratings": 3,
}  #: kinds of files on persons, who were trained or not; Kirkpatrick's step

Zeros: TypeAlias = Literal["absent", "scores"]

SCORE = "score"
_FAR: Final = 5  # times that scores of one scale are seldom apart as a whole
_SMALL: Final = 10  # the highest score of a short scale
_ENOUGH: Final = 3  # scores that show a scale
FEWEST = 10  # persons behind a mean that is shown


@dataclass(frozen=True, eq=False)
class Tests:
    """The scores of N persons who took both tests."""

    #: (N,) mean of the columns.
    before: Float
    after: Float
    office: tuple[str, ...]  #: (N,) "" where the file has none
    trained: Bool  #: (N,) True for those who took the course; everybody without a column of groups
    ledger: Ledger
    sources: tuple[Source, ...] = ()
    notes: tuple[Message, ...] = ()

    def __repr__(self) -> str:
        return f"Tests({len(self.before)} persons, {int(self.trained.sum())} trained)"


def gain(
    columns: Names = (), *, unit: str = "points", better: Better | None = "higher", label: Message | None = None
) -> Mean:
    """Return the score of a test; `columns` are those averaged where a row is a person and test."""
    return Mean(SCORE, unit, better=better, label=label or Message("programme.score"))


def read_tests(
    source: Any,  # noqa: ANN401 - a path, or several
    *,
    person: str,
    before: str,
    after: str,
    test: str | None = None,
    group: str | None = None,
    trained: str | None = None,
    scores: Names = (),
    columns: Mapping[str, str | None] | None = None,
    style: NumberStyle | None = None,
    regency: str | None = None,
    zeros: Zeros | None = None,
    sheets: Names = (),
) -> Tests:
    """Return the scores before and after of every person who has both.

    Parameters
    ----------
    source
        As for `read_exports`.
    person
        Heading of the identifier of a person; it pairs rows and goes no further.
    before, after
        Headings of the two scores, where a row is a person; with `test` the two words of that column.
    test, scores
        Where a row is a person and test: the column that says which, and those of the scores, averaged.
    group, trained
        Column of the group, and the word for those who took the course; everybody else is the comparison.
    columns
        ``office`` -> heading, where it is no usual one. Where groups are compared, rows without an office are left out.
    style
        How numbers are written, where a column does not tell.
    regency
        As for `read_observations`.
    zeros
        What a score of 0 is, where all others lie far above: ``"absent"`` (no score) or ``"scores"``.
    sheets
        The sheets that count, where a workbook holds others.

    Raises
    ------
    InputError
        A column or word is not there, a person has two rows of one test, or nobody has both scores. Zeros lie far below
        all other scores and nobody said what they are; sheets, files or tests are on other scales.
    """
    numbers = [before, after] if test is None else list(scores)
    if not numbers or (group is None) != (trained is None):
        raise InputError(Message("programme.tests_keys"))
    texts = [name for name in (test, group) if name is not None]
    table, rows = _gathered(source, person, texts, numbers, columns, style, regency, sheets)
    table, rows = _on_one_scale(table, rows, numbers, test, zeros)
    placed = _placed(table, group)
    paired = _wide(placed, before, after) if test is None else _long(placed, test, before, after, numbers)
    used = len(paired) * (1 if test is None else 2)
    lost = {
        Message("programme.tests_unplaced"): len(table) - len(placed),
        Message("programme.tests_one"): len(placed) - used,
    }
    ledger = Ledger(len(table), used, {reason: n for reason, n in lost.items() if n})
    if not len(paired):
        raise InputError(Message("programme.tests_nobody"))
    return Tests(
        paired["asn_before"].to_numpy(dtype=np.float64),
        paired["asn_after"].to_numpy(dtype=np.float64),
        _offices(paired),
        _is(paired[group], group, trained) if group is not None and trained is not None else np.ones(len(paired), bool),
        ledger,
        tuple(_source(t) for t in rows.tables),
        tuple(rows.notes),
    )


def read_ratings(
    source: Any,  # noqa: ANN401 - a path, or several
    *,
    person: str,
    when: str,
    before: str,
    after: str,
    rater: str | None = None,
    use: Names = (),
    group: str | None = None,
    trained: str | None = None,
    scores: Names = (),
    columns: Mapping[str, str | None] | None = None,
    style: NumberStyle | None = None,
    regency: str | None = None,
    zeros: Zeros | None = None,
    sheets: Names = (),
) -> Tests:
    """Return what others said of each person before and after: ratings by superiors, colleagues, those served (360).

    A row is one rating. For each person and time it is the mean of the kinds of raters, each kind counting alike
    however many they were; of kinds that rated at both times alone, so that another mix of raters is no gain.

    Parameters
    ----------
    source
        As for `read_exports`.
    person
        Heading of the identifier of the person rated.
    when, before, after
        The column that says when, and its two words.
    rater, use
        The column of the kind of rater, and the kinds that count; all of them without it.
    scores
        Columns of scores, averaged.
    group, trained, columns, style, regency, zeros, sheets
        As for `read_tests`.

    Raises
    ------
    InputError
        A column or word is not there, a person is in two groups, or nobody was rated at both times.
    """
    if not scores or (group is None) != (trained is None) or (use and rater is None):
        raise InputError(Message("programme.ratings_keys"))
    texts = [name for name in (when, rater, group) if name is not None]
    table, rows = _gathered(source, person, texts, list(scores), columns, style, regency, sheets)
    table, rows = _on_one_scale(table, rows, list(scores), when, zeros)
    table["asn_kind"] = "" if rater is None else table[rater].map(_plain)
    kinds = tuple(dict.fromkeys(_plain(word) for word in use))
    for word in use:
        _is(table[str(rater)], str(rater), word)
    placed = _placed(table, group)
    chosen = placed if not kinds else placed.loc[placed["asn_kind"].isin(kinds)]
    rated = chosen.assign(asn_score=chosen[list(scores)].mean(axis=1, skipna=False)).dropna(
        subset=["asn_person", "asn_score"]
    )
    first, second = (_is(rated[when], when, word) for word in (before, after))
    rated = rated.assign(asn_when=np.where(first, "before", np.where(second, "after", "")))
    by_kind = rated.groupby(["asn_person", "asn_kind", "asn_when"])["asn_score"].mean().unstack("asn_when")
    both = by_kind.dropna(subset=["before", "after"])
    if not len(both):
        raise InputError(Message("programme.tests_nobody"))
    used = rated.set_index(["asn_person", "asn_kind"]).index.isin(both.index) & (rated["asn_when"] != "")
    people = rated.loc[used].groupby("asn_person")
    if group is not None and (people[group].agg(lambda cells: len(set(cells))) > 1).any():
        raise InputError(Message("programme.ratings_groups", column=group))
    means = both.groupby("asn_person").mean()
    traits = people.first().loc[means.index]
    lost = {
        Message("programme.tests_unplaced"): len(table) - len(placed),
        Message("programme.ratings_not_chosen"): len(placed) - len(chosen),
        Message("programme.ratings_one"): len(chosen) - int(used.sum()),
    }
    kept = tuple(sorted(set(both.index.get_level_values("asn_kind")) - {""}))
    notes = (Message("programme.ratings_kinds", kinds=kept, n=len(kept)),) if kept else ()
    return Tests(
        means["before"].to_numpy(dtype=np.float64),
        means["after"].to_numpy(dtype=np.float64),
        _offices(traits),
        _is(traits[group], group, trained) if group is not None and trained is not None else np.ones(len(means), bool),
        Ledger(len(table), int(used.sum()), {reason: n for reason, n in lost.items() if n}),
        tuple(_source(t) for t in rows.tables),
        (*rows.notes, *notes),
    )


def _gathered(
    source: Any,  # noqa: ANN401
    person: str,
    texts: list[str],
    numbers: list[str],
    columns: Mapping[str, str | None] | None,
    style: NumberStyle | None,
    regency: str | None,
    sheets: Names,
) -> tuple[pd.DataFrame, Gathered]:
    """Return the columns of texts and numbers, and who each row is of."""
    fields = ("officer", "office", REGENCY)
    names = [*texts, *numbers]
    with explaining(source):
        given = {**(columns or {}), "officer": person, **{name: name for name in names}}
        rows = gather(source, fields, columns=given, dates=None, keep=names, required=("officer",), sheets=sheets)
        frame, of_regencies = settle_regencies(rows.frame, regency)
        table = pd.DataFrame(frame.collect().to_pandas())
    for name in numbers:
        cells = [None if pd.isna(v) else str(v) for v in table[name]]
        table[name] = parse_numbers(cells, name=name, style=style).to_numpy()
    table["asn_person"] = [None if pd.isna(p) else person_key(str(p)) for p in table["officer"]]
    if "office" in table:
        named = table["office"].map(lambda cell: None if pd.isna(cell) else plain_label(str(cell)) or None)
        table["office"] = named.groupby(table["asn_person"]).transform("first")
    return table, replace(rows, notes=(*rows.notes, *of_regencies))


def _on_one_scale(
    table: pd.DataFrame, rows: Gathered, numbers: list[str], test: str | None, zeros: Zeros | None
) -> tuple[pd.DataFrame, Gathered]:
    """Return the scores without zeros that are none, and say where a few lie far below all others.

    Raises
    ------
    InputError
        Zeros lie far below all other scores; or a sheet, a file, a test or a column is on another scale.
    """
    scores = table[numbers]
    nothing, absent = int((scores == 0).sum().sum()), zeros == "absent"
    above = np.unique(scores.to_numpy(dtype=float)[scores.to_numpy(dtype=float) > 0])
    apart = len(above) > 1 and above[0] >= max(above[-1] / _FAR, 3 * float(np.diff(above).max()))
    if nothing and apart and zeros is None:
        raise InputError(Message("programme.zeros", n=nothing, lowest=float(above[0])))
    notes = [Message("programme.zeros_absent", n=nothing)] if nothing and absent else []
    names = [masked(one.sheet or one.name) for one in rows.tables]
    of = table[FILE].map(lambda i: names[int(i)]) if len(names) > 1 and FILE in table else ""
    told = "" if test is None else table[test].fillna("").map(str)
    parts = scores.where(scores > 0).assign(asn_of=of, asn_in=told).melt(["asn_of", "asn_in"], numbers).dropna()
    for _, alike in parts.groupby("variable" if test is not None else lambda _: 0):  # columns that are averaged differ
        _refuse_scales(alike)
    low = np.sort(parts["value"].to_numpy(dtype=float))
    few, rest = low[low <= _SMALL], low[low > _SMALL]
    if len(few) and len(rest) > len(few) and rest[0] >= 3 * few[-1] and np.median(rest) >= _FAR * _SMALL / 2:
        notes.append(Alert("programme.scores_apart", n=len(few), most=float(few[-1]), least=float(rest[0])))
    return table.assign(**(scores.where(scores != 0) if absent else scores)), replace(rows, notes=(*rows.notes, *notes))


def _refuse_scales(parts: pd.DataFrame) -> None:
    """Refuse parts of which one lies as a whole far below another: 0 to 10 beside 0 to 100."""
    ranges = parts.groupby(["asn_of", "asn_in", "variable"], sort=False)["value"]
    known = [(part, np.asarray(values, dtype=float)) for part, values in ranges if len(values) >= _ENOUGH]
    if not known:
        return
    lower, low = min(known, key=lambda one: float(np.median(one[1])))
    higher, high = max(known, key=lambda one: float(np.median(one[1])))
    if np.quantile(low, 0.9) < np.quantile(high, 0.1) and np.median(high) >= _FAR * np.median(low):
        names = [", ".join(dict.fromkeys(str(word) for word in part if word)) for part in (lower, higher)]
        ends = {"low": float(low.max()), "high": float(high.max())}
        raise InputError(Message("programme.scales", lower=names[0], higher=names[1], **ends))


def _placed(table: pd.DataFrame, group: str | None) -> pd.DataFrame:
    """Return the rows that can be compared: where groups are, and a column of offices, those that name one."""
    if group is None or "office" not in table or table["office"].isna().all():
        return table
    return table.loc[table["office"].notna()]


def _offices(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the office of each person, "" where none is named."""
    return tuple(table["office"].fillna("").map(str)) if "office" in table else ("",) * len(table)


def _source(table: Any) -> Source:  # noqa: ANN401 - a raw table
    from asn_impact.intake.extract import Source

    return Source(hidden(table.name, names=True), table.relation.shape[0], table.sha256)


def _wide(table: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    rows = table.assign(asn_before=table[before], asn_after=table[after]).dropna(
        subset=["asn_person", "asn_before", "asn_after"]
    )
    _refuse_twice(rows, ["asn_person"])
    return rows


def _long(table: pd.DataFrame, test: str, before: str, after: str, scores: list[str]) -> pd.DataFrame:
    rows = table.assign(asn_score=table[scores].mean(axis=1, skipna=False)).dropna(subset=["asn_person", "asn_score"])
    sides = [rows[_is(rows[test], test, word)] for word in (before, after)]
    for side in sides:
        _refuse_twice(side, ["asn_person"])
    first, second = sides
    later = second.set_index("asn_person")["asn_score"].rename("asn_after")
    return first.rename(columns={"asn_score": "asn_before"}).join(later, on="asn_person", how="inner")


def _refuse_twice(rows: pd.DataFrame, keys: list[str]) -> None:
    if twice := int(rows.loc[rows.duplicated(keys), "asn_person"].nunique()):
        raise InputError(Message("learning.two_rows", n=twice))


def _is(column: pd.Series, name: str, word: str) -> Bool:
    """Return where a column of texts is a word; one that does not occur is a slip."""
    found = (column.map(_plain) == _plain(word)).to_numpy(dtype=np.bool_)
    if not found.any():
        raise InputError(Message("learning.no_word", column=name, words=(word,)))
    return found


def _plain(value: Any) -> str:  # noqa: ANN401 - a cell
    return "" if pd.isna(value) else " ".join(str(value).split()).casefold()


def tests_parts(study: Study, _problems: list[AsnImpactError], _tell: Callable[[Message], object]) -> dict[str, Any]:
    """Return the panel of persons and tests, and who was trained between them; without a group a description."""
    from asn_impact.topics.learning.learning import Learning

    with study.place("data").explaining():
        scores = study.outcome.parameters.get("columns", ())
        tests: Tests = study.data.made(source=study.data.parameters["path"], **({"scores": scores} if scores else {}))
    if study.blind is not None and tests.trained.all():
        tests = turned_at_random(tests, study.blind)
    values = {"before": tests.before[:, None], "after": tests.after[:, None]}
    names = renamed(study.data.parameters.get("offices", {}), sorted(set(tests.office)))
    office = tuple(names.get(label, label) for label in tests.office)
    learning = Learning({SCORE: (SCORE,)}, (SCORE,), **values, office=office, trained=tests.trained, notes=tests.notes)
    outcome, how = study.outcome.made(), Message(f"programme.persons.{study.data.name}")
    if study.data.name == "ratings" and outcome.label == Message("programme.score"):
        outcome = replace(outcome, label=Message("programme.rating"))
    panel = replace(learning.panel(SCORE), outcome=outcome, covariates=(), x=np.zeros((0, 0, 0)))
    ready = Prepared(panel, tests.sources, notes=panel.notes, observed=tests)
    if tests.trained.all():
        return {
            "panel": panel,
            "ready": replace(ready, refusal=Message("programme.described", n=len(tests.before), how=how)),
        }
    if study.cluster == "office" and not any(tests.office):
        return {"panel": panel, "ready": replace(ready, refusal=Message("programme.tests_no_office"))}
    return {"panel": panel, "ready": ready, "rollout": learning.rollout}
