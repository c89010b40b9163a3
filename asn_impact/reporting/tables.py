"""Tables for publication: title above, headings of the language, and no cell that is too small to show."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from asn_impact.arrays import Bool, Float
from asn_impact.designs import Design
from asn_impact.errors import DataWarning, InputError, listed, nearest
from asn_impact.estimation import Inference
from asn_impact.intake.files import shielded
from asn_impact.intake.ledger import Ledger
from asn_impact.measures.panel import Panel
from asn_impact.measures.satisfaction import SatisfactionIndex, band, half_up
from asn_impact.reporting.gate import differing_tables, release
from asn_impact.reporting.provenance import write_beside
from asn_impact.reporting.words import (
    UNDEFINED,
    Language,
    Text,
    both,
    checked,
    decimals_for,
    event_axis,
    months_in_step,
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
    "ELEMENTS",
    "MINIMUM_CELL",
    "Kind",
    "Table",
    "balance",
    "checks",
    "clusters",
    "counts_records",
    "descriptive",
    "ledger",
    "lkjip",
    "maturity_table",
    "method_words",
    "results",
    "short_methods",
    "skm",
    "specifications",
    "suppressed",
]

Kind: TypeAlias = Literal["text", "period", "records", "whole", "one", "two", "three", "p_value", "share", "printed"]
MINIMUM_CELL: Final = 10  # NASTY, privacy: default 10, never below 5
SECONDARY: Final = "*"

HEADINGS: Final[Mapping[str, Text]] = {
    "achieved": both(id="Capaian", en="Achieved"),
    "adopted": both(id="Mulai terlatih", en="Trained from"),
    "answer": both(id="Jawaban", en="Answer"),
    "change": both(id="Perubahan", en="Change"),
    "cluster": both(id="Gugus", en="Cluster"),
    "clusters": both(id="Gugus", en="Clusters"),
    "cohort": both(id="Gelombang", en="Wave"),
    "conf_high": both(id="Batas atas", en="Upper end"),
    "conf_low": both(id="Batas bawah", en="Lower end"),
    "df": both(id="Derajat bebas", en="Degrees of freedom"),
    "difference": both(id="Selisih", en="Difference"),
    "element": both(id="Unsur", en="Element"),
    "estimate": both(id="Perkiraan", en="Estimate"),
    "follow_up": both(id="Paling singkat diikuti", en="Shortest follow-up"),
    "group": both(id="Kelompok", en="Group"),
    "ikm": both(id="IKM", en="IKM"),
    "indicator": both(id="Indikator kinerja", en="Indicator"),
    "mature": both(id="Dipakai", en="Used"),
    "mean_after": both(id="Rata-rata sesudah", en="Mean after"),
    "mean_before": both(id="Rata-rata sebelum", en="Mean before"),
    "month": both(id="Bulan", en="Month"),
    "nrr": both(id="NRR", en="NRR (mean)"),
    "office": both(id="Perangkat daerah", en="Office"),
    "open": both(id="Masih diproses", en="Still open"),
    "outcome": both(id="Ukuran", en="Measure"),
    "p_value": both(id="Nilai-p", en="p-value"),
    "period": both(id="Periode", en="Period"),
    "periods": both(id="Periode", en="Periods"),
    "quality": both(id="Mutu", en="Band"),
    "question": both(id="Pertanyaan", en="Question"),
    "realised": both(id="Realisasi", en="Realised"),
    "records": both(id="Permohonan", en="Applications"),
    "respondents": both(id="Responden", en="Respondents"),
    "rows": both(id="Baris", en="Rows"),
    "service": both(id="Layanan", en="Service"),
    "standardised": both(id="Selisih baku", en="Standardised difference"),
    "statistic": both(id="Statistik t", en="t statistic"),
    "std_error": both(id="Galat baku", en="Standard error"),
    "step": both(id="Langkah", en="Step"),
    "target": both(id="Target", en="Target"),
    "term": both(id="Bagian", en="Part"),
    "trained": both(id="Terlatih", en="Trained"),
    "treated_clusters": both(id="Gugus terlatih", en="Treated clusters"),
    "unit": both(id="Satuan", en="Unit"),
    "units": both(id="Unit", en="Units"),
    "untrained": both(id="Tidak terlatih", en="Untrained"),
    "verdict": both(id="Putusan", en="Verdict"),
    "weighted": both(id="NRR tertimbang", en="Weighted NRR"),
}
#: The elements of the satisfaction survey, short; U8 and U9 are numbered in two ways, so they have no number.
ELEMENTS: Final[Mapping[str, Text]] = {
    "persyaratan": both(id="U1 Persyaratan", en="U1 Requirements"),
    "prosedur": both(id="U2 Prosedur", en="U2 Procedures"),
    "waktu": both(id="U3 Waktu penyelesaian", en="U3 Time to completion"),
    "biaya": both(id="U4 Biaya/tarif", en="U4 Fees"),
    "produk": both(id="U5 Produk layanan", en="U5 Product delivered"),
    "kompetensi": both(id="U6 Kompetensi pelaksana", en="U6 Competence of staff"),
    "perilaku": both(id="U7 Perilaku pelaksana", en="U7 Conduct of staff"),
    "pengaduan": both(id="Penanganan pengaduan", en="Handling of complaints"),
    "sarana": both(id="Sarana dan prasarana", en="Facilities"),
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
_ALL: Final = both(
    id="0% atau 100% berlaku bagi setiap permohonan dalam kelompoknya.",
    en="0% or 100% holds for every application in its group.",
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

    def latex(self, language: Language, *, label: str = "") -> str:
        r"""Return the table for LaTeX with booktabs: caption above, rules without vertical lines, the note below.

        Parameters
        ----------
        language
            ``"id"`` or ``"en"``: decimal comma or point.
        label
            What ``\ref`` calls it.

        Examples
        --------
        >>> frame = pd.DataFrame({"group": ["R&D"], "mean_before": [-7.25]})
        >>> print(Table(frame, both(id="Uji", en="Test"), kinds={"mean_before": "two"}).latex("id", label="tab:uji"))
        \begin{table}[htbp]
        \centering
        \caption{Uji}
        \label{tab:uji}
        \begin{tabular}{lr}
        \toprule
        Kelompok & Rata-rata sebelum \\
        \midrule
        R\&D & $-$7,25 \\
        \bottomrule
        \end{tabular}
        \end{table}
        <BLANKLINE>
        """
        checked(language)
        shown = self.frame.drop(columns=list(self.aside))
        kinds = [self.kinds.get(str(c), "text") for c in shown.columns]
        sides = "".join("l" if kind in {"text", "period"} else "r" for kind in kinds)
        head = [_tex(self._heading(str(c), language)) for c in shown.columns]
        body = [
            [_tex(_cell(v, kind, language)) for v, kind in zip(row, kinds, strict=True)]
            for row in shown.itertuples(index=False)
        ]
        note = self._note(language)
        lines = [
            r"\begin{table}[htbp]",
            r"\centering",
            rf"\caption{{{_tex(self.title[language])}}}",
            *([rf"\label{{{label}}}"] if label else []),
            rf"\begin{{tabular}}{{{sides}}}",
            r"\toprule",
            _tex_row(head),
            r"\midrule",
            *map(_tex_row, body),
            r"\bottomrule",
            r"\end{tabular}",
            *([r"\par\smallskip", rf"\parbox{{\linewidth}}{{\footnotesize {_tex(note)}}}"] if note else []),
            r"\end{table}",
        ]
        return "\n".join(lines) + "\n"

    def csv(self) -> str:
        """Return the table for other programs: English headings, decimal points; no cell a spreadsheet would run."""
        safe = self.frame.map(_not_a_formula).rename(columns=lambda name: shielded(str(name)))
        return safe.to_csv(index=False, float_format="%.10g", lineterminator="\n")

    def save(self, path: str | Path, language: Language) -> tuple[Path, ...]:
        """Write the table as html (which a word processor opens), tex (booktabs) and csv beside each other.

        The files are complete before they get their names.

        Parameters
        ----------
        path
            Folder and name without ending; the folder is made.
        language
            Of html and tex, ``"id"`` or ``"en"``; the csv is for programs and always has English headings.

        Returns
        -------
        tuple of Path
            The three files.

        Raises
        ------
        PrivacyError
            A heading or cell looks like the number of a person; nothing is written.

        Warns
        -----
        DataWarning
            A count differs by fewer than ten from the version that is there: whoever has both sees the difference.
        """
        stem = Path(path)
        stem = stem.with_suffix("") if stem.suffix.removeprefix(".") in {"html", "tex", "csv"} else stem
        contents = {"html": _page(self, language), "tex": self.latex(language), "csv": self.csv()}
        named = {stem.with_name(f"{stem.name}.{ending}"): text for ending, text in contents.items()}
        for file, text in named.items():
            release(text, file.name)
        _warn_of_difference(stem.with_name(f"{stem.name}.csv"), contents["csv"])
        stem.parent.mkdir(parents=True, exist_ok=True)
        for file, text in named.items():
            write_beside(file, text.encode("utf-8"))
        return tuple(named)

    def _repr_html_(self) -> str:
        return self.html("en")

    def __repr__(self) -> str:
        return f"Table({self.title['en']}: {len(self.frame)} rows)"

    def _note(self, language: Language) -> str:
        hidden = self.frame.map(lambda cell: cell in (_few(), SECONDARY)).any(axis=None)
        said = [self.note[language], _SMALL_NOTE[language] if hidden else "", _ALL[language] if self._of_all() else ""]
        return " ".join(filter(None, said))

    def _of_all(self) -> bool:
        """Say whether a share of 0 % or 100 % of a counted group tells something of everyone in it."""
        shares = [value for value in self.rests_on if self.kinds.get(value) == "share"]
        return any(self.frame[value].astype(float).isin([0.0, 1.0]).any() for value in shares)

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


@dataclass(frozen=True)
class _Printed:
    """Numbers of a cell whose neighbours above and below are shown otherwise: plain, (2.1), [1.0, 3.2] or 20 (9)."""

    values: tuple[float, ...]
    decimals: int
    brackets: Literal["", "()", "[]", "n()"] = ""

    def text(self, language: Language) -> str:
        if np.isnan(self.values).any():
            return UNDEFINED
        shown = [number(v, self.decimals, language) for v in self.values]
        if self.brackets == "[]":
            return f"[{('; ' if language == 'id' else ', ').join(shown)}]"  # a decimal comma does not separate
        return {"": shown[0], "()": f"({shown[0]})", "n()": f"{shown[0]} ({shown[-1]})"}[self.brackets]

    def __str__(self) -> str:
        """For the csv: no round brackets, which a spreadsheet takes for a minus sign."""
        shown = ["" if np.isnan(v) else f"{v:.10g}" for v in self.values]
        return {"[]": f"[{', '.join(shown)}]", "n()": f"{shown[0]} of which {shown[-1]}"}.get(self.brackets, shown[0])


def _cell(value: Any, kind: Kind, language: Language) -> str:  # noqa: ANN401 - whatever a cell holds
    if isinstance(value, _Printed):
        return value.text(language)
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
    if isinstance(cell, float) and np.isinf(cell):  # "-inf" would be one
        return "infinity" if cell > 0 else "minus infinity"
    return shielded(cell) if isinstance(cell, str) else cell


_TEX: Final[Mapping[str, str]] = {
    **{char: f"\\{char}" for char in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "\u2212": "$-$",
    "\u2013": "--",
    "\u00d7": r"$\times$",
    "\u221e": r"$\infty$",
    "\u2265": r"$\geq$",
    "\u2264": r"$\leq$",
}


def _tex(text: str) -> str:
    """Return a text that LaTeX prints as it is."""
    return "".join(_TEX.get(char, char) for char in text)


def _tex_row(cells: Sequence[str]) -> str:
    """Return a row; a cell that begins with a bracket is shielded from the row break before it."""
    safe = [f"{{{cell}}}" if cell.startswith("[") else cell for cell in cells]
    return " & ".join(safe) + r" \\"


def _page(table: Table, language: Language) -> str:
    """Return the table as a page of its own, which browsers and word processors open."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(table.title[language])}</title>\n<style>{_PAGE_STYLE}</style>\n</head>\n<body>\n"
        f"{table.html(language)}\n</body>\n</html>\n"
    )


