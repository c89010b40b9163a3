"""Charts: each states its finding, chosen by rule from the numbers, in Indonesian or in English."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from asn_impact.arrays import Float
from asn_impact.designs import Design
from asn_impact.errors import DataWarning, EstimationError, InferenceError, InputError
from asn_impact.estimation import Inference, infer
from asn_impact.measures.panel import Panel
from asn_impact.reporting.chart import HEADING, PAGES, Chart, Page, Size
from asn_impact.reporting.tables import MINIMUM_CELL, counts_records, suppressed
from asn_impact.reporting.words import (
    Language,
    OutcomeWords,
    Quantity,
    Sentence,
    both,
    checked,
    event_axis,
    finding,
    joined,
    number,
    outcome_words,
    period,
    say,
    unit_noun,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "PAGES",
    "Chart",
    "Page",
    "Size",
    "event_study",
    "forest",
    "headline",
    "maturity",
    "raw_trends",
    "who_is_compared",
]

BLUE: Final = "#0072B2"  # Okabe and Ito's palette: told apart by colour-blind readers
VERMILION: Final = "#D55E00"
PALETTE: Final = (BLUE, VERMILION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY: Final = "#8c8c8c"
PALE: Final = "#dedede"
INK: Final = "#333333"
MOST_NAMED: Final = 70  # units that can have their names beside the heat strip


# ------------------------------------------------------------------------------------------- the finding


def headline(inference: Inference, *, language: Language = "en", level: float = 0.95) -> Sentence:
    """Return the finding of an inference as a sentence.

    An inference with several terms (an event study, say) is told by its estimator's overall effect under the same rule;
    where there is none, by how many of the terms differ from zero.
    """
    checked(language)
    overall = _overall(inference)
    if overall is None:
        return _count_of_terms(inference, language, level)
    low, high = overall.interval(level)
    return finding(
        overall.effects.design.panel.outcome,
        estimate=float(overall.estimate[0]),
        low=float(low[0]),
        high=float(high[0]),
        level=level,
        language=language,
        origin=f"{overall.effects.design.panel.outcome.name}.overall",
    )


def _overall(inference: Inference) -> Inference | None:
    """Return the one-number inference that belongs to an inference, or None where the estimator has none."""
    if len(inference.estimate) == 1:
        return inference
    effects = inference.effects
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # said when the inference itself was made
            return infer(effects.estimator(effects.design).overall(), inference.rule)
    except (EstimationError, InferenceError):
        return None


_COUNTED: Final = both(
    id="{k} dari {n} perkiraan berbeda dari nol (selang kepercayaan {level})",
    en="{k} of {n} estimates differ from zero ({level} CI)",
)


def _count_of_terms(inference: Inference, language: Language, level: float) -> Sentence:
    low, high = inference.interval(level)
    clear = int(((low > 0) | (high < 0)).sum())
    name = inference.effects.design.panel.outcome.name
    return say(
        _COUNTED,
        language,
        k=Quantity(clear, f"{name}: terms whose interval does not hold zero"),
        n=Quantity(int(np.isfinite(inference.estimate).sum()), f"{name}: terms"),
        level=Quantity(level, "level", form="percent"),
    )


# ------------------------------------------------------------------------------------------- event study

_SUBTITLE_EVENT: Final = both(
    id="Perubahan {label} dibandingkan kelompok pembanding, dengan selang kepercayaan {level} per titik; "
    "lingkaran kosong: periode dasar",
    en="Change in {label} compared with the comparison group, with pointwise {level} intervals; hollow: base period",
)
_ALT_EVENT: Final = both(
    id="Studi peristiwa dari {first} sampai {last}: titik dan selang kepercayaan {level}. {finding}. "
    "Sebelum pelatihan {before} dari {count_before} selang tidak memuat nol, sesudahnya {after} dari {count_after}.",
    en="Event study from {first} to {last}: points and {level} confidence intervals. {finding}. "
    "Before training {before} of {count_before} intervals leave out zero, afterwards {after} of {count_after}.",
)


def event_study(
    inference: Inference,
    *,
    language: Language = "en",
    source: str = "",
    level: float = 0.95,
    inputs: Iterable[Any] = (),
) -> Chart:
    """Return the chart of the effect by time since training, with pointwise intervals.

    The base period, against which the others are measured, is zero by construction and drawn hollow. The title is the
    overall effect of the same estimator under the same rule.

    Parameters
    ----------
    inference
        From ``infer(effects.event_study(), rule)``.
    language
        ``"id"`` or ``"en"``.
    source
        The line below: whose data these are.
    level
        Level of the intervals.
    inputs
        ``extract.sources``: what the provenance names.

    Raises
    ------
    InputError
        The inference is not by event time.
    """
    checked(language)
    table = inference.table(level)
    if "event_time" not in table:
        raise InputError(
            f"The chart needs effects by event_time, found terms by {list(inference.effects.terms.columns)}. "
            "Use infer(effects.event_study(), rule)."
        )
    design = inference.effects.design
    words = outcome_words(design.panel.outcome)
    data = _event_data(table, words, base=-1 - int(getattr(inference.effects.estimator, "anticipation", 0)))
    title = headline(inference, language=language, level=level)
    shown_level = Quantity(level, "level", form="percent")
    label = _lower(words.label[language])
    return Chart(
        kind="event_study",
        title=title,
        subtitle=say(_SUBTITLE_EVENT, language, label=_unit_changed(label, words, language), level=shown_level).text,
        source=source,
        alt=_event_alt(data, title, shown_level, language),
        data=data,
        paint=_paint_event_study,
        language=language,
        parameters={**_described(inference), "level": level, "timeline": design.panel.timeline.kind},
        inputs=tuple(inputs),
    )


def _event_data(table: pd.DataFrame, words: OutcomeWords, *, base: int) -> pd.DataFrame:
    """Return what the event study draws: display units, the base period marked."""
    columns = ["estimate", "conf_low", "conf_high"]
    data = table[["event_time", *columns]].copy()
    data[columns] = data[columns] * words.scale
    flat = data["event_time"].eq(base) & data["estimate"].fillna(0.0).eq(0.0)
    data = data.assign(base=flat)
    data.loc[flat, columns] = [0.0, np.nan, np.nan]
    if base not in set(data["event_time"]):
        extra = pd.DataFrame({"event_time": [base], "estimate": [0.0], "base": [True]})
        data = pd.concat([data, extra], ignore_index=True)
    return data.sort_values("event_time", ignore_index=True)


def _event_alt(data: pd.DataFrame, title: Sentence, level: Quantity, language: Language) -> str:
    clear = (data["conf_low"] > 0) | (data["conf_high"] < 0)
    real, before = data["conf_low"].notna(), data["event_time"] < 0
    counted = {
        "before": (clear & before).sum(),
        "count_before": (real & before).sum(),
        "after": (clear & ~before).sum(),
        "count_after": (real & ~before).sum(),
    }
    return say(
        _ALT_EVENT,
        language,
        first=Quantity(float(data["event_time"].min()), "first event time"),
        last=Quantity(float(data["event_time"].max()), "last event time"),
        level=level,
        finding=title,
        **{name: Quantity(int(value), name) for name, value in counted.items()},
    ).text


def _paint_event_study(figure: Figure, chart: Chart) -> None:
    axes, data = figure.subplots(), chart.data
    axes.axhline(0, color=INK, linewidth=0.9 * _bold(), zorder=1.5)
    axes.axvline(-0.5, color=INK, linewidth=0.9 * _bold(), linestyle=(0, (4, 3)), zorder=1.5)
    drawn = data[~data["base"]]
    colours = [GREY if time < 0 else BLUE for time in drawn["event_time"]]
    axes.vlines(drawn["event_time"], drawn["conf_low"], drawn["conf_high"], colors=colours, linewidth=1.4 * _bold())
    axes.scatter(drawn["event_time"], drawn["estimate"], s=16 * _bold() ** 2, c=colours, zorder=3)
    base = data[data["base"]]
    axes.scatter(
        base["event_time"], base["estimate"], s=20 * _bold() ** 2, facecolors="white", edgecolors=GREY, zorder=3
    )
    word = {"month": both(id=" pelatihan", en=" training")}.get(
        str(chart.parameters["timeline"]), both(id=" perlakuan", en=" treatment")
    )
    axes.annotate(
        word[chart.language],
        (-0.5, 1),
        xycoords=("data", "axes fraction"),
        va="top",
        ha="left",
        color=INK,
        size="small",
    )
    axes.set_xlabel(event_axis(str(chart.parameters["timeline"]))[chart.language])
    axes.margins(x=0.02)
    _whole_steps(axes)
    _numerals(axes, chart.language)


# -------------------------------------------------------------------------------------------- raw trends

_TITLE_TRENDS: Final = both(
    id="Sesudah pelatihan pertama, {label} berubah {treated} {unit} pada yang terlatih dan {never} pada yang "
    "tidak pernah dilatih",
    en="After the first training the {label} changed by {treated} {unit} among the trained and {never} among "
    "the never trained",
)
_SUBTITLE_TRENDS: Final = both(id="{label}; titik: bulan pelatihan", en="{label}; dot: month of training")
_TITLE_TRENDS_ALONE: Final = both(
    id="Semua unit dilatih pada akhirnya: pembandingnya adalah yang belum dilatih",
    en="Every unit is trained in the end: those not yet trained are the comparison",
)
_ALT_TRENDS: Final = both(
    id="Garis rata-rata per periode dari {first} sampai {last} untuk {groups}. {finding}.",
    en="Lines of the mean by period from {first} to {last} for {groups}. {finding}.",
)
_NEVER: Final = both(id="tidak pernah dilatih", en="never trained")
_WAVE: Final = both(id="dilatih {when}", en="trained {when}")


def raw_trends(design: Design, *, language: Language = "en", source: str = "", inputs: Iterable[Any] = ()) -> Chart:
    """Return the chart of the outcome itself: a line a wave and one for those never trained.

    Lines are means over units, weighted as in the panel. Months in which a wave has fewer than ten records are not
    drawn. The title compares the change of those ever trained with the change of those never trained, before and
    after the first training of anyone; it describes and does not estimate an effect.
    """
    checked(language)
    words, panel = outcome_words(design.panel.outcome), design.panel
    data = _trend_data(design, words)
    title = _trend_title(design, words, language)
    groups = joined([_wave_name(design, step, language) for step in _waves(design)], language)
    return Chart(
        kind="raw_trends",
        title=title,
        subtitle=say(_SUBTITLE_TRENDS, language, label=words.label[language]).text,
        source=source,
        alt=say(
            _ALT_TRENDS,
            language,
            first=period(panel.timeline.labels[0], language),
            last=period(panel.timeline.labels[-1], language),
            groups=groups,
            finding=title,
        ).text,
        data=data,
        paint=_paint_raw_trends,
        language=language,
        parameters={"outcome": panel.outcome.name, "treatment": design.treatment},
        inputs=tuple(inputs),
    )


def _waves(design: Design) -> list[float]:
    never = [np.inf] if np.isinf(design.adopted).any() else []
    return [*design.cohorts, *never]


def _wave_name(design: Design, step: float, language: Language) -> str:
    if np.isinf(step):
        return _NEVER[language]
    return say(_WAVE, language, when=period(design.cohort_label(step), language)).text


def _group_means(panel: Panel, members: Float) -> tuple[Float, Float]:
    """(T,) weighted mean over the units marked True, NaN where too few records stand behind it, and (T,) records."""
    weight = np.where(panel.observed & members[:, None].astype(bool), panel.weight, 0.0)
    records = (panel.n * (weight > 0)).sum(axis=0)
    total = weight.sum(axis=0)
    mean = np.divide(
        (weight * np.nan_to_num(panel.mean)).sum(axis=0), total, out=np.full(len(total), np.nan), where=total > 0
    )
    if counts_records(panel):
        mean = np.where(records < MINIMUM_CELL, np.nan, mean)
    return mean, records


def _trend_data(design: Design, words: OutcomeWords) -> pd.DataFrame:
    timeline = design.panel.timeline
    frames = []
    for step in _waves(design):
        members = design.adopted == step
        mean, _ = _group_means(design.panel, members)
        frames.append(
            pd.DataFrame(
                {
                    "wave": design.cohort_label(step),
                    "adopted_step": step if np.isfinite(step) else np.nan,
                    "units": int(members.sum()),
                    "period": timeline.labels,
                    "step": timeline.steps,
                    "mean": words.scale * mean,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _trend_title(design: Design, words: OutcomeWords, language: Language) -> Sentence:
    ever = np.isfinite(design.adopted)
    if ever.all():
        return say(_TITLE_TRENDS_ALONE, language)
    after = design.panel.timeline.steps >= design.cohorts[0]
    change = {}
    for name, members in (("treated", ever), ("never", ~ever)):
        mean = words.scale * _group_means(design.panel, members)[0]
        change[name] = _mean_shown(mean[after]) - _mean_shown(mean[~after])
    return say(
        _TITLE_TRENDS,
        language,
        label=_short_label(words, language),
        unit=words.unit[language],
        treated=Quantity(
            change["treated"], "mean of the trained after minus before the first training", words.decimals
        ),
        never=Quantity(change["never"], "mean of the never trained after minus before it", words.decimals),
    )


def _mean_shown(values: Float) -> float:
    """Return the mean of the values that are shown, NaN when none is."""
    shown = values[np.isfinite(values)]
    return float(shown.mean()) if len(shown) else float("nan")


def _paint_raw_trends(figure: Figure, chart: Chart) -> None:
    axes, ends = figure.subplots(), []
    colours = itertools.cycle(PALETTE)
    for wave, line in chart.data.groupby("wave", sort=False):
        treated = bool(line["adopted_step"].notna().all())
        colour = next(colours) if treated else GREY
        axes.plot(line["step"], line["mean"], color=colour, linewidth=(1.4 if treated else 2.2) * _bold())
        if treated:
            start = line.loc[line["step"] >= line["adopted_step"]].head(1)
            axes.scatter(start["step"], start["mean"], s=34 * _bold() ** 2, color=colour, zorder=4, edgecolors="white")
        shown = line["mean"].dropna()
        if len(shown):
            ends.append((float(shown.iloc[-1]), _line_name(str(wave), line, chart.language, treated=treated), colour))
    _period_axis(axes, chart)
    _numerals(axes, chart.language)
    axes.margins(x=0.01)
    _direct_labels(axes, ends, at=float(chart.data["step"].max()))


_LINE: Final = both(id="{wave} ({n} unit)", en="{wave} ({n} {noun})")


def _line_name(wave: str, line: pd.DataFrame, language: Language, *, treated: bool) -> str:
    name = say(_WAVE, language, when=period(wave, language)).text if treated else _NEVER[language]
    count = int(line["units"].iloc[0])
    noun = "unit" if count == 1 else "units"
    return say(_LINE, language, wave=name, n=Quantity(count, "units"), noun=noun).text


def _direct_labels(axes: Axes, ends: Sequence[tuple[float, str, str]], *, at: float) -> None:
    """Write each line's name beside its end, moved apart where two would overlap."""
    low, high = axes.get_ylim()
    axes_height = 0.5 * axes.figure.get_figure(root=True).get_figheight() * 72
    gap = (high - low) * _text_size() / axes_height
    order = sorted(range(len(ends)), key=lambda i: ends[i][0])
    places: list[float] = []
    for i in order:
        places.append(max(ends[i][0], places[-1] + gap) if places else ends[i][0])
    excess = max(0.0, places[-1] - high) if places else 0.0
    for i, place in zip(order, places, strict=True):
        value, name, colour = ends[i]
        axes.annotate(
            name,
            xy=(at, value),
            xytext=(at + 0.02 * max(at, 1.0), place - excess),
            color=colour if colour != GREY else "#666666",
            va="center",
            ha="left",
            size="small",
            annotation_clip=False,
        )


