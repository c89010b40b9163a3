"""Sourced tables that travel with the package: holidays, column synonyms, status words."""
