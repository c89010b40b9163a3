"""What is said, in Indonesian and in English: numbers, months, outcomes, sentences and the glossary.

Every number in a sentence enters through a `Quantity`, so that a report can list where each one came from.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import importlib.resources
import math
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

import pandas as pd

from asn_impact.errors import InputError

__all__ = [
    "Language",
    "Limit",
    "OutcomeWords",
    "Quantity",
    "Quoted",
    "Sentence",
    "Term",
    "Text",
    "both",
    "checked",
    "date",
    "decimals_for",
    "event_axis",
    "finding",
    "glossary",
    "interval",
    "joined",
    "level_quantity",
    "limit_words",
    "month",
    "months_in_step",
    "number",
    "outcome_words",
    "percent",
    "period",
    "reason_words",
    "say",
    "unit_noun",
]

Language: TypeAlias = Literal["id", "en"]
Text: TypeAlias = Mapping[Language, str]

MINUS: Final = "\u2212"
UNDEFINED: Final = "–"
MOST_DECIMALS: Final = 6


def both(*, id: str, en: str) -> Text:
    """Return one text in both languages.

    Examples
    --------
    >>> both(id="bulan", en="month")["id"]
    'bulan'
    """
    return {"id": id, "en": en}


def checked(language: str) -> Language:
    """Return the language code, or refuse one we have no words for.

    Examples
    --------
    >>> checked("id")
    'id'
    """
    if language in get_args(Language):
        return language  # type: ignore[return-value]
    raise InputError(f"language={language!r} is not known. Available: 'id' (Indonesian), 'en' (English).")


# --------------------------------------------------------------------------------------- numbers and dates

_SEPARATORS: Final[Mapping[Language, tuple[str, str]]] = {
    "id": (".", ","),
    "en": (",", "."),
}  # EYD V; thousands, decimal
_MONTHS: Final[Mapping[Language, Sequence[str]]] = {
    "id": [
        *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
        *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    ],
    "en": [
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ],
}
_SHORT_MONTHS: Final[Mapping[Language, Sequence[str]]] = {
    "id": ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}


def number(value: float, decimals: int, language: Language) -> str:
    """Return a number as people write it: thousands and decimal marks of the language, a true minus sign.

    Undefined is shown as a dash, an open end as the infinity sign; nothing is ever shown as minus zero.

    Examples
    --------
    >>> number(-12345.678, 1, "id"), number(-12345.678, 1, "en"), number(-0.04, 1, "en")
    ('−12.345,7', '−12,345.7', '0.0')
    """
    if math.isnan(value):
        return UNDEFINED
    sign = MINUS if value < 0 else ""
    if math.isinf(value):
        return f"{sign}∞"
    plain = f"{abs(value):,.{decimals}f}"
    thousands, decimal = _SEPARATORS[language]
    shown = plain.translate({ord(","): thousands, ord("."): decimal})
    return sign + shown if any(c in "123456789" for c in plain) else shown


def percent(share: float, decimals: int, language: Language) -> str:
    """Return a share between 0 and 1 as a percentage.

    Examples
    --------
    >>> percent(0.8831, 2, "id")
    '88,31%'
    """
    shown = number(100 * share, decimals, language)
    return shown if shown == UNDEFINED else f"{shown}%"


def interval(low: float, high: float, decimals: int, language: Language) -> str:
    """Return the two ends of an interval in words.

    Examples
    --------
    >>> interval(-3.5, -0.7, 1, "id")
    '−3,5 sampai −0,7'
    """
    word = {"id": "sampai", "en": "to"}[language]
    return f"{number(low, decimals, language)} {word} {number(high, decimals, language)}"


def month(value: pd.Period | dt.date, language: Language) -> str:
    """Return a month in short: month name and year.

    Examples
    --------
    >>> month(pd.Period("2025-08", "M"), "id")
    'Agu 2025'
    """
    return f"{_SHORT_MONTHS[language][value.month - 1]} {value.year}"


def date(value: dt.date, language: Language) -> str:
    """Return a day in full.

    Examples
    --------
    >>> date(dt.date(2023, 8, 17), "id")
    '17 Agustus 2023'
    """
    return f"{value.day} {_MONTHS[language][value.month - 1]} {value.year}"


def period(label: object, language: Language) -> str:
    """Return a label of a timeline in words: months and quarters are spelled out.

    Examples
    --------
    >>> period("2025-08", "id"), period("2024Q1", "id"), period("2008", "id")
    ('Agu 2025', 'triwulan 1 2024', '2008')
    """
    text = str(label)
    if found := re.fullmatch(r"(\d{4})-(\d{2})", text):
        return f"{_SHORT_MONTHS[language][int(found[2]) - 1]} {found[1]}"
    if found := re.fullmatch(r"(\d{4})Q([1-4])", text):
        return f"{'triwulan' if language == 'id' else 'quarter'} {found[2]} {found[1]}"
    return text


def joined(items: Iterable[str], language: Language) -> str:
    """Return a list as running text.

    Examples
    --------
    >>> joined(["Mar 2024", "Sep 2024"], "id"), joined(["a", "b", "c"], "en")
    ('Mar 2024 dan Sep 2024', 'a, b and c')
    """
    *first, last = list(items)
    word = {"id": "dan", "en": "and"}[language]
    if not first:
        return last
    return f"{', '.join(first)}{',' if language == 'id' and len(first) > 1 else ''} {word} {last}"


def decimals_for(values: Iterable[float], least: int) -> int:
    """Return how many decimals keep every value that is not zero from being shown as zero.

    Examples
    --------
    >>> decimals_for([-3.5, -0.03], 1)
    2
    """
    decimals = least
    for value in values:
        if math.isfinite(value) and value != 0:
            needed = -math.floor(math.log10(abs(value) * 2))  # 0.05 rounds to 0.1, 0.04 to 0.0
            decimals = max(decimals, min(needed, MOST_DECIMALS))
    return decimals


# ---------------------------------------------------------------------------------- sentences with a record


@dataclass(frozen=True)
class Quantity:
    """A number on its way into a sentence: the value, how to show it and the expression it came from."""

    value: float
    source: str
    decimals: int = 0
    form: Literal["plain", "percent"] = "plain"

    def shown(self, language: Language) -> str:
        """Return the number as the sentence shows it."""
        write = percent if self.form == "percent" else number
        return write(self.value, self.decimals, language)


@dataclass(frozen=True)
class Quoted:
    """A number that a sentence shows: the text, the unrounded value, where it came from."""

    shown: str
    value: float
    source: str


@dataclass(frozen=True)
class Sentence:
    """A sentence and the record of every number in it."""

    text: str
    numbers: tuple[Quoted, ...] = ()

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: Sentence) -> Sentence:
        return Sentence(f"{self.text} {other.text}".strip(), self.numbers + other.numbers)


def say(template: Text, language: Language, /, **parts: Quantity | Sentence | str) -> Sentence:
    """Return the sentence of a template with its gaps filled, and the record of the numbers in it.

    Examples
    --------
    >>> words = both(id="{n} bulan", en="{n} months")
    >>> say(words, "en", n=Quantity(12, "len(panel.timeline)"))
    Sentence(text='12 months', numbers=(Quoted(shown='12', value=12, source='len(panel.timeline)'),))
    """
    wanted = [name for _, name, _, _ in string.Formatter().parse(template[language]) if name]
    shown: dict[str, str] = {}
    numbers: list[Quoted] = []
    for name in dict.fromkeys(wanted):
        part = parts[name]
        if isinstance(part, Quantity):
            shown[name] = part.shown(language)
            numbers.append(Quoted(shown[name], part.value, part.source))
        elif isinstance(part, Sentence):
            shown[name] = part.text
            numbers.extend(part.numbers)
        else:
            shown[name] = part
    return Sentence(template[language].format(**shown), tuple(numbers))


# ------------------------------------------------------------------------------------ outcomes and findings


@dataclass(frozen=True, eq=False)
class OutcomeWords:
    """How an outcome is spoken of.

    Attributes
    ----------
    label, unit
        Name of the measure and of its unit.
    rose, fell, unclear
        Beginning of the finding sentence when the interval lies above zero, below zero, or holds zero.
    scale
        What a value is multiplied with before it is shown: 100 for shares.
    decimals
        Least number of decimals.
    """

    label: Text
    unit: Text
    rose: Text
    fell: Text
    unclear: Text
    scale: float = 1.0
    decimals: int = 1


_DAYS = {
    "working days": both(id="hari kerja", en="working days"),
    "calendar days": both(id="hari kalender", en="calendar days"),
    "working minutes": both(id="menit kerja", en="working minutes"),
    "minutes": both(id="menit", en="minutes"),
}
_HOURS = {
    "working minutes": both(id="jam kerja", en="working hours"),
    "minutes": both(id="jam", en="hours"),
}


def outcome_words(outcome: Any) -> OutcomeWords:  # noqa: ANN401 - any outcome value of measures.outcomes
    """Return the words for an outcome: waits get shorter or longer, the rest rises or falls.

    The kind is read from the class name, so that an outcome defined elsewhere gets the neutral words.

    Examples
    --------
    >>> class RestrictedMean:
    ...     name, unit, horizon = "restricted_mean_30", "working days", 30
    >>> outcome_words(RestrictedMean()).fell["id"]
    'Pelatihan mempersingkat waktu tunggu sebesar {size}'
    """
    kind = type(outcome).__name__
    if kind == "RestrictedMean":
        return _wait_words(limit_words(outcome))
    if kind in {"Within", "CompletionCurve"}:
        return _within_words(limit_words(outcome))
    if kind == "Share":
        return _share_words(str(outcome.column))
    return _neutral_words(str(outcome.name), str(getattr(outcome, "unit", "") or ""), kind)


@dataclass(frozen=True, eq=False)
class Limit:
    """The limit of a measure of time as people say it: 240 working minutes are 4 working hours.

    Attributes
    ----------
    value, decimals
        The number and how it is shown.
    unit
        Its unit, that of the estimate too.
    scale
        What a value in the unit of the outcome is multiplied with.
    """

    value: float
    unit: Text
    scale: float = 1.0
    decimals: int = 0

    def shown(self, language: Language) -> str:
        """Return the number."""
        return number(self.value, self.decimals, language)


def limit_words(outcome: Any) -> Limit:  # noqa: ANN401 - any outcome value of measures.outcomes
    """Return the limit of a wait: days as they are, minutes as hours where the limit is a whole or a half hour.

    Examples
    --------
    >>> class Within:
    ...     name, horizon, counted_in = "within_240", 240, "working minutes"
    >>> limit = limit_words(Within())
    >>> limit.shown("id"), limit.unit["id"]
    ('4', 'jam kerja')
    """
    horizon, counted = int(outcome.horizon), str(getattr(outcome, "counted_in", "working days"))
    if counted in _HOURS and horizon % 30 == 0:
        return Limit(horizon / 60, _HOURS[counted], 1 / 60, 0 if horizon % 60 == 0 else 1)
    return Limit(horizon, _DAYS[counted])


def _wait_words(limit: Limit) -> OutcomeWords:
    days, horizon = limit.unit, {lang: limit.shown(lang) for lang in get_args(Language)}
    return OutcomeWords(
        label=both(
            id=f"Rata-rata lama proses ({days['id']}, paling lama dihitung {horizon['id']})",
            en=f"Mean waiting time ({days['en']}, each wait counted up to {horizon['en']})",
        ),
        unit=days,
        scale=limit.scale,
        rose=both(
            id="Pelatihan memperpanjang waktu tunggu sebesar {size}",
            en="Training lengthened the wait by {size}",
        ),
        fell=both(
            id="Pelatihan mempersingkat waktu tunggu sebesar {size}",
            en="Training shortened the wait by {size}",
        ),
        unclear=both(
            id="Tidak ditemukan bukti yang cukup bahwa pelatihan mengubah waktu tunggu: perkiraan {size}",
            en="No sufficient evidence that training changed the wait: estimate {size}",
        ),
    )


def _within_words(limit: Limit) -> OutcomeWords:
    return _percentage_words(
        both(
            id=f"bagian permohonan yang selesai dalam {limit.shown('id')} {limit.unit['id']}",
            en=f"the share of applications finished within {limit.shown('en')} {limit.unit['en']}",
        )
    )


def _share_words(column: str) -> OutcomeWords:
    if column in _SHARES:
        return _percentage_words(_SHARES[column])
    name = column.replace("{", "{{").replace("}", "}}")
    return _percentage_words(both(id=f"bagian {name}", en=f"the share {name}"))


def _percentage_words(share: Text) -> OutcomeWords:
    english = share["en"].removeprefix("the ")
    return OutcomeWords(
        label=both(id=f"{_capital(share['id'])} (%)", en=f"{_capital(english)} (%)"),
        unit=both(id="poin persen", en="percentage points"),
        scale=100.0,
        decimals=1,
        **_direction(share, who=both(id="Pelatihan", en="Training")),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _direction(what: Text, *, who: Text) -> dict[str, Any]:
    """Return the beginnings of the three finding sentences for a measure that rises or falls."""
    actor = who["id"].lower(), who["en"].lower()
    return {
        "rose": both(
            id=f"{who['id']} menaikkan {what['id']} sebesar {{size}}",
            en=f"{who['en']} raised {what['en']} by {{size}}",
        ),
        "fell": both(
            id=f"{who['id']} menurunkan {what['id']} sebesar {{size}}",
            en=f"{who['en']} lowered {what['en']} by {{size}}",
        ),
        "unclear": both(
            id=f"Tidak ditemukan bukti yang cukup bahwa {actor[0]} mengubah {what['id']}: perkiraan {{size}}",
            en=f"No sufficient evidence that {actor[1]} changed {what['en']}: estimate {{size}}",
        ),
    }


def _neutral_words(name: str, unit: str, kind: str) -> OutcomeWords:
    named = _KINDS.get(kind, both(id="{name}", en="{name}"))
    if kind == "Score" and unit not in {"", "points", "score"}:
        named = both(id="rata-rata {name}", en="the mean {name}")  # a number with a unit of its own is no score
    safe = name.replace("{", "{{").replace("}", "}}")
    what = both(id=named["id"].format(name=safe), en=named["en"].format(name=safe))
    if kind == "Score" and name in _SCORES:
        what = _SCORES[name]
    trained = kind in _KINDS
    return OutcomeWords(
        label=_score_label(name)
        if kind == "Score" and name in _SCORES
        else both(id=_capital(what["id"]), en=_capital(what["en"].removeprefix("the ")))
        if trained
        else both(id=name, en=name),
        unit=both(id=_UNITS.get(unit, unit), en=unit),
        decimals=2,
        **_direction(
            what, who=both(id="Pelatihan", en="Training") if trained else both(id="Perlakuan", en="Treatment")
        ),
    )


_KINDS: Final[Mapping[str, Text]] = {
    "Count": both(id="jumlah permohonan", en="the number of applications"),
    "Score": both(id="nilai {name}", en="the score {name}"),
}
_SHARES: Final[Mapping[str, Text]] = {
    "kept": both(
        id="bagian permohonan yang diputuskan dalam waktu yang dijanjikan",
        en="the share of applications decided within the promised time",
    ),
}


def _element(number: int, *, id: str, en: str) -> Text:
    return both(id=f"nilai {id} (U{number})", en=f"the score for {en} (U{number})")


#: The index of satisfaction and its elements; U8 and U9 are numbered in two ways, so they are named without.
_SCORES: Final[Mapping[str, Text]] = {
    "ikm": both(id="indeks kepuasan masyarakat (IKM)", en="the public satisfaction index (IKM)"),
    "persyaratan": _element(1, id="persyaratan", en="requirements"),
    "prosedur": _element(2, id="prosedur", en="procedures"),
    "waktu": _element(3, id="waktu penyelesaian", en="time to completion"),
    "biaya": _element(4, id="biaya", en="fees"),
    "produk": _element(5, id="produk layanan", en="the product delivered"),
    "kompetensi": _element(6, id="kompetensi petugas", en="competence of staff"),
    "perilaku": _element(7, id="perilaku petugas", en="conduct of staff"),
    "pengaduan": both(id="nilai penanganan pengaduan", en="the score for handling of complaints"),
    "sarana": both(id="nilai sarana dan prasarana", en="the score for facilities"),
}


def _score_label(name: str) -> Text:
    """Return the label of a survey score with its scale, for axes and tables."""
    if name == "ikm":
        return both(id="IKM (25–100)", en="Public satisfaction index IKM (25–100)")
    what = _SCORES[name]
    element = {"id": what["id"].removeprefix("nilai "), "en": what["en"].removeprefix("the score for ")}
    plain = {lang: re.sub(r" \(U\d\)$", "", text) for lang, text in element.items()}
    return both(id=f"Unsur {plain['id']} (1–4)", en=f"Element: {plain['en']} (1–4)")


_UNITS: Final[Mapping[str, str]] = {
    "working days": "hari kerja",
    "calendar days": "hari kalender",
    "days": "hari",
    "applications": "permohonan",
    "share": "bagian",
    "points": "poin",
    "points (1 to 4)": "poin (1 sampai 4)",
    "points (25 to 100)": "poin (25 sampai 100)",
    "score": "nilai",
    "percentage points": "poin persen",
    "minutes": "menit",
    "months": "bulan",
}

_WITH_INTERVAL: Final = both(
    id="{begin} (selang kepercayaan {level}: {low} sampai {high})", en="{begin} ({level} CI {low} to {high})"
)
_WITHOUT_INTERVAL: Final = both(
    id="{begin}; selang kepercayaannya tidak dapat dihitung",
    en="{begin}; its confidence interval cannot be computed",
)
_NOT_ESTIMABLE: Final = both(
    id="Dampak terhadap ukuran ini tidak dapat diperkirakan dari data yang ada",
    en="The effect on this measure cannot be estimated from the data at hand",
)


def finding(
    outcome: Any,  # noqa: ANN401 - any outcome value of measures.outcomes
    *,
    estimate: float,
    low: float,
    high: float,
    level: float,
    language: Language,
    origin: str = "overall",
) -> Sentence:
    """Return the finding as a sentence chosen by rule.

    An interval that lies on one side of zero gives a direction and a size; one that holds zero gives "no
    sufficient evidence"; an estimate without an interval says so; an undefined one "cannot be estimated".
    Decimals grow until no number that is not zero is shown as zero.

    Examples
    --------
    >>> class RestrictedMean:
    ...     name, unit, horizon = "restricted_mean_30", "working days", 30
    >>> finding(RestrictedMean(), estimate=-2.1, low=-3.5, high=-0.7, level=0.95, language="en").text
    'Training shortened the wait by 2.1 working days (95% CI 0.7 to 3.5)'
    >>> finding(RestrictedMean(), estimate=-0.3, low=-1.2, high=0.6, level=0.95, language="id").text[:48]
    'Tidak ditemukan bukti yang cukup bahwa pelatihan'
    """
    words = outcome_words(outcome)
    if math.isnan(estimate):
        return say(_NOT_ESTIMABLE, language)
    clear = low > 0 or high < 0
    sign = -1.0 if high < 0 else 1.0
    begin = words.unclear if not clear else (words.fell if high < 0 else words.rose)
    ends = sorted((sign * words.scale * low, sign * words.scale * high))
    size = sign * words.scale * estimate
    decimals = decimals_for([size, *ends], words.decimals)
    opening = _opening(begin, words, Quantity(size, f"{origin}.estimate", decimals), language)
    if math.isnan(low) or math.isnan(high):
        return say(_WITHOUT_INTERVAL, language, begin=opening)
    return say(
        _WITH_INTERVAL,
        language,
        begin=opening,
        level=level_quantity(level),
        low=Quantity(ends[0], f"{origin}.{'conf_high' if sign < 0 else 'conf_low'}", decimals),
        high=Quantity(ends[1], f"{origin}.{'conf_low' if sign < 0 else 'conf_high'}", decimals),
    )


def _opening(begin: Text, words: OutcomeWords, size: Quantity, language: Language) -> Sentence:
    unit = words.unit[language]
    return say(
        begin,
        language,
        size=say(
            both(id="{n} {unit}", en="{n} {unit}") if unit else both(id="{n}", en="{n}"),
            language,
            n=size,
            unit=unit,
        ),
    )


def level_quantity(level: float) -> Quantity:
    """Return the level of an interval as it is said: whole per cent, or one decimal where it is not whole.

    Examples
    --------
    >>> level_quantity(0.95).shown("en"), level_quantity(1 - 0.05 / 3).shown("id")
    ('95%', '98,3%')
    """
    whole = abs(100 * level - round(100 * level)) < 1e-9
    return Quantity(level, "level", 0 if whole else 1, form="percent")


_EVENT_AXIS: Final[Mapping[str, Text]] = {
    "month": both(id="Bulan sejak pelatihan", en="Months since training"),
    "quarter": both(id="Triwulan sejak perlakuan", en="Quarters since treatment"),
    "year": both(id="Tahun sejak perlakuan", en="Years since treatment"),
    "step": both(id="Periode sejak perlakuan", en="Periods since treatment"),
}


def months_in_step(timeline: Any) -> int:  # noqa: ANN401 - a Timeline
    """Return how many months, quarters or years a step of a timeline is; periods without a calendar count as steps.

    Examples
    --------
    >>> class HalfYears:
    ...     kind, step = "month", 6
    >>> months_in_step(HalfYears())
    6
    """
    return 1 if timeline.kind == "step" else int(timeline.step)


def event_axis(kind: str) -> Text:
    """Return what time since adoption is called on a timeline of some kind.

    Examples
    --------
    >>> event_axis("year")["en"]
    'Years since treatment'
    """
    return _EVENT_AXIS[kind]


# --------------------------------------------------------------------------- reasons rows were left out

_REASONS: Final[Mapping[str, str]] = {  # the reasons of intake, in its words
    "a wait of ten years or more": "lama proses sepuluh tahun atau lebih",
    "contradicting copies of a case": "salinan satu permohonan yang saling bertentangan",
    "decided after the export": "diputuskan sesudah tanggal pengambilan data",
    "decided before received": "diputuskan sebelum diterima",
    "finished without a decision date": "selesai tanpa tanggal keputusan",
    "no case number": "tanpa nomor permohonan",
    "no office": "tanpa nama perangkat daerah",
    "no received date": "tanpa tanggal diterima",
    "open copy of a case decided in another": "salinan lama dari permohonan yang sudah diputuskan",
    "open with a decision date": "masih diproses tetapi ada tanggal keputusan",
    "received after the export": "diterima sesudah tanggal pengambilan data",
    "repeated copy of a case": "salinan berulang dari satu permohonan",
    "row of totals": "baris jumlah",
    "test row": "baris uji coba",
    "the decision date is no date": "tanggal keputusan tidak terbaca sebagai tanggal",
    "the received date is no date": "tanggal diterima tidak terbaca sebagai tanggal",
}


def reason_words(reason: str) -> Text:
    """Return why rows were left out, in both languages; a reason we have no words for is quoted as it is.

    Examples
    --------
    >>> reason_words("test row")["id"]
    'baris uji coba'
    """
    return both(id=_REASONS.get(reason, f"alasan lain: {reason}"), en=reason)


# --------------------------------------------------------------------------------------------- unit nouns


def unit_noun(panel: Any) -> tuple[Text, Text]:  # noqa: ANN401 - Panel or anything with attributes
    """Return what a unit of the panel is called, one and many.

    Examples
    --------
    >>> class Panel:
    ...     attributes = pd.DataFrame({"office": ["Dinas A"]})
    >>> unit_noun(Panel())[1]["id"]
    'perangkat daerah'
    """
    columns = set(getattr(getattr(panel, "attributes", None), "columns", ()))
    if columns == {"office"}:
        return both(id="perangkat daerah", en="office"), both(id="perangkat daerah", en="offices")
    return both(id="unit", en="unit"), both(id="unit", en="units")


# ------------------------------------------------------------------------------------------------ glossary


@dataclass(frozen=True, eq=False)
class Term:
    """A word of the trade: its names and what it means in one plain sentence."""

    names: Text
    meaning: Text


@functools.cache
def glossary() -> Mapping[str, Term]:
    """Return the glossary: term -> names and meaning in both languages.

    The Indonesian names are those of evaluation reports; both names are given at first use.

    Examples
    --------
    >>> glossary()["confidence_interval"].names["id"]
    'selang kepercayaan'
    """
    file = importlib.resources.files("asn_impact.reporting").joinpath("glossary.csv")
    return {
        row["term"]: Term(
            names=both(id=row["id"], en=row["en"]), meaning=both(id=row["meaning_id"], en=row["meaning_en"])
        )
        for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    }
