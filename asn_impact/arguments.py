"""Arguments are checked where they enter, against the hints of the signature: choices, ranges, types.

A function that carries `asn_impact.verbs.public_verb` and a dataclass that calls `check_fields` need nothing else: the
annotation says what is allowed, the message says what was found, what is allowed and the nearest match.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import inspect
import os
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, Union

from asn_impact.errors import AsnImpactError, InputError
from asn_impact.words import CALLS, Message, paragraph


@dataclass(frozen=True)
class AtLeast:
    """A number of at least so much."""

    least: float


@dataclass(frozen=True)
class Between:
    """A number between two others, these left out."""

    low: float
    high: float


Steps: TypeAlias = Annotated[int, AtLeast(0)]  #: a number of periods
Times: TypeAlias = Annotated[int, AtLeast(1)]  #: a number of draws, units, days: one or more
Level: TypeAlias = Annotated[float, Between(0, 1)]  #: the level of an interval
Share: TypeAlias = Annotated[float, Between(0, 1)]
Names: TypeAlias = tuple[str, ...]  #: names of columns; a single text is refused, not taken letter by letter


def did_you_mean(word: object, known: Iterable[object]) -> Message | None:
    """Return a question after the closest known word, or None where nothing is close.

    Examples
    --------
    >>> str(did_you_mean("ofice", ["office", "month"]))
    "Did you mean 'office'?"
    """
    options = [str(k) for k in known]
    close = difflib.get_close_matches(str(word).casefold(), [k.casefold() for k in options], n=1, cutoff=0.6)
    originals = [k for k in options if close and k.casefold() == close[0]]
    return Message("common.did_you_mean", word=originals[0]) if originals else None


def check_choice(name: str, value: object, allowed: Iterable[object], error: type[AsnImpactError] = InputError) -> None:
    """Refuse a value that is not one of those allowed; say which is nearest.

    Examples
    --------
    >>> check_choice("weights", "record", ["units", "records"])
    Traceback (most recent call last):
    ...
    asn_impact.errors.InputError: weights='record'. Expected 'units' or 'records'. Did you mean 'records'?
    """
    known = tuple(allowed)
    if value not in known:
        said = Message("arguments.choice", name=name, found=repr(value), allowed=known)
        raise error(paragraph(said, did_you_mean(value, known)))


def check_fields(instance: Any) -> None:  # noqa: ANN401 - any dataclass
    """Check every field of a dataclass against its hint; call it in ``__post_init__``.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Window:
    ...     before: Steps = 3
    ...     def __post_init__(self) -> None:
    ...         check_fields(self)
    >>> Window(before=-1)
    Traceback (most recent call last):
    ...
    asn_impact.errors.InputError: Window(before=-1). Expected a whole number, 0 or more.
    """
    owner: Callable[..., Any] = type(instance)
    hints = hints_of(owner)
    for field in dataclasses.fields(instance):
        if field.init and field.name in hints:
            check_value(field.name, getattr(instance, field.name), hints[field.name], where=type(instance).__name__)


def check_arguments(function: Callable[..., Any], signature: inspect.Signature, given: Mapping[str, object]) -> None:
    """Check the arguments of a call against the hints of the function; those without a hint we know pass."""
    hints = hints_of(function)
    called = type(given["self"]).__name__ + "()" if function.__name__ == "__call__" else function.__name__
    for name, value in given.items():
        kind = signature.parameters[name].kind
        if name in hints and kind not in {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
            check_value(name, value, hints[name], where=called)


def check_value(name: str, value: object, hint: object, *, where: str = "") -> None:
    """Refuse a value that its hint does not allow; a hint that says nothing we can check allows everything."""
    if isinstance(value, Mapping) and (pairs := _pairs_of(hint)) is not None:
        for key, one in value.items():
            check_value(f"{name}[{key!r}]", one, typing.get_args(pairs)[1], where=where)
        return
    if not _fits(value, hint):
        call = Message("arguments.call", where=where, name=name, found=_found(value))
        raise InputError(paragraph(call, _expected(value, hint, name), _nearest(value, hint)))


@functools.cache
def hints_of(owner: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the hints of a class or function that can be resolved here: name -> hint."""
    found: dict[str, Any] = {}
    for one in reversed(owner.__mro__) if inspect.isclass(owner) else [inspect.unwrap(owner)]:
        module = sys.modules.get(one.__module__)
        scope = one.__globals__ if inspect.isfunction(one) else (vars(module) if module else {})
        for name, hint in inspect.get_annotations(one).items():
            try:
                found[name] = eval(hint, scope) if isinstance(hint, str) else hint
            except (NameError, AttributeError, TypeError):  # imported for the type checker alone
                found.pop(name, None)
    return found if inspect.isclass(owner) else found | dict(_shared(owner))


