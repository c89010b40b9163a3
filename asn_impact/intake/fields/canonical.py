"""The fields of permits and steps, and which of them are texts, dates and keys."""

from __future__ import annotations

CASE_FIELDS = ("case", "office", "service", "received", "decided", "status")
STEP_FIELDS = ("case", "office", "service", "received", "step", "step_start", "step_end", "status", "deleted")
TEXT_FIELDS = frozenset(
    {"case", "office", "service", "status", "step", "deleted", "course", "officer", "passed", "provider", "regency"}
)
DATE_FIELDS = frozenset(
    {"received", "decided", "promised", "step_start", "step_end", "course_start", "course_end", "since"}
)
KEY_FIELDS = ("case", "office", "officer", "service")
REGENCY = "regency"
NO_REGENCY = "asn_no_regency"  # of which rows no regency is known, where there are several
FILE = "asn_file"  # the column that says from which table a row is
