"""What participants learned: the same test before and after, for trained persons and a comparison group.

`paired_tests` gives a `Learning`: one row a person, by dimension of competence. From there the machinery of
every other outcome is used, few-cluster rules included:

* gain scores: ``TwoWay()`` on the panel of a dimension compares the change of the trained with that of the others;
* ANCOVA: ``TwoWay(covariates=("pre",))`` on the same panel. The covariate is the score before in
  the second period and 0 in the first. Two-way effects then *are* the regression of the score after on group and
  score before: ``post - pre = a + effect * trained + (slope - 1) * pre`` has the same effect and residuals.

Persons come as keyed pseudonyms (`read_observations(person=, key=)`) and leave as numbers in an order that says
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from asn_impact.arguments import Level, Names, check_value, did_you_mean
from asn_impact.arrays import Bool, Float
from asn_impact.display import card, noted
from asn_impact.errors import InputError, PrivacyError
from asn_impact.intake.privacy import masked
from asn_impact.intake.readers.observations import Observations
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.outcomes import Mean
from asn_impact.measures.panel import Panel
from asn_impact.timeline import Timeline
from asn_impact.verbs import Held, public_verb
from asn_impact.words import Message, paragraph

PRE = "pre"  # the covariate of the panel: the score before, in the period after
_BEFORE, _AFTER = 0, 1


# --- reliability of the instrument ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Reliability(Held):
    """Cronbach's alpha of a scale, and what each item does to it.

    Attributes
    ----------
    alpha : float
        A share, 1 at most; NaN when it cannot be had, for the reason in `notes`.
    persons : int
        Persons with an answer to every item.
    items : pandas.DataFrame
        One row an item: ``item``, ``mean``, ``sd``, ``item_total`` (correlation with the sum of the *other* items)
        and ``alpha_without`` (NaN with two items).
    notes : tuple of Message

    Examples
    --------
    >>> import numpy as np
    >>> import asn_impact as ai
    >>> found = ai.reliability(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 3.0]]), items=["a", "b"])
    >>> round(found.alpha, 2), found.persons
    (0.67, 3)
    """

    alpha: float
    persons: int
    items: pd.DataFrame
    notes: tuple[Message, ...] = ()

    @public_verb
    def interval(self, level: Level = 0.95) -> tuple[float, float]:
        """Return the interval of alpha after Feldt (1965), with persons taken as independent and items as parallel.

        ``(1 - alpha) / (1 - estimate)`` follows F(n - 1, (n - 1)(k - 1)).
        """
        from scipy import stats  # here: half a second that the check of a study does not need

        persons, items = self.persons - 1, (self.persons - 1) * (len(self.items) - 1)
        low, high = (float(stats.f.ppf(share, persons, items)) for share in ((1 - level) / 2, (1 + level) / 2))
        return 1 - (1 - self.alpha) * high, 1 - (1 - self.alpha) * low

    @public_verb
    def table(self, level: Level = 0.95) -> pd.DataFrame:
        """Return one row: persons, items, estimate (alpha), conf_low, conf_high."""
        low, high = self.interval(level)
        row = {"persons": self.persons, "items": len(self.items), "estimate": self.alpha}
        return pd.DataFrame([{**row, "conf_low": low, "conf_high": high}])

    def __repr__(self) -> str:
        return f"Reliability(alpha {self.alpha:.3f}: {len(self.items)} items, {self.persons} persons)"

    def _repr_html_(self) -> str:
        return card(repr(self), noted(self), table=self.items.round(3))


@public_verb
def reliability(answers: Any, *, items: Names | None = None) -> Reliability:  # noqa: ANN401
    """Return Cronbach's alpha of a scale with item-total correlations and alpha without each item.

    ``alpha = k / (k - 1) * (1 - sum of item variances / variance of the sum)`` (Cronbach 1951, eq. 2), over persons
    who answered every item. Items that run the other way must be turned round first: a negative item-total
    correlation says which.

    Parameters
    ----------
    answers
        (persons, items): a pandas frame with one column an item, or an array.
    items
        Names: columns of the frame, or of the array in order.

    Raises
    ------
    InputError
        Fewer than two items, or fewer than three persons with an answer to all of them.

    Examples
    --------
    >>> reliability(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 3.0]]), items=["a", "b"])
    Reliability(alpha 0.667: 2 items, 3 persons)
    """
    values, names = _answers(answers, items)
    whole = np.isfinite(values).all(axis=1)
    complete = values[whole]
    if complete.shape[1] < 2 or len(complete) < 3:
        raise InputError(Message("learning.too_few_answers", items=complete.shape[1], persons=len(complete)))
    lacking = int((~whole).sum())
    notes = [Message("learning.item_unanswered", n=lacking, of=len(values))] if lacking else []
    table = _items(complete, names)
    alpha = _alpha(complete)
    against = [n for n, r in zip(names, table["item_total"], strict=True) if r < 0]
    if against:
        notes.append(Message("learning.against", items=against))
    if np.isnan(alpha):
        notes.append(Message("learning.no_variation"))
    return Reliability(alpha, len(complete), table, tuple(notes))


def _answers(answers: Any, items: Sequence[str] | None) -> tuple[Float, tuple[str, ...]]:  # noqa: ANN401
    if isinstance(answers, pd.DataFrame):
        names = tuple(items) if items is not None else tuple(map(str, answers.columns))
        for name in names:
            if name not in answers.columns:
                raise InputError(paragraph(Message("learning.no_item", item=name), did_you_mean(name, answers.columns)))
        return answers[list(names)].to_numpy(dtype=np.float64, na_value=np.nan), names
    values = np.asarray(answers, dtype=np.float64)
    if values.ndim != 2 or (items is not None and len(items) != values.shape[1]):
        raise InputError(Message("learning.shape", shape=str(values.shape)))
    return values, tuple(items) if items is not None else tuple(f"item {j + 1}" for j in range(values.shape[1]))


def _alpha(values: Float) -> float:
    k, total = values.shape[1], float(values.sum(axis=1).var(ddof=1))
    if not total > 1e-12 * float((values**2).mean()):
        return float("nan")
    return float(k / (k - 1) * (1 - values.var(axis=0, ddof=1).sum() / total))


def _items(values: Float, names: Sequence[str]) -> pd.DataFrame:
    rest = [np.delete(values, j, axis=1) for j in range(values.shape[1])]
    return pd.DataFrame(
        {
            "item": names,
            "mean": values.mean(axis=0),
            "sd": values.std(axis=0, ddof=1),
            "item_total": [_correlation(values[:, j], r.sum(axis=1)) for j, r in enumerate(rest)],
            "alpha_without": [_alpha(r) if r.shape[1] > 1 else np.nan for r in rest],
        }
    )


def _correlation(a: Float, b: Float) -> float:
    """Return the correlation, NaN where one side does not vary."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else float("nan")


