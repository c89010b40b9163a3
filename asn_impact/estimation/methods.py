"""A method is one entry: its name, its short name, the sentence that explains it and its source, in each language.

Every estimator and every rule of inference is a `Procedure`: parameters that are checked when it is made, and an entry.
The texts are in ``words/methods.toml`` and ``words/rules.toml``; what depends on parameters is added as parts.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from asn_impact.arguments import check_fields
from asn_impact.errors import NotThereError
from asn_impact.verbs import Guided
from asn_impact.words import Message, paragraph


@dataclass(frozen=True)
class Method:
    """What is said of a method wherever it is named."""

    name: Message  #: name and parameters in full
    short: Message  #: the name alone, for a column of a table
    sentence: Message  #: how it works, for the report
    source: Message  #: the full reference
    parts: tuple[Message, ...] = ()  #: what the parameters add to the name, one by one
    #: References for what was built in: the method inside this one, or what a parameter asks for.
    also: tuple[Message, ...] = ()

    @property
    def sources(self) -> tuple[Message, ...]:
        """All references, each once."""
        return tuple(dict.fromkeys((self.source, *self.also)))

    def around(self, inner: Method, *parts: Message, name: Message) -> Method:
        """Return this entry for a method that uses another: the sentences and sources of both."""
        return replace(
            self,
            name=name,
            sentence=paragraph(inner.sentence, self.sentence),
            parts=(*inner.parts, *parts),
            also=inner.sources,
        )


@dataclass(frozen=True)
class Procedure(Guided):
    """Parameters in the object, data in the call: the base of all estimators and rules."""

    def __post_init__(self) -> None:
        _refuse_data(self)
        check_fields(self)
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, list):
                object.__setattr__(self, field.name, tuple(value))

    @property
    @abstractmethod
    def entry(self) -> Method:
        """Name, short name, sentence and source, in each language."""

    @property
    def name(self) -> str:
        """Name and parameters as printed, in English."""
        return str(self.entry.name)


def _refuse_data(procedure: Procedure) -> None:
    """Refuse data where parameters belong: ``GroupTime(design)`` for ``GroupTime()(design)``."""
    for field in fields(procedure):
        kind = type(getattr(procedure, field.name)).__name__
        if kind in _DATA:
            name = type(procedure).__name__
            raise NotThereError(Message("habits.in_the_call", name=name, line=f"{name}()({_DATA[kind]})"))


#: Kind of data -> how a call of a procedure has it.
_DATA: Final[Mapping[str, str]] = {
    "DataFrame": "assign(read_panel(frame, unit=...), rollout, cluster=...)",
    "Design": "design",
    "Effects": "effects",
    "Inference": "effects",
    "Panel": "assign(panel, rollout, cluster=...)",
}


def full_name(head: Message, parts: Iterable[Message | None]) -> Message:
    """Return a name with what its parameters add to it."""
    return Message("methods.name", parts=(head, *(part for part in parts if part is not None)))


def estimator_entry(
    entry: str,
    *parts: Message | None,
    authors: tuple[str, ...] = (),
    also: tuple[Message, ...] = (),
    explained: Mapping[str, Message] | None = None,
    **values: Any,  # noqa: ANN401 - what fills the gaps of the entry
) -> Method:
    """Return the entry of an estimator in ``words/methods.toml``, or of another file; parts that are None are left out.

    `values` fill the gaps of the short name and of the sentence, `explained` those of the sentence alone.
    """
    key = entry if "." in entry else f"methods.{entry}"
    short = Message(f"{key}.short", **values)
    return Method(
        name=full_name(Message("methods.by", short=short, authors=authors) if authors else short, parts),
        short=short,
        sentence=Message(f"{key}.sentence", **values, **(explained or {})),
        source=Message(f"{key}.source"),
        parts=tuple(part for part in parts if part is not None),
        also=also,
    )


def rule_entry(entry: str, *parts: Message | None, **values: Any) -> Method:  # noqa: ANN401 - as for an estimator
    """Return the entry of a rule in ``words/rules.toml``; parts that are None are left out."""
    return estimator_entry(f"rules.{entry}", *parts, **values)


def given(covariates: tuple[str, ...]) -> Message | None:
    """Return the part of a name that says what the estimates are given; None without covariates."""
    return Message("methods.given", names=covariates) if covariates else None


def short_names(methods: Iterable[Method]) -> Mapping[Method, Message]:
    """Return each method with the shortest name that tells it from the others in a table.

    A part of the name that all methods of the same short name share is left out.

    Examples
    --------
    >>> from asn_impact.estimation import GroupTime
    >>> names = short_names([GroupTime(controls="never").entry, GroupTime().entry])
    >>> [str(name) for name in names.values()]
    ['Group-time effects, never-treated controls', 'Group-time effects, not-yet-treated controls']
    """
    every = list(dict.fromkeys(methods))
    shared = {
        str(method.short): set.intersection(*(set(one.parts) for one in every if str(one.short) == str(method.short)))
        for method in every
    }
    return {
        method: full_name(method.short, (part for part in method.parts if part not in shared[str(method.short)]))
        for method in every
    }
