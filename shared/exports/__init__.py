"""Where the voice export lies: read whole, and only when it has changed."""
