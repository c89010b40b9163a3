"""What can go wrong, said so that the reader knows what to do next.

Each error takes one `Message` that says what was found, what was expected and what to do. ``str(error)`` is the English
text, ``error.text("id")`` the same in another language. A message names columns, rows, files and offices, never a
person: pass identifiers of persons through `asn_impact.intake.privacy` before they come here.
"""

from __future__ import annotations

import os
from typing import Any, Final, Protocol

#: What the user types to start the program: messages name it, so that their lines can be pasted.
PROGRAM: Final = os.environ.get("ASN_IMPACT_COMMAND", "asn-impact")


class Sayable(Protocol):
    """What can be said in a language: a `Message` of `asn_impact.words`."""

    def text(self, language: str = "en") -> str:
        """Return it in a language."""


class AsnImpactError(Exception):
    """Any refusal of this package; catch this to catch them all.

    Attributes
    ----------
    message
        What was found, what was expected and what to do.

    Examples
    --------
    >>> from asn_impact.words import Message
    >>> error = InputError(Message("common.language_unknown", found="fr", known=("id", "en")))
    >>> print(error.text("id"))
    language='fr' tidak dikenal. Yang tersedia: 'id' atau 'en'.
    """

    def __init__(self, message: Sayable) -> None:
        super().__init__(message)

    @property
    def message(self) -> Any:  # noqa: ANN401 - a `Message`, which is defined above this module
        """What is said, before it is said in a language: a `Message` of `asn_impact.words`."""
        return self.args[0]

    def text(self, language: str = "en") -> str:
        """Return what is said in a language."""
        return str(self.message.text(language))


class InputError(AsnImpactError, ValueError):
    """A file, column or value cannot be read in one way only.

    Examples
    --------
    >>> from asn_impact.measures.outcomes import Within
    >>> try:
    ...     Within(-1)
    ... except InputError as error:
    ...     print(error.text("id"))
    Within(days=-1). Yang diharapkan: bilangan bulat, 0 atau lebih.
    """


class StudyError(AsnImpactError, ValueError):
    """A study file asks for something that does not exist or contradicts itself.

    Examples
    --------
    >>> import asn_impact as ai
    >>> issubclass(StudyError, ai.AsnImpactError), issubclass(StudyError, ValueError)
    (True, True)
    """


class DesignError(AsnImpactError, ValueError):
    """The units, months and training dates do not make a comparison.

    Examples
    --------
    >>> import asn_impact as ai
    >>> try:
    ...     ai.assign(ai.example_design().panel, ai.example_rollout(), cluster="provinsi")
    ... except DesignError as error:
    ...     print(error)
    cluster='provinsi' is not a unit attribute. Available: 'office', 'district'.
    """


class EstimationError(AsnImpactError, ValueError):
    """The effect asked for is not identified by this design.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> trained = design.where(design.adopted < 99)
    >>> try:
    ...     ai.GroupTime(controls="never")(trained)
    ... except EstimationError as error:
    ...     print(error.message.key)
    estimation.nobody_never
    """


class InferenceError(AsnImpactError, ValueError):
    """The uncertainty asked for cannot be had from this design.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> one = design.where([False] * 5 + [True] * 7)
    >>> try:
    ...     ai.infer(ai.GroupTime()(one).overall(), ai.BiasReduced())
    ... except InferenceError as error:
    ...     print(str(error)[:60])
    1 of 7 clusters (office) is treated: its own noise cannot be
    """


class PrivacyError(AsnImpactError, ValueError):
    """Something that identifies a person, or a cell too small to show, was about to leave.

    Examples
    --------
    >>> import pandas as pd
    >>> import asn_impact as ai
    >>> number = "19850101" + "201001" + "1" + "001"
    >>> table = ai.tables.Table(pd.DataFrame({"group": [number]}), "Uji")
    >>> try:
    ...     table.save("uji.csv", "id")
    ... except PrivacyError as error:
    ...     print(str(error)[:76])
    uji.html holds 1 part(s) shaped like a person's number, address or titled na
    """


class NotThereError(AsnImpactError, AttributeError, TypeError):
    """A name, an argument or a way of asking that a value does not have; the message gives the line that does it.

    Examples
    --------
    >>> from asn_impact.measures.outcomes import Within
    >>> hasattr(Within(5), "head")
    False
    """


class DataWarning(UserWarning):
    """The number is right, but rests on something the reader may not expect (rows left out, say).

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     warnings.warn("2 rows were left out.", DataWarning, stacklevel=1)
    >>> said[0].category.__name__
    'DataWarning'
    """