def _period_axis(axes: Axes, chart: Chart) -> None:
    """Label about six periods of the time axis in words."""
    known = chart.data.drop_duplicates("step").set_index("step")["period"].sort_index()
    every = max(1, int(np.ceil(len(known) / 6)))
    every = next((e for e in (1, 2, 3, 6, 12) if e >= every), every) if "-" in str(known.iloc[0]) else every
    shown = known.iloc[::every]
    axes.set_xticks(list(shown.index), [period(label, chart.language).replace(" ", "\n") for label in shown])


# --------------------------------------------------------------------------------------- who is compared

_STATE: Final = ("never", "not_yet", "trained", "empty")
_STATES: Final[Mapping[str, Mapping[Language, str]]] = {
    "never": both(id="tidak pernah dilatih", en="never trained"),
    "not_yet": both(id="belum dilatih", en="not yet trained"),
    "trained": both(id="sudah dilatih", en="trained"),
    "empty": both(id="tanpa data", en="no data"),
}
_STATE_COLOURS: Final = {"never": PALE, "not_yet": "#9ecae8", "trained": BLUE, "empty": "#ffffff"}
_TITLE_COMPARED: Final = both(
    id="{treated} {units} dilatih dalam {waves} gelombang; {never} {units} tidak pernah dilatih menjadi pembanding",
    en="{treated} {treated_units} were trained in {waves} {wave_word}; {never} never trained serve as comparison",
)
_SUBTITLE_COMPARED: Final = both(
    id="Setiap baris satu {unit}, setiap kolom satu periode, dari {first} sampai {last}",
    en="One row for each {unit}, one column for each period, {first} to {last}",
)