def spelled(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature as a tooltip shows it: the choices and bounds themselves, not the name of a hint.

    Examples
    --------
    >>> def weigh(by: Literal["units", "records"] = "units", *, level: Level | None = None) -> str: ...
    >>> print(spelled(weigh))
    (by: 'units' | 'records' = 'units', *, level: 0 < float < 1 | None = None) -> str
    """
    signature = with_shared(function)
    hints = hints_of.__wrapped__(function)  # what is defined below the function is not there yet: not to be remembered
    shown = [
        p.replace(annotation=_Text(_spelled(hints[name]) if name in hints else str(p.annotation)))
        for name, p in signature.parameters.items()
        if p.annotation is not p.empty
    ]
    parameters = {**signature.parameters, **{p.name: p for p in shown}}
    back = signature.return_annotation
    back = back if back is signature.empty else _Text(back if isinstance(back, str) else _spelled(back))
    return signature.replace(parameters=list(parameters.values()), return_annotation=back)


def with_shared(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature with the arguments that ``**name: Unpack[TypedDict]`` stands for, None where not given."""
    signature, parameters = inspect.signature(function), []
    for parameter in signature.parameters.values():
        shared = _shared(function) if parameter.kind is parameter.VAR_KEYWORD else {}
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
            for name, hint in shared.items()
        ] or [parameter]
    return signature.replace(parameters=parameters)


