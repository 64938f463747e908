"""Fixtures for the tests of the atlas."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def without_waiting_for_disks() -> Iterator[None]:
    """Leave out what makes an atlas survive a loss of power: no test has one, and a busy disk takes minutes for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", int)
        yield