# --- paired tests ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Learning(Held):
    """Test scores of N persons before and after, by dimension, with their office and group.

    Attributes
    ----------
    dimensions : mapping
        Dimension -> its items.
    before, after : array
        (N, items) answers, NaN where missing; columns in the order of `items`.
    items : tuple of str
    office : tuple of str
        (N,) office of each person.
    trained : array
        (N,) True for those who took the course.
    notes : tuple of Message
        Who was left out, and why.

    Examples
    --------
    >>> import numpy as np
    >>> tests = Learning({"digital": ("d",)}, ("d",), np.array([[1.0], [2.0]]), np.array([[3.0], [2.0]]),
    ...                  ("O1", "O2"), np.array([True, False]))
    >>> tests.before.shape, (tests.after - tests.before).ravel().tolist()
    ((2, 1), [2.0, 0.0])
    """

    dimensions: Mapping[str, tuple[str, ...]]
    items: tuple[str, ...]
    before: Float
    after: Float
    office: tuple[str, ...]
    trained: Bool
    notes: tuple[Message, ...] = ()

    @public_verb
    def scores(self, dimension: str) -> tuple[Float, Float]:
        """Return (N,) scores before and after: the mean of the items, NaN unless all of them were answered.

        Raises
        ------
        InputError
            There is no such dimension: with the nearest.
        """
        if dimension not in self.dimensions:
            absent = Message("learning.no_dimension", dimension=dimension)
            known = Message("learning.known_dimensions", known=tuple(self.dimensions))
            raise InputError(paragraph(absent, did_you_mean(dimension, self.dimensions), known))
        at = [self.items.index(item) for item in self.dimensions[dimension]]
        return self.before[:, at].mean(axis=1), self.after[:, at].mean(axis=1)

    @public_verb
    def panel(self, dimension: str) -> Panel:
        """Return the panel of a dimension: a person a unit, before and after as periods, `office` to cluster by.

        Its covariate ``pre`` is the score before in the period after, and 0 in the period before: with it
        ``TwoWay(covariates=("pre",))`` is ANCOVA. The coefficient of ``pre`` is the slope less 1. Persons without a
        score before or after are left out.

        Raises
        ------
        InputError
            Nobody has a score before and after in this dimension.

        Examples
        --------
        >>> tests = Learning({"digital": ("d",)}, ("d",), np.array([[1.0], [2.0]]), np.array([[3.0], [2.0]]),
        ...                  ("O1", "O2"), np.array([True, False]))
        >>> tests.panel("digital").mean
        array([[1., 3.],
               [2., 2.]])
        """
        before, after = self.scores(dimension)
        keep = np.flatnonzero(np.isfinite(before) & np.isfinite(after))
        if not len(keep):
            raise InputError(Message("learning.no_scores", dimension=dimension))
        mean = np.column_stack([before, after])[keep]
        lacking = len(before) - len(keep)
        people = tuple(int(i) for i in keep)
        notes = [Message("learning.without_score", n=lacking, dimension=dimension)] if lacking else []
        return Panel(
            outcome=Mean(dimension, "points"),
            units=people,
            timeline=Timeline("step", np.array([_BEFORE, _AFTER])),
            n=np.ones(mean.shape),
            mean=mean,
            weight=np.ones(mean.shape),
            attributes=pd.DataFrame({"person": people, "office": [self.office[i] for i in keep]}),
            covariates=(PRE,),
            unusable=tuple(i for i in range(len(before)) if i not in set(people)),
            x=np.column_stack([np.zeros(len(keep)), before[keep]])[:, :, None],
            notes=(*self.notes, *notes),
        )

    @property
    def rollout(self) -> Rollout:
        """Who was trained between the two tests, for `assign`."""
        adopted = np.where(self.trained, float(_AFTER), np.nan)
        return Rollout(pd.Series(adopted, index=pd.RangeIndex(len(adopted), name="person")), "training")

    @public_verb
    def reliability(self, dimension: str, *, when: Literal["before", "after"] = "before") -> Reliability:
        """Return the reliability of a dimension, trained and others together.

        Raises
        ------
        InputError
            Fewer than two items, or fewer than three persons who answered all of them.
        """
        if dimension not in self.dimensions:
            self.scores(dimension)  # says which dimensions there are
        names = self.dimensions[dimension]
        values = (self.before if when == "before" else self.after)[:, [self.items.index(item) for item in names]]
        return reliability(values, items=names)

    def gains(self) -> pd.DataFrame:
        """Return one row a dimension and group: persons, before, after, gain, sd_gain, gain_in_sd (of all before).

        It describes; the comparison with its uncertainty comes from the panel.
        """
        rows = []
        for dimension in self.dimensions:
            before, after = self.scores(dimension)
            both = np.isfinite(before) & np.isfinite(after)
            spread = before[both].std(ddof=1) if both.sum() > 1 else np.nan
            for name, member in (("trained", self.trained), ("comparison", ~self.trained)):
                of = both & member
                rows.append({"dimension": dimension, "group": name, **_gain(before[of], after[of], spread)})
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        trained = int(self.trained.sum())
        return (
            f"Learning({len(self.office)} persons, {trained} trained, {len(set(self.office))} offices, "
            f"{len(self.dimensions)} dimensions)"
        )

    def _repr_html_(self) -> str:
        return card(repr(self), noted(self), table=self.gains().round(3))


