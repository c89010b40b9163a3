"""Nothing that is too large for the memory ends in a MemoryError: it is said how large it is, and what helps."""

import sys

import numpy as np
import psutil
import pytest

from asn_impact.errors import EstimationError
from asn_impact.intake.formats.engine import give_back, run
from asn_impact.verbs import public_verb


def test_what_does_not_fit_into_memory_is_said_with_its_size_and_what_helps():
    @public_verb
    def estimate(n: int) -> int:
        return len(np.empty((n, n)))

    with pytest.raises(EstimationError, match=r"estimate\(\): .*10000000 x 10000000.*800,?000\.0 GB.*fewer draws"):
        estimate(10**7)

    @public_verb
    def read() -> None:
        raise MemoryError

    with pytest.raises(EstimationError, match="How much was asked for is not known") as caught:
        read()
    assert "Besarnya tidak diketahui" in caught.value.text("id")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the machine decides when it takes memory back")
def test_what_a_query_needed_goes_back_to_the_machine_before_the_answer_is_made():
    def held() -> float:
        return psutil.Process().memory_info().rss / 1e6

    run("SELECT 1")
    before = held()
    run("SELECT count(*) FROM (SELECT hash(range) FROM range(4000000) GROUP BY 1 HAVING count(*) > 1)")
    give_back()
    assert held() - before < 40
