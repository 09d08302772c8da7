"""Routing: from a request's head to the route that serves it, and what its upstream is asked."""

from .pattern import Param, Pattern
from .route import BODY_MAX, FieldRule, QueryRule, Rewrite, Route
from .router import Answer, Match, Outcome, Router, ServerOptions
from .target import TARGET_MAX, Form, Target, normalise, parse_target

__all__ = [
    "BODY_MAX",
    "TARGET_MAX",
    "Answer",
    "FieldRule",
    "Form",
    "Match",
    "Outcome",
    "Param",
    "Pattern",
    "QueryRule",
    "Rewrite",
    "Route",
    "Router",
    "ServerOptions",
    "Target",
    "normalise",
    "parse_target",
]
