"""The table of checks: the question, the verdict, the answer."""

from __future__ import annotations

import pandas as pd

from asn_impact.reporting.tables.table import Table
from asn_impact.scrutiny.scrutinise import Scrutiny
from asn_impact.verbs import public_verb
from asn_impact.words import Message


@public_verb
def checks(scrutiny: Scrutiny) -> Table:
    """Return the table of checks: the question, the answer, and whether it speaks for or against the finding.

    Examples
    --------
    >>> import asn_impact as ai
    >>> design = ai.example_design()
    >>> effects = ai.GroupTime()(design).overall()
    >>> ai.tables.checks(ai.scrutinise(effects, rule=ai.BiasReduced(), seed=1, reps=19))
    Table(Checks of this finding: 13 rows)
    """
    rows = [(check.question, check.verdict_words, check.answer) for check in scrutiny.checks]
    frame = pd.DataFrame(rows, columns=["question", "verdict", "answer"], dtype=object)
    return Table(frame=frame, title=Message("tables.checks.title"))
