"""A message is a value: a key and what fills its gaps. It becomes text where it is shown, in the reader's language.

Every note, alert, refusal, verdict, title, axis and name of a method is one, so that nothing has to read text to know
what was said. Each number in it goes with its source, so that a report can list where each one came from.
"""

from __future__ import annotations

import datetime as dt
import math
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from asn_impact.errors import InputError
from asn_impact.identifiers import hidden
from asn_impact.words import writing
from asn_impact.words.catalogue import ENGLISH, IN_FILE, Speech, keys_of, languages, noun, template

Language: TypeAlias = str  #: a language code: "id", "en", or any other that words/languages.toml has


@dataclass(frozen=True)
class Quantity:
    """A number on its way into a sentence: the value, the expression it came from and how to show it.

    Without `decimals` three digits that count are shown.
    """

    value: float
    source: str
    decimals: int | None = 0
    form: Literal["plain", "percent"] = "plain"

    def shown(self, language: Language) -> str:
        """Return the number as the sentence shows it.

        Examples
        --------
        >>> Quantity(0.8831, "ledger.kept / ledger.read", 1, "percent").shown("id")
        '88,3%'
        """
        if self.form == "percent":
            return writing.percent(self.value, self.decimals or 0, language)
        if self.decimals is None:
            return writing.significant(self.value, language)
        return writing.number(self.value, self.decimals, language)


@dataclass(frozen=True)
class Quoted:
    """A number that a sentence shows: the text, the unrounded value, where it came from."""

    shown: str
    value: float
    source: str


class Sentence(str):
    """A text in one language that remembers every number in it.

    Attributes
    ----------
    numbers
        Each with its text, its unrounded value and its source.

    Examples
    --------
    >>> sentence = Sentence("12 months", (Quoted("12", 12, "len(panel.timeline)"),))
    >>> sentence, sentence.numbers[0].source
    ('12 months', 'len(panel.timeline)')
    """

    numbers: tuple[Quoted, ...]
    __slots__ = ("numbers",)

    def __new__(cls, text: str = "", numbers: Iterable[Quoted] = ()) -> Sentence:
        """Return the text with the record of its numbers."""
        made = super().__new__(cls, text)
        made.numbers = tuple(numbers)
        return made

    def __getnewargs__(self) -> tuple[str, tuple[Quoted, ...]]:  # type: ignore[override]
        return str(self), self.numbers

    @property
    def text(self) -> str:
        """The text alone."""
        return str.__str__(self)

    def then(self, *others: Sentence) -> Sentence:
        """Return this sentence and others as one text, a blank between, the numbers of all kept.

        Examples
        --------
        >>> Sentence("One.").then(Sentence("Two."))
        'One. Two.'
        """
        every = [part for part in (self, *others) if part]
        return Sentence(" ".join(part.text for part in every), [n for part in every for n in part.numbers])


