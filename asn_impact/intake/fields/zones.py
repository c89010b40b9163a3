"""Time zones: the day of a moment is that of the zone of the study, on every machine.

The three zones of Indonesia have no summer time, so a zone is a number of hours and nothing is asked of the machine.
"""

from __future__ import annotations

from asn_impact.arguments import did_you_mean
from asn_impact.errors import InputError
from asn_impact.words import Message, paragraph

ZONE = "Asia/Jakarta"  #: where nobody says otherwise
OFFSETS = {"Asia/Jakarta": 7, "Asia/Pontianak": 7, "Asia/Makassar": 8, "Asia/Jayapura": 9}  #: hours ahead of UTC
ZONED = "TIMESTAMP WITH TIME ZONE"  #: what DuckDB calls moments
_SHORT = {"wib": "Asia/Jakarta", "wita": "Asia/Makassar", "wit": "Asia/Jayapura"}


def zone_name(zone: str | None) -> str:
    """Return the full name of a zone of Indonesia: ``WITA`` is ``Asia/Makassar``; without one that of the study.

    Raises
    ------
    InputError
        With the zones there are.

    Examples
    --------
    >>> zone_name("WITA"), zone_name(None)
    ('Asia/Makassar', 'Asia/Jakarta')
    """
    if zone is None:
        return ZONE
    name = _SHORT.get(zone.strip().casefold(), zone.strip())
    if name not in OFFSETS:
        known = (*OFFSETS, *(short.upper() for short in _SHORT))
        raise InputError(paragraph(Message("intake.dates.no_zone", zone=zone, known=known), did_you_mean(zone, known)))
    return name


def offset_of(zone: str) -> int:
    """Return how many minutes a zone is ahead of UTC.

    Examples
    --------
    >>> offset_of("Asia/Makassar")
    480
    """
    return 60 * OFFSETS[zone]


def same_offset(written: str, zone: str) -> bool:
    """Return whether an offset as ``+07:00`` is that of a zone.

    Examples
    --------
    >>> same_offset("+07:00", "Asia/Jakarta"), same_offset("UTC", "Asia/Jakarta")
    (True, False)
    """
    return written == f"+{OFFSETS[zone]:02d}:00"


def local_moment(column: str, zone: str | None) -> str:
    """Write SQL for a moment of DuckDB as the local time of a zone, whatever zone the machine is in.

    Examples
    --------
    >>> local_moment("c0", "WITA")
    'make_timestamp(epoch_us(c0) + 28800000000)'
    """
    return f"make_timestamp(epoch_us({column}) + {offset_of(zone_name(zone)) * 60_000_000})"
