"""`gateway schema`: the configuration's JSON Schema, for editors."""

import json

import typer


def schema() -> None:
    """Write the configuration's JSON Schema: every key, its type, default and bounds."""
    from ..settings.schema import Settings

    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Settings.model_json_schema(),
        "title": "Configuration of the gateway",
    }
    typer.echo(json.dumps(document, indent=2))