@dataclass(frozen=True, init=False, repr=False)
class Message:
    """What is said, before it is said in a language: the key of a text in ``words/`` and the values of its gaps.

    ``str(message)`` is the English text; ``message.text("id")`` a `Sentence` in another language.

    A gap is ``{name}`` or ``{name:form}``. Forms: ``.2f`` decimals, ``%`` a share as per cent, ``p`` a p-value,
    ``list`` the first few values in quotes (``list 20``: up to 20; ``list period``: in that form), ``and`` and ``or``
    running text, ``quoted`` in quotes, ``plain`` as it is,
    ``period`` a label of the timeline in words, ``day`` a date in full, ``one|many`` a word chosen by a number.
    Without a form whole numbers get their thousands mark and other numbers three digits that count.
    ``{@case}`` is no gap: it is what a record is called here, see `Speech`; ``{@Case}`` begins a sentence.

    Parameters
    ----------
    key
        ``subject.name``: the entry ``name`` of ``words/subject.toml``.
    values
        What fills the gaps: numbers, quantities, texts, dates, other messages, or tuples of these.

    Examples
    --------
    >>> note = Message("common.kept", kept=1480, read=1500)
    >>> str(note), note.text("id")
    ('1,480 of 1,500 rows were kept.', '1.480 dari 1.500 baris dipakai.')
    >>> note.text("id").numbers[0]
    Quoted(shown='1.480', value=1480, source='common.kept:kept')
    """

    key: str
    values: tuple[tuple[str, Any], ...]

    def __init__(self, key: str, /, **values: Any) -> None:  # noqa: ANN401 - see Message
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "values", tuple((name, _frozen(value)) for name, value in values.items()))

    def text(self, language: Language = ENGLISH) -> Sentence:
        """Return the sentence in a language, with the record of the numbers in it.

        Raises
        ------
        InputError
            The language is not one of those in ``words/languages.toml``.
        """
        if language not in languages():
            raise InputError(Message("common.language_unknown", found=str(language), known=tuple(languages())))
        spoken = Speech(language, self["nouns"]) if self.key == _SPOKEN_OF else language
        return _filled(template(self.key, language), self, spoken)

    def __str__(self) -> str:
        return self.text().text

    def __format__(self, form: str) -> str:
        return format(str(self), form)

    def __repr__(self) -> str:
        gaps = "".join(f", {name}={_masked(value)}" for name, value in self.values)
        return f"{type(self).__name__}({self.key!r}{gaps})"

    def __add__(self, other: Message) -> Message:
        return paragraph(self, other)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - see Message
        """Return the value of a gap, or the text in a language by its code."""
        values = dict(self.values)
        return values[name] if name in values else self.text(name)

    def __contains__(self, text: str) -> bool:
        """Return whether the English text has a text in it."""
        return text in str(self)

    def __iter__(self) -> Iterator[str]:
        raise TypeError("A Message is no text. Look at its key or its values, or ask for its text(language).")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> str:
            """Return the text in a language by its code: ``message.id``."""
            if len(name) > 3 or name.startswith("_") or name not in languages():
                raise AttributeError(name)
            return self.text(name).text


class Alert(Message):
    """A note that surprises: the number is right, but rests on something its reader may not expect.

    The public verb that makes a value warns of the alerts among its notes, once.
    """


def paragraph(*parts: Message | None) -> Message:
    """Return messages said one after the other; parts that are None are left out.

    Examples
    --------
    >>> str(paragraph(verbatim("One."), verbatim("Two.")))
    'One. Two.'
    """
    every: list[Message] = []
    for part in parts:
        if part is not None:
            every += part["parts"] if part.key == _PARAGRAPH else [part]
    return Message(_PARAGRAPH, parts=tuple(every))


def each_once(*notes: Iterable[Message]) -> tuple[Message, ...]:
    """Return the notes of several values, each once."""
    return tuple(dict.fromkeys(note for some in notes for note in some))


def together(notes: Iterable[Message]) -> tuple[Message, ...]:
    """Return notes for a reader of many files: those that differ in the file alone as one, with the first names.

    Examples
    --------
    >>> notes = [Message("files.rows_above", file=name, n=4) for name in ("a.csv", "b.csv")]
    >>> [str(note) for note in together([*notes, Message("files.rows_above", file="c.csv", n=2)])]
    ["2 files or sheets ('a.csv', 'b.csv'): 4 rows in front of the headings passed over.", 'c.csv: 2 rows in front of \
the headings passed over.']
    """
    alike: dict[Message, list[Message]] = {}
    for note in each_once(notes):
        alike.setdefault(_with_file(note, ""), []).append(note)
    return tuple(_of_all(same) if len(same) > 1 else same[0] for same in alike.values())


def _of_all(notes: list[Message]) -> Message:
    """Return one of several notes with the first names of their files in place of its own."""
    names = tuple(note[gap] for note in notes if (gap := _gap_of_file(note)) is not None)
    return _with_file(notes[0], Message("common.tables", n=len(names), names=names))


