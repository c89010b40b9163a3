"""The effect of each group of the trained beside each other."""

from __future__ import annotations

import pandas as pd

from asn_impact.arguments import Level
from asn_impact.estimation.grouped import Groups, noun_of
from asn_impact.reporting.tables.cells import Kind
from asn_impact.reporting.tables.small import counts_records
from asn_impact.reporting.tables.table import Table
from asn_impact.reporting.words import level_quantity
from asn_impact.verbs import public_verb
from asn_impact.words import Message


@public_verb
def by_group(groups: Groups, *, level: Level = 0.95) -> Table:
    """Return the table of groups: trained offices, records after training, effect with an interval, p-value.

    Intervals hold for all groups together at `level`; p-values are corrected for their number (Holm). In display units.

    Examples
    --------
    >>> import asn_impact as ai
    >>> found = ai.compare_groups(ai.GLSImputation()(ai.example_design()), "wave", ai.BiasReduced())
    >>> ai.tables.by_group(found).frame[["group", "estimate"]].round(1).values.tolist()
    [['2024-06', -1.9], ['2024-08', -2.2]]
    """
    effects = groups.inference.effects
    words, rows = effects.outcome.words, groups.table(level)
    numbers = {name: words.shown(rows[name].to_numpy()) for name in ("estimate", "conf_low", "conf_high")}
    frame = pd.DataFrame({"group": rows["group"], "offices": rows["clusters"], "records": groups.records, **numbers})
    frame["p_value"] = rows["p_value"].to_numpy()
    counted = counts_records(effects.design.panel)
    kinds: dict[str, Kind] = {"offices": "whole", **dict.fromkeys(numbers, "two"), "p_value": "p_value"}
    return Table(
        frame if counted else frame.drop(columns="records"),
        title=Message("grouped.table.title", noun=noun_of(groups.by), measure=words.short),
        note=Message("grouped.table.note", level=level_quantity(level), unit=words.unit),
        kinds={**kinds, "records": "records"} if counted else kinds,
        headings={"group": Message("grouped.table.group"), "offices": Message("grouped.table.offices")},
        rests_on=dict.fromkeys((*numbers, "p_value"), "records") if counted else {},
    )
