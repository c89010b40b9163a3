"""A sentence that an effect cannot be had says what would make it possible, in both languages."""

import re

import pytest

from asn_impact.words.catalogue import template

REFUSALS = (
    *(f"designs.{name}" for name in ("single_period", "single_unit", "all_from_the_start", "all_at_once")),
    *("designs.nobody_treated", "designs.event_outside", "designs.event_contrast"),
    *("designs.nothing_before_last_wave", "study.no_rollout", "report.advice.not_estimable"),
    *(f"inference.{name}" for name in ("one_treated", "one_untreated", "one_cluster_behind")),
    *("inference.rests_on_one_cluster", "inference.rests_on_clusters"),
    *("checks.leave_one_out.none", "checks.leave_one_out.some"),
)
HELPS = {
    "id": r"Sertakan|Tambah|Periksa|Pakai|pakai|pilih|Perpanjang|lebih banyak|\[rollout\]",
    "en": r"Add|add|Check|Use|use|Choose|choose|More|[Mm]ore offices|\[rollout\]",
}


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("key", REFUSALS)
def test_it_says_what_would_help(key, language):
    assert re.search(HELPS[language], str(template(key, language)))
