"""The order APIs behind placement, and `bulk_run`, which places through any of them."""

from didww_async.providers.runs import bulk_run

__all__ = ["bulk_run"]
