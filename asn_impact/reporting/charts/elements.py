"""The elements of the satisfaction survey, each a line: one group, or two compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.errors import InputError, listed
from asn_impact.measures.satisfaction import SatisfactionIndex, band, half_up
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.charts.drawing import BLUE, GREY, VERMILION, bold, folded, lower, numerals
from asn_impact.reporting.tables import ELEMENTS, MINIMUM_CELL
from asn_impact.reporting.words import Language, Quantity, Sentence, both, checked, period, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["satisfaction"]

_ONE: Final = both(
    id="IKM {ikm} (mutu {letter}); unsur terendah: {element} ({nrr} dari 4)",
    en="The satisfaction index is {ikm} (band {letter}); lowest element: {element} ({nrr} of 4)",
)
_TWO: Final = both(
    id="IKM {first} ({first_name}) dan {second} ({second_name}); selisih terbesar pada {element} ({change})",
    en="The satisfaction index is {first} for {first_name} and {second} for {second_name}; widest gap: {element} "
    "({change})",
)
_SUBTITLE: Final = both(
    id="Nilai rata-rata unsur (NRR), skala 1 sampai 4{people}; menggambarkan jawaban yang masuk, bukan dampak",
    en="Mean answer by element (NRR), scale 1 to 4{people}; describes the answers received, not an effect",
)
_PEOPLE: Final = both(id="{n} responden", en="{n} respondents")
_ALT: Final = both(
    id="Diagram titik {n} unsur kepuasan, nilai terendah di atas. {title}.",
    en="Dot plot of {n} elements of satisfaction, lowest at the top. {title}.",
)
_AXIS: Final = both(id="NRR (1 sampai 4)", en="NRR (1 to 4)")


def satisfaction(
    index: SatisfactionIndex | Mapping[str, SatisfactionIndex],
    *,
    language: Language = "en",
    source: str = "",
    inputs: Iterable[Any] = (),
) -> Chart:
    """Return the dot plot of the elements of satisfaction, the lowest first; two groups are joined by a line.

    Parameters
    ----------
    index
        An index of one or two rows (before and after, trained and untrained), or two indices of one row by name.
    language
        ``"id"`` or ``"en"``.
    source
        The line below: whose data these are.

    Raises
    ------
    InputError
        There are more than two groups, they have other elements, weights or regulations, or one rests on fewer than
        ten respondents.
    """
    checked(language)
    groups = _groups(index)
    one = next(iter(groups.values()))[0]
    data = _data(groups, one, language)
    names = [str(g) for g in dict.fromkeys(data["group"])]
    title = _title(data, groups, names, language)
    people = [
        f"{_shown(name, language) + ': ' if len(names) > 1 else ''}"
        + say(_PEOPLE, language, n=Quantity(int(row["respondents"]), "respondents")).text
        for name, (_, row) in groups.items()
    ]
    return Chart(
        kind="satisfaction",
        title=title,
        subtitle=say(_SUBTITLE, language, people=f" ({', '.join(people)})").text,
        source=source,
        alt=say(_ALT, language, n=Quantity(len(one.elements), "elements"), title=title).text,
        data=data,
        paint=_paint,
        language=language,
        parameters={"weight": one.weight, "regime": one.regime},
        inputs=tuple(inputs),
        rows=int(1.6 * len(one.elements)) + 5,
    )


def _groups(
    index: SatisfactionIndex | Mapping[str, SatisfactionIndex],
) -> dict[str, tuple[SatisfactionIndex, pd.Series]]:
    """Return name -> index and its row; one or two that can be compared."""
    if isinstance(index, SatisfactionIndex):
        keys = list(index.rows.columns[: list(index.rows.columns).index("respondents")])
        found = {_key(row, keys): (index, row) for _, row in index.rows.iterrows()}
    else:
        for name, one in index.items():
            if len(one.rows) != 1:
                raise InputError(f"{name!r} has {len(one.rows)} rows. Expected one: skm_index(survey, by=()).")
        found = {name: (one, one.rows.iloc[0]) for name, one in index.items()}
    if not 1 <= len(found) <= 2:
        raise InputError(
            f"satisfaction() draws one group or compares two, found {len(found)}: {listed(found)}. Choose two, or use "
            "tables.skm for all."
        )
    if len({(one.elements, one.weight, one.regime) for one, _ in found.values()}) > 1:
        raise InputError(
            "The two indices differ in elements, weight or regulation: their difference would not be one of "
            "satisfaction. Compute both with the same weight= and regime=."
        )
    if few := [name for name, (_, row) in found.items() if row["respondents"] < MINIMUM_CELL]:
        raise InputError(
            f"{listed(few)} rests on fewer than {MINIMUM_CELL} respondents: their answers could be told. Take a longer "
            "period or put groups together."
        )
    return found


def _key(row: pd.Series, keys: list[str]) -> str:
    return " / ".join(str(row[k]) for k in keys) or "IKM"


def _shown(name: str, language: Language) -> str:
    return period(name, language)


def _data(
    groups: Mapping[str, tuple[SatisfactionIndex, pd.Series]], one: SatisfactionIndex, language: Language
) -> pd.DataFrame:
    """Return one row an element and group; the lowest element of the last group first."""
    rows = [
        {"element": e, "label": _name(e, language), "group": name, "nrr": float(row[e])}
        for name, (_, row) in groups.items()
        for e in one.elements
    ]
    data = pd.DataFrame(rows)
    last = data[data["group"] == list(groups)[-1]].set_index("element")["nrr"]
    rank = {e: i for i, e in enumerate(last.sort_values(kind="stable").index)}
    return data.assign(order=data["element"].map(rank)).sort_values(["order"], kind="stable", ignore_index=True)


def _name(element: str, language: Language) -> str:
    return ELEMENTS[element][language] if element in ELEMENTS else element


def _title(
    data: pd.DataFrame,
    groups: Mapping[str, tuple[SatisfactionIndex, pd.Series]],
    names: list[str],
    language: Language,
) -> Sentence:
    printed = [_ikm(row, name) for name, (_, row) in groups.items()]
    if len(groups) == 1:
        index, row = next(iter(groups.values()))
        lowest = data.dropna(subset=["nrr"]).iloc[0]
        return say(
            _ONE,
            language,
            ikm=printed[0],
            letter="–" if np.isnan(row["ikm"]) else band(float(row["ikm"]), regime=index.regime).letter,
            element=lower(str(lowest["label"])),
            nrr=Quantity(float(half_up(float(lowest["nrr"]))), f"NRR of {lowest['element']}", 2),
        )
    wide = data.pivot(index="element", columns="group", values="nrr")
    change = (wide[names[1]] - wide[names[0]]).reindex(list(dict.fromkeys(data["element"])))
    widest = str(change.abs().idxmax())
    return say(
        _TWO,
        language,
        first_name=_shown(names[0], language),
        second_name=_shown(names[1], language),
        first=printed[0],
        second=printed[1],
        element=lower(_name(widest, language)),
        change=_signed(float(change[widest]), f"NRR of {widest}: {names[1]} less {names[0]}", language),
    )


def _ikm(row: pd.Series, name: str) -> Quantity:
    value = float(row["ikm"])
    return Quantity(value if np.isnan(value) else float(half_up(value)), f"IKM of {name}", 2)


def _signed(value: float, origin: str, language: Language) -> Sentence:
    rounded = float(half_up(value)) if value >= 0 else -float(half_up(-value))
    plus = "+" if rounded > 0 else ""
    return say(both(id=f"{plus}{{x}}", en=f"{plus}{{x}}"), language, x=Quantity(rounded, origin, 2))


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
            wide[name], y, s=30 * bold() ** 2, color=colour, marker=marker, zorder=3, label=_shown(str(name), language)
        )
    labels = data.drop_duplicates("order").sort_values("order")["label"]
    axes.set_yticks(y, [folded(str(label), 26) for label in labels])
    axes.set_ylim(len(y) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")
    axes.set_xlabel(_AXIS[language])
    low, high = float(data["nrr"].min()), float(data["nrr"].max())
    room = max(0.12 * (high - low), 0.25 - 0.5 * (high - low))  # half a point at least: small gaps look small
    axes.set_xlim(max(0.97, low - room), min(4.03, high + room))
    numerals(axes, language, which="x")
    if len(names) == 2:
        figure.legend(handles=axes.get_legend_handles_labels()[0])
