"""How far a finding can be trusted, by a published rule: A to D, or X. In the spirit of the Maryland scale.

A   the order of training was drawn by lot, the lot was kept, and there are enough clusters
B   a comparison with trends that are flat before training in a test that would have noticed, a breakdown value of 1 or
    more, enough clusters, and no other check that fails
C   a comparison, but one of these is missing
D   before and after only
X   not estimable
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from asn_impact.display import card
from asn_impact.scrutiny.said import Check, Said, say

__all__ = ["ENOUGH_BREAKDOWN", "ENOUGH_CLUSTERS", "ENOUGH_TREATED", "Assignment", "Grade", "Letter", "grade"]

Letter: TypeAlias = Literal["A", "B", "C", "D", "X"]
Assignment: TypeAlias = Literal["lottery", "comparison", "before_after"]

ENOUGH_BREAKDOWN = 1.0
ENOUGH_CLUSTERS = 8  # the rules of inference were tried with 8 clusters and more: docs/coverage.md
ENOUGH_TREATED = 4  # with fewer, hardly any effect can be told from noise: docs/coverage.md

_MEANING: dict[Letter, Said] = {
    "A": say("undian yang dijalankan sebagaimana ditarik", "a lottery, carried out as drawn"),
    "B": say("perbandingan yang lolos semua syarat", "a comparison that meets every condition"),
    "C": say("perbandingan, tetapi satu syarat atau lebih tidak terpenuhi", "a comparison that misses a condition"),
    "D": say("hanya sebelum dan sesudah", "before and after only"),
    "X": say("tidak dapat diduga", "not estimable"),
}


@dataclass(frozen=True, eq=False)
class Grade:
    """A letter, why it was given, and what kept the finding from the next one.

    Attributes
    ----------
    letter
        ``"A"`` to ``"D"``, or ``"X"``.
    reasons
        What the finding has.
    missing
        What kept it from the next grade; empty for A.
    """

    letter: Letter
    reasons: tuple[Said, ...]
    missing: tuple[Said, ...]

    @property
    def meaning(self) -> Said:
        """What the letter stands for."""
        return _MEANING[self.letter]

    def __repr__(self) -> str:
        why = "; ".join(said.en for said in self.missing)
        return f"Grade({self.letter}: {self.meaning.en}{'. Missing: ' + why if why else ''})"

    def _repr_html_(self) -> str:
        facts = [("reason", f"{said.en} / {said.id}") for said in self.reasons]
        lacks = [("missing", f"{said.en} / {said.id}") for said in self.missing]
        return card(f"Grade {self.letter}: {self.meaning.en} / {self.meaning.id}", [*facts, *lacks])


def grade(
    checks: Sequence[Check],
    *,
    estimable: bool,
    assignment: Assignment,
    clusters: int,
    treated_clusters: int,
    breakdown: float,
) -> Grade:
    """Return the grade of a finding.

    Parameters
    ----------
    checks
        What was checked; ``pretrends`` and, for a lottery, ``lottery`` are looked at by name, the others for failures.
    estimable
        Whether there is an estimate with a standard error.
    assignment
        How training was given: ``"lottery"``, ``"comparison"`` with offices not (yet) trained, ``"before_after"``.
    clusters, treated_clusters
        Numbers of clusters and of those with trained units.
    breakdown
        Largest departure from parallel trends survived, relative to those before training; NaN for none.

    Examples
    --------
    >>> grade([], estimable=True, assignment="before_after", clusters=20, treated_clusters=20, breakdown=float("nan"))
    Grade(D: before and after only. Missing: There is no comparison with offices not (yet) trained.)
    """
    if not estimable:
        return Grade("X", (), (_NOT_ESTIMABLE,))
    if assignment == "before_after":
        return Grade("D", (_ESTIMATED,), (_NO_COMPARISON,))
    has, lacks = _conditions(checks, clusters, treated_clusters, breakdown)
    if assignment == "lottery":
        kept, broken = _lottery(checks, clusters, treated_clusters)
        if not broken:
            return Grade("A", kept, ())
        return Grade("C" if lacks else "B", has, lacks or broken)
    if lacks:
        return Grade("C", has, lacks)
    return Grade("B", has, (_NO_LOTTERY,))


_NOT_ESTIMABLE = say("Tidak ada dugaan dengan galat baku.", "There is no estimate with a standard error.")
_ESTIMATED = say("Perubahan dapat diduga.", "A change can be estimated.")
_NO_COMPARISON = say(
    "Tidak ada pembanding yang tidak (atau belum) dilatih.",
    "There is no comparison with offices not (yet) trained.",
)
_NO_LOTTERY = say("Urutan pelatihan tidak diundi.", "The order of training was not drawn by lot.")


def _conditions(
    checks: Sequence[Check], clusters: int, treated: int, breakdown: float
) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
    found = [_trends(checks), _survives(breakdown), _enough(clusters, treated), _others(checks)]
    return tuple(s for ok, s in found if ok), tuple(s for ok, s in found if not ok)


def _trends(checks: Sequence[Check]) -> tuple[bool, Said]:
    verdict = next((check.verdict for check in checks if check.name == "pretrends"), "cannot_say")
    if verdict == "holds":
        return True, say(
            "Tren sebelum pelatihan datar, dalam uji yang cukup peka.",
            "Trends before training are flat, in a test that would have noticed.",
        )
    why = {
        "doubtful": say(
            "Uji tren sebelum pelatihan terlalu lemah.",
            "The test of trends before training is too weak to say that they are flat.",
        ),
        "fails": say("Tren sebelum pelatihan tidak sejajar.", "Trends before training are not parallel."),
    }
    unknown = say("Tren sebelum pelatihan tidak dapat diuji.", "Trends before training could not be tested.")
    return False, why.get(verdict, unknown)


def _survives(breakdown: float) -> tuple[bool, Said]:
    if np.isnan(breakdown):
        return False, say(
            "Tidak ada kesimpulan yang bertahan: interval memuat nol atau tidak dapat dihitung.",
            "There is no conclusion to survive a departure: the interval holds zero, or cannot be had.",
        )
    said = say(
        "Kesimpulan bertahan sampai {x} kali penyimpangan terbesar sebelum pelatihan (syarat {y}).",
        "The conclusion survives up to {x} times the largest departure before training (required: {y}).",
        x=float(breakdown),
        y=ENOUGH_BREAKDOWN,
    )
    return breakdown >= ENOUGH_BREAKDOWN, said


def _enough(clusters: int, treated: int) -> tuple[bool, Said]:
    said = say(
        "{a} kelompok, {b} di antaranya dilatih (syarat {c} dan {d}).",
        "{a} clusters, {b} of them trained (required: {c} and {d}).",
        a=clusters,
        b=treated,
        c=ENOUGH_CLUSTERS,
        d=ENOUGH_TREATED,
    )
    return clusters >= ENOUGH_CLUSTERS and treated >= ENOUGH_TREATED, said


def _others(checks: Sequence[Check]) -> tuple[bool, Said]:
    failed = [check.name for check in checks if check.verdict == "fails" and check.name != "pretrends"]
    if failed:
        names = ", ".join(failed)
        return False, say("Pemeriksaan lain tidak bertahan: {n}.", "Other checks fail: {n}.", n=names)
    return True, say("Tidak ada pemeriksaan lain yang gagal.", "No other check fails.")


def _lottery(checks: Sequence[Check], clusters: int, treated: int) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
    kept = any(check.name == "lottery" and check.verdict == "holds" for check in checks)
    intact = say("Undian dijalankan sebagaimana ditarik.", "The lottery was carried out as drawn.")
    broken = say(
        "Belum ditunjukkan bahwa undian dijalankan sebagaimana ditarik.",
        "It has not been shown that the lottery was carried out as drawn.",
    )
    found = [(kept, intact if kept else broken), _enough(clusters, treated)]
    return tuple(s for ok, s in found if ok), tuple(s for ok, s in found if not ok)
