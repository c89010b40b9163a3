"""Notebooks run again, to the byte the same when nothing has changed."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from html.parser import HTMLParser
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from asn_impact.errors import StudyError
from asn_impact.intake.privacy import masked
from asn_impact.leftovers import undisturbed
from asn_impact.words import Message

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

SECONDS: Final = 600  # longest time for one cell
TOGETHER: Final = 2  # notebooks at a time: most of their time is the start of a kernel and its imports
WIDGET: Final = "application/vnd.jupyter.widget-view+json"  # a random number, and nothing without its kernel
#: Between two notebooks in one kernel: no name of the first is left, and what it warned of is warned of again.
FRESH: Final = "import warnings\nwith warnings.catch_warnings():\n    get_ipython().reset()"

Results: TypeAlias = dict[str, Future[bytes]]


class Begin(Protocol):
    """What `run_notebooks` gives."""

    def __call__(self, paths: Sequence[Path], *, trusted: bool = False) -> Results:
        """Let notebooks run one after the other, each in a new kernel; those that we wrote ourselves share one."""


@contextmanager
def run_notebooks() -> Iterator[Begin]:
    """Run notebooks in processes of their own, two at a time, beside this one; on leaving none runs any more."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    turns = asyncio.Semaphore(TOGETHER)
    begun: list[Future[bytes]] = []

    async def take_turns(waiting: deque[tuple[Path, Future[bytes]]], *, trusted: bool) -> None:
        async with turns:
            try:
                while waiting:
                    await _run_in_one_kernel(waiting, trusted=trusted)
            except Exception as problem:
                while waiting:
                    waiting.popleft()[1].set_exception(problem)

    def begin(paths: Sequence[Path], *, trusted: bool = False) -> Results:
        if paths:
            import IPython  # noqa: F401 - matplotlib asks whether it is there, and must not find it half imported
        waiting = deque((path, Future[bytes]()) for path in paths)
        results = {path.name: future for path, future in waiting}
        begun.extend(results.values())
        for _ in paths[:TOGETHER]:
            asyncio.run_coroutine_threadsafe(take_turns(waiting, trusted=trusted), loop)
        return results

    try:
        yield begin
    finally:
        with undisturbed():
            asyncio.run_coroutine_threadsafe(_end(begun), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _run_in_one_kernel(waiting: deque[tuple[Path, Future[bytes]]], *, trusted: bool) -> None:
    """Run the first notebook that waits; then the others too, as long as they are trusted and none fails."""
    async with _kernel(waiting[0][0].parent) as client:
        before = ""
        while waiting:
            path, result = waiting.popleft()
            try:
                result.set_result(await _executed(client, path, before))
            except Exception as problem:
                result.set_exception(problem)
                return
            if not trusted:
                return
            before = FRESH


async def _end(begun: Sequence[Future[bytes]]) -> None:
    """Wait until every kernel is gone; where a notebook has not been run to its end, none is."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if not all(result.done() for result in begun):
        for task in others:
            task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@asynccontextmanager
async def _kernel(folder: Path) -> AsyncIterator[NotebookClient]:
    """Start a kernel in a folder; it is gone afterwards."""
    from nbclient import NotebookClient
    from nbformat.v4 import new_notebook

    client = NotebookClient(
        new_notebook(),  # type: ignore[no-untyped-call]
        timeout=SECONDS,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # a slow kernel sends a text in pieces, and the bytes would tell
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    async with client.async_setup_kernel(stderr=subprocess.DEVNULL):
        yield client


async def execute(path: Path) -> bytes:
    """Return a notebook with the outputs of a fresh run in its own folder; no times, no versions, fixed cell ids.

    Raises
    ------
    StudyError
        The file is no notebook, or a cell fails: names notebook, cell and error.
    PrivacyError
        An output holds something shaped like a number of a person.
    """
    async with _kernel(path.parent) as client:
        return await _executed(client, path)


async def _executed(client: NotebookClient, path: Path, before: str = "") -> bytes:
    import nbformat
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = _read(path)
    try:
        if before:
            cell = nbformat.v4.new_code_cell(before)  # type: ignore[no-untyped-call]
            client.nb = nbformat.v4.new_notebook(cells=[cell])  # type: ignore[no-untyped-call]
            await client.async_execute_cell(cell, 0, store_history=False)
        client.nb = notebook
        await client.async_execute(cleanup_kc=False)
    except CellExecutionError as problem:
        raise StudyError(
            Message(
                "study.cell_fails",
                notebook=path.name,
                error=masked(problem.ename),
                value=masked(problem.evalue, 300),
            )
        ) from None
    except (CellTimeoutError, DeadKernelError) as problem:
        raise StudyError(
            Message("study.cell_stops", notebook=path.name, error=type(problem).__name__, seconds=SECONDS)
        ) from None
    _plain(notebook)
    _release(notebook, path.name)
    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return f"{text.rstrip()}\n".encode()


def _read(path: Path) -> NotebookNode:
    import nbformat

    try:
        return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call, no-any-return]
    except (ValueError, KeyError, AttributeError) as problem:
        raise StudyError(Message("study.no_notebook", notebook=path.name, error=type(problem).__name__)) from problem


def _plain(notebook: NotebookNode) -> None:
    """Take out what differs from machine to machine and from run to run."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for position, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{position + 1:02d}"
        cell["metadata"] = {}
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(WIDGET, None)


def _release(notebook: NotebookNode, name: str) -> None:
    """Let every text and picture of the notebook through the gate."""
    from asn_impact.reporting.gate import release

    for cell in notebook.cells:
        release(str(cell.source), f"{name}.txt")
        for output in cell.get("outputs", ()):
            for kind, content in _contents(output):
                if kind == "image/png":
                    release(base64.b64decode(content), f"{name}.png")
                else:
                    release(content, f"{name}.html" if kind == "text/html" else f"{name}.txt")


def small_counts(notebook: bytes) -> int:
    """Return how many counts below ten the tables of a notebook show, in columns that count persons or their cases.

    A notebook is its author's own page: the proof of the release does not cover it, and the record says so.
    """
    from asn_impact.reporting.gate import COUNTS, MINIMUM

    small = 0
    for cell in json.loads(notebook)["cells"]:
        for output in cell.get("outputs", ()):
            page = _Tables()
            page.feed("".join(output.get("data", {}).get("text/html", "")))
            for headings, *rows in (table for table in page.tables if table):
                places = [i for i, name in enumerate(headings) if name.casefold() in {"n", *COUNTS}]
                cells = [row[i].removesuffix(".0") for row in rows for i in places if i < len(row)]
                small += sum(text.isdecimal() and 0 < int(text) < MINIMUM for text in cells)
    return small


class _Tables(HTMLParser):
    """Collects the tables of a page as rows of texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in {"th", "td"} and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")

    def handle_data(self, data: str) -> None:
        if self.tables and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += data.strip()


def _contents(output: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - a node of the notebook
    if output.output_type == "stream":
        return [("text/plain", str(output.text))]
    return [(kind, str(content)) for kind, content in output.get("data", {}).items()]
