"""A regency with a dozen files and three courses, one of which changed something: many claims with known truth.

``benchmarks/programmes.py`` writes such regencies, evaluates each in one study and holds every claim against the truth.
"""

from __future__ import annotations

from synthetic.programme.layouts import write_town
from synthetic.programme.records import Handed, hand_over
from synthetic.programme.study import study_text
from synthetic.programme.town import Layout, Town

__all__ = ["Handed", "Layout", "Town", "hand_over", "study_text", "write_town"]
