"""What every public verb does besides its work: check its arguments, and warn once of what surprises in its result.

Values carry their notes; nothing warns inside. The verb that the user called looks at the notes of what it returns and
emits one `DataWarning` for the alerts among them that its own arguments did not carry already. The card of a value says
the others once too: where they arose.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import os
import sys
import threading
import warnings
from abc import ABCMeta
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, ParamSpec, TypeVar

from asn_impact.arguments import Spelled, check_arguments, did_you_mean, spelled, with_shared
from asn_impact.display import SAID_BEFORE
from asn_impact.errors import DataWarning, EstimationError, NotThereError
from asn_impact.identifiers import hidden
from asn_impact.leftovers import stoppable
from asn_impact.words import CALLS, Alert, Message, paragraph
from asn_impact.words.habits import no_rows, not_there

P = ParamSpec("P")
R = TypeVar("R")

_REGISTRY = "__warningregistry__"
_cells: dict[str, dict[Any, Any]] = {}
LIBRARY: Final = f"{Path(__file__).parent}{os.sep}"

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
    signature = with_shared(function)

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise _miscalled(_typed(function), signature, args, kwargs) or error from None
        check_arguments(function, signature, given)
        if _inside.get():
            return function(*args, **kwargs)
        with _turn:
            token = _inside.set(True)
            try:
                with stoppable():
                    result = function(*args, **kwargs)
            except MemoryError as error:
                raise EstimationError(_too_large(error, function.__name__)) from None
            finally:
                _inside.reset(token)
        known = {note for value in given.values() for note in _notes_of(value)}
        _warn([alert for alert in alerts_of(result) if alert not in known], function.__name__)
        if isinstance(result, Guided) and not any(result is value for value in given.values()):
            object.__setattr__(result, SAID_BEFORE, tuple(note for note in _notes_of(result) if note in known))
        return result

    called.__signature__ = spelled(function)  # type: ignore[attr-defined]
    return called


_BOUND: Final = ("self", "cls")  # nobody types them


def _typed(function: Callable[..., Any]) -> str:
    """Return what is typed to call a function: a way to make a value has the name of its class in front."""
    return function.__qualname__ if "cls" in inspect.signature(function).parameters else function.__name__


def _miscalled(
    verb: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> NotThereError | None:
    """Say which argument is missing, with the line to write, or is not taken, with the nearest that is."""
    known = [name for name in signature.parameters if name not in _BOUND]
    for name in kwargs:
        if name not in known and not _takes_any(signature):
            near = did_you_mean(name, known) or Message("habits.takes", names=known)
            return NotThereError(paragraph(Message("habits.not_taken", verb=verb, name=name), near))
    taken = [p for p in signature.parameters.values() if p.kind not in _ANY]
    by_place = [p for p in taken if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    given = {p.name for p, _ in zip(by_place, args, strict=False)} | set(kwargs)
    needed = [p for p in taken if (p.default is p.empty or p.name in kwargs) and p.name not in _BOUND]
    line = ", ".join(p.name if p in by_place else f"{p.name}=..." for p in needed)
    if len(args) > len(by_place):
        names = [p.name for p in taken if p not in by_place]
        return NotThereError(Message("habits.by_name", verb=verb, names=names, line=line)) if names else None
    missing = [p for p in needed if p.name not in given]
    if not missing:
        return None
    kind = str(missing[0].annotation)
    how = Message("arguments.expected_from", kind=kind, write=CALLS[kind]) if kind in CALLS else None
    said = Message("habits.missing", verb=verb, name=missing[0].name, line=line)
    return NotThereError(paragraph(said, how))


class _Called(ABCMeta):
    """Says which argument is not taken, or is missing, when a value is made."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any value
        try:
            return super().__call__(*args, **kwargs)
        except TypeError as error:
            raise _miscalled(cls.__name__, inspect.signature(cls), args, kwargs) or error from None


