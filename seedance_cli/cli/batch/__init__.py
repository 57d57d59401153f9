"""`seedance batch`: its rows as orders, the quote, the run, and what is told of it."""
