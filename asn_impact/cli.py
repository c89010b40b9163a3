"""The program ``asn-impact``: new, check, run and plan. No statistics here; what is needed is imported where it is."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from asn_impact.errors import AsnImpactError, StudyError

if TYPE_CHECKING:
    from asn_impact.study import Study

__all__ = ["main"]

DONE, REFUSED, FAILED = 0, 1, 2
STUDY_FILE = "study.toml"
_WIDTH = 100
_DESCRIPTION = "Did training civil servants shorten the wait for a permit? Evidence from the files an office has."
_EXIT_CODES = """\
exit codes: 0 done; 1 done, but no effect can be claimed from these data and the reason was printed;
2 the study, its data or the command line is wrong, and nothing was written"""


def main(words: Sequence[str] | None = None) -> int:
    """Run the program on the words of a command line and return its exit code: 0, 1 or 2.

    An error of the study or its data is printed as one paragraph, without a traceback.

    Examples
    --------
    >>> main(["check", "nowhere/study.toml"])
    2
    """
    arguments = _parser().parse_args(words)
    try:
        return int(arguments.command(arguments))
    except (AsnImpactError, OSError) as problem:
        print(_paragraph(f"asn-impact: {problem}"), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("asn-impact: stopped; nothing was written.", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asn-impact",
        description=_DESCRIPTION,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="{new,check,run,plan}")
    for name, path, command, words in (
        ("new", "FOLDER", _new, "make a folder with a commented study.toml to fill in"),
        ("check", "STUDY", _check, "read the data and print what would be used and lost, without estimating"),
        ("run", "STUDY", _run, "do the whole job: estimate, draw, write the report"),
        ("plan", "STUDY", _plan, "say what the scenarios in [plan] could detect, and draw the lottery they ask for"),
    ):
        sub = commands.add_parser(name, help=words, description=f"{words[:1].upper()}{words[1:]}.")
        sub.add_argument("path", metavar=path, help="a folder" if name == "new" else "a study.toml, or its folder")
        sub.set_defaults(command=command)
        if name == "check":
            sub.add_argument("--language", choices=("id", "en"), help="of what is printed; the study's first otherwise")
            sub.add_argument(
                "--dropped", metavar="FILE", help="write the rows left out to this CSV file, to be corrected"
            )
    return parser


def _new(arguments: argparse.Namespace) -> int:
    """Write the template; never over a file that is there."""
    folder = Path(arguments.path)
    target = folder / STUDY_FILE
    if target.exists():
        raise StudyError(f"{target} exists already. Edit it, or name another folder: nothing was overwritten.")
    template = (resources.files("asn_impact") / "study_template.toml").read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    with target.open("x", encoding="utf-8") as file:
        file.write(template)
    print(f"{target} is ready. Fill it in, then: asn-impact check {target}")
    return DONE


_DROPPED = {"id": "{n} baris yang dikeluarkan ditulis ke {file}", "en": "{n} rows left out written to {file}"}


def _check(arguments: argparse.Namespace) -> int:
    from asn_impact.study.checked import check, write_dropped

    study = _study(arguments.path)
    language = arguments.language or study.languages[0]
    found = check(study, language)
    print(found.text)
    if arguments.dropped is not None:
        n = write_dropped(found, Path(arguments.dropped), language)
        print(f"\n{_DROPPED[language].format(n=n, file=Path(arguments.dropped).name)}")
    return REFUSED if found.refusal else DONE


def _run(arguments: argparse.Namespace) -> int:
    from asn_impact.study import run

    finished = run(_study(arguments.path))
    for note in finished.notes:
        print(_paragraph(f"Note: {note}"), file=sys.stderr)
    for finding in finished.findings:
        print(_paragraph(finding))
    print(f"Written to {finished.folder}")
    if finished.refusal:
        print(_paragraph(f"No effect is claimed: {finished.refusal}"), file=sys.stderr)
        return REFUSED
    return DONE


def _plan(arguments: argparse.Namespace) -> int:
    from asn_impact.study.planned import plan

    study = _study(arguments.path)
    found = plan(study)
    print(found.text(study.languages[0]))
    if found.certificate is not None:
        print(f"\n{_CERTIFICATE[study.languages[0]].format(file=found.certificate.name)}")
    return DONE


_CERTIFICATE = {"id": "Berita acara undian: {file}", "en": "Certificate of the lottery: {file}"}


def _study(path: str) -> Study:
    from asn_impact.study import read_study

    given = Path(path)
    return read_study(given / STUDY_FILE if given.is_dir() else given)


def _paragraph(text: object) -> str:
    """One paragraph, whatever line breaks the text came with."""
    return textwrap.fill(" ".join(str(text).split()), _WIDTH, break_long_words=False, break_on_hyphens=False)
