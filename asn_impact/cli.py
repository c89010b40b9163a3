"""The program ``asn-impact``: new, check, run and plan. No statistics here; what is needed is imported where it is."""

from __future__ import annotations

import argparse
import errno
import shutil
import signal
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asn_impact.errors import PROGRAM, AsnImpactError, StudyError
from asn_impact.leftovers import hear_again, stoppable
from asn_impact.verbs import public_verb
from asn_impact.words import IN_FILE, Language, Message, Speech, languages, together, verbatim

if TYPE_CHECKING:
    from asn_impact.study import Study
    from asn_impact.study.programme import Programme
    from asn_impact.study.running import Spent

DONE, REFUSED, FAILED, STOPPED = 0, 1, 2, 130
STUDY_FILE = "study.toml"
_WIDTH = 100


@public_verb
def main(words: Sequence[str] | None = None) -> int:
    """Run the program on the words of a command line and return its exit code: 0, 1, 2, or 130 when it is stopped.

    An error of the study or its data is printed as one paragraph, without a traceback, in the language of the study.

    Examples
    --------
    >>> main(["check", "nowhere/study.toml"])
    2
    """
    arguments = _parser().parse_args(words)
    if words is None:
        hear_again()
    try:
        with stoppable():
            return int(arguments.command(arguments))
    except AsnImpactError as problem:
        language = _language(arguments)
        _complain(Message("cli.problem", what=verbatim(problem.text(_in_file(language)))), language)
    except OSError as problem:
        _complain(_explain(problem), _language(arguments))
    except KeyboardInterrupt:
        if words is None:  # the program ends here: a second Ctrl-C has nothing left to stop
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        _complain(Message("cli.stopped"), _language(arguments))
        return STOPPED
    return FAILED


_CLOSED: Final = (errno.EACCES, errno.EPERM, errno.EROFS)


def _explain(problem: OSError) -> Message:
    """Return what the machine refuses; a full disk is named, with the folder of temporary files beside it."""
    place = Path(str(problem.filename or problem.filename2 or tempfile.gettempdir())).absolute()
    if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
        folder = next((p for p in (place, *place.parents) if p.is_dir()), place)
        free = shutil.disk_usage(folder).free // 2**20
        return Message("cli.disk_full", disk=_mount(folder), file=place.name, free=free)
    known = {errno.ENOTDIR: "no_folder", errno.EEXIST: "no_folder", **dict.fromkeys(_CLOSED, "read_only")}
    if problem.filename and problem.errno in known:
        there = next(p for p in (place, *place.parents) if p.exists())
        return Message(f"cli.{known[problem.errno]}", place=str(place), there=str(there))
    return Message(
        "cli.problem", what=f"{problem.strerror or problem}: {place.name}" if problem.filename else str(problem)
    )


def _mount(folder: Path) -> str:
    """Return the disk a folder lies on."""
    return next((str(p) for p in (folder, *folder.parents) if p.is_mount()), folder.anchor)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=str(Message("cli.description")),
        epilog=str(Message("cli.exit_codes")),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(
        title=str(Message("cli.commands")), required=True, metavar="{new,check,run,plan,register}"
    )
    path = str(Message("cli.path_study"))
    new = _add(commands, "new", _new, Message("cli.new"), "FOLDER", str(Message("cli.path_new")))
    new.add_argument("--from", dest="data", nargs="+", metavar="DATA", help=str(Message("cli.from")))
    new.add_argument("--language", choices=tuple(languages()), help=str(Message("cli.language_new")))
    check = _add(commands, "check", _check, Message("cli.check"), "STUDY", path)
    check.add_argument("--language", choices=tuple(languages()), help=str(Message("cli.language")))
    check.add_argument("--dropped", metavar="FILE", help=str(Message("cli.dropped")))
    whole = _add(commands, "run", _run, Message("cli.run"), "STUDY", path)
    whole.add_argument("--timings", action="store_true", help=str(Message("cli.timings")))
    whole.add_argument("--blind", nargs="?", type=int, const=1, metavar="SEED", help=str(Message("cli.blind")))
    _add(commands, "plan", _plan, Message("cli.plan"), "STUDY", path)
    _add(commands, "register", _register, Message("cli.register"), "STUDY", path)
    return parser


def _add(
    commands: Any,  # noqa: ANN401 - a class argparse keeps to itself
    name: str,
    command: Callable[[argparse.Namespace], int],
    what: Message,
    metavar: str,
    path: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=str(what), description=str(what))
    parser.add_argument("path", metavar=metavar, help=path)
    parser.set_defaults(command=command)
    return parser


def _new(arguments: argparse.Namespace) -> int:
    """Write the template, or a study filled from files; never over a file that is there."""
    from asn_impact.intake.written import write_new

    folder = Path(arguments.path)
    target = folder / STUDY_FILE
    if target.exists():
        raise StudyError(Message("cli.exists", file=str(target)))
    if arguments.data is not None:
        return _propose(arguments.data, folder, arguments.language or "id")
    template = (resources.files("asn_impact") / "study_template.toml").read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    write_new(target, template.encode())
    print(Message("cli.ready", file=str(target), program=PROGRAM))
    return DONE


def _propose(data: Sequence[str], folder: Path, language: Language) -> int:
    """Write a study filled from files, and print what must be decided."""
    from asn_impact.study.proposal import propose_study

    proposal = propose_study(data, folder=folder, language=language)
    target = proposal.write()
    print(Message("proposal.written", n=len(proposal.questions)).text(language))
    for number, question in enumerate(proposal.questions, start=1):
        print(f"\n{number}. {question.text(language)}")
    print(f"\n{Message('cli.ready', file=str(target), program=PROGRAM).text(language)}")
    return DONE