_PAGE_STYLE: Final = (
    "body{font-family:sans-serif;font-size:10pt} table{border-collapse:collapse} caption{font-weight:bold;"
    "text-align:left;padding-bottom:4pt} th{border-top:1.2pt solid;border-bottom:.6pt solid} th,td{padding:2pt 8pt}"
    " tbody tr:last-child td{border-bottom:1.2pt solid} .note{font-size:8.5pt}"
)


def _warn_of_difference(earlier: Path, csv: str) -> None:
    """Warn when two versions of a table, each safe alone, differ by a few persons."""
    if not earlier.exists():
        return
    close = differing_tables(earlier.read_text(encoding="utf-8"), csv)
    if close:
        warnings.warn(
            f"{earlier.name}: {len(close)} counts differ by fewer than {MINIMUM_CELL} from the version that is there: "
            "whoever has both sees the difference. Publish one of them.",
            DataWarning,
            stacklevel=3,
        )


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
    if "event_time" in table:
        table["event_time"] = months_in_step(design.panel.timeline) * table["event_time"]
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


# --------------------------------------------------------------------------------- before the training


def balance(design: Design, panels: Sequence[Panel] = (), *, attributes: Sequence[str] = ()) -> Table:
    r"""Return the table of trained and untrained units before the first training of anyone.

    Every unit counts once, with its own mean over the periods before. The standardised difference is
    :math:`(\bar x_1 - \bar x_0) / \sqrt{(s_1^2 + s_0^2) / 2}` (Imbens and Rubin 2015, section 14.2), with s the spread
    between units. It does not grow with their number, so it has no p-value, and none is given: twenty tests find a
    difference by chance.

    Parameters
    ----------
    design
        Its own outcome comes first.
    panels
        Other outcomes of the same units.
    attributes
        Numeric columns of ``design.panel.attributes``.

    Returns
    -------
    Table
        measure, trained, untrained, difference, standardised; NaN where one side has fewer than two units with a value
        or rests on fewer than ten records.

    Raises
    ------
    InputError
        Nobody is never trained, a panel lacks a unit of the design, an attribute is not there or not numeric.
    """
    ever = np.isfinite(design.adopted)
    if ever.all():
        raise InputError(
            "Every unit is trained in the end: there is nobody to compare with before training. Take out the last wave "
            "and cut the window before it, or show descriptive()."
        )
    rows = [row for panel in (design.panel, *panels) for row in _measured_before(panel, design)]
    rows += [_sides(both(id=name, en=name), _attribute(design, name), ever) for name in attributes]
    numbers: dict[str, Kind] = dict.fromkeys(("trained", "untrained", "difference", "standardised"), "two")
    first = design.cohort_label(float(design.cohorts[0]))
    counts = int(ever.sum()), int((~ever).sum())
    return Table(
        frame=pd.DataFrame(rows),
        title=both(
            id=f"Unit terlatih dan tidak terlatih sebelum pelatihan pertama ({period(first, 'id')})",
            en=f"Trained and untrained units before the first training ({period(first, 'en')})",
        ),
        note=both(
            id=f"{counts[0]} unit terlatih, {counts[1]} tidak terlatih; setiap unit dihitung sama. Selisih baku: "
            "selisih dibagi akar rata-rata kedua ragam antarunit; di atas sekitar 0,25 kedua kelompok tidak serupa. "
            "Yang disyaratkan bukan tingkat yang sama, melainkan perubahan yang sama.",
            en=f"{counts[0]} units trained, {counts[1]} untrained; each counts once. Standardised difference: "
            "difference over the root of the mean of both variances between units; above about 0.25 the groups are not "
            "alike. What is needed is not the same level but the same change.",
        ),
        kinds=numbers,
    )


