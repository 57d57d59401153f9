"""Local media on their way to a seller: read, checked, uploaded, and put into the body."""
