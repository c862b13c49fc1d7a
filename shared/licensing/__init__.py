"""What counts, what is entitled, what is needed: the licensing rule as data, and the ledger that explains itself."""