def _measured_before(panel: Panel, design: Design) -> list[dict[str, object]]:
    """Return the row of an outcome, and for a design's own panel of records that of their number a period."""
    place = {unit: i for i, unit in enumerate(panel.units)}
    if missing := [u for u in design.panel.units if u not in place]:
        raise InputError(f"{len(missing)} units of the design are not in a panel given. Expected the same units.")
    same = panel.select(np.array([place[u] for u in design.panel.units], dtype=np.int64))
    start = design.panel.timeline.ordinals[0] + design.cohorts[0] * design.panel.timeline.step
    before = same.timeline.ordinals < start
    weight = np.where(same.observed, same.weight, 0.0)[:, before]
    total = weight.sum(axis=1)
    sums = (weight * np.nan_to_num(same.mean[:, before])).sum(axis=1)
    mean = np.divide(sums, total, out=np.full(len(total), np.nan), where=total > 0)
    words, ever = outcome_words(panel.outcome), np.isfinite(design.adopted)
    records = same.n[:, before].sum(axis=1)
    row = _sides(words.label, words.scale * mean, ever)
    if not counts_records(same):
        return [row]
    if min(records[ever].sum(), records[~ever].sum()) < MINIMUM_CELL:
        row |= dict.fromkeys(("trained", "untrained", "difference", "standardised"), np.nan)
    if panel is not design.panel:
        return [row]
    return [row, _sides(_RECORDS_A_PERIOD, records / max(int(before.sum()), 1), ever)]


