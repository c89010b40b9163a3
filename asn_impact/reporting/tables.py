"""Tables for publication: title above, headings of the language, and no cell that is too small to show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.designs import Design
from asn_impact.errors import InputError
from asn_impact.estimation import Inference
from asn_impact.intake.ledger import Ledger
from asn_impact.measures.panel import Panel
from asn_impact.reporting.words import (
    UNDEFINED,
    Language,
    Text,
    both,
    checked,
    event_axis,
    number,
    outcome_words,
    percent,
    period,
    reason_words,
    unit_noun,
)
from asn_impact.scrutiny.said import Said
from asn_impact.scrutiny.scrutinise import Scrutiny

__all__ = [
    "MINIMUM_CELL",
    "Kind",
    "Table",
    "checks",
    "clusters",
    "counts_records",
    "descriptive",
    "ledger",
    "maturity_table",
    "results",
    "suppressed",
]

Kind: TypeAlias = Literal["text", "period", "records", "whole", "one", "two", "three", "p_value", "share"]
MINIMUM_CELL: Final = 10  # NASTY, privacy: default 10, never below 5
SECONDARY: Final = "*"

HEADINGS: Final[Mapping[str, Text]] = {
    "adopted": both(id="Mulai terlatih", en="Trained from"),
    "answer": both(id="Jawaban", en="Answer"),
    "change": both(id="Perubahan", en="Change"),
    "cluster": both(id="Gugus", en="Cluster"),
    "clusters": both(id="Gugus", en="Clusters"),
    "cohort": both(id="Gelombang", en="Wave"),
    "conf_high": both(id="Batas atas", en="Upper end"),
    "conf_low": both(id="Batas bawah", en="Lower end"),
    "df": both(id="Derajat bebas", en="Degrees of freedom"),
    "estimate": both(id="Perkiraan", en="Estimate"),
    "follow_up": both(id="Paling singkat diikuti", en="Shortest follow-up"),
    "group": both(id="Kelompok", en="Group"),
    "mature": both(id="Dipakai", en="Used"),
    "mean_after": both(id="Rata-rata sesudah", en="Mean after"),
    "mean_before": both(id="Rata-rata sebelum", en="Mean before"),
    "month": both(id="Bulan", en="Month"),
    "open": both(id="Masih diproses", en="Still open"),
    "outcome": both(id="Ukuran", en="Measure"),
    "p_value": both(id="Nilai-p", en="p-value"),
    "period": both(id="Periode", en="Period"),
    "periods": both(id="Periode", en="Periods"),
    "question": both(id="Pertanyaan", en="Question"),
    "records": both(id="Permohonan", en="Applications"),
    "rows": both(id="Baris", en="Rows"),
    "statistic": both(id="Statistik t", en="t statistic"),
    "std_error": both(id="Galat baku", en="Standard error"),
    "step": both(id="Langkah", en="Step"),
    "term": both(id="Bagian", en="Part"),
    "treated_clusters": both(id="Gugus terlatih", en="Treated clusters"),
    "unit": both(id="Satuan", en="Unit"),
    "units": both(id="Unit", en="Units"),
    "verdict": both(id="Putusan", en="Verdict"),
}
_CELLS: Final[Mapping[str, Text]] = {
    "never": both(id="tidak pernah dilatih", en="never trained"),
    "overall": both(id="keseluruhan", en="overall"),
    "yes": both(id="ya", en="yes"),
    "no": both(id="tidak", en="no"),
    "read": both(id="baris dibaca", en="rows read"),
    "kept": both(id="baris dipakai", en="rows kept"),
    "few": both(id="alasan lain, digabung", en="other reasons, combined"),
}
_SMALL_NOTE: Final = both(
    id=f"Jumlah di bawah {MINIMUM_CELL} ditulis <{MINIMUM_CELL}; {SECONDARY} = tidak ditampilkan agar jumlah kecil "
    "tidak dapat dihitung kembali.",
    en=f"Counts below {MINIMUM_CELL} are written <{MINIMUM_CELL}; {SECONDARY} = withheld so that a small count "
    "cannot be worked out.",
)


@dataclass(frozen=True, eq=False)
class Table:
    """A table that may be shown: small counts are already gone when it exists.

    Attributes
    ----------
    frame
        Columns in the grammar of the code. Columns of kind ``"records"`` are counts of records and are suppressed when
        the table is made; the values that rest on them are blanked with them.
    title, note
        In both languages.
    kinds
        How each column is shown; columns not named are text.
    rests_on
        Column of a value -> column with the number of records behind it.
    headings
        Headings that differ from the usual ones.
    aside
        Columns that are in the CSV only, so that the page stays readable.

    Examples
    --------
    >>> frame = pd.DataFrame({"group": ["a", "b", "c"], "records": [120, 4, 31], "mean_before": [7.5, 6.0, 8.2]})
    >>> table = Table(frame, both(id="Uji", en="Test"), kinds={"records": "records", "mean_before": "one"},
    ...               rests_on={"mean_before": "records"})
    >>> print(table.csv())
    group,records,mean_before
    a,120,7.5
    b,<10,
    c,*,8.2
    <BLANKLINE>
    """

    frame: pd.DataFrame
    title: Text
    note: Text = field(default_factory=lambda: both(id="", en=""))
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    rests_on: Mapping[str, str] = field(default_factory=dict)
    headings: Mapping[str, Text] = field(default_factory=dict)
    aside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        frame = self.frame.reset_index(drop=True)
        counts = [c for c in frame.columns if self.kinds.get(str(c)) == "records"]
        shown = {column: suppressed(frame[column].tolist()) for column in counts}
        for value, column in self.rests_on.items():
            small = [cell == _few() for cell in shown.get(column, [])]
            if any(small):
                frame[value] = frame[value].astype(float).mask(pd.Series(small), np.nan)
        frame = frame.assign(**{c: pd.Series(cells, dtype=object) for c, cells in shown.items()})
        object.__setattr__(self, "frame", frame)

    def html(self, language: Language, *, numbered: str = "") -> str:
        """Return the table as HTML: the title above, headings of the language, the note below.

        Parameters
        ----------
        language
            ``"id"`` or ``"en"``.
        numbered
            Written before the title: ``Tabel 1``.
        """
        checked(language)
        shown = self.frame.drop(columns=list(self.aside))
        title = f"<span class='number'>{escape(numbered)}.</span> " if numbered else ""
        head = "".join(
            f'<th scope="col" {self._side(c)}>{escape(self._heading(str(c), language))}</th>' for c in shown.columns
        )
        body = "".join(f"<tr>{self._row(shown.columns, row, language)}</tr>" for row in shown.itertuples(index=False))
        note = self._note(language)
        below = f'<div class="note"><p>{escape(note)}</p></div>' if note else ""
        return (
            f'<div class="table"><table><caption>{title}{escape(self.title[language])}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}</div>"
        )

    def csv(self) -> str:
        """Return the table for other programs: English headings, decimal points; no cell a spreadsheet would run."""
        safe = self.frame.map(_not_a_formula)
        return safe.to_csv(index=False, float_format="%.10g", lineterminator="\n")

    def _repr_html_(self) -> str:
        return self.html("en")

    def __repr__(self) -> str:
        return f"Table({self.title['en']}: {len(self.frame)} rows)"

    def _note(self, language: Language) -> str:
        hidden = self.frame.map(lambda cell: cell in (_few(), SECONDARY)).any(axis=None)
        return " ".join(filter(None, [self.note[language], _SMALL_NOTE[language] if hidden else ""]))

    def _heading(self, column: str, language: Language) -> str:
        known = self.headings.get(column) or HEADINGS.get(column) or both(id=column, en=column)
        return known[language]

    def _side(self, column: object) -> str:
        """Return the class of a cell; documents made from the page read the side from the style."""
        text = self.kinds.get(str(column), "text") in {"text", "period"}
        return 'class="text" style="text-align: left"' if text else 'class="number" style="text-align: right"'

    def _row(self, columns: Iterable[object], row: tuple[Any, ...], language: Language) -> str:
        cells = zip(columns, row, strict=True)
        return "".join(
            f"<td {self._side(c)}>{escape(_cell(v, self.kinds.get(str(c), 'text'), language))}</td>" for c, v in cells
        )


_DECIMALS: Final[Mapping[str, int]] = {"whole": 0, "records": 0, "one": 1, "two": 2, "three": 3}


def _cell(value: Any, kind: Kind, language: Language) -> str:  # noqa: ANN401 - whatever a cell holds
    if isinstance(value, Mapping):
        return str(value[language])
    if isinstance(value, str):
        return _CELLS[value][language] if value in _CELLS else period(value, language)
    if value is None or pd.isna(value):
        return UNDEFINED
    if kind == "p_value":
        least = number(0.001, 3, language)
        return f"<{least}" if value < 0.001 else number(float(value), 3, language)
    if kind == "share":
        return percent(float(value), 1, language)
    if kind in _DECIMALS:
        return number(float(value), _DECIMALS[kind], language)
    return number(float(value), 0, language) if isinstance(value, int | float | np.number) else str(value)


def _not_a_formula(cell: object) -> object:
    """Put an apostrophe before text that a spreadsheet would take for a formula."""
    if isinstance(cell, Mapping):
        cell = cell["en"]
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _few() -> str:
    return f"<{MINIMUM_CELL}"


def suppressed(counts: Sequence[float], *, minimum: int = MINIMUM_CELL) -> list[object]:
    """Return counts of one column as they may be shown.

    Counts from 1 to below the minimum become ``<10``. If what is hidden could be had by subtracting the rest from a
    known total (one cell is hidden, or those hidden sum to less than the minimum), the next smallest counts become
    ``*`` until it cannot. Zero is nobody and is shown.

    Raises
    ------
    InputError
        The minimum is below 5.

    Examples
    --------
    >>> suppressed([40, 12, 3])
    [40, '*', '<10']
    >>> suppressed([40, 12, 0])
    [40, 12, 0]
    """
    if minimum < 5:
        raise InputError(f"minimum={minimum}: cells below 5 can point at a person. Expected 5 or more.")
    whole = [int(c) for c in counts]
    hidden = {i for i, c in enumerate(whole) if 0 < c < minimum}
    shown: list[object] = [f"<{minimum}" if i in hidden else c for i, c in enumerate(whole)]
    rest = sorted((c, i) for i, c in enumerate(whole) if c > 0 and i not in hidden)
    while hidden and rest and (len(hidden) < 2 or sum(whole[i] for i in hidden) < minimum):
        _, i = rest.pop(0)
        hidden.add(i)
        shown[i] = SECONDARY
    return shown


def counts_records(panel: Panel) -> bool:
    """Return whether the panel's n counts records (people's cases), and not just ready rows.

    Examples
    --------
    >>> class Ready:
    ...     n = np.ones((2, 3))
    >>> counts_records(Ready())
    False
    """
    return bool((panel.n > 1).any())


# ------------------------------------------------------------------------------------------------ tables


def results(inferences: Mapping[str, Inference] | Sequence[Inference], *, level: float = 0.95) -> Table:
    """Return the table of one or more inferences, a row a term, in display units.

    Parameters
    ----------
    inferences
        A mapping gives each its own name, otherwise the outcome is the name.
    level
        Level of the intervals, between 0 and 1.

    Raises
    ------
    InputError
        There is none, or they are not of one view (overall, event study, ...).
    """
    named = list(inferences.items()) if isinstance(inferences, Mapping) else [("", i) for i in inferences]
    if not named:
        raise InputError("results() was given no inference. Expected one or more.")
    views = {tuple(i.effects.terms.columns) for _, i in named}
    if len(views) > 1:
        raise InputError(f"results() was given different views: {sorted(views)}. Make one table for each.")
    frame = pd.concat([_result_rows(name, i, level) for name, i in named], ignore_index=True)
    terms = [str(c) for c in named[0][1].effects.terms.columns]
    if terms == ["term"] and frame["term"].eq("overall").all():
        frame = frame.drop(columns="term")
    numbers: dict[str, Kind] = dict.fromkeys(("estimate", "std_error", "statistic", "conf_low", "conf_high"), "two")
    kinds: dict[str, Kind] = {
        **numbers,
        "df": "one",
        "p_value": "p_value",
        "event_time": "whole",
        "clusters": "whole",
        "treated_clusters": "whole",
    }
    aside = ("statistic", "clusters", "treated_clusters")
    headings = {"event_time": event_axis(named[0][1].effects.design.panel.timeline.kind)}
    return Table(frame, title=_RESULTS, note=_level_note(level), kinds=kinds, headings=headings, aside=aside)


_RESULTS: Final = both(id="Perkiraan dampak pelatihan", en="Estimated effects of training")


def _level_note(level: float) -> Text:
    return both(
        id=f"Batas bawah dan atas: selang kepercayaan {percent(level, 0, 'id')}.",
        en=f"Lower and upper end: {percent(level, 0, 'en')} confidence interval.",
    )


def _result_rows(name: str, inference: Inference, level: float) -> pd.DataFrame:
    design = inference.effects.design
    words = outcome_words(design.panel.outcome)
    table = inference.table(level)
    scaled = ["estimate", "std_error", "conf_low", "conf_high"]
    measure = both(id=name or words.label["id"].split(" (")[0], en=name or words.label["en"].split(" (")[0])
    table[scaled] = table[scaled] * words.scale
    table.insert(0, "outcome", pd.Series([measure] * len(table), dtype=object))
    table.insert(1, "unit", pd.Series([words.unit] * len(table), dtype=object))
    return table.assign(clusters=len(design.clusters), treated_clusters=design.treated_clusters)


def clusters(design: Design) -> Table:
    """Return the table of clusters: since when trained, units, periods seen and records, in the order of adoption."""
    panel = design.panel
    rows = []
    for code, label in enumerate(design.clusters):
        members = design.cluster == code
        first = float(design.adopted[members].min())
        rows.append(
            {
                "cluster": str(label),
                "adopted": design.cohort_label(first),
                "units": int(members.sum()),
                "periods": int(panel.observed[members].any(axis=0).sum()),
                "records": int(panel.n[members].sum()),
                "order": first,
            }
        )
    frame = pd.DataFrame(rows).sort_values(["order", "cluster"], ignore_index=True).drop(columns="order")
    one, _ = unit_noun(panel)
    if len(design.clusters) == len(panel.units):
        frame = frame.drop(columns="units")
    if not counts_records(panel):
        frame = frame.drop(columns="records")
    return Table(
        frame=frame,
        title=both(id="Siapa yang dilatih dan sejak kapan", en="Who was trained, and since when"),
        kinds={"adopted": "period", "units": "whole", "periods": "whole", "records": "records"},
        headings={"cluster": both(id=_first_up(one["id"]), en=_first_up(one["en"]))}
        if design.clustered_by == "office"
        else {},
    )


def descriptive(panel: Panel, design: Design) -> Table:
    """Return the table of groups: units, records and mean outcome before and after the first training of anyone.

    Parameters
    ----------
    panel
        The outcome to describe: ``design.panel`` or another outcome of the same units.
    design
        The groups: waves and those never trained.

    Raises
    ------
    InputError
        A unit of the design is not in the panel.
    """
    place = {unit: i for i, unit in enumerate(panel.units)}
    if missing := [u for u in design.panel.units if u not in place]:
        raise InputError(f"{len(missing)} units of the design are not in the panel. Use the panel of the design.")
    same = panel.select(np.array([place[u] for u in design.panel.units], dtype=np.int64))
    words = outcome_words(panel.outcome)
    start = design.panel.timeline.ordinals[0] + design.cohorts[0] * design.panel.timeline.step
    after = same.timeline.ordinals >= start
    groups = [*design.cohorts, *([np.inf] if np.isinf(design.adopted).any() else [])]
    frame = pd.DataFrame([_group_row(design, same, step, after, words.scale) for step in groups])
    numbers: dict[str, Kind] = dict.fromkeys(
        ("mean_before", "mean_after", "change"), "one" if words.decimals < 2 else "two"
    )
    if not counts_records(panel):
        frame = frame.drop(columns=["records_before", "records_after"])
    first = (
        period(design.cohort_label(float(design.cohorts[0])), "id"),
        period(design.cohort_label(float(design.cohorts[0])), "en"),
    )
    return Table(
        frame=frame,
        title=both(
            id=f"{words.label['id']}, sebelum dan sesudah pelatihan pertama ({first[0]})",
            en=f"{words.label['en']}, before and after the first training ({first[1]})",
        ),
        note=both(
            id="Perubahan sebelum–sesudah menggambarkan data; dampak baru terlihat dari selisihnya dengan pembanding.",
            en="Changes from before to after describe the data; the effect is their difference from the comparison.",
        ),
        kinds={"units": "whole", "records_before": "records", "records_after": "records", **numbers},
        rests_on={"mean_before": "records_before", "mean_after": "records_after"} if counts_records(panel) else {},
        headings={
            "records_before": both(id="Permohonan sebelum", en="Applications before"),
            "records_after": both(id="Permohonan sesudah", en="Applications after"),
        },
    )


def _group_row(design: Design, panel: Panel, step: float, after: Any, scale: float) -> dict[str, object]:  # noqa: ANN401
    members = design.adopted == step
    weight = np.where(panel.observed, panel.weight, 0.0)[members]
    mean = np.nan_to_num(panel.mean)[members]
    side = {}
    for name, periods in (("before", ~after), ("after", after)):
        total = weight[:, periods].sum()
        side[name] = scale * float((weight * mean)[:, periods].sum() / total) if total > 0 else np.nan
    return {
        "group": design.cohort_label(step),
        "units": int(members.sum()),
        "records_before": int(panel.n[members][:, ~after].sum()),
        "records_after": int(panel.n[members][:, after].sum()),
        "mean_before": side["before"],
        "mean_after": side["after"],
        "change": side["after"] - side["before"],
    }


def ledger(record: Ledger) -> Table:
    """Return the table of rows read, left out by reason and kept.

    Reasons with fewer than ten rows are put together into one line of at least ten (taking the next smallest reason
    with them where needed), so that the table still adds up without a small cell.

    Examples
    --------
    >>> record = Ledger(read=100, kept=75, dropped={"test row": 12, "missing office": 6, "received missing": 7})
    >>> print(ledger(record).csv())
    term,rows
    read,100
    test row,12
    "other reasons, combined",13
    kept,75
    <BLANKLINE>
    """
    reasons = sorted(record.dropped.items(), key=lambda item: (-item[1], item[0]))
    large = [(reason, n) for reason, n in reasons if n >= MINIMUM_CELL]
    few = sum(n for _, n in reasons if n < MINIMUM_CELL)
    while 0 < few < MINIMUM_CELL and large:
        few += large.pop()[1]
    rows: list[tuple[object, int]] = [("read", record.read), *((reason_words(r), n) for r, n in large)]
    rows += [(_CELLS["few"], few)] if few else []
    frame = pd.DataFrame([*rows, ("kept", record.kept)], columns=["term", "rows"])
    return Table(
        frame=frame,
        title=both(id="Baris data: dibaca, tidak dipakai, dipakai", en="Rows of data: read, left out, kept"),
        kinds={"rows": "records"},
        headings={"term": both(id="Baris", en="Rows"), "rows": both(id="Jumlah", en="Number")},
    )


def checks(scrutiny: Scrutiny) -> Table:
    """Return the table of checks: the question, the answer, and whether it speaks for or against the finding."""
    frame = pd.DataFrame(
        {
            "question": pd.Series([_said(check.question) for check in scrutiny.checks], dtype=object),
            "verdict": pd.Series([_said(check.verdict_said()) for check in scrutiny.checks], dtype=object),
            "answer": pd.Series([_said(check.answer) for check in scrutiny.checks], dtype=object),
        }
    )
    return Table(frame=frame, title=both(id="Pemeriksaan atas hasil ini", en="Checks of this finding"))


def _said(words: Said) -> Text:
    return both(id=words.id, en=words.en)


def maturity_table(months: pd.DataFrame) -> Table:
    """Return the table of months: applications, still open, and whether the month can be used.

    Parameters
    ----------
    months
        The frame of `maturity`: month, cases, open, mature, and the least follow-up if it has one.
    """
    follow_up = next((c for c in ("follow_up", "least_follow_up") if c in months.columns), None)
    frame = pd.DataFrame(
        {
            "month": months["month"].astype(str).tolist(),
            "records": months["cases"].tolist(),
            "open": months["open"].tolist(),
            **({"follow_up": months[follow_up].tolist()} if follow_up else {}),
            "mature": ["yes" if used else "no" for used in months["mature"]],
        }
    )
    return Table(
        frame=frame,
        title=both(id="Bulan yang cukup lama diikuti", en="Months followed long enough"),
        note=both(
            id="Bulan dipakai bila semua permohonannya sudah diikuti selama batas yang ditetapkan.",
            en="A month is used when all its applications have been followed for the chosen limit.",
        ),
        kinds={"month": "period", "records": "records", "open": "records", "follow_up": "whole"},
    )


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
