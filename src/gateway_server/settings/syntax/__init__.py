"""TOML, YAML and JSON: text to a tree of plain values, and where each value stands."""

from .parsed import Parsed, SyntaxFaultError
from .reading import SUFFIXES, parse

__all__ = ["SUFFIXES", "Parsed", "SyntaxFaultError", "parse"]
