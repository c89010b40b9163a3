"""Notebooks under test: a kernel that could not start is started once more."""

from contextlib import suppress

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Let a kernel have other ports where another process took one between its choice and its use.

    Where that is the port of what is shown, the kernel hangs, and nbval says that it "didn't respond in 60 seconds".
    """
    if config.getoption("nbval", default=False):
        from nbval import kernel

        start = kernel.start_new_kernel

        def start_twice(**given: object) -> object:
            with suppress(RuntimeError):
                return start(**given)
            return start(**given)

        kernel.start_new_kernel = start_twice
