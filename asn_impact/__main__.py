"""``python -m asn_impact`` is the same program as ``asn-impact``."""

import sys


def _start() -> int:
    """Run the program; one that is stopped while it is still loading says so in a line too."""
    try:
        from asn_impact.cli import main

        return main()
    except KeyboardInterrupt:
        print("asn-impact: stopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(_start())
