"""What each chart is drawn from: another kind of value is refused with the call that gives the right one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Final

from asn_impact.designs import Design
from asn_impact.errors import InputError
from asn_impact.estimation import Inference
from asn_impact.intake.readers.training import Rollout
from asn_impact.measures.durations import Durations
from asn_impact.measures.panel import Panel
from asn_impact.reporting.words import check_language as check_language
from asn_impact.scrutiny.sensitivity import Breakdown, RobustInterval
from asn_impact.scrutiny.specification import SpecificationCurve
from asn_impact.words import CALLS, Message

_KINDS: Final[Mapping[str, type]] = {
    kind.__name__: kind
    for kind in (Breakdown, Design, Durations, Inference, Panel, RobustInterval, Rollout, SpecificationCurve)
}


def check_kind(verb: str, name: str, value: object, kind: str | type, call: str = "") -> None:
    """Refuse a value of another kind than a chart is drawn from, and say what to write.

    Examples
    --------
    >>> check_kind("waits_calendar", "panel", "waits", "Panel")
    Traceback (most recent call last):
    ...
    asn_impact.errors.InputError: waits_calendar(panel=str) cannot be drawn. Expected Panel, from tabulate(durations, outcome, by=...).
    """  # noqa: E501 - the message as it is printed
    wanted = _KINDS[kind] if isinstance(kind, str) else kind
    if not isinstance(value, wanted):
        what = value.__name__ if inspect.isclass(value) else type(value).__name__
        write = call or CALLS[wanted.__name__]
        raise InputError(
            Message("charts.wrong_kind", verb=verb, name=name, found=what, kind=wanted.__name__, write=write)
        )
