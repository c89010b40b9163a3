"""What goes wrong around a run: stopped twice, no room, two at once, places that cannot be written or go away."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest

import asn_impact as ai
from asn_impact.cli import DONE, FAILED, STOPPED, main
from asn_impact.errors import AsnImpactError
from asn_impact.intake.written import write_new
from asn_impact.leftovers import marked, stoppable, undisturbed
from asn_impact.reporting import folders
from asn_impact.study.registered import register
from asn_impact.study.running import put

from .faults import PAGES_ALONE, put_result, whole, write_study
from .programme_files import without_notebooks

pytestmark = [
    pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning"),
    pytest.mark.usefixtures("undrawn"),
]
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


def ctrl_c() -> None:
    """Press Ctrl-C here; Python hears it before the next line."""
    signal.raise_signal(signal.SIGINT)


def left_in(folder: Path) -> list[str]:
    """Return what no user knows: the folders and files of a run on its way."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


# ------------------------------------------------------------------------------------------------ stopped, and again


def test_a_second_ctrl_c_does_not_disturb_what_cleans_up(tmp_path, monkeypatch):
    removed = shutil.rmtree

    def slowly(place, **others):
        ctrl_c()
        removed(place, **others)

    monkeypatch.setattr(folders.shutil, "rmtree", slowly)

    def run():
        with folders.make_beside(tmp_path / "result") as fresh:
            (fresh / "half.txt").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_between_the_two_renames_loses_neither_result(tmp_path, monkeypatch):
    target = tmp_path / "result"
    target.mkdir()
    (target / "a.txt").write_text("old")
    renamed = Path.rename

    def rename(self, other):
        made = renamed(self, other)
        if self == target:
            ctrl_c()
        return made

    monkeypatch.setattr(Path, "rename", rename)

    def run():
        with folders.make_beside(target) as fresh:
            (fresh / "a.txt").write_text("new")
            folders.put_in_place(target, fresh)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert (target / "a.txt").read_text() == "new"
    assert left_in(tmp_path) == []


def test_nothing_is_heard_late_by_who_hears_nothing():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with undisturbed():
            ctrl_c()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_engine_that_is_stopped_says_ctrl_c(capsys, monkeypatch):
    def stops(_):
        raise RuntimeError("Query interrupted")

    with pytest.raises(KeyboardInterrupt), stoppable():
        stops(None)
    monkeypatch.setattr("asn_impact.cli._is_programme", stops)
    assert main(["plan", "study.toml"]) == STOPPED
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@posix
@pytest.mark.parametrize("kind", ["study", "programme"])
def test_two_ctrl_c_in_a_run_are_one_line_and_130_and_leave_nothing(tmp_path, kind):
    file = write_study(tmp_path, kind)
    text, named = file.read_text(encoding="utf-8"), 'notebooks = ["long.ipynb"]\n'
    text = text.replace("[report]\n", f"[report]\n{named}") if "[report]" in text else f"{text}\n[report]\n{named}"
    file.write_text(text, encoding="utf-8")
    slow = "import pathlib, time; pathlib.Path('started').touch(); time.sleep(300)"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(slow)]), tmp_path / "long.ipynb")
    command = [sys.executable, "-m", "asn_impact", "run", file]
    program = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until = time.monotonic() + 120
    while not (tmp_path / "started").exists() and time.monotonic() < until:
        time.sleep(0.1)
    os.killpg(program.pid, signal.SIGINT)
    time.sleep(0.2)
    os.killpg(program.pid, signal.SIGINT)
    said = program.communicate(timeout=60)[1]
    assert program.returncode == STOPPED
    assert len(said.strip().splitlines()) == 1, said
    assert not (tmp_path / "result").exists()
    assert left_in(tmp_path) == []


@posix
def test_a_ctrl_c_that_passed_through_a_text_that_python_ran_is_130_too(tmp_path):
    stops = """\
from asn_impact import cli
def stopped():
    try:
        exec("raise KeyboardInterrupt")
    except KeyboardInterrupt:
        return cli.STOPPED
cli.main = stopped
"""
    (tmp_path / "sitecustomize.py").write_text(stops, encoding="utf-8")
    path = os.pathsep.join((str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])))
    command = [sys.executable, "-m", "asn_impact"]
    assert subprocess.run(command, env={**os.environ, "PYTHONPATH": path}).returncode == STOPPED


