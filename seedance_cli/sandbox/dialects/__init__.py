"""What each provider says on the wire: one module each, found by listing this folder."""
