"""Configuration: TOML, YAML or JSON in, frozen settings out, every error at once."""

from .load import load
from .problem import Problem, SettingsError, Severity
from .schema import Settings

__all__ = ["Problem", "Settings", "SettingsError", "Severity", "load"]
