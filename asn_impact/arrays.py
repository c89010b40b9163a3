"""Array types and the one habit that goes with them: values handed out cannot be written to."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Float: TypeAlias = npt.NDArray[np.float64]
Int: TypeAlias = npt.NDArray[np.int64]
Bool: TypeAlias = npt.NDArray[np.bool_]


def readonly(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view of the array that refuses assignment; the caller's own array stays as it was.

    Examples
    --------
    >>> import numpy as np
    >>> readonly(np.zeros(2)).flags.writeable
    False
    """
    view = array.view()
    view.flags.writeable = False
    return view
