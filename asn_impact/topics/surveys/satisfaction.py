"""The satisfaction index (IKM) as the regulation computes it, and as a panel that can be compared.

NRR is the mean answer to an element; each NRR is multiplied by a weight and added up; 25 times the sum is the IKM, 25
to 100 (PermenPANRB 14/2017). The weight is 1/9, which the guide prints as 0,11: offices use 1/9, 0,111 or 0,11, and
with 0,11 no office can exceed 99. A change of weight between two years looks like an effect of 0.9 points, so it is
always named.

The index describes. It has no standard error: who was given the form was not drawn. Effects come from `tabulate` or
`satisfaction_panel`, a design and an estimator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import narwhals as nw
import numpy as np
import pandas as pd

from asn_impact.arguments import AtLeast, Names, did_you_mean
from asn_impact.display import card, noted
from asn_impact.errors import InputError
from asn_impact.intake.fields.elements import IKM
from asn_impact.intake.records import quote
from asn_impact.measures.outcomes import Score
from asn_impact.measures.panel import Panel
from asn_impact.measures.tabulate import tabulate, weight_of_records
from asn_impact.timeline import Timeline
from asn_impact.topics.surveys.answers import HIGHEST, LOWEST, PER_POINT, Survey, SurveyAggregates
from asn_impact.topics.surveys.bands import NOISE, Band, Regime, band, half_up, respondents_needed
from asn_impact.verbs import Held, public_verb
from asn_impact.words import Message, Quantity, paragraph

if TYPE_CHECKING:
    Weight: TypeAlias = Literal["exact"] | float  # which ones are allowed depends on the regulation: see WEIGHTS
Per: TypeAlias = Literal["all", "year", "half_year", "quarter", "month"]

#: The weights in use, by regulation; anything else would be a slip.
WEIGHTS: Mapping[str, tuple[Weight, ...]] = {"2017": ("exact", 0.111, 0.11), "2004": ("exact", 0.071)}
ELEMENTS_OF: Mapping[str, int] = {"2017": 9, "2004": 14}
_MONTHS: Mapping[str, int] = {"year": 12, "half_year": 6, "quarter": 3, "month": 1}
_SIZE = "asn_size"  # column of the weight of a respondent


# --- the index ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class SatisfactionIndex(Held):
    """The index by unit and period, the way a satisfaction report prints it.

    Attributes
    ----------
    rows : pandas.DataFrame
        The unit columns, ``period`` unless all were taken together, ``respondents``, with sampling weights
        ``effective`` (how many who count alike tell as much), ``missing`` (answers not given),
        one column an element (NRR, 1 to 4), ``index`` (sum of weighted NRR), ``ikm`` (25 times that, not rounded),
        ``quality`` (letter) and ``performance`` (words); with a population ``needed`` and ``enough``.
    elements : tuple of str
    weight : float
        The weight of each element, a share, as used.
    regime : {"2017", "2004"}
        The regulation of the letters.
    notes : tuple of Message

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> from asn_impact.topics.surveys.answers import ELEMENTS
    >>> frame = pd.DataFrame({"office": "O1", "Tanggal": ["2024-03-04", "2024-03-05"], **{e: [3, 4] for e in ELEMENTS}})
    >>> survey = ai.read_survey(frame, as_of="2024-12-31")
    >>> index = ai.skm_index(survey, weight=0.11)
    >>> index.frame()[["office", "ikm", "quality"]].round(3).to_numpy().tolist()
    [['O1', 86.625, 'B']]
    """

    rows: pd.DataFrame
    elements: tuple[str, ...]
    weight: float
    regime: Regime
    notes: tuple[Message, ...] = ()

    def frame(self) -> pd.DataFrame:
        """Return the rows as a new frame."""
        return self.rows.copy()

    def by_element(self) -> pd.DataFrame:
        """Return one row a unit, period and element: respondents, ``nrr``, ``weighted``; the lowest element first."""
        keys = [c for c in self.rows.columns[: self.rows.columns.get_loc("respondents")]]
        long = self.rows.melt([*keys, "respondents"], list(self.elements), "element", "nrr")
        long = long.assign(weighted=long["nrr"] * self.weight)
        return long.sort_values([*keys, "nrr", "element"], kind="stable", ignore_index=True)

    def bands(self) -> tuple[Band, ...]:
        """Return the band of each row; they can be compared within one regulation only.

        Raises
        ------
        InputError
            A row has no index: an element was answered by nobody.
        """
        return tuple(band(ikm, regime=self.regime) for ikm in self.rows["ikm"])

    def __repr__(self) -> str:
        people = int(self.rows["respondents"].sum())
        return (
            f"SatisfactionIndex({len(self.rows)} rows, {people:,} respondents, {len(self.elements)} elements of weight "
            f"{self.weight:.4g}, letters of {self.regime})"
        )

    def _repr_html_(self) -> str:
        table = self.rows.assign(ikm=[str(half_up(v)) for v in self.rows["ikm"]])
        return card(repr(self), noted(self), table=table.round(4))


@public_verb
def skm_index(
    survey: Survey | SurveyAggregates,
    *,
    by: str | Names = "office",
    per: Per = "all",
    weight: Weight = "exact",
    regime: Regime = "2017",
    population: int | Mapping[str, int] | None = None,
    sampling_weight: str | None = None,
) -> SatisfactionIndex:
    """Return the satisfaction index of each unit.

    Parameters
    ----------
    survey
        What `read_survey` or `read_survey_aggregates` returned. Groups are pooled with their respondents as weights.
    by
        Column or columns that name the unit; ``()`` for all together.
    per : {"all", "year", "half_year", "quarter", "month"}
        The period of a row.
    weight : {"exact", 0.111, 0.11}
        Weight of an element: one over their number, or as the office rounded it (2004: "exact" or 0.071).
    regime : {"2017", "2004"}
        Regulation whose bands are used; that of 2004 has 14 elements.
    population : int or mapping, optional
        People served in the period, for all rows or by unit label: adds the respondents needed.
    sampling_weight : str, optional
        Column of the answers that says how many people each respondent stands for: NRR are then weighted means, and the
        column ``effective`` holds how many respondents who count alike would tell as much (Kish).

    Raises
    ------
    InputError
        A column does not exist, a weight is not in use, or does not fit the number of elements; published periods are
        longer than asked for; a sampling weight is missing or below zero, or given for published results.

    Notes
    -----
    NRR is over the answers given ("unsur yang terisi"). The mean of the respondents' own ``ikm`` differs from the index
    where answers are missing. Source and equations: docs/methods.md#satisfaction.

    Examples
    --------
    >>> from asn_impact.topics.surveys.answers import ELEMENTS, read_survey
    >>> frame = pd.DataFrame({"office": "O1", "Tanggal": ["2024-03-04", "2024-03-05"], **{e: [3, 4] for e in ELEMENTS}})
    >>> found = skm_index(read_survey(frame, as_of="2024-12-31"), weight=0.11)
    >>> found.frame()[["office", "ikm", "quality"]].round(3).to_numpy().tolist()
    [['O1', 86.625, 'B']]
    """
    size = _weight(weight, regime, len(survey.elements))
    units = (by,) if isinstance(by, str) else tuple(by)
    totals = _totals(survey, units, per, sampling_weight)
    nrr = {e: totals[f"sum_{e}"] / totals[f"n_{e}"].where(totals[f"n_{e}"] > 0) for e in survey.elements}
    rows = totals[[*units, *(["period"] if per != "all" else []), "respondents"]].copy()
    if sampling_weight is not None:
        rows["effective"] = totals["size"] ** 2 / totals["squares"].where(totals["squares"] > 0)
    rows = rows.assign(missing=totals["missing"], **nrr)
    rows["index"] = rows[list(survey.elements)].sum(axis=1, skipna=False) * size
    rows["ikm"] = rows["index"] * PER_POINT
    bands = [None if np.isnan(v) else band(v, regime=regime) for v in rows["ikm"]]
    rows["quality"] = [None if b is None else b.letter for b in bands]
    rows["performance"] = [None if b is None else b.words for b in bands]
    if population is not None:
        needed = [respondents_needed(n) for n in _populations(rows, units, population)]
        rows = rows.assign(needed=needed, enough=rows["respondents"] >= np.array(needed))
    notes = [*survey.notes, *_index_notes(rows, survey.elements, weight, size)]
    if sampling_weight is not None:
        people, effective = int(rows["respondents"].sum()), rows["effective"]
        range_of = {"least": float(effective.min()), "most": float(effective.max())}
        notes.append(Message("satisfaction.weighted", n=people, column=sampling_weight, **range_of))
    return SatisfactionIndex(rows.reset_index(drop=True), survey.elements, size, regime, tuple(notes))


def _weight(weight: Weight, regime: str, elements: int) -> float:
    """Return the weight of one element; a rounded weight is the weight of one number of elements."""
    if weight not in WEIGHTS[regime]:
        known = tuple(repr(w) for w in WEIGHTS[regime])
        raise InputError(Message("satisfaction.weight", found=repr(weight), regime=regime, known=known))
    standard = ELEMENTS_OF[regime]
    if regime == "2004" and elements != standard:
        raise InputError(Message("satisfaction.elements_2004", needed=standard, elements=elements))
    if weight != "exact" and elements != standard:
        raise InputError(
            Message("satisfaction.weight_of_others", found=repr(weight), needed=standard, elements=elements)
        )
    return 1 / elements if weight == "exact" else float(weight)


def _index_notes(rows: pd.DataFrame, elements: Sequence[str], weight: Weight, size: float) -> list[Message]:
    notes = []
    if weight != "exact":
        most = size * len(elements) * HIGHEST * PER_POINT
        shown = Quantity(size, "index.weight", len(str(weight)) - 2)
        notes.append(Message("satisfaction.highest", weight=shown, elements=len(elements), most=most))
    constant = [e for e in elements if (rows[e] == HIGHEST).all()]
    if constant:
        notes.append(Message("satisfaction.constant", highest=HIGHEST, elements=constant))
    undefined = int(rows["ikm"].isna().sum())
    if undefined:
        notes.append(Message("satisfaction.undefined", n=undefined))
    return notes


def _populations(rows: pd.DataFrame, units: Sequence[str], population: int | Mapping[str, int]) -> list[int]:
    if not isinstance(population, Mapping):
        return [population] * len(rows)
    labels = [" / ".join(map(str, key)) for key in rows[list(units)].itertuples(index=False)]
    lacking = sorted({label for label in labels if label not in population})
    if lacking:
        raise InputError(Message("satisfaction.population", n=len(lacking), units=lacking))
    return [population[label] for label in labels]


# --- sums by unit and period ----------------------------------------------------------------------------------


def _totals(
    survey: Survey | SurveyAggregates, units: tuple[str, ...], per: Per, sampling_weight: str | None = None
) -> pd.DataFrame:
    """Return one row a unit and period: respondents, and sum and number of answers of each element.

    With sampling weights sums and numbers are weighted; ``size`` and ``squares`` add up the weights and their squares.
    """
    if isinstance(survey, Survey):
        rows = _answers(survey, units, sampling_weight)
    else:
        _refuse_weights_of_groups(sampling_weight)
        rows = _groups(survey, units, per)
    keys = list(units)
    if per != "all":
        rows["period"] = [_period(int(m), _MONTHS[per]) for m in rows["month"]]
        keys.append("period")
    people = ["respondents", "missing"]
    values = [*people, "size", "squares", *(f"{part}_{e}" for e in survey.elements for part in ("n", "sum"))]
    if not keys:
        return rows[values].sum().to_frame().T.astype(dict.fromkeys(people, "int64"))
    return rows.dropna(subset=keys).groupby(keys, sort=True)[values].sum().reset_index()


def _refuse_weights_of_groups(sampling_weight: str | None) -> None:
    if sampling_weight is not None:
        raise InputError(Message("satisfaction.weights_of_groups", column=sampling_weight))


def _require_units(known: Sequence[str], units: Sequence[str]) -> None:
    for unit in units:
        if unit not in known:
            absence = Message("satisfaction.no_column", column=unit)
            columns = Message("satisfaction.columns", known=tuple(known))
            raise InputError(paragraph(absence, did_you_mean(unit, known), columns))


def _answers(survey: Survey, units: tuple[str, ...], sampling_weight: str | None) -> pd.DataFrame:
    """One grouped query: people who answered anything, and the answers, by unit and month."""
    _require_units([c for c in survey.columns if c not in (*survey.elements, IKM, "day", "month")], units)
    weight = nw.lit(1.0) if sampling_weight is None else weight_of_records(survey, sampling_weight)
    table = survey.records.with_columns(weight.alias(_SIZE)).to_native().filter(f"{IKM} IS NOT NULL")
    quoted = {e: quote(e) for e in survey.elements}
    sums = ", ".join(
        f'coalesce(sum({_SIZE}) FILTER ({q} IS NOT NULL), 0) AS "n_{e}", coalesce(sum({q} * {_SIZE}), 0) AS "sum_{e}"'
        for e, q in quoted.items()
    )
    missing = " + ".join(f"count(*) - count({q})" for q in quoted.values())
    keys = ", ".join(map(quote, (*units, "month")))
    people = f"count(*) AS respondents, {missing} AS missing"
    sizes = f"sum({_SIZE}) AS size, sum({_SIZE} * {_SIZE}) AS squares"
    return pd.DataFrame(table.aggregate(f"{keys}, {people}, {sizes}, {sums}", keys).order(keys).df())


def _groups(survey: SurveyAggregates, units: tuple[str, ...], per: Per) -> pd.DataFrame:
    """Means times respondents, so that groups can be added up."""
    rows = survey.frame()
    _require_units([c for c in ("office", "service") if c in rows], units)
    if per != "all":
        too_long = (rows["months"] > _MONTHS[per]).to_numpy()
        if too_long.any():
            first = str(rows["period"].iloc[int(np.argmax(too_long))])
            period = Message(f"satisfaction.period.{per}")
            raise InputError(Message("satisfaction.too_long", n=int(too_long.sum()), period=period, first=first))
    people = rows["respondents"]
    missing = people * rows[list(survey.elements)].isna().sum(axis=1)
    columns = {"missing": missing, "size": people, "squares": people}
    columns |= {f"n_{e}": people.where(rows[e].notna(), 0) for e in survey.elements}
    columns |= {f"sum_{e}": (people * rows[e]).fillna(0.0) for e in survey.elements}
    return rows.assign(**columns)


def _period(month: int, length: int) -> str:
    year, order = month // 12, month % 12 // length + 1
    return {12: f"{year}", 6: f"{year} S{order}", 3: f"{year} Q{order}", 1: f"{year}-{order:02d}"}[length]


# --- which weight did the office use --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class WeightMatch:
    """Which rounding of the weight gives a published index.

    Attributes
    ----------
    published : float
    rows : pandas.DataFrame
        ``weight``, ``ikm`` (rounded half up), ``difference`` (published less that) and ``matches``.
    """

    published: float
    rows: pd.DataFrame

    @property
    def weight(self) -> Weight | None:
        """The one weight that matches; None where none does, or more than one."""
        matches = self.rows.loc[self.rows["matches"], "weight"].tolist()
        return matches[0] if len(matches) == 1 else None

    def __repr__(self) -> str:
        sentences = {0: "no weight in use gives it", 1: f"weight {self.weight}"}
        count = int(self.rows["matches"].sum())
        return f"WeightMatch({self.published:g}: {sentences.get(count, 'more than one weight gives it')})"

    def _repr_html_(self) -> str:
        return card(repr(self), table=self.rows)


@public_verb
def which_weight(
    published: float,
    survey: Survey | SurveyAggregates,
    *,
    tolerance: Annotated[float, AtLeast(0)] = 0.01,
    regime: Regime = "2017",
) -> WeightMatch:
    """Return which weight gives the index an office has published, trying those in use.

    All respondents of the survey are taken together: give the survey of that office and period.

    Parameters
    ----------
    published
        The IKM as printed, from 25 to 100.
    survey
        The same answers or aggregates.
    tolerance
        Largest difference that still matches: offices also round NRR and weighted NRR on the way. The three weights are
        0.09 points apart or more.
    regime
        As for `skm_index`.

    Raises
    ------
    InputError
        The published index is not between 25 and 100, or the elements are not those of the regulation.

    Examples
    --------
    >>> from asn_impact.topics.surveys.answers import ELEMENTS, read_survey_aggregates
    >>> frame = pd.DataFrame({"office": ["O1"], "tahun": [2024], "n": [200], **{e: [3.5] for e in ELEMENTS}})
    >>> which_weight(86.63, read_survey_aggregates(frame, period="tahun", respondents="n"))
    WeightMatch(86.63: weight 0.11)
    """
    if not LOWEST * PER_POINT <= published <= HIGHEST * PER_POINT:
        raise InputError(Message("satisfaction.published", found=repr(published)))
    exact = skm_index(survey, by=(), regime=regime).rows["ikm"].iloc[0]
    share = len(survey.elements)
    fitting = WEIGHTS[regime] if share == ELEMENTS_OF[regime] else ("exact",)
    rows = [(w, float(half_up(exact * _weight(w, regime, share) * share))) for w in fitting]
    table = pd.DataFrame(rows, columns=["weight", "ikm"])
    difference = (published - table["ikm"]).round(NOISE)
    return WeightMatch(published, table.assign(difference=difference, matches=difference.abs() <= tolerance + 1e-9))


# --- a panel --------------------------------------------------------------------------------------------------


@public_verb
def satisfaction_panel(
    survey: Survey | SurveyAggregates,
    of: str = IKM,
    *,
    by: str | Names = "office",
    sampling_weight: str | None = None,
) -> Panel:
    """Return the panel of an element or of the index, from answers or from published results.

    From answers it is ``tabulate(survey, Score(of))``, with a `sampling_weight` as there: a column kept by
    ``read_survey(keep=...)`` that says how many people each respondent stands for.

    Of published results only the mean of a group is known. A cell then holds the mean weighted by respondents, and `n`
    counts them. The sum of squares within it is the largest the scale allows, ``n (4 - m)(m - 1)`` (Bhatia and Davis
    2000; for the index with 100 and 25). So inference from clusters is as for answers, and whatever uses the variation
    between records is too wide, never too narrow. Quarters and years are periods of their own; a half-year is named by
    its first month.

    Raises
    ------
    InputError
        No such element, published periods of different lengths, or sampling weights that are missing, below zero, or
        given for published results.

    Examples
    --------
    >>> from asn_impact.topics.surveys.answers import ELEMENTS, read_survey_aggregates
    >>> frame = pd.DataFrame({"office": ["O1", "O1"], "p": ["TW I 2024", "TW II 2024"], "n": [60, 80],
    ...     **{e: [3.25, 3.5] for e in ELEMENTS}})
    >>> panel = satisfaction_panel(read_survey_aggregates(frame, period="p", respondents="n"), "waktu")
    >>> panel.mean, panel.n, panel.timeline.labels
    (array([[3.25, 3.5 ]]), array([[60., 80.]]), ('2024Q1', '2024Q2'))
    """
    known = tuple(dict.fromkeys((*survey.elements, IKM)))
    if of not in known:
        absence, elements = Message("satisfaction.no_element", of=of), Message("satisfaction.elements", known=known)
        raise InputError(paragraph(absence, did_you_mean(of, known), elements))
    outcome = Score(of, unit="points (25 to 100)" if of == IKM else f"points ({LOWEST} to {HIGHEST})")
    if isinstance(survey, Survey):
        return tabulate(survey, outcome, by=by, sampling_weight=sampling_weight)
    _refuse_weights_of_groups(sampling_weight)
    return _panel_of_groups(survey, outcome, (by,) if isinstance(by, str) else tuple(by))


def _panel_of_groups(survey: SurveyAggregates, outcome: Score, units: tuple[str, ...]) -> Panel:
    rows = survey.frame()
    _require_units([c for c in ("office", "service") if c in rows], units)
    if len(lengths := sorted({int(m) for m in rows["months"]})) > 1:
        raise InputError(Message("satisfaction.lengths", months=lengths))
    scale = PER_POINT if outcome.column == IKM else 1
    low, high = LOWEST * scale, HIGHEST * scale
    if outcome.column in survey.elements:  # an index that was published as such is on its scale
        rows["value"] = rows[outcome.column]
    else:
        rows["value"] = rows[list(survey.elements)].mean(axis=1, skipna=False) * scale
    complete = rows.dropna(subset=["value", *units])
    if complete.empty:
        raise InputError(Message("satisfaction.nothing_published", of=outcome.column))
    lacking = len(rows) - len(complete)
    complete = complete.assign(total=complete["value"] * complete["respondents"])
    cells = complete.groupby([*units, "month"], sort=True)[["respondents", "total"]].sum().reset_index()
    attributes = cells[list(units)].drop_duplicates(ignore_index=True)
    row = cells.groupby(list(units), sort=True).ngroup().to_numpy()
    months, column = np.unique(cells["month"].to_numpy(dtype=np.int64), return_inverse=True)
    n, mean = np.zeros((len(attributes), len(months))), np.full((len(attributes), len(months)), np.nan)
    n[row, column] = cells["respondents"]
    mean[row, column] = cells["total"] / cells["respondents"]
    spread = np.where(n > 0, n * (high - mean) * (mean - low), 0.0)
    notes = [Message("satisfaction.left_out", n=lacking)] if lacking else []
    return Panel(
        outcome=outcome,
        units=tuple(" / ".join(map(str, u)) for u in attributes.itertuples(index=False)),
        timeline=Timeline.of_length(months, int(rows["months"].iloc[0])),
        n=n,
        mean=mean,
        weight=(n > 0).astype(np.float64),
        within=np.maximum(spread, 0.0)[:, :, None, None],
        attributes=attributes,
        notes=(*survey.notes, *notes, Message("satisfaction.largest_spread")),
    )
