"""The providers behind placement, without a server."""
