"""Was it worth it? The net present value over the uncertainty of the effect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.planning.returns import Returns
from asn_impact.reporting.chart import Chart
from asn_impact.reporting.charts.drawing import BLUE, GREY, INK, VERMILION, bold, numerals
from asn_impact.reporting.words import Language, Quantity, Sentence, Text, both, checked, level_quantity, number, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["returns"]

BARS: Final = 40
CENTRAL: Final = 0.99  # share of the draws that the bars cover

_SUBTITLE: Final = both(
    id="Nilai kini bersih dalam {money}, {draws} simulasi dampak; {years} tahun, tingkat diskonto {rate}%, nilai satu "
    "hari Rp{day}{example}",
    en="Net present value in {money}, {draws} draws of the effect; {years} years, discount rate {rate}%, a day worth "
    "Rp{day}{example}",
)
_EXAMPLE: Final = both(id="; biaya adalah contoh, bukan data", en="; costs are a worked example, not data")
_POSITIVE: Final = both(id="di atas nol: {share}", en="above zero: {share}")
_NEGATIVE: Final = both(id="nol atau kurang: {share}", en="zero or less: {share}")
_INTERVAL: Final = both(id="perkiraan dan selang {level}", en="estimate and {level} interval")
_OUTSIDE: Final = both(id="; {share} terluar tidak digambar", en="; the outermost {share} are not drawn")
_AXIS: Final = both(id="Nilai kini bersih ({money})", en="Net present value ({money})")
_SHARE: Final = both(id="bagian simulasi (%)", en="share of draws (%)")
_ALT: Final = both(
    id="Sebaran nilai kini bersih: perkiraan {value} {money}, selang {level} dari {low} sampai {high}, positif dalam "
    "{share} simulasi. {title}.",
    en="Distribution of the net present value: estimate {value} {money}, {level} interval {low} to {high}, positive in "
    "{share} of the draws. {title}.",
)
_MONEY: Final[tuple[tuple[float, Text], ...]] = (
    (1e9, both(id="miliar rupiah", en="billion rupiah")),
    (1e6, both(id="juta rupiah", en="million rupiah")),
    (1.0, both(id="rupiah", en="rupiah")),
)


def returns(
    made: Returns,
    *,
    language: Language = "en",
    source: str = "",
    level: float = 0.95,
    inputs: Iterable[Any] = (),
) -> Chart:
    """Return the chart of the net present value over the draws of the effect, zero marked.

    The title is the verdict of the returns: it never says that the training paid when the interval of its effect holds
    zero.

    Parameters
    ----------
    made
        From `asn_impact.planning.returns.returns`.
    language
        ``"id"`` or ``"en"``.
    source
        The line below: whose data these are.
    level
        Level of the interval.
    """
    checked(language)
    row = made.rows(level)["net_present_value"]
    values = made.net_present_value()
    size, money = _money([row["conf_low"], row["conf_high"], row["estimate"]])
    data = _data(values / size)
    title = Sentence(made.sentences(language, level)[0].removesuffix("."))
    numbers = {
        "value": Quantity(row["estimate"] / size, "net_present_value.estimate", 1),
        "low": Quantity(row["conf_low"] / size, "net_present_value.conf_low", 1),
        "high": Quantity(row["conf_high"] / size, "net_present_value.conf_high", 1),
        "share": Quantity(made.probability_positive, "probability_positive", 0, "percent"),
        "level": level_quantity(level),
    }
    return Chart(
        kind="returns",
        title=title,
        subtitle=_subtitle(made, money, float(1 - data["share"].sum()), language),
        source=source,
        alt=say(_ALT, language, money=money[language], title=title, **numbers).text,
        data=data,
        paint=_paint,
        language=language,
        parameters={
            "level": level,
            "money": money[language],
            "estimate": row["estimate"] / size,
            "conf_low": row["conf_low"] / size,
            "conf_high": row["conf_high"] / size,
            "probability_positive": made.probability_positive,
            "years": made.years,
            "discount": made.discount,
            "value_of_a_day": made.value_of_a_day,
            "seed": made.seed,
            "draws": len(values),
        },
        inputs=tuple(inputs),
    )


def _money(amounts: Iterable[float]) -> tuple[float, Text]:
    most = max(abs(float(a)) for a in amounts)
    return next((size, words) for size, words in _MONEY if most >= size or size == 1.0)


def _data(values: Float) -> pd.DataFrame:
    """Return bars of equal width that cover the central draws; zero is an edge, so no bar is on both sides."""
    low, high = (float(v) for v in np.quantile(values, [(1 - CENTRAL) / 2, (1 + CENTRAL) / 2]))
    width = (high - low) / BARS if high > low else max(abs(low), 1.0) / BARS
    edges = width * np.arange(np.floor(low / width), np.ceil(high / width) + 1)
    counts, _ = np.histogram(values, bins=edges)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "share": counts / len(values)})


def _subtitle(made: Returns, money: Text, outside: float, language: Language) -> str:
    whole = 0 if made.value_of_a_day == int(made.value_of_a_day) else 2
    text = say(
        _SUBTITLE,
        language,
        money=money[language],
        draws=Quantity(len(made.draws), "draws"),
        years=_plain(made.years, language),
        rate=_plain(100 * made.discount, language),
        day=Quantity(made.value_of_a_day, "value_of_a_day", whole),
        example=_EXAMPLE[language] if made.costs.example else "",
    ).text
    if outside <= 1e-12:
        return text
    return text + say(_OUTSIDE, language, share=Quantity(outside, "share of draws not drawn", 1, "percent")).text


def _plain(value: float, language: Language) -> str:
    decimals = next(d for d in range(5) if d == 4 or abs(round(value, d) - value) < 1e-9)
    return number(value, decimals, language)


def _paint(figure: Figure, chart: Chart) -> None:
    axes, data, language, facts = figure.subplots(), chart.data, chart.language, chart.parameters
    above = data["low"] >= -1e-9 * (data["high"] - data["low"])
    positive = float(str(facts["probability_positive"]))
    for side, colour, words, share in (
        (above, BLUE, _POSITIVE, positive),
        (~above, VERMILION, _NEGATIVE, 1 - positive),
    ):
        part = data[side]
        if len(part):
            shown = Quantity(share, "share of draws", 1 if 0 < min(share, 1 - share) < 0.01 else 0, "percent")
            axes.bar(
                part["low"],
                100 * part["share"],
                width=part["high"] - part["low"],
                align="edge",
                color=colour,
                edgecolor="white",
                linewidth=0.3,
                label=say(words, language, share=shown).text,
            )
    axes.axvline(0, color=INK, linewidth=1.1 * bold())
    top = 100 * float(data["share"].max())
    ends = [float(str(facts[name])) for name in ("conf_low", "estimate", "conf_high")]
    axes.hlines(-0.07 * top, ends[0], ends[2], color=INK, linewidth=1.6 * bold())
    level = level_quantity(float(str(facts["level"])))
    axes.scatter(
        ends[1],
        -0.07 * top,
        s=26 * bold() ** 2,
        color=INK,
        zorder=3,
        label=say(_INTERVAL, language, level=level).text,
    )
    axes.set_ylim(-0.14 * top, 1.06 * top)
    axes.axhline(0, color=GREY, linewidth=0.6 * bold())
    axes.set_yticks([t for t in axes.get_yticks() if 0 <= t <= 1.06 * top])
    axes.set_xlabel(_AXIS[language].format(money=facts["money"]))
    axes.set_ylabel(_SHARE[language])
    axes.margins(x=0.02)
    numerals(axes, language, which="x")
    numerals(axes, language)
    figure.legend(handles=axes.get_legend_handles_labels()[0])
