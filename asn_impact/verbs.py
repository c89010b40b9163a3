"""What every public verb does besides its work: check its arguments, and warn once of what surprises in its result.

Values carry their notes; nothing warns inside. The verb that the user called looks at the notes of what it returns and
emits one `DataWarning` for the alerts among them that its own arguments did not carry already.
"""

from __future__ import annotations

import functools
import inspect
import math
import sys
import threading
import warnings
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from asn_impact.arguments import check_arguments
from asn_impact.errors import DataWarning, EstimationError
from asn_impact.words import Alert, Message, paragraph

__all__ = ["alerts_of", "public_verb"]

P = ParamSpec("P")
R = TypeVar("R")

_REGISTRY = "__warningregistry__"
_cells: dict[str, dict[Any, Any]] = {}

#: One verb at a time: all of them share one connection to DuckDB, which answers one thread only.
_turn = threading.RLock()
_inside: ContextVar[bool] = ContextVar("inside_a_public_verb", default=False)


def public_verb(function: Callable[P, R]) -> Callable[P, R]:
    """Check the arguments by their hints, and warn of the alerts in the result when the user made the call.

    A verb called by another verb says nothing: what it found is among the notes of the value. Verbs called by several
    threads take turns. What does not fit into memory is said with its size, as an `EstimationError`.

    Examples
    --------
    >>> from typing import Literal
    >>> @public_verb
    ... def weigh(by: Literal["units", "records"]) -> str:
    ...     return by
    >>> weigh("unit")
    Traceback (most recent call last):
    ...
    asn_impact.errors.InputError: weigh(by='unit'). Expected 'units' or 'records'. Did you mean 'units'?
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        given = signature.bind(*args, **kwargs).arguments
        check_arguments(function, signature, given)
        if _inside.get():
            return function(*args, **kwargs)
        with _turn:
            token = _inside.set(True)
            try:
                result = function(*args, **kwargs)
            except MemoryError as error:
                raise EstimationError(_too_large(error, function.__name__)) from None
            finally:
                _inside.reset(token)
        known = {alert for value in given.values() for alert in alerts_of(value)}
        _warn([alert for alert in alerts_of(result) if alert not in known], function.__name__)
        return result

    return called


def _too_large(error: MemoryError, verb: str) -> Message:
    """Say how large what did not fit into memory was, as far as numpy tells, and what to do."""
    shape = getattr(error, "shape", None)
    if shape is None:
        return Message("common.no_memory", verb=verb, size=Message("common.size_unknown"))
    gigabytes = math.prod(shape) * error.dtype.itemsize / 1e9  # type: ignore[attr-defined]
    asked = Message("common.asked_for", shape=" x ".join(map(str, shape)), gigabytes=gigabytes)
    return Message("common.no_memory", verb=verb, size=asked)


def alerts_of(value: Any) -> list[Alert]:  # noqa: ANN401 - any value, with notes or without
    """Return the alerts among the notes of a value, or of the values in a list, each once."""
    if isinstance(value, tuple | list) and not hasattr(value, "notes"):
        return list(dict.fromkeys(alert for one in value for alert in alerts_of(one)))
    notes: Iterable[Message] = getattr(value, "notes", ())
    return list(dict.fromkeys(note for note in notes if isinstance(note, Alert)))


def _warn(alerts: list[Alert], verb: str) -> None:
    if not alerts:
        return
    frame = sys._getframe(2)
    place, line, registry = frame.f_code.co_filename, frame.f_lineno, frame.f_globals.setdefault(_REGISTRY, {})
    if "ipykernel" in place:  # a cell: its file has a new name on every run, and says a thing once
        registry = _cells.setdefault(place, {})
        place, line = verb, 1
    warnings.warn_explicit(DataWarning(paragraph(*alerts)), None, place, line, registry=registry)