def _gain(before: Float, after: Float, spread: float) -> dict[str, float]:
    gain = after - before
    some = len(gain) > 0
    mean = float(gain.mean()) if some else np.nan
    return {
        "persons": len(gain),
        "before": float(before.mean()) if some else np.nan,
        "after": float(after.mean()) if some else np.nan,
        "gain": mean,
        "sd_gain": float(gain.std(ddof=1)) if len(gain) > 1 else np.nan,
        "gain_in_sd": mean / spread if spread > 0 else np.nan,
    }


@public_verb
def paired_tests(
    tests: Observations,
    *,
    test: str,
    before: str,
    after: str,
    group: str,
    trained: str,
    dimensions: Mapping[str, Sequence[str]],
) -> Learning:
    """Return the scores of the persons who took the test twice.

    Parameters
    ----------
    tests
        From ``read_observations(..., person=, key=, numbers=[items], keep=[test, group])``: one row a person and test.
    test, before, after
        Column that says which test a row is, and its two words, in any case (``"Tes"``, ``"Awal"``, ``"Akhir"``).
    group, trained
        Column of the group, and the word for those who took the course; everybody else is the comparison.
    dimensions
        Dimension -> its items: ``{"digital": ["digital_1", "digital_2"]}``.

    Raises
    ------
    InputError
        A column or a word does not exist, an item has no numbers, a person has two rows of one test, nobody took both,
        or there is no comparison group.
    PrivacyError
        The observations have no pseudonyms of persons.

    Notes
    -----
    Persons with one test only, and persons whose rows name two offices or two groups, are left out and counted. Who
    did not come to the second test is not random: say how many.

    Examples
    --------
    >>> from asn_impact.intake.readers.observations import read_observations
    >>> frame = pd.DataFrame({"kode": ["a", "a", "b", "b"], "office": ["O1", "O1", "O2", "O2"],
    ...     "tes": ["Awal", "Akhir"] * 2, "kelompok": ["Dilatih"] * 2 + ["Pembanding"] * 2, "d1": [3, 5, 3, 3],
    ...     "at": pd.to_datetime(["2024-03-01", "2024-06-01"] * 2)})
    >>> read = read_observations(frame, as_of="2024-12-31", date="at", numbers=["d1"], keep=["tes", "kelompok"],
    ...                          person="kode", key=b"0123456789abcdef0123456789abcdef")
    >>> paired_tests(read, test="tes", before="awal", after="akhir", group="kelompok", trained="dilatih",
    ...              dimensions={"digital": ["d1"]})
    Learning(2 persons, 1 trained, 2 offices, 1 dimensions)
    """
    if "person" not in tests.columns:
        raise PrivacyError(Message("learning.no_pseudonyms"))
    for names in dimensions.values():
        check_value("dimensions", names, Names, where="paired_tests")
    items = tuple(dict.fromkeys(item for names in dimensions.values() for item in names))
    _require_columns(tests, (test, group), items)
    rows = pd.DataFrame(tests.records.select("person", "office", test, group, *items).collect().to_pandas())
    rows = rows.sort_values("person", kind="stable", ignore_index=True)
    which = _number_of(rows[test], test, {before: _BEFORE, after: _AFTER})
    in_group = _number_of(rows[group], group, {trained: 1})
    other = int((which < 0).sum())
    rows = rows.assign(asn_when=which, asn_trained=(in_group == 1))[which >= 0]
    double = rows.duplicated(["person", "asn_when"])
    if double.any():
        people = rows.loc[double, "person"].nunique()
        raise InputError(Message("learning.two_rows", n=people))
    rows, notes = _both_tests(rows)
    if other:
        notes = (Message("learning.neither", n=other, before=before, after=after), *notes)
    return _learning(rows, dimensions, items, (*tests.notes, *notes))


