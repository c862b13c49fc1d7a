"""Findings over time: what opens, what ends, and when a group of them is told. Pure: the time is an argument."""