# ------------------------------------------------------------------------------------------------------------ no room

_FULL = """
import contextlib, io, sys
from pathlib import Path
disk = Path(sys.argv[1])
sys.path.insert(0, sys.argv[2])
from asn_impact.cli import main
from study.faults import put_result, whole, write_study
for kind, free in (("study", 0), ("study", 300), ("programme", 0), ("programme", 400)):
    folder = disk / f"{kind} {free}"
    file = write_study(folder, kind, claims=1)
    put_result(folder)
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as full:
        while full.write(b"x" * 4096):
            pass
    with filler.open("r+b") as full:
        full.truncate(max(filler.stat().st_size - 1024 * free, 0))
    before, heard = whole(folder), io.StringIO()
    with contextlib.redirect_stderr(heard), contextlib.redirect_stdout(io.StringIO()):
        ended = main(["run", str(file)])
    said = " ".join(heard.getvalue().split())
    assert said.startswith(f"asn-impact: the disk '{disk}' is full ("), said
    filler.unlink()
    assert whole(folder) == before, folder
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    print(ended, said)
"""


def _namespace() -> list[str]:
    """Return the words that give a disk of our own, where this system has any."""
    words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    try:
        trial = subprocess.run([*words, "mount -t tmpfs none /mnt"], capture_output=True, check=False, timeout=20)
    except OSError:
        return []
    return words if trial.returncode == 0 else []


@posix
def test_a_full_disk_is_named_at_every_stage_and_the_old_result_stays(tmp_path):
    """While a picture, its copy, a notebook or a page is written."""
    if not (words := _namespace()):
        pytest.skip("needs a disk of its own: user namespaces")
    script, disk = tmp_path / "full.py", tmp_path / "disk"
    script.write_text(_FULL, encoding="utf-8")
    disk.mkdir()
    run = 'mount -t tmpfs -o size=6m none "$0" && exec "$@"'
    command = [*words, run, disk, sys.executable, "-W", "ignore", script, disk, Path(__file__).parent.parent]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert [line[0] for line in done.stdout.splitlines()] == [str(FAILED)] * 4, done.stdout


# ------------------------------------------------------------------------------------- two at once, places that go away


_RACE = """
import sys, time
from pathlib import Path
from asn_impact.cli import main
from asn_impact.reporting import folders
mine, other, wait = map(Path, sys.argv[2:])
replace = folders.put_in_place
def together(folder, fresh):
    mine.touch()  # everything is written; meet the other run here
    while not other.exists():
        time.sleep(0.05)
    while wait.name != "none" and not (wait / "run.json").exists():
        time.sleep(0.05)
    replace(folder, fresh)
folders.put_in_place = together
sys.exit(main(["run", sys.argv[1]]))
"""


