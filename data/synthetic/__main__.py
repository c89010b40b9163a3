"""`python data/synthetic data/demo --seed 2026` writes the demonstration data."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from synthetic.command import main

if __name__ == "__main__":
    raise SystemExit(main())
