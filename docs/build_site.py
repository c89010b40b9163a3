"""Build the site without the network, then look at what a reader's browser would load and where links lead.

python docs/build_site.py            # docs/site/html/index.html
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.cmd.build import build_main

DOCS = Path(__file__).resolve().parent
SITE = DOCS / "site" / "html"
#: Tags whose address is fetched with the page, and the attribute that has it.
FETCHED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
NOT_FETCHED = {"canonical", "next", "prev", "search", "index", "author", "copyright"}


class Page(HTMLParser):
    """What a page names: places in it, links, and what is fetched with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what one tag names."""
        given = {name: value or "" for name, value in attrs}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in FETCHED and FETCHED[tag] in given and given.get("rel") not in NOT_FETCHED:
            self.fetched.append(given[FETCHED[tag]])


@cache
def read(path: Path) -> Page:
    """Return a page of the site."""
    return Page(path.read_text(encoding="utf-8"))


def problems(site: Path) -> Iterator[str]:
    """Return, one a line, what is fetched from elsewhere and where a link leads nowhere."""
    for path in sorted(path for path in site.rglob("*.html") if "_static" not in path.parts):
        page, name = read(path), path.relative_to(site)
        yield from (f"{name}: fetched from elsewhere: {address}" for address in page.fetched if _elsewhere(address))
        here = [address for address in (*page.fetched, *page.links) if not _elsewhere(address)]
        yield from (f"{name}: leads nowhere: {address}" for address in here if not _exists(address, path))
    for path in sorted(site.rglob("*.css")):
        if "url(http" in path.read_text(encoding="utf-8").replace('url("http', "url(http"):
            yield f"{path.relative_to(site)}: a font or picture from elsewhere"
    for line in (site / "llms.txt").read_text(encoding="utf-8").splitlines():
        address = line.partition("](")[2].partition(")")[0]
        if line.startswith("- [") and not (site / address).exists():
            yield f"llms.txt: leads nowhere: {address}"


def _elsewhere(address: str) -> bool:
    return bool(urlsplit(address).scheme or address.startswith("//"))


def _exists(address: str, page: Path) -> bool:
    parts = urlsplit(address)
    target = page if not parts.path else (page.parent / unquote(parts.path)).resolve()
    if not target.exists():
        return False
    place = unquote(parts.fragment)
    return not place or target.suffix != ".html" or place in read(target).places


def main() -> int:
    """Build and look; return what a shell wants to know."""
    if code := build_main(["-q", "-W", "--keep-going", str(DOCS), str(SITE)]):
        return code
    found = list(problems(SITE))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{sum(1 for _ in SITE.rglob('*.html'))} pages, {len(found)} problems: {SITE / 'index.html'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
