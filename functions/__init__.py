"""One module a trigger: bindings in, one use case called, bindings out. What is done stands in `shared/monitor`."""
