"""The scripted server, and a loop that has to be left as it was found."""

from tests.integration.hostile.conftest import clean_loop, server

__all__ = ["clean_loop", "server"]
