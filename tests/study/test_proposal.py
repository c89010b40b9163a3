"""A folder of files becomes a filled study file; a right check is at most two hand edits away."""

import pytest

from asn_impact.study import read_study
from asn_impact.study.prepared import prepared
from asn_impact.study.proposal import propose_study

from .messy import MESSY

silent = pytest.mark.filterwarnings("ignore::asn_impact.errors.DataWarning")
MOST_EDITS = 2


@silent
@pytest.mark.parametrize("write", MESSY, ids=lambda f: f.__name__)
def test_a_right_check_is_at_most_two_hand_edits_away(tmp_path, write):
    truth = write(tmp_path)
    proposal = propose_study(tmp_path)
    text = proposal.text
    assert len(truth.decisions) <= MOST_EDITS
    for commented, line in truth.decisions:
        assert commented in text
        text = text.replace(commented, line, 1)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    ready = prepared(read_study(tmp_path / "study.toml"))
    assert ready.refusal is None
    assert set(map(str, ready.panel.units)) == truth.offices
    months = (*map(str, ready.panel.timeline.labels), *map(str, ready.panel.immature))
    assert tuple(sorted(months)) == truth.months
    design = ready.design
    starts = {
        str(u): str(design.panel.timeline.label(a))
        for u, a in zip(design.panel.units, design.adopted, strict=True)
        if a < 1e9
    }
    assert starts == truth.trained
