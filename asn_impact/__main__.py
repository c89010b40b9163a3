"""``python -m asn_impact`` is the same program as ``asn-impact``."""

import sys


def _start() -> int:
    """Run the program; one that is stopped while it is still loading says so in a line too."""
    try:
        from asn_impact.cli import main

        code = main()
    except KeyboardInterrupt:
        print("asn-impact: stopped.", file=sys.stderr)
        code = 130
    eval("0")  # Python dies of a Ctrl-C that once passed through a text it evaluated, unless another text came after
    return code


if __name__ == "__main__":
    sys.exit(_start())
