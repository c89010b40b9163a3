"""How many identifiers of persons pass the scan, and how many ordinary numbers are taken for one.

Impossible identifiers of 10 kinds, each in every spelling; case numbers, amounts, coordinates and codes. Prints both
rates, and what was missed, for a seed nobody has seen::

    python benchmarks/identifiers.py [seed]
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from asn_impact.identifiers import identifiers_in
from tests.intake.spellings import identifiers, ordinary
from tests.intake.spellings_again import identifiers_again, ordinary_again

EACH, ORDINARY = 15, 100_000


def main(seed: int) -> None:
    """Print the two rates of both lists: they were thought of by different people."""
    for given, numbers in ((identifiers, ordinary), (identifiers_again, ordinary_again)):
        texts = list(given(seed, EACH))
        missed = Counter((kind, name) for kind, name, text in texts if not identifiers_in(text))
        kinds, ways = (len({text[i] for text in texts}) for i in (0, 1))
        print(f"passed the scan: {missed.total():,} of {len(texts):,} identifiers, {kinds} kinds in {ways} spellings")
        for (kind, name), n in missed.most_common(10):
            print(f"    {kind}, {name}: {n} of {EACH}")
        false = [text for text in numbers(seed, ORDINARY) if identifiers_in(text)]
        rate = 10_000 * len(false) / ORDINARY
        print(f"false alarms: {len(false)} of {ORDINARY:,} ordinary numbers, {rate:.2f} of 10,000")
        for text in false[:10]:
            print(f"    {text!r}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2026)
