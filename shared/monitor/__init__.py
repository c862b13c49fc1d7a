"""The use cases: the only place where reading, the pure core and sending meet."""
