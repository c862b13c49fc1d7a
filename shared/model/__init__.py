"""The nouns: frozen values that every other part takes and returns. No I/O, no clock."""
