"""Was it worth it? The net present value over the uncertainty of the effect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
import pandas as pd

from asn_impact.arguments import Level
from asn_impact.arrays import Float
from asn_impact.reporting.chart import Chart, Look
from asn_impact.reporting.charts.drawing import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    bold,
    level_quantity,
    use_numerals,
)
from asn_impact.reporting.charts.kinds import check_kind, check_language
from asn_impact.topics.planning.returns import Returns as Worth
from asn_impact.verbs import public_verb
from asn_impact.words import Language, Message, Quantity, Sentence
from asn_impact.words.writing import find_decimals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from asn_impact.topics.planning.returns import Returns  # another kind is refused with the call that gives one


BARS: Final = 40
_SAID: Final = ("probability_positive", "years", "discount", "value_of_a_day", "seed")  # of the returns
CENTRAL: Final = 0.99  # share of the draws that the bars cover

MONEY: Final = {"billion": 1e9, "million": 1e6, "one": 1.0}  # rupiah


@public_verb
def returns(
    made: Returns,
    *,
    language: Language = "en",
    source: str = "",
    level: Level = 0.95,
    **look: Unpack[Look],
) -> Chart:
    """Return the chart of the net present value over the draws of the effect, zero marked.

    The title is the verdict of the returns: it never says that the training paid when the interval of its effect holds
    zero.

    Parameters
    ----------
    made
        From `asn_impact.topics.planning.returns.returns`.
    language, source, inputs
        ``"id"`` or ``"en"``; the line below, whose data these are; ``extract.sources``, which the provenance names.
    level
        Level of the interval.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> fee = {"komponen": "Narasumber", "jumlah": 24, "satuan": "jam", "harga_satuan": "Rp900.000,00"}
    >>> costs = ai.read_costs(pd.DataFrame([fee]), origin="DPA 2024, hlm. 4", price_year=2024)
    >>> design = ai.assign(ai.example_design().panel, ai.example_rollout(), cluster="office", weights="records")
    >>> answer = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())
    >>> choices = {"cases_per_month": 72, "value_of_a_day": 50_000, "years": 0.5, "discount": 0.05}
    >>> made = ai.returns(answer, costs, **choices, reps=500, seed=1)
    >>> chart = ai.figures.returns(made)
    >>> chart.data.columns.tolist()
    ['low', 'high', 'share']
    """
    check_language(language)
    check_kind("returns", "made", made, Worth, "returns(inference, costs, ...)")
    row = made.rows(level)["net_present_value"]
    values = made.net_present_value()
    size, money = _choose_money([row["conf_low"], row["conf_high"], row["estimate"]])
    data = _make_data(values / size)
    verdict = made.sentences(language, level)[0]
    title = Sentence(verdict.text.removesuffix("."), verdict.numbers)
    ends = {name: row[name] / size for name in ("estimate", "conf_low", "conf_high")}
    value, low, high = (Quantity(end, f"net_present_value.{name}", 1) for name, end in ends.items())
    alt = Message(
        "charts.returns.alt",
        **{"money": money, "title": title, "value": value, "low": low, "high": high},
        share=Quantity(made.probability_positive, "probability_positive", 0, "percent"),
        level=level_quantity(level),
    )
    return Chart(
        kind="returns",
        title=title,
        subtitle=_write_subtitle(made, money, float(1 - data["share"].sum())).text(language),
        source=source,
        alt=alt.text(language),
        data=data,
        paint=_paint,
        language=language,
        parameters={
            "level": level,
            "money": str(money.text(language)),
            **ends,
            **{name: getattr(made, name) for name in _SAID},
            "draws": len(values),
        },
    ).shaped(**look)


def _choose_money(amounts: Iterable[float]) -> tuple[float, Message]:
    """Return the unit in which the largest of some amounts is written, and its name."""
    most = max(abs(float(a)) for a in amounts)
    name, size = next((name, size) for name, size in MONEY.items() if most >= size or size == 1.0)
    return size, Message(f"charts.returns.money.{name}")


def _make_data(values: Float) -> pd.DataFrame:
    """Return bars of equal width that cover the central draws; zero is an edge, so no bar is on both sides."""
    low, high = (float(v) for v in np.quantile(values, [(1 - CENTRAL) / 2, (1 + CENTRAL) / 2]))
    width = (high - low) / BARS if high > low else max(abs(low), 1.0) / BARS
    edges = width * np.arange(np.floor(low / width), np.ceil(high / width) + 1)
    counts, _ = np.histogram(values, bins=edges)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "share": counts / len(values)})


def _write_subtitle(made: Returns, money: Message, outside: float) -> Message:
    whole = 0 if made.value_of_a_day == int(made.value_of_a_day) else 2
    share = Quantity(outside, "share of draws not drawn", 1, "percent")
    return Message(
        "charts.returns.subtitle",
        money=money,
        draws=Quantity(len(made.draws), "draws"),
        years=Quantity(made.years, "years", find_decimals(made.years, 4)),
        rate=Quantity(made.discount, "discount", find_decimals(100 * made.discount, 4), "percent"),
        day=Quantity(made.value_of_a_day, "value_of_a_day", whole),
        example=Message("charts.returns.example") if made.costs.example else None,
        outside=Message("charts.returns.outside", share=share) if outside > 1e-12 else None,
    )


def _paint(figure: Figure, chart: Chart) -> None:
    axes, data, language, facts = figure.subplots(), chart.data, chart.language, chart.parameters
    above = data["low"] >= -1e-9 * (data["high"] - data["low"])
    positive = float(str(facts["probability_positive"]))
    for side, colour, words, share in (
        (above, BLUE, "charts.returns.positive", positive),
        (~above, VERMILION, "charts.returns.negative", 1 - positive),
    ):
        part = data[side]
        if len(part):
            percent = Quantity(share, "share of draws", 1 if 0 < min(share, 1 - share) < 0.01 else 0, "percent")
            axes.bar(
                part["low"],
                100 * part["share"],
                width=part["high"] - part["low"],
                align="edge",
                color=colour,
                edgecolor="white",
                linewidth=0.3,
                label=Message(words, share=percent).text(language),
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
        label=Message("charts.returns.interval", level=level).text(language),
    )
    axes.set_ylim(-0.14 * top, 1.06 * top)
    axes.axhline(0, color=GREY, linewidth=0.6 * bold())
    axes.set_yticks([t for t in axes.get_yticks() if 0 <= t <= 1.06 * top])
    axes.set_xlabel(Message("charts.returns.axis", money=facts["money"]).text(language))
    axes.set_ylabel(Message("charts.returns.axis_share").text(language))
    axes.margins(x=0.02)
    use_numerals(axes, language, which="x")
    use_numerals(axes, language)
    figure.legend(handles=axes.get_legend_handles_labels()[0])
