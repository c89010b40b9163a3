"""The gallery: every figure and table of the library on the demo, made by running the line that stands under it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]

#: Written once on the page; everything below it is drawn from these names.
BEFORE = """\
import asn_impact as ai

cases = ai.read_exports("data/demo/permits", as_of="2025-12-31")
times = ai.measure(cases, ai.WorkCalendar.indonesia())
panel = ai.tabulate(times, ai.RestrictedMean(30), by="office")
rollout = ai.read_training("data/demo/training.csv", course="E-Government", share=0.5)
design = ai.assign(panel, rollout, cluster="office")
effects = ai.GLSImputation()(design)
answer = ai.infer(effects.overall(), ai.BiasReduced())
"""


@dataclass(frozen=True)
class Entry:
    """One exhibit: the name of its function, what it asks in both languages, the lines before, and the line itself."""

    name: str
    asks: Mapping[str, str]
    line: str
    before: str = ""

    @property
    def kind(self) -> str:
        """Whether it is a figure or a table: the module it is typed from."""
        return "tables" if self.line.startswith("ai.tables") else "figures"

    def code(self, language: str) -> str:
        """Return the lines as they are typed in a notebook, in a language."""
        line = self.line
        if self.kind == "figures":
            line = f"{line[:-1]}{WORDS[language]})"
        elif language != "en":
            line = f'HTML({line}.html("{language}"))'
        return f"{self.before}{line}"


WORDS = {"en": "", "id": ', language="id"'}
ENTRIES = (
    Entry(
        "headline",
        {"en": "The finding, as a sentence", "id": "Temuan, sebagai kalimat"},
        "ai.figures.headline(answer)",
    ),
    Entry(
        "event_study",
        {"en": "Did it begin with the training?", "id": "Apakah mulainya bersamaan dengan pelatihan?"},
        "ai.figures.event_study(by_month, band=band)",
        "by_month = ai.infer(effects.event_study(), ai.BiasReduced())\n"
        "band = ai.infer(effects.event_study(), ai.Simultaneous(reps=1999, seed=2026))\n",
    ),
    Entry(
        "raw_trends",
        {"en": "What was seen, before any estimate", "id": "Yang terlihat, sebelum dihitung apa pun"},
        "ai.figures.raw_trends(design, events=changes)",
        'changes = ai.read_events("data/demo/events.csv")\n',
    ),
    Entry(
        "who_is_compared",
        {"en": "Who was trained when, and who is compared", "id": "Siapa dilatih kapan, dan siapa pembandingnya"},
        "ai.figures.who_is_compared(design)",
    ),
    Entry(
        "maturity",
        {"en": "Which months can answer yet", "id": "Bulan mana yang sudah dapat dinilai"},
        "ai.figures.maturity(months)",
        "months = ai.maturity(times, ai.RestrictedMean(30))\n",
    ),
    Entry(
        "completion_curve",
        {"en": "The whole curve, not only the mean", "id": "Seluruh kurva, bukan rata-rata saja"},
        "ai.figures.completion_curve(along)",
        'curve = ai.tabulate(times, ai.CompletionCurve(30), by="office")\n'
        'effects_by_day = ai.Along(ai.GLSImputation())(ai.assign(curve, rollout, cluster="office"))\n'
        "along = ai.infer(effects_by_day, ai.Simultaneous(reps=1999, seed=2026))\n",
    ),
    Entry(
        "forest",
        {"en": "Several findings below each other", "id": "Beberapa temuan dalam satu gambar"},
        "ai.figures.forest([answer, quick, content])",
        'within = ai.tabulate(times, ai.Within(5), by="office")\n'
        'in_time = ai.assign(within, rollout, cluster="office")\n'
        "quick = ai.infer(ai.GLSImputation()(in_time).overall(), ai.BiasReduced())\n"
        'survey = ai.read_survey("data/demo/survey.csv", as_of="2025-12-31")\n'
        'asked = ai.assign(ai.satisfaction_panel(survey, "ikm"), rollout, cluster="office")\n'
        "content = ai.infer(ai.GLSImputation()(asked).overall(), ai.BiasReduced())\n",
    ),
    Entry(
        "sensitivity",
        {"en": "How much departure does it survive?", "id": "Seberapa besar penyimpangan yang masih ditahan?"},
        "ai.figures.sensitivity(intervals, ai.breakdown(path), outcome=panel.outcome)",
        "from_one_month = ai.infer(ai.GroupTime()(design).event_study(), ai.BiasReduced())\n"
        'path = ai.event_path(from_one_month, every=3, waves="same")\n'
        "sizes = (0.25, 0.5, 0.75, 1.0)\n"
        "intervals = [ai.robust_interval(path, ai.RelativeMagnitude(size)) for size in sizes]\n",
    ),
    Entry(
        "specifications",
        {"en": "Do other defensible choices agree?", "id": "Apakah pilihan lain yang wajar sependapat?"},
        "ai.figures.specifications(choices, outcome=panel.outcome)",
        'weighted = ai.assign(panel, rollout, cluster="office", weights="records")\n'
        "choices = ai.specification_curve(\n"
        '    {"units": design, "records": weighted},\n'
        '    [ai.GLSImputation(), ai.Imputation(), ai.GroupTime(), ai.GroupTime(controls="never")],\n'
        "    [ai.BiasReduced(), ai.Jackknife()],\n"
        ")\n",
    ),
    Entry(
        "waits_by_office",
        {"en": "Every office for itself", "id": "Setiap kantor sendiri"},
        "ai.figures.waits_by_office(curve)",
    ),
    Entry(
        "map_of_effects",
        {"en": "Findings on a map of your own", "id": "Temuan pada peta sendiri"},
        'ai.figures.map_of_effects(by_area, shapes, area="name")',
        "import geopandas as gpd\nimport numpy as np\nfrom shapely.geometry import box\n"
        "north = np.arange(len(panel.units)) % 2 == 0\n"
        'halves = {"North": design.where(north), "South": design.where(~north)}\n'
        "effects_of = {name: ai.GLSImputation()(half).overall() for name, half in halves.items()}\n"
        "by_area = {name: ai.infer(own, ai.BiasReduced()) for name, own in effects_of.items()}\n"
        'shapes = gpd.GeoDataFrame({"name": list(halves)}, geometry=[box(0, 1, 3, 2), box(0, 0, 3, 1)])\n',
    ),
    Entry(
        "waits_calendar",
        {"en": "The mean wait by month", "id": "Rata-rata lama proses menurut bulan"},
        "ai.figures.waits_calendar(panel)",
    ),
    Entry(
        "satisfaction",
        {"en": "The elements of satisfaction, the lowest first", "id": "Unsur kepuasan, yang terendah lebih dulu"},
        "ai.figures.satisfaction(ai.skm_index(survey, by=()))",
    ),
    Entry(
        "returns",
        {"en": "Was it worth the money?", "id": "Apakah sepadan dengan biayanya?"},
        "ai.figures.returns(worth)",
        'costs = ai.read_costs("data/demo/costs.csv")\n'
        "by_case = ai.infer(ai.GLSImputation()(weighted).overall(), ai.BiasReduced())\n"
        "worth = ai.returns(\n"
        "    by_case, costs, cases_per_month=ai.cases_per_month(weighted),\n"
        "    value_of_a_day=100_000, years=1.5, discount=0.08, reps=4000, seed=2026,\n"
        ")\n",
    ),
    Entry(
        "days_by_step",
        {"en": "Where did the days go?", "id": "Ke mana hari-harinya?"},
        "ai.figures.days_by_step(changes_by_step)",
        'log = ai.read_step_log(ai.example_steps(), as_of="2025-03-31")\n'
        "split = ai.split_days(log, ai.WorkCalendar.indonesia(), ai.RestrictedMean(30))\n"
        'of_steps = ai.assign(split.panel, ai.example_rollout(), cluster="office")\n'
        "whole = ai.infer(ai.GLSImputation()(of_steps).overall(), ai.BiasReduced())\n"
        "changes_by_step = ai.changes_by_step(whole, split)\n",
    ),
    Entry(
        "matrix",
        {"en": "Several claims on one page", "id": "Beberapa pernyataan dalam satu halaman"},
        "ai.tables.matrix(findings)",
        "findings = [\n"
        '    ai.Finding(id="wait", label="Permits are faster", inference=answer, hoped="lower"),\n'
        '    ai.Finding(id="quick", label="More are done within five days", inference=quick, hoped="higher"),\n'
        "]\n",
    ),
    Entry(
        "results",
        {"en": "Results, a row a finding", "id": "Hasil, satu baris satu temuan"},
        "ai.tables.results([answer, quick, content])",
    ),
    Entry(
        "by_group",
        {"en": "Does it matter who gave the course?", "id": "Apakah penyelenggaranya berpengaruh?"},
        "ai.tables.by_group(groups)",
        'groups = ai.compare_groups(effects, "provider", ai.BiasReduced(), groups=rollout.providers)\n',
    ),
    Entry(
        "specifications",
        {"en": "Results as economists print them", "id": "Hasil seperti dicetak ekonom"},
        "ai.tables.specifications(columns)",
        "one_month = ai.infer(ai.GroupTime()(design).overall(), ai.BiasReduced())\n"
        "plain = ai.infer(ai.Imputation()(design).overall(), ai.BiasReduced())\n"
        'columns = {"GLS": answer, "Group-time": one_month, "Imputation": plain}\n',
    ),
    Entry(
        "checks",
        {"en": "How it could be wrong", "id": "Apa yang dapat membuatnya keliru"},
        "ai.tables.checks(scrutiny)",
        "scrutiny = ai.scrutinise(effects, rule=ai.BiasReduced(), seed=2026, events=changes)\n",
    ),
    Entry(
        "three_rows",
        {"en": "Three readings of the months", "id": "Tiga cara membaca bulan"},
        "ai.tables.three_rows(scrutiny.rows)",
    ),
    Entry(
        "ledger",
        {"en": "Every row accounted for", "id": "Setiap baris terhitung"},
        "ai.tables.ledger(cases.ledger)",
    ),
    Entry(
        "descriptive",
        {"en": "Trained offices and the others", "id": "Kantor terlatih dan yang lain"},
        "ai.tables.descriptive(panel, design)",
    ),
    Entry(
        "balance",
        {"en": "Were they alike before?", "id": "Apakah mereka serupa sebelumnya?"},
        "ai.tables.balance(design, [within])",
    ),
    Entry(
        "clusters",
        {"en": "Who was trained when, in numbers", "id": "Siapa dilatih kapan, dengan angka"},
        "ai.tables.clusters(design.where(design.treated().any(axis=1)))",
    ),
    Entry(
        "maturity_table",
        {"en": "Months that cannot answer yet", "id": "Bulan yang belum dapat dinilai"},
        "ai.tables.maturity_table(months.tail(6))",
    ),
    Entry(
        "days_by_step_table",
        {"en": "Where the days went, in numbers", "id": "Ke mana hari-harinya, dengan angka"},
        "ai.tables.days_by_step_table(changes_by_step)",
    ),
    Entry(
        "skm",
        {"en": "The satisfaction report (SKM)", "id": "Laporan kepuasan (SKM)"},
        'ai.tables.skm(ai.skm_index(survey, by=(), per="year"))',
    ),
    Entry(
        "lkjip",
        {"en": "Indicators of a performance report (LKjIP)", "id": "Indikator laporan kinerja (LKjIP)"},
        "ai.tables.lkjip([row])",
        'indicator = {"indicator": "Selesai dalam 5 hari kerja", "unit": "%", "better": "higher"}\n'
        'row = indicator | {"target": 70, "realised": 61}\n',
    ),
)

SAID = {
    "en": {
        "title": "Gallery",
        "lead": (
            "Every figure and table, and the line that makes it. **Synthetic data:** an invented regency; no number"
            " says anything about a real office. Each picture was made by running the line under it when this site"
            " was built."
        ),
        "before": "What comes before every line",
        "before_lead": "Run this once; each line below goes on from it, and from the lines above it.",
        "figures": "Figures",
        "tables": "Tables",
        "other": "[Bahasa Indonesia](id.md)",
        "save": (
            "Every figure has `.save(path)`: SVG, PDF, PNG, the data as CSV, and a record of where it came from."
            ' Every table has `.save(path, "en")`. Other languages: `language="id"`.'
        ),
    },
    "id": {
        "title": "Galeri",
        "lead": (
            "Setiap gambar dan tabel, dan baris yang membuatnya. **Data sintetis:** kabupaten rekaan; tidak ada angka"
            " yang bercerita tentang kantor sungguhan. Setiap gambar dibuat dengan menjalankan baris di bawahnya saat"
            " situs ini disusun."
        ),
        "before": "Yang mendahului setiap baris",
        "before_lead": "Jalankan sekali; setiap baris di bawah melanjutkannya, juga baris-baris di atasnya.",
        "figures": "Gambar",
        "tables": "Tabel",
        "other": "[English](en.md)",
        "save": (
            "Setiap gambar punya `.save(path)`: SVG, PDF, PNG, data sebagai CSV, dan catatan asal-usulnya."
            ' Setiap tabel punya `.save(path, "id")`.'
        ),
    },
}
SHELF = ("figures", "tables")


def write(folder: Path) -> None:
    """Run every line and write what it draws, unless library, data and lines are those of the last time."""
    folder = folder.resolve()
    stamp = folder / "stamp"
    now = _fingerprint()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == now:
        return
    (folder / "en").mkdir(parents=True, exist_ok=True)
    (folder / "id").mkdir(exist_ok=True)
    shown = run(folder)
    for language in SAID:
        (folder / f"{language}.md").write_text(_page(language, shown), encoding="utf-8")
    stamp.write_text(now, encoding="utf-8")


def run(folder: Path) -> dict[tuple[int, str], str]:
    """Run every line once and return, by its place and language, what the page shows."""
    names: dict[str, Any] = {}
    shown = {}
    with chdir(ROOT):
        exec(BEFORE, names)
        exec("from IPython.display import HTML", names)
        for place, entry in enumerate(ENTRIES):
            exec(entry.before, names)
            for language in SAID:
                drawn = eval(entry.code(language).removeprefix(entry.before), names)
                shown[place, language] = _shown(entry, drawn, language, folder)
    return shown


def _shown(entry: Entry, drawn: Any, language: str, folder: Path) -> str:  # noqa: ANN401 - a chart, a table or a text
    if isinstance(drawn, str):
        return f"> {drawn}"
    if entry.kind == "tables":
        html = drawn.html(language) if hasattr(drawn, "html") else drawn.data
        return f"```{{raw}} html\n{html}\n```"
    file = folder / language / f"{entry.name}.png"
    file.write_bytes(_smaller(drawn.png()))
    alt = str(drawn.alt).replace("\n", " ")
    return f"```{{image}} {language}/{file.name}\n:alt: {alt}\n:class: exhibit\n```"


def _smaller(png: bytes) -> bytes:
    """Return a picture in 64 colours: a quarter of the size, and a chart looks the same."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _page(language: str, shown: Mapping[tuple[int, str], str]) -> str:
    said = SAID[language]
    parts = [
        f"# {said['title']}",
        said["other"],
        said["lead"],
        said["save"],
        f"## {said['before']}",
        said["before_lead"],
    ]
    parts.append(f"```python\n{BEFORE}```")
    for kind in SHELF:
        parts.append(f"## {said[kind]}")
        for place, entry in enumerate(ENTRIES):
            if entry.kind == kind:
                parts += [
                    f"### {entry.asks[language]}",
                    shown[place, language],
                    f"```python\n{entry.code(language)}\n```",
                    f"{{py:obj}}`ai.{kind}.{entry.name} <asn_impact.{kind}.{entry.name}>`",
                ]
    return "\n\n".join(parts) + "\n"


def _fingerprint() -> str:
    """Return what the gallery was made from: the library, the demo, and this file."""
    library = sorted(path for path in (ROOT / "asn_impact").rglob("*") if path.suffix in {".py", ".toml", ".csv"})
    demo = sorted((ROOT / "data" / "demo").rglob("*.csv"))
    digest = hashlib.sha256()
    for path in (*library, *demo, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()
