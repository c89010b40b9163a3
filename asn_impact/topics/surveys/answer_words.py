"""What the usual answers of a satisfaction survey mean: words that differ by element, letters, or both.

The options of the questionnaire of PermenPANRB 14/2017 go from a (1) to d (4). A letter in front of words must agree
with them: a form with its options the other way round is refused, not read upside down.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from asn_impact.errors import InputError
from asn_impact.intake.privacy import masked
from asn_impact.reference import read_rows
from asn_impact.words import Message

_FORM = re.compile(r"\(?(?P<sign>[a-d1-4])(?:[.):]\s*|\s*[-\u2013=]\s*|\s+(?=\w\w)|$)(?P<words>.*)")


@functools.cache
def _known() -> Mapping[str, Mapping[str, int]]:
    """Return element -> answer in small letters -> 1 to 4; ``semua`` holds what is said of any element."""
    values: dict[str, dict[str, int]] = {}
    for row in read_rows("skm_answers.csv"):
        values.setdefault(row["unsur"], {})[row["jawaban"]] = int(row["nilai"])
    return MappingProxyType(values)


def meanings(
    element: str, answers: Iterable[str], own: Mapping[str, int | None] | None = None
) -> dict[str, int | None]:
    """Return answer -> 1 to 4 for the answers of an element whose meaning is known; what the reader says wins.

    Raises
    ------
    InputError
        A letter or number in front of an answer says another value than its words.

    Examples
    --------
    >>> meanings("biaya", ["Gratis", "b. Cukup mahal", "C", "3", "entah"])
    {'Gratis': 4, 'b. Cukup mahal': 2, 'C': 3}
    >>> meanings("prosedur", ["a. Tidak jelas alurnya", "d. Alurnya sangat jelas"])
    {'a. Tidak jelas alurnya': 1, 'd. Alurnya sangat jelas': 4}
    """
    said = {_plain(word): value for word, value in (own or {}).items()}
    values: dict[str, int | None] = {}
    signed: dict[str, int] = {}
    for answer in answers:
        plain = _plain(answer)
        if plain in said:
            values[answer] = said[plain]
        elif (value := _value(element, plain)) is not None:
            values[answer] = value
        elif (form := _FORM.fullmatch(plain)) is not None:
            signed[answer] = _number(form["sign"])
    return values | _by_sign(element, signed)


def _by_sign(element: str, signed: Mapping[str, int]) -> dict[str, int]:
    """Return answers in words of a form's own as the letter in front says, where a "not" or "less" agrees with it.

    Only words that begin with "tidak" or "kurang" tell which way the letters go; nothing is known where none is there.
    """
    low = {answer: _degree(answer) for answer in signed}
    if any(degree is not None and degree != signed[answer] for answer, degree in low.items()):
        answer = next(a for a, degree in low.items() if degree is not None and degree != signed[a])
        raise InputError(
            Message(
                "survey.answer_upside_down",
                element=element,
                answer=masked(answer),
                words=low[answer],
                n=signed[answer],
            )
        )
    return dict(signed) if any(degree is not None for degree in low.values()) else {}


def _degree(answer: str) -> int | None:
    form = _FORM.fullmatch(_plain(answer))
    words = "" if form is None else form["words"]
    return 1 if words.startswith("tidak ") else 2 if words.startswith("kurang ") else None


def _number(sign: str) -> int:
    return int(sign) if sign.isdigit() else "abcd".index(sign) + 1


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(" .")


def _value(element: str, plain: str) -> int | None:
    words = {**_known()["semua"], **_known().get(element, {})}
    if plain in words:
        return words[plain]
    form = _FORM.fullmatch(plain)
    if form is None or (form["sign"].isdigit() and not form["words"]):
        return None
    number = _number(form["sign"])
    if not form["words"]:
        return number
    value = words.get(form["words"])
    if value is not None and value != number:
        raise InputError(
            Message("survey.answer_upside_down", element=element, answer=masked(plain), words=value, n=number)
        )
    return value