_RECORDS_A_PERIOD: Final = both(id="Permohonan per periode", en="Applications a period")


def _attribute(design: Design, name: str) -> Float:
    known = design.panel.attributes
    if name not in known.columns:
        raise InputError(f"The units have no attribute {name!r}.{nearest(name, known)} Found: {listed(known, 20)}.")
    if not pd.api.types.is_numeric_dtype(known[name]):
        raise InputError(f"Attribute {name!r} is not numeric. Make a 0/1 column of each of its values.")
    return np.asarray(known[name].to_numpy(dtype=np.float64, na_value=np.nan))


def _sides(measure: Text, values: Float, ever: Bool) -> dict[str, object]:
    """Return means of both sides, their difference, and the difference in units of the spread between units."""
    one, other = (values[side & np.isfinite(values)] for side in (ever, ~ever))
    means = [float(v.mean()) if len(v) else np.nan for v in (one, other)]
    spread = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2) if min(len(one), len(other)) > 1 else np.nan
    difference = means[0] - means[1]
    return {
        "outcome": measure,
        "trained": means[0],
        "untrained": means[1],
        "difference": difference,
        "standardised": difference / spread if spread > 0 else np.nan,
    }


# ----------------------------------------------------------------------------- results side by side


def specifications(columns: Mapping[str, Inference], *, level: float = 0.95) -> Table:
    """Return main results as economists print them: a column a specification, its standard error in brackets below.

    No stars: the interval says more, and nobody counts them.

    Parameters
    ----------
    columns
        Name of the column -> one-number inference, in the order printed.
    level
        Level of the intervals.

    Raises
    ------
    InputError
        There is none, or one has several terms.
    """
    if not columns:
        raise InputError("specifications() was given no inference. Expected one or more, by name.")
    for name, inference in columns.items():
        if len(inference.estimate) != 1:
            raise InputError(
                f"specifications() prints one number a column; {name!r} has {len(inference.estimate)}. "
                "Use infer(effects.overall(), rule)."
            )
    estimators = short_methods([i.effects.estimator.name for i in columns.values()])
    rules = short_methods([i.rule.name for i in columns.values()])
    cells = {name: _specified(inference, level, {**estimators, **rules}) for name, inference in columns.items()}
    full = _in_full([*estimators, *rules])
    frame = pd.DataFrame({"term": pd.Series(_specified_terms(level), dtype=object)})
    for name, column in cells.items():
        frame[name] = pd.Series(column, dtype=object)
    if not any(counts_records(i.effects.design.panel) for i in columns.values()):
        frame = frame.iloc[:-1]
    return Table(
        frame=frame,
        title=both(id="Dampak pelatihan menurut spesifikasi", en="Effects of training by specification"),
        note=both(
            id="Galat baku dalam kurung, selang kepercayaan dalam kurung siku. Pengamatan: unit dan periode "
            f"dengan data. Cara menghitung dan ketidakpastian selengkapnya: {full['id']}.",
            en="Standard errors in brackets, confidence intervals in square brackets. Observations: units and periods "
            f"with data. Estimators and inference in full: {full['en']}.",
        ),
        kinds=dict.fromkeys(columns, "printed"),
        headings={"term": both(id="", en=""), **{name: both(id=name, en=name) for name in columns}},
    )


