"""Write the tables of methods in docs/methods.md from their entries, between two marks; nothing else is touched.

python docs/write_methods.py
"""

from __future__ import annotations

from pathlib import Path

from asn_impact.estimation import ESTIMATORS, RULES, GroupTime
from asn_impact.estimation.methods import Procedure
from asn_impact.scrutiny.scrutinise import CHECKS

PAGE = Path(__file__).with_name("methods.md")
BEGIN, END = "<!-- written by docs/write_methods.py: begin -->", "<!-- end -->"
DRAWS = {"reps": 199, "seed": 1}
#: What a class needs besides its defaults.
NEEDED = {
    "along": {"estimator": GroupTime()},
    "stacked": {"before": 6, "after": 6},
    "triple_difference": {"third": "service"},
    **dict.fromkeys(
        ("cluster_bootstrap", "multiplier", "permutation", "placebo", "simultaneous", "wild_bootstrap"), DRAWS
    ),
}


def rows(kinds: dict[str, type[Procedure]]) -> list[str]:
    """Return one row a method: name in study.toml, short names, what it does, source."""
    made = {name: kind(**NEEDED.get(name, {})).entry for name, kind in kinds.items()}
    return [
        f"| `{name}` | {one.short} ({one.short.text('id')}) | {one.sentence} | {'; '.join(map(str, one.sources))} |"
        for name, one in made.items()
    ]


def table() -> str:
    """Return the tables of estimators, rules and checks."""
    head = "| study.toml | name | what it does | source |\n|---|---|---|---|"
    checks = [f"| `{c.name}` | {c.question} ({c.question.text('id')}) | {c.source} |" for c in CHECKS]
    return "\n".join(
        [
            "## All methods at a glance",
            "",
            head,
            *rows(dict(ESTIMATORS)),
            "",
            head,
            *rows(dict(RULES)),
            "",
            "| check | question | source |\n|---|---|---|",
            *checks,
        ]
    )


def page() -> str:
    """Return docs/methods.md with its tables written again."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