@pytest.mark.parametrize(
    ("kind", "awaits", "stays"), [("study", "result", {"second"}), ("programme", "none", {"first", "second"})]
)
def test_of_two_runs_at_the_same_time_the_later_one_stays_whole(tmp_path, kind, awaits, stays):
    """Both have written everything beside the folder before either puts it there; then one after the other, or both."""
    text = write_study(tmp_path, kind, claims=1).read_text(encoding="utf-8").replace('["en", "id"]', '"en"')
    pages = "" if "[report]" in text else '[report]\nformats = ["html"]\n'
    dead = tmp_path / f"{marked('.result.').replace(str(os.getpid()), '999999999')}x"
    (dead / "new").mkdir(parents=True)

    def begin(name, *meeting):
        file = tmp_path / f"{name}.toml"
        file.write_text(text.replace("Made-up waits", name) + pages, encoding="utf-8")
        command = [sys.executable, "-W", "ignore", "-c", PAGES_ALONE + _RACE]
        return subprocess.Popen([*command, file, *(tmp_path / place for place in meeting)], stderr=subprocess.PIPE)

    both = begin("first", "a", "b", "none"), begin("second", "b", "a", awaits)
    assert [(run.communicate(timeout=300)[1][-300:], run.returncode)[1] for run in both] == [DONE, DONE]
    done = tmp_path / "result"
    record = json.loads((done / "run.json").read_text(encoding="utf-8"))
    (last,) = set(record["title"].values())
    assert last in stays
    files = whole(done)
    assert record["files"] == {name: digest for name, digest in files.items() if name != "run.json"}
    assert f"<h1>{last}" in (done / "report_en" / "report.html").read_text(encoding="utf-8")
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(("kind", "gone"), [("study", "all"), ("programme", "part")])
def test_a_work_folder_that_is_removed_meanwhile_is_an_error_and_the_old_result_stays(tmp_path, kind, gone, capsys):
    from asn_impact.reporting import report

    file, old = write_study(tmp_path, kind), put_result(tmp_path)
    before = whole(old)
    swap = report._swap

    def cleaned_up(target, files):
        swap(target, files)
        work = next(path for path in tmp_path.iterdir() if path.name.startswith(".result."))
        shutil.rmtree(target if gone == "part" else work)

    with without_notebooks(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "_swap", cleaned_up)
        assert main(["run", str(file)]) == FAILED
    said = " ".join(capsys.readouterr().err.split())
    assert "result" in said
    assert ".result" not in said  # a name that no user knows
    assert whole(old) == before
    assert left_in(tmp_path) == []


# ------------------------------------------------------------------------------------------- whole files, and threads


def test_a_lock_that_is_half_written_is_not_there(tmp_path, monkeypatch):
    programme = ai.open_study(write_study(tmp_path, "programme"))

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("asn_impact.intake.written.os.fsync", full)
    with pytest.raises(OSError, match="No space") as raised:
        register(programme)
    monkeypatch.undo()
    assert Path(raised.value.filename).name == "registered.json"
    assert not (tmp_path / "registered.json").exists()
    assert left_in(tmp_path) == []
    assert register(programme).is_file()


def test_of_two_that_lock_at_once_one_is_told(tmp_path):
    opened = [ai.open_study(write_study(tmp_path, "programme")) for _ in range(2)]

    def lock(programme):
        try:
            return register(programme).name
        except AsnImpactError as problem:
            return problem.message.key

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lock, opened)) == ["programme.registered_already", "registered.json"]


def test_a_new_file_is_never_put_over_another_also_where_a_disk_has_no_links(tmp_path, monkeypatch):
    def none(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("asn_impact.intake.written.os.link", none)
    write_new(tmp_path / "a.json", b"first")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a.json", b"second")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.json", b"first")]


def test_claims_asked_for_in_several_threads_are_those_of_one(tmp_path):
    file = write_study(tmp_path, "programme")
    alone = {id: repr(ai.open_study(file)[id].inference) for id in ("a", "b")}
    shared = ai.open_study(file)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda id: (id, repr(shared[id].inference)), ["a", "b"] * 2))
    assert found == [*alone.items()] * 2


@posix
def test_a_ctrl_c_that_falls_into_the_clean_up_of_an_object_is_heard():
    """Python says that it ignores what a finalizer raises: the program would go on, and print a traceback."""
    asks = """
import sys, time
from asn_impact.leftovers import hear_again
hear_again()
class Held:
    def __del__(self):
        raise KeyboardInterrupt
held = Held()
try:
    del held
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (130, "")


def test_plan_on_a_programme_says_what_to_type_where_the_user_is(tmp_path, capsys):
    assert main(["plan", str(write_study(tmp_path, "programme"))]) == FAILED
    said = " ".join(capsys.readouterr().err.split())
    assert "asn-impact plan" in said
    assert "open_study" not in said


@pytest.mark.skipif(os.name == "nt", reason="there a folder in use is barred too")
def test_a_folder_of_results_that_may_not_be_replaced_is_no_folder_in_use(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(folders, "put_in_place", refuse)
    with pytest.raises(AsnImpactError, match="Name a folder you may write to") as refused:
        put(tmp_path / "result", tmp_path, [])
    assert "Close" not in str(refused.value)