def _require_columns(tests: Observations, texts: Sequence[str], items: Sequence[str]) -> None:
    schema = tests.records.collect_schema()
    for name in (*texts, *items):
        if name not in schema:
            absence, hint = Message("learning.no_column", column=name), Message("learning.keep_columns")
            raise InputError(paragraph(absence, did_you_mean(name, schema.names()), hint))
    wrong = [item for item in items if not schema[item].is_numeric()]
    if wrong or not items:
        raise InputError(Message("learning.items_no_numbers", items=wrong) if wrong else Message("learning.no_items"))


def _number_of(column: pd.Series, name: str, numbers: Mapping[str, int]) -> Any:  # noqa: ANN401 - (rows,) whole numbers
    """Return the number each word stands for, -1 for other words; a word that does not occur is a slip."""
    plain = column.map(lambda v: "" if pd.isna(v) else " ".join(str(v).split()).casefold())
    number_of = {" ".join(word.split()).casefold(): number for word, number in numbers.items()}
    absent = [word for word in numbers if " ".join(word.split()).casefold() not in set(plain)]
    if absent:
        words = [masked(str(w)) for w in sorted(set(column.dropna().astype(str)))]
        absence, others = Message("learning.no_word", column=name, words=absent), Message("learning.words", known=words)
        raise InputError(paragraph(absence, did_you_mean(absent[0], plain), others))
    return plain.map(lambda word: number_of.get(word, -1)).to_numpy(dtype=np.int64)


def _both_tests(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Message, ...]]:
    """Leave out persons with one test, and persons whose rows contradict each other on office or group."""
    people = rows.groupby("person", sort=True)
    single = people["asn_when"].transform("size") < 2
    torn = (people["office"].transform("nunique") > 1) | (people["asn_trained"].transform("nunique") > 1)
    reasons = {"one_test": single, "torn": torn & ~single}
    notes = tuple(
        Message(f"learning.{reason}", n=int(rows.loc[mask, "person"].nunique()))
        for reason, mask in reasons.items()
        if mask.any()
    )
    pairs = rows.loc[~single & ~torn]
    if pairs.empty:
        raise InputError(paragraph(Message("learning.nobody_both"), *notes))
    return pairs, notes


def _learning(
    rows: pd.DataFrame, dimensions: Mapping[str, Sequence[str]], items: tuple[str, ...], notes: tuple[Message, ...]
) -> Learning:
    pairs = rows.sort_values(["person", "asn_when"], kind="stable")
    first, second = pairs.iloc[::2], pairs.iloc[1::2]
    trained = first["asn_trained"].to_numpy(dtype=np.bool_)
    if trained.all() or not trained.any():
        raise InputError(Message("learning.no_comparison"))
    return Learning(
        dimensions={name: tuple(names) for name, names in dimensions.items()},
        items=items,
        before=first[list(items)].to_numpy(dtype=np.float64, na_value=np.nan),
        after=second[list(items)].to_numpy(dtype=np.float64, na_value=np.nan),
        office=tuple(map(str, first["office"])),
        trained=trained,
        notes=notes,
    )
