"""Placement, against a shop that is no vendor's."""
