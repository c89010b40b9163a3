"""An inference as other packages print it: maketables puts it beside models of pyfixest, statsmodels and linearmodels.

The names are those of its plug-in specification, tried with maketables 0.2.0; nothing of it is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from asn_impact.estimation.inference import Inference

_COLUMNS: Final = {
    "estimate": "b",
    "std_error": "se",
    "statistic": "t",
    "p_value": "p",
    "conf_low": "ci95l",
    "conf_high": "ci95u",
}


class ForMaketables:
    """What ``maketables.ETable([answer, model_of_another_package])`` asks of a result."""

    @property
    def __maketables_coef_table__(self: Any) -> pd.DataFrame:
        """One row a term, in the unit of the outcome: b, se, t, p, ci95l, ci95u."""
        table = self.table(0.95)
        terms = self.effects.terms.to_dict("records")  # overall; event_time 3; cohort 2024-06, period 2024-07
        names = [", ".join(str(v) if name == "term" else f"{name} {v}" for name, v in term.items()) for term in terms]
        coefficients: pd.DataFrame = table[list(_COLUMNS)].rename(columns=_COLUMNS)
        return coefficients.set_index(pd.Index(names, name="Coefficient"))

    def __maketables_stat__(self: Any, key: str) -> float | str | int | None:
        """Return the observed cells for ``N``, the rule for ``se_type``; None for what does not apply, such as R2."""
        inference: Inference = self
        design = inference.effects.design
        known: dict[str, float | str | int] = {
            "N": int(design.panel.observed.sum()),
            "se_type": f"{inference.rule.entry.short}, by {design.clustered_by}",
            **inference.clusters,
        }
        return known.get(key)

    @property
    def __maketables_depvar__(self: Any) -> str:
        """The name of the outcome."""
        return str(self.effects.outcome.words.short)
