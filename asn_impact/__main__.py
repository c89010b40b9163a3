"""``python -m asn_impact`` is the same program as ``asn-impact``."""

import sys

from asn_impact.cli import main

if __name__ == "__main__":
    sys.exit(main())
