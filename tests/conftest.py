"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is no failure: nothing here may depend on how long an example takes.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
