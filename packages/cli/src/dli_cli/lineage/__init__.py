"""Lineage as screens, pages and documents: each module turns one view into one form."""
