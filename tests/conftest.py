"""Property tests try the same examples on every run; ``ASN_IMPACT_EXAMPLES=20000`` looks for so many new ones each."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")
SEARCHED = int(os.environ.get("ASN_IMPACT_EXAMPLES", "0"))


gc.disable()  # what is made while tests are collected stays until the end: not to be looked through again and again


def pytest_collection_finish() -> None:
    """Collect garbage from here on, and only what the tests make."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """Leave all of it to the end of the program again: the engine says what is still held then."""
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every property test the number of examples asked for, and new ones each time."""
    if not SEARCHED:
        return
    for item in items:
        test = getattr(item, "obj", None)
        if hasattr(test, "hypothesis"):
            own = getattr(test, "_hypothesis_internal_use_settings", settings())
            test._hypothesis_internal_use_settings = settings(
                own,
                max_examples=SEARCHED,
                derandomize=False,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            )


#: As little as the gate takes for a picture.
EMPTY = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "png": b"\x89PNG\r\n\x1a\n",
    "pdf": b"%PDF-1.4",
}


def _undrawn():
    """Let pictures in files be empty, for tests of what is said around them: drawing is most of the time of a page."""
    from asn_impact.reporting.chart import Chart

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Chart, "_render", lambda _, __, formats: {ending: EMPTY[ending] for ending in formats})
        yield


undrawn = pytest.fixture(_undrawn, scope="module")
undrawn_here = pytest.fixture(_undrawn)


def _ungraded():
    """Let findings have no grade, for tests of what else is said: checks are most of the time of an estimate."""
    from asn_impact.study import evidence

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "scrutiny_of", lambda *_: None)
        yield


ungraded = pytest.fixture(_ungraded, scope="module")
ungraded_here = pytest.fixture(_ungraded)
