"""The order APIs behind placement."""