def _check(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    if _is_programme(arguments.path):
        return _check_all(arguments)
    from asn_impact.study.checked import SLOW, looked_at, write_dropped

    study = _study(arguments.path)
    language = arguments.language or study.languages[0]
    checked = looked_at(study, language)
    print(checked.text)
    for problem in checked.problems:
        _complain(Message("cli.problem", what=problem.message), language)
    if arguments.dropped is not None and (checked.extract is not None or not checked.problems):
        file = Path(arguments.dropped)
        n = write_dropped(checked, file, language)
        print(f"\n{Message('cli.rows_written', n=n, file=file.name).text(language)}")
    if (seconds := time.monotonic() - began) > SLOW:
        from asn_impact.intake.formats.engine import MEMORY_VARIABLE, memory

        limit = {"gb": memory() / 1e9, "variable": MEMORY_VARIABLE}
        _complain(Message("study.took", seconds=round(seconds), **limit), language)
    if checked.problems:
        return FAILED
    return DONE if checked.refusal is None else REFUSED


def _run(arguments: argparse.Namespace) -> int:
    began = time.perf_counter(), time.process_time()
    many = _is_programme(arguments.path)
    from asn_impact.study import run
    from asn_impact.study.programme import open_study
    from asn_impact.study.whole import run_programme

    programme = open_study(_file(arguments.path)) if many else None
    study = programme.about if programme is not None else _study(arguments.path)
    if arguments.blind is not None:
        programme, study = _blind(programme, study, arguments.blind)
    language = study.languages[0]
    finished = run_programme(programme) if programme is not None else run(study)
    from asn_impact.study.measured import nouns_of

    spoken = _in_file(language) if many else Speech(language, nouns_of(study))
    for note in together(finished.notes):
        _complain(Message("study.note", note=note), spoken)
    for finding in finished.findings:
        print(_paragraph(finding))
    print(Message("cli.written", folder=str(finished.folder)).text(language))
    if arguments.timings:
        _print_timings(finished.spent, began, language)
    if finished.refusal is None:
        return DONE
    _complain(Message("cli.refused", why=finished.refusal), language)
    return REFUSED


def _blind(programme: Programme | None, study: Study, seed: int) -> tuple[Programme | None, Study]:
    """Return what is run, with the training dealt out anew."""
    from asn_impact.study.blind import blinded

    if programme is None:
        return None, blinded(study, seed)
    shuffled = programme.blinded(seed)
    return shuffled, shuffled.about


def _print_timings(spent: Sequence[Spent], began: tuple[float, float], language: Language) -> None:
    """Print where time went, step by step; what no step took is the loading of the program and of the study file."""
    whole, processor = time.perf_counter() - began[0], time.process_time() - began[1]
    loading = whole - sum(s.seconds for s in spent), processor - sum(s.processor for s in spent)
    rows = [
        (Message("cli.time.loading"), *loading),
        *((s.step, s.seconds, s.processor) for s in spent),
        (Message("cli.time.everything"), whole, processor),
    ]
    head = [Message(f"cli.time.{word}").text(language).text for word in ("seconds", "processor", "step")]
    print(f"\n{head[0]:>8} {head[1]:>8}  {head[2]}")
    for step, seconds, own in rows:
        print(f"{seconds:8.1f} {own:8.1f}  {step.text(language)}")


def _is_programme(path: str) -> bool:
    """Return whether a file says so; the process for untrusted files loads while this one does."""
    from asn_impact.intake.formats.untrusted import begin

    if _file(path).is_file():
        begin()
    from asn_impact.study.settings import is_programme

    return is_programme(_file(path))


def _check_all(arguments: argparse.Namespace) -> int:
    """Print what the claims of a programme would use and lose."""
    from asn_impact.study.programme import open_study

    if arguments.dropped is not None:
        raise StudyError(Message("programme.no_dropped"))
    looked = open_study(_file(arguments.path)).check(arguments.language)
    print(looked.text)
    if looked.problems:
        return FAILED
    return REFUSED if looked.refusals else DONE


def _register(arguments: argparse.Namespace) -> int:
    from asn_impact.study.programme import open_study
    from asn_impact.study.registered import register

    programme = open_study(_file(arguments.path))
    file = register(programme)
    print(Message("programme.locked", file=file.name).text(programme.about.languages[0]))
    return DONE


def _plan(arguments: argparse.Namespace) -> int:
    from asn_impact.study.planned import plan

    if _is_programme(arguments.path):
        raise StudyError(Message("programme.plan_of_one", file=arguments.path, program=PROGRAM))
    study = _study(arguments.path)
    language = study.languages[0]
    planned = plan(study)
    print(planned.text(_in_file(language)))
    if planned.certificate is not None:
        print(f"\n{Message('cli.certificate', file=planned.certificate.name).text(language)}")
    return DONE


def _study(path: str) -> Study:
    from asn_impact.study import read_study

    return read_study(_file(path))


def _file(path: str) -> Path:
    place = Path(path)
    return place / STUDY_FILE if place.is_dir() else place


def _language(arguments: argparse.Namespace) -> Language:
    """Return the language asked for, else that of the study, else English."""
    from asn_impact.study.settings import language_of

    language: Language | None = getattr(arguments, "language", None)
    return language or language_of(_file(arguments.path))


def _in_file(language: Language) -> Language:
    """Return a language in which the line of study.toml is named: who runs a command writes no Python."""
    return Speech(language, [IN_FILE])


def _complain(what: Message, language: Language) -> None:
    print(_paragraph(what.text(_in_file(language))), file=sys.stderr)


def _paragraph(text: object) -> str:
    """Return one paragraph, whatever line breaks the text came with."""
    return textwrap.fill(" ".join(str(text).split()), _WIDTH, break_long_words=False, break_on_hyphens=False)
