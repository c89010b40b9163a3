"""The lines of a proposed study file: what is proposed stands in it, what must be decided is a commented question."""

from __future__ import annotations

import datetime as dt
import json
import re
import textwrap
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asn_impact.errors import StudyError
from asn_impact.intake.privacy import veiled
from asn_impact.words import Language, Message

_WIDTH = 110
_HEADINGS = ("columns", "date")  # keys whose values are headings, where their section is none of columns


@dataclass(frozen=True, eq=False)
class Question:
    """What must be decided, and the lines to paste: in which section of study.toml, and as arguments in Python.

    What identifies a person in a heading or label of the data does not stand in the lines.
    """

    what: Message
    section: str
    toml: tuple[str, ...] = ()
    python: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "toml", tuple(map(veiled, self.toml)))
        object.__setattr__(self, "python", veiled(self.python))

    def text(self, language: Language = "en") -> str:
        """Return the question with the lines of the study file below it."""
        head = f"[{self.section}]"
        lines = [head, *(line for line in self.toml if line != head)] if self.toml else []
        return "\n".join([self.what.text(language).text, *(f"    {line}" for line in lines)])


def written(value: Any) -> str:  # noqa: ANN401 - whatever TOML holds
    """Return a value as TOML writes it.

    Examples
    --------
    >>> written(["a", True, 3]), written(dt.date(2024, 12, 31))
    ('["a", true, 3]', '2024-12-31')
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inline(k)} = {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, dt.date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def inline(key: str) -> str:
    """Return a key as TOML writes it: bare where it can be.

    Examples
    --------
    >>> inline("course_end"), inline("Dinas A")
    ('course_end', '"Dinas A"')
    """
    return key if key.isascii() and key.replace("_", "a").isalnum() else written(key)


@dataclass(eq=False)
class Page:
    """The study file as it grows, and the questions in it, each once.

    `called` are other names of its sections, `regency` is the one of the `regencies` that is studied.
    """

    language: Language
    lines: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    section: str = ""
    called: Mapping[str, str] = field(default_factory=dict)
    regency: str = ""
    regencies: tuple[str, ...] = ()

    def begin(self, section: str, *about: Message) -> None:
        """Begin a section."""
        self.section = self.place(section)
        self.lines += ["", f"[{self.section}]"]
        for message in about:
            self.say(message)

    def place(self, section: str) -> str:
        """Return what a section is called in this file: one of several claims has other names."""
        first, _, rest = section.partition(".")
        return self.called.get(section) or ".".join([self.called.get(first, first), *([rest] if rest else [])])

    def say(self, message: Message, mark: str = "#") -> None:
        """Write a comment."""
        self.lines += textwrap.wrap(
            self._comment(message), _WIDTH, initial_indent=f"{mark} ", subsequent_indent="#   ", break_on_hyphens=False
        )

    def _comment(self, message: Message) -> str:
        """Return a message on one line, without the signs that no comment of TOML may hold."""
        return re.sub(r"[\x00-\x1f\x7f]", "", " ".join(message.text(self.language).text.split()))

    def _line(self, key: str, value: object) -> str:
        """Write a key; what identifies a person in a heading (a row of data that stands as one) is not in it."""
        heading = self.section.endswith("columns") or key in _HEADINGS
        return f"{inline(key)} = {written(_veiled(value) if heading else value)}"

    def put(self, key: str, value: object, why: Message | None = None) -> None:
        """Write a line that counts, with the reason behind it."""
        line = self._line(key, value)
        self.lines.append(line if why is None else f"{line}{' ' * max(1, 40 - len(line))}# {self._comment(why)}")

    def ask(self, what: Message, lines: Iterable[str] = (), *, python: str = "") -> None:
        """Write a question with the lines that answer it, as comments."""
        answers = tuple(lines)
        self.say(what, "# ?")
        self.lines += [f"# {line}" for line in answers]
        self.note(what, answers, python)

    def note(self, what: Message, answers: tuple[str, ...], python: str) -> None:
        """Keep a question whose lines stand in the file already."""
        self.questions.append(Question(what, self.section, answers, python))

    def decide(self, key: str, value: object, what: Message) -> None:
        """Write a proposal that counts, and ask whether it is right."""
        line = self._line(key, value)
        self.say(what, "# ?")
        self.lines.append(line)
        self.note(what, (line,), f"{key}={value!r}")

    def text(self, head: Sequence[Message]) -> str:
        """Return the whole file.

        Raises
        ------
        StudyError
            It is no valid TOML: a slip of the program, never handed over as a file that is ready.
        """
        top = Page(self.language)
        for message in head:
            top.say(message)
        text = "\n".join([*top.lines, *self.lines, ""])
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError as problem:
            raise StudyError(Message("proposal.not_valid", problem=str(problem))) from None
        return text


def _veiled(value: Any) -> Any:  # noqa: ANN401 - a heading, several, or those of several fields
    if isinstance(value, Mapping):
        return {key: _veiled(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_veiled(item) for item in value]
    return veiled(value) if isinstance(value, str) else value
