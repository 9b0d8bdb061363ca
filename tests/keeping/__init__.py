"""Keeping organizations and levels right: R1, R5, R12, and what may be deleted."""