def who_is_compared(
    design: Design, *, language: Language = "en", source: str = "", inputs: Iterable[Any] = ()
) -> Chart:
    """Return the chart of who was trained when: a row a unit, a column a period, sorted by adoption."""
    checked(language)
    timeline, (one, many) = design.panel.timeline, unit_noun(design.panel)
    treated, waves = int(np.isfinite(design.adopted).sum()), len(design.cohorts)
    title = say(
        _TITLE_COMPARED,
        language,
        treated=Quantity(treated, "units with an adoption time"),
        treated_units=(one if treated == 1 else many)[language],
        units=many[language],
        waves=Quantity(waves, "len(design.cohorts)"),
        wave_word="wave" if waves == 1 else "waves",
        never=Quantity(len(design.adopted) - treated, "units without an adoption time"),
    )
    first, last = (period(timeline.labels[i], language) for i in (0, -1))
    return Chart(
        kind="who_is_compared",
        title=title,
        subtitle=say(_SUBTITLE_COMPARED, language, unit=one[language], first=first, last=last).text,
        source=source,
        alt=f"{title.text}. {_wave_list(design, language)}",
        data=_compared_data(design),
        paint=_paint_who_is_compared,
        language=language,
        parameters={"outcome": design.panel.outcome.name, "treatment": design.treatment},
        inputs=tuple(inputs),
        rows=min(len(design.adopted), MOST_NAMED),
    )


