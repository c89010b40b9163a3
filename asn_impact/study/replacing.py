"""Whether the reports of a study may replace those that are there, asked as early as it can be known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from asn_impact.errors import PrivacyError
from asn_impact.study.settings import Study
from asn_impact.words import Language, Message

if TYPE_CHECKING:
    from asn_impact.intake.ledger import Ledger
    from asn_impact.reporting.contents import Report


def refuse_rows(study: Study, ledgers: Mapping[str, Ledger | None]) -> None:
    """Refuse, as soon as files are read, a report that could not replace the one that is there.

    Parameters
    ----------
    ledgers
        By the id of the claim; "" for a study of one.

    Raises
    ------
    PrivacyError
        As many rows are kept as in that report, but for fewer than ten.
    """
    kept = {name: None if ledger is None else int(ledger.kept) for name, ledger in ledgers.items()}
    for language in study.languages if study.close == "refuse" else ():
        if (place := study.folder / f"report_{language}").is_dir():
            from asn_impact.reporting.earlier import refuse_rows_close

            refuse_rows_close(place, kept)


def would_refuse(study: Study, ledgers: Mapping[str, Ledger | None]) -> list[Message]:
    """Return why a run would not replace the report that is there, as far as the rows kept tell."""
    try:
        refuse_rows(study, ledgers)
    except PrivacyError as problem:
        return [Message("release.would_refuse", why=problem.message)]
    return []


def refuse_soon(study: Study, report_of: Callable[[Language], Report]) -> None:
    """Refuse, before anything is drawn, what could not replace the reports that are there; see `refuse_rows`."""
    for language in study.languages if study.close == "refuse" else ():
        if (place := study.folder / f"report_{language}").is_dir():
            from asn_impact.reporting.report import refuse_before_drawing

            refuse_before_drawing(place, report_of(language), language=language)
