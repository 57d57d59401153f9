"""`seedance`: one command line over every service that sells Seedance video."""

__version__ = "0.1.0"