def _wave_list(design: Design, language: Language) -> str:
    """Say how many units each wave has."""
    waves = [
        f"{period(design.cohort_label(step), language)}: {number(int((design.adopted == step).sum()), 0, language)}"
        for step in design.cohorts
    ]
    return "; ".join(waves) + "."


def _compared_data(design: Design) -> pd.DataFrame:
    """Return one row a unit and period, in the order drawn."""
    treated, observed = design.treated(), design.panel.observed
    order = sorted(range(len(design.adopted)), key=lambda u: (design.adopted[u], str(design.panel.units[u])))
    rows, columns = np.indices(observed.shape, dtype=np.int64)
    ever = np.isfinite(design.adopted)[:, None] & np.ones_like(observed)
    state = np.select([~observed, treated, ever], ["empty", "trained", "not_yet"], default="never")
    labels, steps = np.array(design.panel.timeline.labels, dtype=object), design.panel.timeline.steps
    picked = np.asarray(rows)[order].ravel(), np.asarray(columns)[order].ravel()
    return pd.DataFrame(
        {
            "unit": [str(design.panel.units[u]) for u in picked[0]],
            "period": labels[picked[1]],
            "step": steps[picked[1]],
            "state": state[picked],
        }
    )


def _paint_who_is_compared(figure: Figure, chart: Chart) -> None:
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    axes = figure.subplots()
    wide = chart.data.pivot_table(index="unit", columns="step", values="state", aggfunc="first", sort=False)
    wide = wide.reindex(columns=range(int(chart.data["step"].max()) + 1)).astype(object)
    wide = wide.where(wide.notna(), "empty")
    codes = wide.apply(lambda column: column.map(_STATE.index)).to_numpy(dtype=np.int64)
    colours = ListedColormap([_STATE_COLOURS[s] for s in _STATE])
    axes.pcolormesh(codes, cmap=colours, vmin=-0.5, vmax=len(_STATE) - 0.5, edgecolors="white", linewidth=0.4)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    names = [_shortened(str(unit)) for unit in wide.index] if len(wide) <= MOST_NAMED else []
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.tick_params(axis="y", length=0, labelsize=_row_size(figure, len(wide)))
    _period_axis(axes, chart)
    axes.set_xticks([t + 0.5 for t in axes.get_xticks()], [t.get_text() for t in axes.get_xticklabels()])
    present = [s for s in ("trained", "not_yet", "never", "empty") if (chart.data["state"] == s).any()]
    handles = [
        Patch(facecolor=_STATE_COLOURS[s], edgecolor="#bbbbbb", label=_STATES[s][chart.language]) for s in present
    ]
    figure.legend(handles=handles)


