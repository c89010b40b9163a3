"""Nothing that is too large for the memory ends in a MemoryError: it is said how large it is, and what helps."""

import numpy as np
import pytest

from asn_impact.errors import EstimationError
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