def _specified_terms(level: float) -> list[Text]:
    return [
        both(id="Ukuran", en="Measure"),
        both(id="Perkiraan dampak", en="Estimated effect"),
        both(id="(galat baku)", en="(standard error)"),
        both(id=f"[selang {percent(level, 0, 'id')}]", en=f"[{percent(level, 0, 'en')} interval]"),
        both(id="Satuan", en="Unit"),
        both(id="Cara menghitung", en="Estimator"),
        both(id="Ketidakpastian", en="Inference"),
        both(id="Gugus (terlatih)", en="Clusters (treated)"),
        both(id="Pengamatan", en="Observations"),
        both(id="Permohonan", en="Applications"),
    ]


def _in_full(names: Sequence[str]) -> Text:
    words = [method_words(name) for name in names]
    return both(id="; ".join(w["id"] for w in words), en="; ".join(w["en"] for w in words))


def _specified(inference: Inference, level: float, names: Mapping[str, Text]) -> list[object]:
    """Return the cells of one column, in the order of the terms."""
    design = inference.effects.design
    panel, words = design.panel, outcome_words(design.panel.outcome)
    low, high = inference.interval(level)
    ends = (words.scale * float(low[0]), words.scale * float(high[0]))
    estimate, error = words.scale * float(inference.estimate[0]), words.scale * float(inference.std_error[0])
    decimals = decimals_for([estimate, error, *ends], 2)
    return [
        both(id=words.label["id"].split(" (")[0], en=words.label["en"].split(" (")[0]),
        _Printed((estimate,), decimals),
        _Printed((error,), decimals, "()"),
        _Printed(ends, decimals, "[]"),
        words.unit,
        names[inference.effects.estimator.name],
        names[inference.rule.name],
        _Printed((len(design.clusters), design.treated_clusters), 0, "n()"),
        _Printed((int(panel.observed.sum()),), 0),
        _Printed((float(panel.n.sum()) if counts_records(panel) else np.nan,), 0),
    ]


