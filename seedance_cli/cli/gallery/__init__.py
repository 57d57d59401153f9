"""`seedance gallery`: which videos, and the page of them."""
