"""Sends messages to channels: what a message looks like there, and what the channel's answer means."""
