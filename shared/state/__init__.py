"""Loads and saves a tenant's document as a whole, under compare-and-swap."""
