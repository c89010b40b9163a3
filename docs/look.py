"""Open every page of the built site in headless Chromium, wide and narrow, and say what a reader would stumble over.

python docs/build_site.py && python docs/look.py [FOLDER FOR PICTURES]
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

SITE = Path(__file__).resolve().parent / "site" / "html"
WIDTHS = (1280, 375)
SIDEWAYS = "document.documentElement.scrollWidth - window.innerWidth"
BROKEN = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"


def stumbles(browser: Browser, path: Path, width: int, pictures: Path | None) -> Iterator[str]:
    """Return what goes wrong on one page: sideways scrolling, broken pictures, failed or outside requests, errors."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(f"script error: {error}"))
    page.on("requestfailed", lambda request: heard.append(f"not loaded: {request.url}"))
    page.on("request", lambda one: heard.append(f"from elsewhere: {one.url}") if one.url.startswith("http") else None)
    page.goto(path.as_uri())
    if (over := page.evaluate(SIDEWAYS)) > 1:
        yield f"scrolls sideways by {over} pixels"
    yield from (f"broken picture: {source}" for source in page.evaluate(BROKEN))
    yield from heard
    if pictures:
        name = path.relative_to(SITE).with_suffix("").as_posix().replace("/", "_")
        page.screenshot(path=pictures / f"{name}_{width}.png")
    page.close()


def main(words: list[str]) -> int:
    """Look at every page and print what was found."""
    pictures = Path(words[0]) if words else None
    pages = [path for path in sorted(SITE.rglob("*.html")) if "_static" not in path.parts]
    found = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        for path in pages:
            for width in WIDTHS:
                for what in stumbles(browser, path, width, pictures):
                    found += 1
                    print(f"{path.relative_to(SITE)} at {width}: {what}")
        browser.close()
    print(f"{len(pages)} pages at {len(WIDTHS)} widths, {found} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