def _row_size(figure: Figure, rows: int) -> float:
    """Text size at which so many rows stand below each other, in points."""
    text = _text_size()
    room = figure.get_figheight() * 72 - HEADING * text
    return float(min(0.85 * text, 0.9 * room / max(rows, 1)))


def _shortened(label: str, most: int = 34) -> str:
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"


# ---------------------------------------------------------------------------------------------- maturity

_TITLE_MATURITY: Final = both(
    id="{kept} bulan cukup lama diikuti dan dipakai; {left} bulan terlalu baru dan tidak dipakai",
    en="{kept} months have been followed long enough and are used; {left} are too recent and left out",
)
_TITLE_MATURE: Final = both(
    id="Semua {kept} periode cukup lama diikuti dan dipakai",
    en="All {kept} periods have been followed long enough and are used",
)
_SUBTITLE_MATURITY: Final = both(id="Permohonan diterima per bulan", en="Applications received by month")
_BARS: Final[Mapping[str, Mapping[Language, str]]] = {
    "used": both(id="dipakai", en="used"),
    "left_out": both(id="terlalu baru, tidak dipakai", en="too recent, left out"),
    "open": both(id="masih diproses", en="still open"),
}


def maturity(
    months: Panel | pd.DataFrame,
    *,
    language: Language = "en",
    source: str = "",
    inputs: Iterable[Any] = (),
) -> Chart:
    """Return the chart of which months can be used: applications by month, used or too recent, and how many are open.

    Parameters
    ----------
    months
        The frame of `maturity` (month, cases, open, mature), or a Panel, which knows which months were left out but not
        how many applications they hold.
    """
    checked(language)
    data = _maturity_data(months)
    kept, left = int(data["mature"].sum()), int((~data["mature"]).sum())
    title = say(
        _TITLE_MATURITY if left else _TITLE_MATURE,
        language,
        kept=Quantity(kept, "mature months"),
        left=Quantity(left, "immature months"),
    )
    immature = [period(m, language) for m in data.loc[~data["mature"], "period"]]
    return Chart(
        kind="maturity",
        title=title,
        subtitle=_SUBTITLE_MATURITY[language],
        source=source,
        alt=f"{title.text}{': ' + joined(immature, language) if immature else ''}.",
        data=data,
        paint=_paint_maturity,
        language=language,
        inputs=tuple(inputs),
        rows=18,
    )


