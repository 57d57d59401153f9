"""Both streams: results, tables, the live view, JSON documents. The one importer of rich."""
