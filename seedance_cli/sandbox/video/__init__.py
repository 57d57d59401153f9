"""A real MP4 for a request: drawn, encoded, kept."""
