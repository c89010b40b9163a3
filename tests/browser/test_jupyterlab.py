"""A person opens JupyterLab: the first notebook runs, the explorer moves, and Tab writes a notebook of their own."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import asn_impact as ai

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
SCREENSHOTS = ROOT / "runs" / "browser"
SECONDS = 120
QUIET = '{"fetchNews": "false", "checkForUpdates": false}'

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the browser is not tried"),
]

READY = """async () => {
  const context = window.jupyterapp.shell.currentWidget.sessionContext;
  await context.ready;
  const kernel = context.session.kernel;
  await kernel.info;
  return kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
DONE = """() => {
  const widget = window.jupyterapp.shell.currentWidget;
  const cells = widget.content.widgets.filter(c => c.model.type === 'code' && c.model.sharedModel.source.trim());
  return !document.querySelector('.jp-Dialog') && widget.sessionContext.session.kernel.status === 'idle'
    && cells.every(c => c.model.executionCount);
}"""
CHANGED = """before => {
  const sentences = [...document.querySelectorAll('.widget-html b, .widget-html-content b')];
  return sentences.at(-1).innerText !== before;
}"""
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(c => c.model.type === 'code').map(c => c.model.outputs.toJSON())"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the notebooks and the demo data; its address."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "work" / "notebooks")
    shutil.copytree(ROOT / "data" / "demo", home / "work" / "data" / "demo")
    (home / "work" / "runs").mkdir()
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(QUIET)
    port = free_port()
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        *("--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={home / 'work'}"),
        "--LabApp.expose_app_in_browser=True",
    ]
    places = {name: str(home / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    environment = {**os.environ, **places, "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api", home / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def _wait_for(address, log):
    for _ in range(SECONDS):
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(1)
        else:
            return
    pytest.fail(f"JupyterLab did not start in {SECONDS} s: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="module")
def page(lab):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.set_default_timeout(SECONDS * 1000)
        page.goto(f"{lab}/lab/tree/notebooks/00_start_here.ipynb?reset")
        page.wait_for_selector("#jupyterlab-splash", state="detached")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext")
        page.wait_for_function(READY)
        yield page
        browser.close()


def outputs(page):
    return [output for cell in page.evaluate(OUTPUTS) for output in cell]


def test_every_cell_of_the_first_notebook_runs(page):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(DONE)
    cells = outputs(page)
    assert [o for o in cells if o["output_type"] == "error"] == []
    assert any("the mean waiting time fell by" in str(o.get("text", "")) for o in cells)


def test_the_explorer_answers_when_it_is_moved(page):
    finding = page.locator(".jp-OutputArea .widget-html b, .jp-OutputArea .widget-html-content b").last
    finding.scroll_into_view_if_needed()
    before = finding.inner_text()
    assert "trained" in before.casefold() or "training" in before.casefold()
    slider = page.locator(".jp-OutputArea .widget-slider .noUi-handle").last
    slider.focus()
    slider.press("ArrowLeft")
    page.wait_for_function(CHANGED, arg=before)
    assert [o for o in outputs(page) if o["output_type"] == "error"] == []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(1500)
    page.screenshot(path=SCREENSHOTS / "00_start_here.png")


# -------------------------------------------------------------------------------------------- a notebook of one's own

NEW = """async () => {
  const app = window.jupyterapp;
  const made = await app.commands.execute('notebook:create-new', {cwd: '', kernelName: 'python3', activate: true});
  app.shell.activateById(made.id);
}"""
NOTHING_RUN = "() => window.jupyterapp.shell.currentWidget.content.widgets.every(c => !c.model.executionCount)"
TYPED = "() => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.source"


@pytest.fixture(scope="module")
def fresh(page):
    """An empty notebook in the same JupyterLab, its kernel ready, the library imported in its first cell."""
    page.evaluate(NEW)
    page.wait_for_function(NOTHING_RUN)
    page.wait_for_function(READY)
    page.locator(".jp-NotebookPanel:visible .jp-Cell .cm-content").first.click()
    run(page, "import asn_impact as ai")
    return page


def run(page, line=""):
    """Type a line and run the cell."""
    page.keyboard.type(line)
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(DONE)


def complete(page, start):
    """Type the start of a name and press Tab, again where nothing came within a second: the names offered."""
    page.keyboard.type(start)
    for _ in range(SECONDS // 3):
        page.keyboard.press("Tab")
        page.wait_for_timeout(3000)
        if page.locator(".jp-Completer-item:visible").count():
            break
    return page.locator(".jp-Completer:visible .jp-Completer-match").all_inner_texts()


def test_tab_offers_the_public_names_and_the_one_taken_runs(fresh):
    assert set(complete(fresh, "ai.")) == set(ai.__all__)
    fresh.keyboard.type("GroupT")
    fresh.keyboard.press("Enter")
    assert fresh.evaluate(TYPED) == "ai.GroupTime"
    fresh.keyboard.type("(")
    fresh.keyboard.press("Shift+Tab")
    tooltip = fresh.locator(".jp-Tooltip:visible")
    tooltip.wait_for()
    said = tooltip.inner_text()
    assert "'never'" in said
    assert "'not_yet'" in said
    assert "Literal" not in said
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    fresh.screenshot(path=SCREENSHOTS / "fresh_tooltip.png")
    fresh.keyboard.type('controls="never")')
    typed = fresh.evaluate(TYPED)
    assert typed.startswith('ai.GroupTime(controls="never")')
    run(fresh, "(ai.example_design()).overall()")
    assert [o for o in outputs(fresh) if o["output_type"] == "error"] == []


def test_a_chain_written_by_tab_ends_in_a_chart(fresh):
    run(fresh, "design = ai.example_design(); effects = ai.GLSImputation()(design)")
    for start, narrowed, rest in (
        ("effects.", "event_s", "()"),
        ("ai.figures.", "event_s", "(ai.infer(effects.event_study(), ai.BiasReduced()))"),
    ):
        assert "event_study" in complete(fresh, start)
        fresh.keyboard.type(narrowed)
        fresh.keyboard.press("Enter")
        assert fresh.evaluate(TYPED) == f"{start}event_study"
        run(fresh, rest)
    assert [o for o in outputs(fresh) if o["output_type"] == "error"] == []
    assert any("image/png" in o.get("data", {}) for o in outputs(fresh))
    fresh.wait_for_timeout(1000)
    fresh.screenshot(path=SCREENSHOTS / "fresh_chart.png")
