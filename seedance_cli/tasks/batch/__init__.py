"""A file of rows, each one submission under a name of its own (contract, section 9)."""