def _maturity_data(months: Panel | pd.DataFrame) -> pd.DataFrame:
    if isinstance(months, Panel):
        cases = [*months.n.sum(axis=0), *([np.nan] * len(months.immature))]
        labels = [*months.timeline.labels, *months.immature]
        mature = [True] * len(months.timeline) + [False] * len(months.immature)
        frame = pd.DataFrame({"period": labels, "cases": cases, "open": np.nan, "mature": mature})
    else:
        missing = {"month", "cases", "open", "mature"} - set(months.columns)
        if missing:
            raise InputError(f"The maturity frame has no column {sorted(missing)}. Found: {list(months.columns)}.")
        frame = months.rename(columns={"month": "period"})[["period", "cases", "open", "mature"]]
        frame = frame.assign(period=frame["period"].astype(str), mature=frame["mature"].astype(bool))
    frame = frame.sort_values("period", ignore_index=True)
    return frame.assign(cases=_showable(frame["cases"]), open=_showable(frame["open"]), step=np.arange(len(frame)))


def _showable(counts: pd.Series) -> Float:
    """Return counts as a table may show them, NaN for those withheld or unknown."""
    shown = np.full(len(counts), np.nan)
    known = np.flatnonzero(counts.notna().to_numpy())
    cells = suppressed(counts.iloc[known].tolist())
    shown[known] = [cell if isinstance(cell, int) else np.nan for cell in cells]
    return shown


