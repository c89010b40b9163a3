"""Take the pictures of *Your files to a report*: the commands are run on the demo, what they print is photographed.

python docs/pictures/take.py          # needs Chromium: playwright's own, or one on the path
"""

from __future__ import annotations

import html
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COLUMNS = 82
GAP = "⋮"
#: What the reader answers in study.toml: the course and the share, then what the checks ask for.
ANSWERED = ('course = "E-Government"', "share = 0.5")
KNOWN = """
[scrutiny]
events = "../data/events.csv"         # {events}
limits = [5, 14]                      # {limits}
chosen = []                           # {chosen}
explained = {{coincidence = "{coincidence}"}}
"""
WORDS = {
    "en": {
        "events": "what else happened, and when",
        "limits": "promised days, where decisions may be heaped",
        "chosen": "offices were drawn by lot: no month was looked at",
        "coincidence": "The new service is not among these permits; the budget cut met every office alike.",
    },
    "id": {
        "events": "peristiwa lain, dan kapan",
        "limits": "hari yang dijanjikan, tempat tanggal dapat menumpuk",
        "chosen": "kantor diundi: tidak ada bulan yang dilihat",
        "coincidence": "Layanan baru tidak termasuk izin ini; pemotongan anggaran sama di semua kantor.",
    },
}
PAGE = """<meta charset="utf-8"><style>
body {{ margin: 0; background: #fff; width: max-content }}
pre {{ margin: 0; padding: 14px 18px; font: 13px/1.45 "DejaVu Sans Mono", monospace; width: {columns}ch;
  white-space: pre-wrap; background: {back}; color: {ink}; border: 1px solid #d0d0d0; border-radius: 6px }}
b {{ color: {strong} }} i {{ color: {faint}; font-style: normal }}
</style><pre>{text}</pre>"""
TERMINAL = {"back": "#1f2430", "ink": "#e6e6e6", "strong": "#8fd0ff", "faint": "#8a93a6"}
EDITOR = {"back": "#fbfbf8", "ink": "#1a1a1a", "strong": "#0a58a5", "faint": "#6b6b6b"}


def take(language: str, browser: Browser) -> None:
    """Run the steps in an empty folder and keep a picture of each."""
    target = HERE / language
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        _lay_out(here / "data")
        asked = _run(here, "new", "my-study", "--from", "data", "--language", language)
        study = here / "my-study" / "study.toml"
        _photograph(browser, target / "1_files.png", "\n".join(_tree(here / "data")), TERMINAL)
        _photograph(browser, target / "2_new.png", _command("new my-study --from data", language) + asked, TERMINAL)
        study.write_text(_answered(study.read_text(encoding="utf-8")), encoding="utf-8")
        _photograph(browser, target / "3_study.png", _toml(study.read_text(encoding="utf-8")), EDITOR)
        checked = _run(here, "check", "my-study/study.toml")
        _photograph(browser, target / "4_check.png", _command("check my-study/study.toml") + _short(checked), TERMINAL)
        first = _run(here, "run", "my-study/study.toml")
        _photograph(browser, target / "5_run.png", _command("run my-study/study.toml") + first, TERMINAL)
        known = KNOWN.format(**WORDS[language])
        study.write_text(study.read_text(encoding="utf-8") + known, encoding="utf-8")
        _photograph(browser, target / "6_known.png", _toml(known.strip()), EDITOR)
        again = _run(here, "run", "my-study/study.toml")
        _photograph(browser, target / "7_again.png", _command("run my-study/study.toml") + again, TERMINAL)
        result = here / "my-study" / "result"
        (report,) = result.rglob("report.html")
        _photograph_page(browser, report, target / "8_report.png")
        _photograph_page(browser, report.with_name("brief.html"), target / "9_brief.png")


def _lay_out(data: Path) -> None:
    demo = ROOT / "data" / "demo"
    shutil.copytree(demo / "permits", data / "permits")
    for name in ("training.csv", "events.csv", "services.csv"):
        shutil.copy(demo / name, data / name)


def _tree(folder: Path) -> list[str]:
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    width = max(len(str(p.relative_to(folder.parent))) for p in paths)
    return [f"{p.relative_to(folder.parent)!s:<{width}}  <i>{p.stat().st_size / 1000:>8,.0f} kB</i>" for p in paths]


def _run(here: Path, *words: str) -> str:
    env = {**os.environ, "ASN_IMPACT_COMMAND": "python run.py", "PYTHONPATH": str(ROOT), "COLUMNS": str(COLUMNS)}
    command = [sys.executable, "-m", "asn_impact", *words]
    done = subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, check=False)
    text = done.stdout.strip()
    return html.escape(_joined(text) if words[0] == "run" else text)


def _joined(text: str) -> str:
    """Return the finding as one line, for the page to break where it is wide enough; the last line is the folder."""
    *finding, folder = text.splitlines()
    return f"{' '.join(finding)}\n{folder}"


def _command(words: str, language: str = "") -> str:
    return f"<b>$ python run.py {words}{f' --language {language}' if language == 'en' else ''}</b>\n"


def _answered(text: str) -> str:
    for line in ANSWERED:
        text = text.replace(f"# {line}\n", f"{line}\n")
    return text


def _toml(text: str) -> str:
    """Return the sections of a study file that a reader looks at, comments faint, answers strong."""
    wanted = text
    if "[rollout]" in text:
        wanted = f"{GAP}\n\n" + text[text.index("[outcome]") : text.index("[report]")].strip() + f"\n\n{GAP}"
    lines = [html.escape(line, quote=False) for line in wanted.splitlines()]
    shown = (f"<i>{line}</i>" if line.startswith("#") else f"<b>{line}</b>" if "=" in line else line for line in lines)
    return "\n".join(shown)


def _short(text: str) -> str:
    """Return what `check` prints with its long lists cut: three rows of each are left."""
    parts = []
    for part in text.split("\n\n"):
        lines = part.splitlines()
        parts.append("\n".join([*lines[:5], f"  {GAP}", *lines[-3:]]) if len(lines) > 11 else part)
    return "\n\n".join(parts[:9])


def _photograph(browser: Browser, file: Path, text: str, look: dict[str, str]) -> None:
    page = browser.new_page(viewport={"width": 800, "height": 200}, device_scale_factor=1.5)
    page.set_content(PAGE.format(text=text, columns=COLUMNS, **look))
    _keep(page.locator("pre").screenshot(), file)
    page.close()


def _photograph_page(browser: Browser, source: Path, file: Path) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 1150}, device_scale_factor=1)
    page.goto(source.as_uri())
    _keep(page.screenshot(), file)
    page.close()


def _keep(png: bytes, file: Path) -> None:
    """Write a picture in 32 colours: a quarter of the size, and text looks the same."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(32, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    file.write_bytes(buffer.getvalue())
    print(file.relative_to(ROOT), f"{len(buffer.getvalue()) / 1000:.0f} kB")


def main() -> None:
    """Take the pictures of both languages."""
    with sync_playwright() as playwright:
        found = re.sub(r"\s", "", shutil.which("chromium") or "") or None
        words = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=found, args=words)
        for language in WORDS:
            take(language, browser)
        browser.close()


if __name__ == "__main__":
    main()
