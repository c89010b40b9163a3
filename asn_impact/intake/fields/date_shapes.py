"""The shapes of a date in a text, as SQL: its weekday, its time of day, its numbers, and the words for no date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import duckdb

from asn_impact.intake.fields.empty_words import NULL_WORDS, WAITING_WORDS
from asn_impact.intake.formats.engine import quote

#: Dates that systems store for "no date" (databases, spreadsheets, Unix time).
PLACEHOLDERS: tuple[dt.date, ...] = (
    dt.date(1, 1, 1),
    dt.date(1899, 12, 30),
    dt.date(1899, 12, 31),
    dt.date(1900, 1, 1),
    dt.date(1970, 1, 1),
    dt.date(1753, 1, 1),
    dt.date(2079, 6, 6),
    dt.date(2099, 12, 31),
    dt.date(2999, 12, 31),
    dt.date(9999, 1, 1),
    dt.date(9999, 12, 31),
)


def listed_texts(values: Sequence[str]) -> str:
    """Write texts as a list of SQL; signs beyond ASCII by their numbers: plain statements are taken apart faster."""
    return ", ".join(f"chr({ord(v)})" if len(v) == 1 and not v.isascii() else quote(v) for v in values)


ZONE = r"(wib|wita|wit|utc|gmt|z|[+-]\d{2}(:?\d{2})?)"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?"
_DOTTED = r"([01]?\d|2[0-3])\.[0-5]\d(\.[0-5]\d)?"  # 08.30 and 08.30.00, as Indonesian computers write them
_AT = r"((pukul|pkl\.?|jam) ?)?"
_TAIL = rf"([ t,]+|^){_AT}({_CLOCK}|{_DOTTED})( ?(am|pm))?( ?{ZONE})?$"
_TIMED = rf"[ t,]{_AT}({_CLOCK}|{_DOTTED})( ?(am|pm))?( ?{ZONE})?$"
MIDNIGHT = rf"[ t,]0?0[:.]00([:.]00([.,]0+)?)?( ?{ZONE})?$"
HOUR = rf"(\d{{1,2}})[:.](\d{{2}})([:.]\d{{2}}([.,]\d+)?)?( ?(am|pm))?( ?{ZONE})?$"
DAY = (
    r"^(day of |tanggal |tgl\.? )?((senin|selasa|rabu|kamis|jum ?at|sabtu|minggu|ahad|monday|tuesday|wednesday|"
    r"thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun)[ ,.]+)?"
)
ISO = r"^\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}$"
TRIPLE = r"^\d{1,2}[-/. ]\d{1,2}[-/. ](\d{4}|\d{2})$"
BASIC = r"^\d{7,8}$"  # yyyymmdd and ddmmyyyy, also without its first zero
EPOCH = r"^(\d{9,10}|\d{12,13})([.,]0+)?$"  # seconds and thousandths since 1970
SERIAL = r"^\d{5}([.,]\d+)?$"
WORD = r"^(\d{1,4}[-/. ,]*[a-z]+\.?[-/. ,]*\d{1,4}|[a-z]+\.?[-/. ,]+\d{1,2}[-/. ,]+\d{4})$"
_ZERO = r"^(0{1,4}[-/.]0{1,2}[-/.]0{1,4}|1900-0?1-00|0?0/0?1/1900|[01]([.,]0+)?|2958465([.,]0+)?)$"


# SQL over the columns that `split_parts` makes; each stage is written once, so the query stays small.
_BLANK = "chr(160) || chr(39) || chr(9) || chr(8217) || chr(8216) || chr(96) || chr(180)"  # also apostrophes
_PLAIN = f"lower(trim(regexp_replace(translate({{v}}, {_BLANK}, '{' ' * 7}'), '\\s+', ' ', 'g')))"
_SPACED = r"^(\d{1,4}) ?([-/.]) ?(\d{1,2}) ?([-/.]) ?(\d{1,4})"  # 12 / 03 / 2024
_BARE = f"regexp_replace(regexp_replace(asn_plain, '{DAY}', ''), '{_SPACED}', '\\1\\2\\3\\4\\5')"
HAS_TIME = f"regexp_matches(asn_bare, '{_TIMED}')"
_PART = f"trim(CASE WHEN {HAS_TIME} THEN regexp_replace(asn_bare, '{_TAIL}', '') ELSE asn_bare END)"
STAGES = ("asn_plain", "asn_bare", "asn_part", "asn_numbers")
EMPTY = f"(asn_plain IS NULL OR asn_plain IN ({listed_texts([*NULL_WORDS, *WAITING_WORDS])}))"
ZEROS = f"regexp_matches(asn_part, '{_ZERO}')"


def split_parts(
    relation: duckdb.DuckDBPyRelation, quoted: str, lists: Mapping[str, str] | None = None
) -> duckdb.DuckDBPyRelation:
    """Add the stages of a text: plain, without its weekday, without its time of day, its numbers.

    `lists` has the last day of each text that is a range or list of days.
    """
    return (
        relation.project(f"*, {_PLAIN.format(v=last_days(quoted, lists or {}))} AS asn_plain")
        .project(f"*, {_BARE} AS asn_bare")
        .project(f"*, {_PART} AS asn_part")
        .project("*, regexp_extract_all(asn_part, '\\d+') AS asn_numbers")
    )


def last_days(quoted: str, lists: Mapping[str, str]) -> str:
    """Write SQL for a column of texts with the last day in place of each text that is a range or list of days."""
    pairs = ", ".join(f"{listed_texts([text])}: {listed_texts([last])}" for text, last in lists.items())
    return f"coalesce((MAP {{{pairs}}})[{quoted}], {quoted})" if pairs else quoted
