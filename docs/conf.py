"""How the site is built: `python docs/build_site.py`. No network, and a warning is an error.

What follows from the library is made here before the pages are read: the reference from the list of public names,
the gallery by running its lines, the proof from the reference values, the cheat sheet. None of it is committed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS)]

from making import make_all, reference  # noqa: E402

project = "asn_impact"
author = "The asn_impact developers"
copyright = "2026, the asn_impact developers. BSD-3-Clause"
language = "en"

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_nb"]
exclude_patterns = ["site", "making", "pictures", "README.md"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}

myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline", "attrs_block"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # notebooks are committed executed, and held against the code by nbval
nb_ipywidgets_js: dict[str, Any] = {}  # their scripts would come from the internet
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 76
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
toc_object_entries = False
default_role = "py:obj"
nitpicky = True  # a page or heading that is not there is an error; names of other packages have no page here
suppress_warnings = ["ref.python"]  # a word that several classes have as an attribute
nitpick_ignore_regex = [("py:.*", ".*")]

html_theme = "pydata_sphinx_theme"
html_title = "asn_impact"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["llms.txt"]
html_show_sourcelink = False
html_copy_source = False
html_context = {"default_mode": "light"}
html_theme_options = {
    "logo": {"text": "asn_impact"},
    "navbar_end": ["navbar-icon-links"],  # figures and tables are drawn for white paper: no dark mode
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 7,
    "show_prev_next": True,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "tango",
}
html_sidebars = {"index": [], "from_stata_and_r": []}


def setup(app: Any) -> None:  # noqa: ANN401 - Sphinx's own application
    """Make the pages that follow from the library before Sphinx looks for pages."""
    app.connect("config-inited", lambda *_: make_all(DOCS))
    app.connect("autodoc-process-docstring", reference.escape)
    app.connect("autodoc-process-signature", reference.without_bounds)
    app.connect("missing-reference", reference.find)
    app.connect("html-page-context", say_language)


#: The words around a page; the theme has none in Indonesian.
INTERFACE = {
    "Back to top": "Kembali ke atas",
    "Breadcrumb": "Letak halaman",
    "Collapse Sidebar": "Tutup bilah sisi",
    "Copyright": "Hak cipta",
    "Error": "Kesalahan",
    "Expand Sidebar": "Buka bilah sisi",
    "General Index": "Indeks",
    "Home": "Beranda",
    "More": "Lainnya",
    "On this page": "Di halaman ini",
    "Search": "Cari",
    "Search the docs ...": "Cari di panduan ...",
    "Section Navigation": "Isi bagian ini",
    "Site navigation": "Isi situs",
    "Skip to main content": "Langsung ke isi",
    "Table of Contents": "Daftar isi",
    "next": "berikutnya",
    "next page": "halaman berikutnya",
    "previous": "sebelumnya",
    "previous page": "halaman sebelumnya",
}


def say_language(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:  # noqa: ANN401
    """Say which pages are in Indonesian, to readers' programs too, with the words around them in Indonesian."""
    if name.startswith("id/") or name == "gallery/id":
        context["language"] = "id"
        context["theme_search_bar_text"] = INTERFACE["Search the docs ..."]
        context["_"] = context["gettext"] = lambda text: INTERFACE.get(text, text)