def _gap_of_file(note: Message) -> str | None:
    return next((gap for gap, value in note.values if gap in _OF_FILES and isinstance(value, str)), None)


def _with_file(note: Message, file: str | Message) -> Message:
    gap = _gap_of_file(note)
    return note if gap is None else type(note)(note.key, **{**dict(note.values), gap: file})


def verbatim(text: str | Mapping[str, str]) -> Message:
    """Return somebody's own words as a message: the same in every language, or one text for each.

    Examples
    --------
    >>> verbatim({"id": "bulan", "en": "month"}).text("id")
    'bulan'
    """
    return Message("common.verbatim", text=text)


def spoken_of(message: Message, nouns: Iterable[str]) -> Message:
    """Return a message in which things are called what they are where it comes from, whatever stands beside it.

    Examples
    --------
    >>> str(spoken_of(Message("outcomes.count.name"), ["answers"]))
    'the number of survey answers'
    """
    names = tuple(nouns)
    told = ({message.text(Speech(language, own)) for own in ((), names, ("records",))} for language in languages())
    return Message(_SPOKEN_OF, said=message, nouns=names) if any(len(texts) > 1 for texts in told) else message


def for_file(message: Message) -> Message:
    """Return a message for the reader of a study file: with the line to write there, in place of a Python argument.

    Examples
    --------
    >>> str(for_file(Message("intake.columns.name_it", field="office")))
    'Name it in the columns section: office = "...".'
    """
    return spoken_of(message, [IN_FILE])


