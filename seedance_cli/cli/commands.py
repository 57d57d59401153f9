"""The commands: each parses, makes one call, and hands the result to `output`."""