#: Parts of the printed names of estimators and rules, longest first where one holds another.
_METHODS: Final[Mapping[str, str]] = {
    "Group-time effects": "Dampak per gelombang dan waktu",
    "group-time effects": "dampak per gelombang dan waktu",
    "Saturated two-way effects": "Regresi dua arah jenuh",
    "Interaction-weighted effects": "Dampak berbobot interaksi",
    "Two-way fixed effects": "Efek tetap dua arah",
    "Two-stage differences": "Selisih dua tahap",
    "Imputation": "Imputasi",
    "Stacked differences": "Selisih bertumpuk",
    "Synthetic difference-in-differences": "Selisih dari selisih sintetis",
    "Difference-in-differences of means": "Selisih dari selisih rata-rata",
    "Synthetic control": "Pembanding sintetis",
    "Efficient estimator for drawn timing": "Penduga efisien untuk waktu yang diundi",
    "Triple difference": "Selisih tiga arah",
    "against the rest": "terhadap yang lain",
    "Effects by": "Dampak menurut",
    "against never-treated units": "terhadap yang tidak pernah dilatih",
    "not-yet-treated controls": "pembanding belum dilatih",
    "never-treated controls": "pembanding tidak pernah dilatih",
    "universal base": "periode dasar tetap",
    "varying base": "periode dasar bergeser",
    "periods of anticipation": "periode antisipasi",
    "repeated cross-sections": "potong lintang berulang",
    "leave-out variance": "ragam tanpa diri sendiri",
    "along the completion curve": "sepanjang kurva penyelesaian",
    "bias-reduced (CR2)": "galat baku terkoreksi (CR2)",
    "cluster jackknife (CR3)": "jackknife gugus (CR3)",
    "two-way clustered": "tergugus dua arah",
    "by clusters and": "menurut gugus dan",
    "cluster-robust": "tergugus",
    "classical (independent errors)": "klasik (galat saling bebas)",
    "degrees of freedom": "derajat bebas",
    "restricted wild cluster bootstrap": "bootstrap gugus liar terbatas",
    "CR1 t statistic": "statistik t CR1",
    "ties excluded": "tanpa nilai kembar",
    "randomisation of adoption times over clusters": "pengacakan waktu pelatihan antargugus",
    "studentised": "distudentkan",
    "placebo treatment of never-treated clusters": "plasebo pada gugus yang tidak pernah dilatih",
    "never-treated clusters": "gugus tidak pernah dilatih",
    "multiplier bootstrap": "bootstrap pengali",
    "simultaneous (sup-t) band": "pita serentak (sup-t)",
    "draws": "tarikan",
    "each by": "masing-masing dengan",
    "doubly robust": "tahan ganda",
    "regression": "regresi",
}
_JOINING: Final[Mapping[str, str]] = {
    "given": "dengan kovariat",
    "steps": "langkah",
    "within": "di dalam",
    "and": "dan",
    "of": "dari",
    "to": "sampai",
}


def method_words(name: str) -> Text:
    """Return the printed name of an estimator or rule in both languages.

    Examples
    --------
    >>> method_words("bias-reduced (CR2), Satterthwaite degrees of freedom")["id"]
    'galat baku terkoreksi (CR2), derajat bebas Satterthwaite'
    """
    said = name.replace("Satterthwaite degrees of freedom", "degrees of freedom Satterthwaite")
    said = said.replace("Welch-degrees of freedom Satterthwaite", "degrees of freedom Welch-Satterthwaite")
    for english, indonesian in _METHODS.items():
        said = said.replace(english, indonesian)
    for english, indonesian in _JOINING.items():
        said = re.sub(rf"(?<![\w'-]){english}(?![\w'-])", indonesian, said)
    return both(id=said, en=name)


_AUTHOR: Final = r"[A-Z][a-z][\w']*"
_CITATION: Final = re.compile(rf" \((?:{_AUTHOR}(?:, | and ))*{_AUTHOR}\)")


