"""Linekeeper: what would not answer a call right now, why, what it costs, and what to do about it."""

__version__ = "0.1.0"