_OF_FILES: Final = ("file", "source")  # gaps that hold the name of a file or sheet
_PARAGRAPH: Final = "common.paragraph"
_SPOKEN_OF: Final = "common.spoken_of"
#: What a terminal would obey, or show the other way round.
_CONTROL: Final = dict.fromkeys(
    [*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def _masked(value: Any) -> str:  # noqa: ANN401 - see Message
    """Return a value as code writes it, without identifiers of persons."""
    if isinstance(value, tuple):
        return f"({''.join(f'{_masked(item)}, ' for item in value).removesuffix(' ' if len(value) == 1 else ', ')})"
    return repr(hidden(str(value))) if type(value) is str else hidden(repr(value))


def _frozen(value: Any) -> Any:  # noqa: ANN401 - see Message
    """Return a value that can stand in a frozen one: lists as tuples, numbers of numpy as Python's."""
    if isinstance(value, Message):
        return value
    if isinstance(value, str):
        return value if isinstance(value, Sentence) else str(value)
    if isinstance(value, Mapping):
        return _Texts(value)
    if isinstance(value, Iterable) and getattr(value, "ndim", 1) > 0:
        return tuple(_frozen(item) for item in value)
    return value.item() if hasattr(value, "dtype") else value


class _Texts(dict[str, str]):
    """Texts by language that can be hashed, as all values of a message can."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items())))


def _filled(text: str, message: Message, language: Language) -> Sentence:
    parts: list[Sentence] = []
    values = dict(message.values)
    counted: set[str] = set()
    alike = _decimals_of_interval(values)
    for before, name, form, _ in string.Formatter().parse(text):
        parts.append(Sentence(before))
        if name is not None and name.startswith("@"):
            parts.append(Sentence(noun(name[1:], language)))
        elif name is not None:
            form = form or (alike if isinstance(values[name], float) else "")
            shown = _shown(values[name], form, language, f"{message.key}:{name}")
            if form == "p" and shown.startswith("<") and before.endswith("= "):  # p <0.001, not p = <0.001
                parts[-1] = Sentence(before.removesuffix("= "))
            if before.endswith("(") and shown.endswith(")") and shown.count(" (") == 1:  # no brackets in brackets
                shown = Sentence(shown.text.replace(" (", ", ").removesuffix(")"), shown.numbers)
            parts.append(Sentence(shown.text) if name in counted else shown)  # a number said twice is listed once
            counted.add(name)
    return Sentence("".join(parts), [n for part in parts for n in part.numbers])


def _decimals_of_interval(values: Mapping[str, Any]) -> str:
    """Return the form of bare numbers beside the ends of an interval: as many decimals as the largest has."""
    sizes = [abs(v) for v in values.values() if isinstance(v, float) and math.isfinite(v)]
    if not {"low", "high"} <= values.keys() or not sizes:
        return ""
    return f".{writing.decimals_for(sizes, writing.significant_decimals(max(sizes)))}f"


def _shown(value: Any, form: str, language: Language, source: str) -> Sentence:  # noqa: ANN401 - see Message
    """Return one gap filled; `source` is that of a bare number, and the form "Start" that of a sentence."""
    if form == "Start":
        start = _shown(value, "", language, source)
        capital = start.text.partition(" ")[0].isalpha()  # a word; a name in code stays as it is
        return Sentence(start.text[:1].upper() + start.text[1:], start.numbers) if capital else start
    if "|" in form:
        one, many = form.split("|", 1)
        count = value.value if isinstance(value, Quantity) else value
        return Sentence(one if count == 1 else many)
    match value:
        case Message():
            return value.text(language)
        case Sentence():
            return value
        case Quantity():
            shown = value.shown(language)
            return Sentence(shown, (Quoted(shown, value.value, value.source),))
        case tuple():
            return _listed(value, form, language, source)
        case dict():
            return Sentence(value.get(language) or value.get(ENGLISH) or next(iter(value.values()), ""))
        case None:
            return Sentence()
        case bool():
            return Sentence(str(value))
        case int() | float():
            shown = _number(value, form, language)
            return Sentence(shown, (Quoted(shown, value, source),))
        case dt.date():
            day = value.date() if isinstance(value, dt.datetime) else value
            return Sentence(writing.date(day, language) if form == "day" else str(value))
    text = hidden(str(value).translate(_CONTROL))
    if form in {"field", "Field"} and f"field.{text}" in keys_of("nouns"):
        called = noun(text, Speech(language, ["field"]))
        text = called if form == "field" else called[:1].upper() + called[1:]
    if form == "period":
        return Sentence(writing.period(text, language))
    return Sentence(repr(text) if form in {"quoted", "list"} else text)


def _number(value: float, form: str, language: Language) -> str:
    if form == "plain":
        return str(value)
    if form == "p":
        return writing.p_value(value, language)
    if form == "%":
        return writing.percent(value, 0 if abs(value) >= 0.1 or value == 0 else 1, language)
    if form.endswith("%"):
        return writing.percent(value, int(form[1:-1]), language)
    if form.endswith("f"):
        return writing.number(value, int(form[1:-1]), language)
    return writing.number(value, 0, language) if isinstance(value, int) else writing.significant(value, language)


def _listed(items: tuple[Any, ...], form: str, language: Language, source: str) -> Sentence:
    """Return several values: in quotes and cut after a few, as running text, or with commas between."""
    form, _, inner = form.partition(" ")
    if form == "list":
        most = [int(inner)] if inner.isdecimal() else []
        quoted = [_quoted(i, language) if most or not inner else str(_shown(i, inner, language, "")) for i in items]
        return Sentence(writing.first_few(quoted, language, *most))
    shown = [_shown(item, inner, language, source) for item in items]
    numbers = [n for part in shown for n in part.numbers]
    texts = [part.text for part in shown]
    if form == "and":
        return Sentence(writing.joined(texts, language), numbers)
    if form == "or":
        return Sentence(writing.choice([_quoted(item, language) for item in items], language), numbers)
    between = {"sentences": " ", "beside": " · "}.get(form, ", ")
    return Sentence(between.join(text for text in texts if text), numbers)


def _quoted(item: Any, language: Language) -> str:  # noqa: ANN401 - see Message
    if isinstance(item, Message):
        return item.text(language).text
    return repr(hidden(item)) if isinstance(item, str) else hidden(repr(item))
