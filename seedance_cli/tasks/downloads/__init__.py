"""A video's bytes, from its URL to a whole file in its place."""