def _paint_maturity(figure: Figure, chart: Chart) -> None:
    axes, data, language = figure.subplots(), chart.data, chart.language
    for mature, kind, colour in ((True, "used", BLUE), (False, "left_out", PALE)):
        part = data[data["mature"] == mature]
        if len(part):
            axes.bar(part["step"], part["cases"].fillna(0.0), color=colour, width=0.8, label=_BARS[kind][language])
    if data["open"].fillna(0.0).gt(0).any():
        axes.bar(data["step"], data["open"].fillna(0.0), color=VERMILION, width=0.8, label=_BARS["open"][language])
    if data.loc[~data["mature"], "cases"].isna().any():
        for step in data.loc[~data["mature"] & data["cases"].isna(), "step"]:
            axes.axvspan(step - 0.4, step + 0.4, color=PALE, linewidth=0)
    _period_axis(axes, chart)
    _numerals(axes, language)
    axes.margins(x=0.01)
    figure.legend(handles=axes.get_legend_handles_labels()[0])


# ------------------------------------------------------------------------------------------------ forest

_TITLE_FOREST: Final = both(
    id="Bukti perubahan ditemukan pada {k} dari {n} ukuran", en="Evidence of a change in {k} of {n} measures"
)
_SUBTITLE_FOREST: Final = both(
    id="Perkiraan dampak dengan selang kepercayaan {level}", en="Estimated effects with {level} confidence intervals"
)


def forest(
    inferences: Mapping[str, Inference] | Sequence[Inference],
    *,
    language: Language = "en",
    source: str = "",
    level: float = 0.95,
    inputs: Iterable[Any] = (),
) -> Chart:
    """Return the chart of several one-number findings below each other, grouped by unit.

    Parameters
    ----------
    inferences
        One-number inferences; a mapping gives each its own name, otherwise the outcome is the name.
    """
    checked(language)
    named = inferences.items() if isinstance(inferences, Mapping) else [("", i) for i in inferences]
    singles = [(name, inference) for name, inference in named]
    if not singles:
        raise InputError("forest() was given no inference. Expected one or more.")
    data = pd.DataFrame([_forest_row(name, inference, language, level) for name, inference in singles])
    clear = int(((data["conf_low"] > 0) | (data["conf_high"] < 0)).sum())
    title = (
        headline(singles[0][1], language=language, level=level)
        if len(singles) == 1
        else say(
            _TITLE_FOREST,
            language,
            k=Quantity(clear, "intervals that leave out zero"),
            n=Quantity(len(data), "measures"),
        )
    )
    lines = [headline(inference, language=language, level=level).text for _, inference in singles]
    return Chart(
        kind="forest",
        title=title,
        subtitle=say(_SUBTITLE_FOREST, language, level=Quantity(level, "level", form="percent")).text,
        source=source,
        alt=". ".join(dict.fromkeys([title.text, *lines])) + ".",
        data=data,
        paint=_paint_forest,
        language=language,
        parameters={"level": level, "findings": [_described(inference) for _, inference in singles]},
        inputs=tuple(inputs),
        rows=2 * len(data) + 5 * data["unit"].nunique(),
    )


