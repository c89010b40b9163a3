"""Ranges and lists of days, the normal form of a training list: the last day counts.

``3-7 Maret 2024``, ``28 Februari s.d. 3 Maret 2024``, ``11, 12 dan 13 Maret 2024``, ``04/03/2024 - 08/03/2024``.
"""

from __future__ import annotations

__all__ = ["LISTED_FIELDS", "is_list", "last_day"]

#: Fields whose cells may hold a range or list of days.
LISTED_FIELDS = frozenset({"course_end"})

_UNTIL = (
    r"\s*(\bs\.? ?/? ?d\b\.?|\bsampai dengan\b|\bsampai\b|\bhingga\b|\bto\b|\buntil\b|\bdan\b|\bserta\b|&|~| - )\s*"
)
_DATE = r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}"
_STEPS: tuple[tuple[str, str], ...] = (
    ("[–—−]", "-"),
    (r"^(tanggal|tgl\.?) ", ""),
    (_UNTIL, " ~ "),
    (r"^[a-z']+ ?[-~] ?([a-z']+[ ,.]+\d)", r"\1"),  # senin ~ jumat, 4-8 maret 2024
    (r"^.*\d.*~ *", ""),  # what stands after the last word for "until" or "and"
    (r"^(?:\d{1,2} ?[-,/] ?)+(\d{1,2} ?[-/. ]? ?[a-z]{3,}\.?[-/. ,]*\d{2,4})$", r"\1"),  # 3-7 maret 2024; 3, 4, 5 mar
    (r"^.*[a-z]\.? ?- ?(\d{1,2}[ -][a-z]{3,}\.?[-/. ,]*\d{2,4})$", r"\1"),  # 28 februari-3 maret 2024
    (r"^.*[a-z][-/. ]\d{4} ?- ?(\d{1,2}[ -][a-z]{3,}\.?[-/. ,]*\d{4})$", r"\1"),  # 30 desember 2023-3 januari 2024
    (r"^([a-z]{3,}) \d{1,2} ?- ?(\d{1,2},? \d{4})$", r"\1 \2"),  # march 3-7, 2024
    (rf"^{_DATE} ?- ?({_DATE})$", r"\1"),  # 04/03/2024-08/03/2024
    (rf"^\d{{1,2}}[/.]\d{{1,2}} ?- ?({_DATE})$", r"\1"),  # 28/02-03/03/2024
    (r"^(?:\d{1,2} ?[-,] ?)+(\d{1,2}/\d{1,2}/\d{2,4})$", r"\1"),  # 4-8/3/2024
)
_OF_WORDS = 5  # steps before that of the weekday


def last_day(text: str, weekday: str) -> str:
    """Write SQL for a plain text with a range or list of days cut to its last day; any other text stays.

    `weekday` is the pattern of a day of the week in front of a date, which is cut too.

    Examples
    --------
    >>> import duckdb
    >>> duckdb.sql(f"SELECT {last_day(chr(39) + '3 s.d. 7 maret 2024' + chr(39), '^senin,')}").fetchall()[0]
    ('7 maret 2024',)
    """
    sql = text
    words, spans = _STEPS[:_OF_WORDS], _STEPS[_OF_WORDS:]
    for pattern, replacement in (*words, (weekday, ""), *spans):
        quoted = pattern.replace("'", "''")
        sql = f"regexp_replace({sql}, '{quoted}', '{replacement}', 'g')"
    return f"trim({sql})"


def is_list(before: str, after: str) -> str:
    """Write SQL for whether a text without its weekday was a range or a list."""
    return f"({before} <> {after} AND NOT starts_with({before}, 'tanggal ') AND NOT starts_with({before}, 'tgl'))"
