"""`python -m asn_impact.synthetic data/demo --seed 2026` writes the demonstration data."""

from asn_impact.synthetic.command import main

if __name__ == "__main__":
    raise SystemExit(main())
