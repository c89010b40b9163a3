"""The elements of the satisfaction survey, each a line: one group, or two compared."""

from __future__ import annotations

from collections import abc
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from asn_impact.errors import InputError
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import BLUE, GREY, VERMILION, bold, fold, lower, use_numerals
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.reporting.tables import ELEMENTS, MINIMUM_CELL
from asn_impact.topics.surveys.bands import band, half_up
from asn_impact.topics.surveys.satisfaction import SatisfactionIndex
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity
from asn_impact.words.writing import UNDEFINED, period

if TYPE_CHECKING:
    from collections.abc import Mapping  # the kind of a value is refused with the call that gives the right one

    from matplotlib.figure import Figure


@public_verb
def satisfaction(
    index: SatisfactionIndex | Mapping[str, SatisfactionIndex],
    *,
    language: Language = "en",
    source: str = "",
    **look: Unpack[Look],
) -> Chart:
    """Return the dot plot of the elements of satisfaction, the lowest first; two groups are joined by a line.

    Cleveland and McGill (1984), JASA 79: positions along one scale are judged best.

    Parameters
    ----------
    index
        An index of one or two rows (before and after, trained and untrained), or two indices of one row by name.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.

    Raises
    ------
    InputError
        There are more than two groups, they have other elements, weights or regulations, or one rests on fewer than
        ten respondents.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> from asn_impact.topics.surveys.answers import ELEMENTS
    >>> frame = pd.DataFrame({"office": "O1", "Tanggal": ["2024-03-04"] * 40, **{e: [3, 4] * 20 for e in ELEMENTS}})
    >>> survey = ai.read_survey(frame, as_of="2024-12-31")
    >>> ai.figures.satisfaction(ai.skm_index(survey, weight=0.11))
    Chart(satisfaction: The satisfaction index is 86.63 (band B); lowest element: U1 Requirements (3.50 of 4))
    """
    check_language(language)
    groups = _find_groups(index)
    one = next(iter(groups.values()))[0]
    data = _make_data(groups, one, language)
    title = _write_title(data, groups, language)
    people = {name: Quantity(int(row["respondents"]), "respondents") for name, (_, row) in groups.items()}
    counts = [
        Message("charts.satisfaction.people_of", name=name, n=n)
        if len(people) > 1
        else Message("charts.satisfaction.people", n=n)
        for name, n in people.items()
    ]
    return Chart(
        kind="satisfaction",
        title=title.text(language),
        subtitle=Message("charts.satisfaction.subtitle", people=counts).text(language),
        source=source,
        alt=Message("charts.satisfaction.alt", n=Quantity(len(one.elements), "elements"), title=title).text(language),
        data=data,
        paint=_paint,
        language=language,
        parameters={"weight": one.weight, "regime": one.regime},
        rows=int(1.6 * len(one.elements)) + 5,
    ).shaped(**look)


def _find_groups(
    index: SatisfactionIndex | Mapping[str, SatisfactionIndex],
) -> dict[str, tuple[SatisfactionIndex, pd.Series]]:
    """Return name -> index and its row; one or two that can be compared."""
    if isinstance(index, SatisfactionIndex):
        keys = list(index.rows.columns[: list(index.rows.columns).index("respondents")])
        groups = {" / ".join(map(str, row[keys])) or "IKM": (index, row) for _, row in index.rows.iterrows()}
    else:
        for name, one in index.items() if isinstance(index, abc.Mapping) else [("index", index)]:
            check_kind("satisfaction", str(name), one, SatisfactionIndex, "skm_index(survey, by=())")
            if len(one.rows) != 1:
                raise InputError(Message("charts.satisfaction.several_rows", name=name, n=len(one.rows)))
        groups = {name: (one, one.rows.iloc[0]) for name, one in index.items()}
    if not 1 <= len(groups) <= 2:
        raise InputError(Message("charts.satisfaction.groups", n=len(groups), names=tuple(groups)))
    if len({(one.elements, one.weight, one.regime) for one, _ in groups.values()}) > 1:
        raise InputError(Message("charts.satisfaction.differ"))
    if few := [name for name, (_, row) in groups.items() if row["respondents"] < MINIMUM_CELL]:
        raise InputError(Message("charts.satisfaction.too_few", names=few, least=MINIMUM_CELL))
    return groups