class Guided(metaclass=_Called):
    """A value that answers for what it does not have: with the line that does it, or with the nearest name.

    How it shows itself, as text and in a notebook, hides identifiers of persons.

    Examples
    --------
    >>> class Panel(Guided):
    ...     units = ("A", "B")
    >>> Panel().head()
    Traceback (most recent call last):
    ...
    asn_impact.errors.NotThereError: Panel has no 'head'. Write: panel.frame().head(...)
    >>> Panel().unit
    Traceback (most recent call last):
    ...
    asn_impact.errors.NotThereError: Panel has no 'unit'. Did you mean 'units'?
    """

    __signature__: ClassVar = Spelled()

    def __init_subclass__(cls, **others: Any) -> None:  # noqa: ANN401 - of other bases
        super().__init_subclass__(**others)
        for name in ("__repr__", "_repr_html_"):
            if name in cls.__dict__:
                setattr(cls, name, _masking(cls.__dict__[name]))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - it never returns
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            if hasattr(type(self), name):  # a property of ours failed: say why
                return object.__getattribute__(self, name)
            raise NotThereError(not_there(type(self), name))

        def __getitem__(self, key: object) -> Any:  # noqa: ANN401 - it never returns
            raise NotThereError(no_rows(type(self), f"[{key!r}]", f"[{key!r}]"))

        def __bool__(self) -> bool:
            return type(self).__len__ is Guided.__len__ or len(self) > 0

        def __len__(self) -> int:
            raise NotThereError(no_rows(type(self), "len()", ""))


class Held(Guided):
    """A value with frames and arrays of its own: what becomes of those it was made of does not change it."""

    def __post_init__(self) -> None:
        import numpy as np  # here: what only names a verb does not need it

        from asn_impact.arrays import readonly

        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.type == "pd.DataFrame":
                object.__setattr__(self, field.name, value.copy(deep=False))
            elif field.type in {"Bool", "Float", "Int"}:
                object.__setattr__(self, field.name, readonly(np.asarray(value)))


def _masking(shows: Callable[[Any], str]) -> Callable[[Any], str]:
    """Return how a value shows itself without identifiers of persons; pictures stay, the gate looks into them."""

    @functools.wraps(shows)
    def masked(self: Any) -> str:  # noqa: ANN401 - any value
        text = shows(self)
        return text if "<svg" in text or ";base64," in text else hidden(text)

    return masked


_ANY: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _takes_any(signature: inspect.Signature) -> bool:
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.parameters.values())


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
    return [note for note in _notes_of(value) if isinstance(note, Alert)]


def _notes_of(value: Any) -> list[Message]:  # noqa: ANN401 - any value, with notes or without
    """Return the notes of a value, or of the values in a list, each once."""
    if isinstance(value, tuple | list) and not hasattr(value, "notes"):
        return list(dict.fromkeys(note for one in value for note in _notes_of(one)))
    attributes = getattr(value, "attrs", None)  # of a frame of pandas
    found = attributes.get("notes") if isinstance(attributes, dict) else getattr(value, "notes", ())
    notes = found if isinstance(found, tuple | list) else ()  # a frame may have a column of this name
    return list(dict.fromkeys(note for note in notes if isinstance(note, Message)))


def _warn(alerts: list[Alert], verb: str) -> None:
    if not alerts:
        return
    frame = sys._getframe(2)
    while frame.f_code.co_filename.startswith(LIBRARY) and frame.f_back is not None:  # the line of the user
        verb, frame = frame.f_code.co_name, frame.f_back
    place, line, registry = frame.f_code.co_filename, frame.f_lineno, frame.f_globals.setdefault(_REGISTRY, {})
    if "ipykernel" in place:  # a cell: its file has a new name on every run, and says a thing once
        registry = _cells.setdefault(place, {})
        place, line = verb, 1
    warnings.warn_explicit(DataWarning(paragraph(*alerts)), None, place, line, registry=registry)
