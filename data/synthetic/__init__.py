"""A regency with known truth: applications, courses and satisfaction answers that never happened.

The names of the offices are those of a real regency; every number is drawn by a generator. Each application
is drawn once and followed twice, with the training of its office and without it, so that the true effect is
known exactly.

``python data/synthetic data/demo --seed 2026`` writes the demonstration data.
"""

from __future__ import annotations

from synthetic.catalogue import COURSE, ELEMENTS
from synthetic.command import main
from synthetic.records import Records, simulate
from synthetic.regency import Regency, World
from synthetic.write import write

__all__ = ["COURSE", "ELEMENTS", "Records", "Regency", "World", "main", "simulate", "write"]