def short_methods(names: Sequence[str]) -> dict[str, Text]:
    """Return printed name -> the part that tells it from the others, in both languages.

    Citations go, and so does every part after a comma that all names with the same beginning share.

    Examples
    --------
    >>> names = [f"Group-time effects (Callaway and Sant'Anna), {who} controls, universal base"
    ...          for who in ("never-treated", "not-yet-treated")]
    >>> [words["en"] for words in short_methods(names).values()]
    ['Group-time effects, never-treated controls', 'Group-time effects, not-yet-treated controls']
    """
    parts = {name: _CITATION.sub("", name).split(", ") for name in dict.fromkeys(names)}
    short = {}
    for name, (first, *rest) in parts.items():
        alike = [set(p[1:]) for p in parts.values() if p[0] == first]
        short[name] = ", ".join([first, *(part for part in rest if part not in set.intersection(*alike))])
    return {name: method_words(text) for name, text in short.items()}


# ------------------------------------------------------------------------------ tables of other reports


def skm(index: SatisfactionIndex) -> Table:
    """Return the table of a satisfaction report: NRR by element with its weighted value, the index, IKM and band.

    An index of one row gives a line an element, with the band of each; one of several rows gives a line a unit and
    period. Numbers are rounded half up, as offices round. What rests on fewer than ten respondents is not shown.

    Parameters
    ----------
    index
        From `skm_index`.
    """
    return _skm_elements(index) if len(index.rows) == 1 else _skm_units(index)


_SKM_TITLE: Final = both(id="Indeks kepuasan masyarakat (IKM)", en="Public satisfaction index (IKM)")


def _skm_note(index: SatisfactionIndex, respondents: float | None) -> Text:
    weight = f"{index.weight:.4f}".rstrip("0")
    few = "" if respondents is None or respondents >= MINIMUM_CELL else _few()
    people = {
        lang: "" if respondents is None else few or number(respondents, 0, lang) for lang in ("id", "en")
    }  # nobody is named, but five answers can be
    rule = {"2017": "PermenPANRB 14/2017", "2004": "KEP/25/M.PAN/2/2004"}[index.regime]
    return both(
        id=f"{'Responden: ' + people['id'] + '. ' if people['id'] else ''}NRR: nilai rata-rata unsur, 1 sampai 4; "
        f"bobot setiap unsur {weight.replace('.', ',')}; IKM = 25 × indeks; mutu menurut {rule}. Indeks menggambarkan "
        "jawaban yang masuk; responden tidak diundi.",
        en=f"{'Respondents: ' + people['en'] + '. ' if people['en'] else ''}NRR: mean answer, 1 to 4; weight of each "
        f"element {weight}; IKM = 25 × index; bands of {rule}. The index describes the answers received; respondents "
        "were not drawn by lot.",
    )


def _half_up(value: float, decimals: int) -> float:
    return float(half_up(value, decimals)) if np.isfinite(value) else np.nan


def _skm_elements(index: SatisfactionIndex) -> Table:
    row = index.rows.iloc[0]
    few = bool(row["respondents"] < MINIMUM_CELL)
    values = {e: np.nan if few else float(row[e]) for e in index.elements}
    ikm = np.nan if few else float(row["ikm"])
    lines: list[tuple[object, object, object, object]] = [
        (
            ELEMENTS.get(e, both(id=e, en=e)),
            _Printed((_half_up(v, 3),), 3),
            _Printed((_half_up(v * index.weight, 3),), 3),
            _letter(25 * v, index),
        )
        for e, v in values.items()
    ]
    lines.append((both(id="Indeks (jumlah)", en="Index (sum)"), "", _Printed((_half_up(ikm / 25, 3),), 3), ""))
    lines.append((both(id="IKM", en="IKM"), "", _Printed((_half_up(ikm, 2),), 2), _letter(ikm, index, worded=" – ")))
    return Table(
        frame=pd.DataFrame(lines, columns=["element", "nrr", "weighted", "quality"], dtype=object),
        title=_SKM_TITLE,
        note=_skm_note(index, float(row["respondents"])),
        kinds={"nrr": "printed", "weighted": "printed"},
    )


_PERFORMANCE: Final[Mapping[str, str]] = {
    "Sangat baik": "very good",
    "Baik": "good",
    "Kurang baik": "less good",
    "Tidak baik": "not good",
}


def _letter(ikm: float, index: SatisfactionIndex, *, worded: str = "") -> object:
    """Return the letter of a value from 25 to 100, with its meaning after `worded` where that is given."""
    if not np.isfinite(ikm):
        return None
    found = band(ikm, regime=index.regime)
    if not worded:
        return found.letter
    return both(
        id=f"{found.letter}{worded}{found.words.lower()}",
        en=f"{found.letter}{worded}{_PERFORMANCE.get(found.words, found.words)}",
    )