def _forest_row(name: str, inference: Inference, language: Language, level: float) -> dict[str, object]:
    if len(inference.estimate) != 1:
        raise InputError(
            f"forest() draws one number a line; {name or repr(inference)} has {len(inference.estimate)}. "
            "Use infer(effects.overall(), rule)."
        )
    words = outcome_words(inference.effects.design.panel.outcome)
    low, high = inference.interval(level)
    return {
        "measure": name or words.label[language].split(" (")[0],
        "unit": words.unit[language],
        "estimate": words.scale * float(inference.estimate[0]),
        "conf_low": words.scale * float(low[0]),
        "conf_high": words.scale * float(high[0]),
    }


def _paint_forest(figure: Figure, chart: Chart) -> None:
    groups = [(str(unit), part) for unit, part in chart.data.groupby("unit", sort=False)]
    panels = figure.subplots(len(groups), 1, squeeze=False, height_ratios=[len(part) + 0.8 for _, part in groups])
    for axes, (unit, part) in zip(panels[:, 0], groups, strict=True):
        y = np.arange(len(part))
        clear = (part["conf_low"] > 0) | (part["conf_high"] < 0)
        colours = np.where(clear, BLUE, GREY)
        axes.axvline(0, color=INK, linewidth=0.9 * _bold())
        axes.hlines(y, part["conf_low"], part["conf_high"], colors=colours, linewidth=1.6 * _bold())
        axes.scatter(part["estimate"], y, s=24 * _bold() ** 2, c=colours, zorder=3)
        axes.set_yticks(y, [_folded(str(m)) for m in part["measure"]])
        axes.set_ylim(len(part) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        axes.set_xlabel(unit)
        axes.margins(x=0.08)
        _numerals(axes, chart.language, which="x")


def _folded(text: str, most: int = 38) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, most))


# ------------------------------------------------------------------------------------------ shared habits


def _short_label(words: OutcomeWords, language: Language) -> str:
    return _lower(words.label[language].split(" (")[0])


def _unit_changed(label: str, words: OutcomeWords, language: Language) -> str:
    """Return the label of a difference: a share changes in percentage points, not in percent."""
    return label.replace("(%)", f"({words.unit[language]})")


def _lower(text: str) -> str:
    """Lower the first letter of a phrase, but not of a name such as SKM."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _described(inference: Inference) -> dict[str, object]:
    design = inference.effects.design
    return {
        "clusters": len(design.clusters),
        "estimator": inference.effects.estimator.name,
        "outcome": design.panel.outcome.name,
        "rule": inference.rule.name,
        "treatment": design.treatment,
        "treated_clusters": design.treated_clusters,
    }


def _text_size() -> float:
    """Text size of the page being drawn, in points."""
    import matplotlib as mpl

    return float(mpl.rcParams["font.size"])


def _bold() -> float:
    """How much thicker than on an A4 page lines and points are drawn."""
    return _text_size() / 8.0


def _whole_steps(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 3, 6, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: number(value, 0, "en"))


def _numerals(axes: Axes, language: Language, *, which: str = "y") -> None:
    """Write tick labels with the decimal mark of the language and a true minus sign."""
    from matplotlib.ticker import Formatter

    class Numerals(Formatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return number(x, 2, language)

        def format_ticks(self, values: Any) -> list[str]:  # noqa: ANN401 - as matplotlib declares it
            return [number(float(v), _tick_decimals(values), language) for v in values]

    (axes.yaxis if which == "y" else axes.xaxis).set_major_formatter(Numerals())


def _tick_decimals(ticks: Sequence[float]) -> int:
    """Return the decimals that tell neighbouring ticks apart."""
    gaps = np.diff(np.unique(np.asarray(ticks, dtype=np.float64)))
    step = float(gaps.min()) if len(gaps) else 1.0
    return next((d for d in range(7) if abs(step * 10**d - round(step * 10**d)) < 1e-6), 6)