def _shared(function: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the arguments that a function takes by a TypedDict: name -> hint."""
    plain = inspect.unwrap(function)
    for hint in inspect.get_annotations(plain).values():
        if isinstance(hint, str) and hint.startswith("Unpack["):
            (kind,) = typing.get_args(eval(hint, plain.__globals__))
            return typing.get_type_hints(kind, include_extras=True)
    return {}


class Spelled:
    """The signature of a dataclass, its choices spelled out: set it as ``__signature__``."""

    def __get__(self, instance: object, owner: type) -> inspect.Signature | None:
        if instance is not None:
            return None
        made = inspect.signature(vars(owner).get("__init__", owner.__init__))  # type: ignore[misc]
        names = [p for name, p in made.parameters.items() if name != "self"]
        hints = hints_of(owner)
        known = [p.replace(annotation=_Text(_spelled(hints[p.name]))) if p.name in hints else p for p in names]
        return inspect.Signature(known)


class _Text(str):
    """A text that is shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _spelled(hint: object) -> str:
    """Return a hint in the words of a signature.

    Examples
    --------
    >>> _spelled(Steps), _spelled(tuple[str, ...]), _spelled(Literal[1, "a"] | None)
    ('int >= 0', 'tuple[str, ...]', "1 | 'a' | None")
    """
    parts = typing.get_args(hint)
    if typing.get_origin(hint) is Literal:
        return " | ".join(map(repr, parts))
    if _is_union(hint):
        return " | ".join(map(_spelled, parts))
    if typing.get_origin(hint) is Annotated:
        kind, *bounds = map(_spelled, parts)
        return next((bound.replace("_", kind) for bound in bounds), kind)
    if isinstance(hint, AtLeast):
        return f"_ >= {_plain(hint.least)}"
    if isinstance(hint, Between):
        return f"{_plain(hint.low)} < _ < {_plain(hint.high)}"
    if isinstance(hint, list):
        return f"[{', '.join(map(_spelled, hint))}]"
    origin = typing.get_origin(hint) or hint
    name = {type(None): "None", Ellipsis: "..."}.get(origin, getattr(origin, "__name__", str(origin)))
    shapes = name == "ndarray"  # the shapes are in the documentation
    return name if shapes or not parts else f"{name}[{', '.join(map(_spelled, parts))}]"


def allowed_values(hint: object) -> tuple[Any, ...] | None:
    """Return the choices a hint leaves, or None where it is no closed choice.

    Examples
    --------
    >>> allowed_values(Literal["units", "records"])
    ('units', 'records')
    """
    if typing.get_origin(hint) is Literal:
        return typing.get_args(hint)
    if _is_union(hint):
        parts = [allowed_values(part) for part in typing.get_args(hint) if part is not type(None)]
        return tuple(v for part in parts if part for v in part) if parts and all(parts) else None
    return None


def _pairs_of(hint: object) -> object | None:
    """Return the part of a hint that asks for pairs of a name and a value, or None."""
    parts = typing.get_args(hint) if _is_union(hint) else (hint,)
    return next((part for part in parts if typing.get_origin(part) is Mapping), None)


def _is_union(hint: object) -> bool:
    return typing.get_origin(hint) in {Union, types.UnionType}


_TEXTS: Final = ((str,), (str | Path,))  # of which a sequence is asked for what it holds


def _fits(value: object, hint: object) -> bool:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _fits(value, parts[0]) and all(_inside(value, bound) for bound in parts[1:])
    if _is_union(hint):
        return any(_fits(value, part) for part in parts)
    if origin is Literal:
        return any(value == part and type(value) is type(part) for part in parts)
    if (origin is tuple and len(parts) == 2 and parts[1] is Ellipsis) or (origin is Sequence and parts in _TEXTS):
        return isinstance(value, Sequence) and not isinstance(value, str) and all(_fits(v, parts[0]) for v in value)
    if origin is Mapping and parts[0] is str:
        return isinstance(value, Mapping) and all(_fits(one, parts[1]) for one in value.values())
    return _is_a(value, hint)


def _is_a(value: object, hint: object) -> bool:
    if hint is None or hint is type(None):
        return value is None
    if hint is bool:
        return isinstance(value, bool) or type(value).__name__ == "bool_"
    if hint is int:
        return not isinstance(value, bool) and hasattr(value, "__index__")
    if hint is float:
        return not isinstance(value, bool | str | bytes) and hasattr(value, "__float__")
    if hint is str:
        return isinstance(value, str)
    if hint is Path:
        return isinstance(value, os.PathLike)
    if inspect.isclass(hint) and hint.__module__.startswith("asn_impact.") and not getattr(hint, "_is_protocol", False):
        return isinstance(value, hint)
    return not (inspect.isclass(value) and _of_ours(hint))  # BiasReduced without its brackets


def _of_ours(hint: object) -> bool:
    return inspect.isclass(hint) and hint.__module__.startswith("asn_impact.")


def _inside(value: Any, bound: object) -> bool:  # noqa: ANN401 - a number
    if isinstance(bound, AtLeast):
        return bool(value >= bound.least)
    return not isinstance(bound, Between) or bool(bound.low < value < bound.high)


def _found(value: object) -> str:
    if inspect.isclass(value):
        return value.__name__
    if isinstance(value, str | int | float | tuple | list | None | bool):
        return repr(value) if len(repr(value)) < 80 else f"{repr(value)[:77]}..."
    return type(value).__name__


def _expected(value: object, hint: object, name: str) -> Message:
    if (choices := allowed_values(hint)) is not None:
        return Message("arguments.expected_choice", allowed=choices)
    if inspect.isclass(value):
        return Message("arguments.brackets", name=value.__name__)
    if isinstance(value, str) and typing.get_origin(hint) in {tuple, Sequence}:
        return Message("arguments.expected_names", name=name, value=value)
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        kind = "whole" if parts[0] is int else "number"
        for bound in parts[1:]:
            if isinstance(bound, AtLeast):
                return Message(f"arguments.{kind}_least", least=_plain(bound.least))
            if isinstance(bound, Between):
                return Message("arguments.between", low=_plain(bound.low), high=_plain(bound.high))
    if _is_union(hint):
        options = [part for part in parts if part is not type(None)]
        if len(options) == 1:
            return _expected(value, options[0], name)
    if inspect.isclass(hint) and hint.__name__ in CALLS:
        return Message("arguments.expected_from", kind=hint.__name__, write=CALLS[hint.__name__])
    return Message("arguments.expected_kind", kind=_kind(hint))


def _plain(value: float) -> str:
    return f"{value:g}"


def _kind(hint: object) -> Message | str:
    names = {int: "whole", float: "number", str: "word", bool: "yes_no", Path: "path"}
    if _is_union(hint):
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        choices = [part for part in parts if allowed_values(part) is not None]
        kinds = [_kind(part) for part in parts if part not in choices]
        return Message("arguments.one_of", kinds=(*(repr(v) for c in choices for v in allowed_values(c) or ()), *kinds))
    if typing.get_origin(hint) is Annotated:
        return _kind(typing.get_args(hint)[0])
    if typing.get_origin(hint) in {Mapping, Sequence, tuple}:
        return Message("arguments.kind_mapping" if typing.get_origin(hint) is Mapping else "arguments.kind_names")
    if hint in names:
        return Message(f"arguments.kind_{names[hint]}")
    return hint.__name__ if inspect.isclass(hint) else str(hint).replace("asn_impact.", "")


def _nearest(value: object, hint: object) -> Message | None:
    choices = allowed_values(hint)
    return did_you_mean(value, choices) if choices is not None and isinstance(value, str) else None