def _skm_units(index: SatisfactionIndex) -> Table:
    rows = index.frame()
    keys = [str(c) for c in rows.columns[: list(rows.columns).index("respondents")]]
    few = rows["respondents"] < MINIMUM_CELL
    elements = {e: [_half_up(float(v), 2) for v in rows[e].mask(few)] for e in index.elements}
    ikm = rows["ikm"].astype(float).mask(few)
    letters = pd.Series([_letter(float(v), index) for v in ikm], dtype=object)
    frame = rows[[*keys, "respondents"]].assign(**elements, ikm=[_half_up(v, 2) for v in ikm], quality=letters)
    kinds: dict[str, Kind] = {**dict.fromkeys(index.elements, "two"), "ikm": "two", "respondents": "records"}
    return Table(
        frame=frame.astype({key: object for key in keys}),
        title=_SKM_TITLE,
        note=_skm_note(index, None),
        kinds={**kinds, **({"period": "period"} if "period" in keys else {})},
        headings={e: ELEMENTS.get(e, both(id=e, en=e)) for e in index.elements},
    )


_LKJIP: Final = ("indicator", "unit", "target", "realised", "better")


def lkjip(rows: pd.DataFrame | Sequence[Mapping[str, object]]) -> Table:
    """Return the table of indicators of a performance report (LKjIP): target, realised and the per cent achieved.

    Achieved is realised / target where more is better, and (2 target - realised) / target where less is better, as for
    a wait: 12 days against a target of 10 is 80 per cent, 8 days is 120. The direction has no default, because the
    wrong one turns a failure into a success.

    Parameters
    ----------
    rows
        One an indicator: ``indicator`` and ``unit`` (text, or a text in both languages), ``target``, ``realised`` and
        ``better`` (``"higher"`` or ``"lower"``).

    Raises
    ------
    InputError
        A column is absent, a target or value is not a number, a direction is another word.

    Examples
    --------
    >>> wait = {"indicator": "Lama proses izin", "unit": "hari kerja", "better": "lower"}
    >>> print(lkjip([{**wait, "target": 10, "realised": 12}]).csv())
    indicator,unit,target,realised,achieved
    Lama proses izin,hari kerja,10,12,0.8
    <BLANKLINE>
    """
    given = pd.DataFrame(list(rows) if not isinstance(rows, pd.DataFrame) else rows).reset_index(drop=True)
    if lacking := [c for c in _LKJIP if c not in given.columns]:
        raise InputError(f"lkjip() lacks {listed(lacking)}. Expected {listed(_LKJIP)}; found {listed(given.columns)}.")
    if given.empty:
        raise InputError("lkjip() was given no indicator. Expected one row an indicator.")
    if strange := sorted({str(b) for b in given["better"]} - {"higher", "lower"}):
        raise InputError(f"better holds {listed(strange)}. Expected 'higher' or 'lower': which of the two is success.")
    target, realised = (_plain_numbers(given[c], c) for c in ("target", "realised"))
    ratio = np.divide(realised, target, out=np.full(len(target), np.nan), where=target > 0)
    achieved = np.where(given["better"] == "higher", ratio, 2 - ratio)
    frame = pd.DataFrame(
        {
            "indicator": given["indicator"].astype(object),
            "unit": given["unit"].astype(object),
            "target": pd.Series([_as_given(v) for v in target], dtype=object),
            "realised": pd.Series([_as_given(v) for v in realised], dtype=object),
            "achieved": achieved,
        }
    )
    undefined = bool((target <= 0).any())
    return Table(
        frame=frame,
        title=both(id="Capaian indikator kinerja", en="Performance indicators: target and realised"),
        note=both(
            id="Capaian: realisasi dibagi target; bila makin rendah makin baik, (2 × target − realisasi) dibagi target."
            + (" Capaian tidak terdefinisi bila target nol." if undefined else ""),
            en="Achieved: realised over target; where lower is better, (2 × target − realised) over target."
            + (" It is undefined where the target is zero." if undefined else ""),
        ),
        kinds={"target": "printed", "realised": "printed", "achieved": "share"},
    )


def _plain_numbers(column: pd.Series, name: str) -> Float:
    try:
        values = np.array([float(v) for v in column], dtype=np.float64)
    except (TypeError, ValueError):
        values = np.array([np.nan])
    if not np.isfinite(values).all() or any(isinstance(v, str | bool) for v in column) or (values < 0).any():
        raise InputError(
            f"{name} holds something that is no number from 0 up. Expected numbers, not text such as 12,5."
        )
    return values


def _as_given(value: float) -> _Printed:
    """Return a number with the decimals it needs, two at most."""
    return _Printed((value,), next(d for d in (0, 1, 2) if d == 2 or abs(round(value, d) - value) < 1e-9))
