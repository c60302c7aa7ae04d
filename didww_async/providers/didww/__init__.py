"""DIDWW behind placement."""

from didww_async.providers.didww.provider import DidwwProvider

__all__ = ["DidwwProvider"]