def _make_data(
    groups: Mapping[str, tuple[SatisfactionIndex, pd.Series]], one: SatisfactionIndex, language: Language
) -> pd.DataFrame:
    """Return one row an element and group; the lowest element of the last group first."""
    rows = [
        {"element": e, "label": _name_element(e, language), "group": name, "nrr": float(row[e])}
        for name, (_, row) in groups.items()
        for e in one.elements
    ]
    data = pd.DataFrame(rows)
    last = data[data["group"] == list(groups)[-1]].set_index("element")["nrr"]
    rank = {e: i for i, e in enumerate(last.sort_values(kind="stable").index)}
    return data.assign(order=data["element"].map(rank)).sort_values(["order"], kind="stable", ignore_index=True)


def _name_element(element: str, language: Language) -> str:
    return str(ELEMENTS[element][language]) if element in ELEMENTS else element


def _write_title(
    data: pd.DataFrame, groups: Mapping[str, tuple[SatisfactionIndex, pd.Series]], language: Language
) -> Message:
    names, indices = list(groups), [_round_index(row, name) for name, (_, row) in groups.items()]
    if len(groups) == 1:
        index, row = next(iter(groups.values()))
        lowest = data.dropna(subset=["nrr"]).iloc[0]
        return Message(
            "charts.satisfaction.title",
            ikm=indices[0],
            letter=UNDEFINED if np.isnan(row["ikm"]) else band(float(row["ikm"]), regime=index.regime).letter,
            element=lower(str(lowest["label"])),
            nrr=Quantity(float(half_up(float(lowest["nrr"]))), f"NRR of {lowest['element']}", 2),
        )
    wide = data.pivot(index="element", columns="group", values="nrr")
    change = (wide[names[1]] - wide[names[0]]).reindex(list(dict.fromkeys(data["element"])))
    widest = str(change.abs().idxmax())
    return Message(
        "charts.satisfaction.title_two",
        first_name=names[0],
        second_name=names[1],
        first=indices[0],
        second=indices[1],
        element=lower(_name_element(widest, language)),
        change=_sign(float(change[widest]), f"NRR of {widest}: {names[1]} less {names[0]}"),
    )


def _round_index(row: pd.Series, name: str) -> Quantity:
    value = float(row["ikm"])
    return Quantity(value if np.isnan(value) else float(half_up(value)), f"IKM of {name}", 2)


def _sign(value: float, source: str) -> Message | Quantity:
    """Return a change rounded half up, with its sign."""
    x = Quantity(float(half_up(value)) if value >= 0 else -float(half_up(-value)), source, 2)
    return Message("charts.satisfaction.plus", x=x) if x.value > 0 else x


def _paint(figure: Figure, chart: Chart) -> None:
    axes, data, language = figure.subplots(), chart.data, chart.language
    names = list(dict.fromkeys(data["group"]))
    wide = data.pivot(index="order", columns="group", values="nrr")
    y = wide.index.to_numpy()
    if len(names) == 2:
        axes.hlines(y, wide.min(axis=1), wide.max(axis=1), color=GREY, linewidth=1.4 * bold(), zorder=2)
    styles = ((VERMILION, "D"), (BLUE, "o")) if len(names) == 2 else ((BLUE, "o"),)
    for name, (colour, marker) in zip(names, styles, strict=True):
        axes.scatter(
            wide[name], y, s=30 * bold() ** 2, color=colour, marker=marker, zorder=3, label=period(name, language)
        )
    labels = data.drop_duplicates("order").sort_values("order")["label"]
    axes.set_yticks(y, [fold(str(label), 26) for label in labels])
    axes.set_ylim(len(y) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")
    axes.set_xlabel(Message("charts.satisfaction.axis").text(language))
    low, high = float(data["nrr"].min()), float(data["nrr"].max())
    room = max(0.12 * (high - low), 0.25 - 0.5 * (high - low))  # half a point at least: small gaps look small
    axes.set_xlim(max(0.97, low - room), min(4.03, high + room))
    use_numerals(axes, language, which="x")
    if len(names) == 2:
        figure.legend(handles=axes.get_legend_handles_labels()[0])
