"""`gateway schema`: a JSON Schema with what an editor needs."""

import json

from typer.testing import CliRunner

from gateway_server.cli.registry import app


def test_the_schema_is_json_and_knows_every_key_with_its_default() -> None:
    result = CliRunner().invoke(app, ["schema"])
    schema = json.loads(result.stdout)
    gateway = schema["$defs"]["GatewaySettings"]
    assert result.exit_code == 0
    assert schema["additionalProperties"] is False
    assert gateway["properties"]["drain_timeout"]["default"] == "30s"
    assert gateway["properties"]["drain_timeout"]["x-type"] == "duration, 0s to 1h"
    assert gateway["properties"]["workers"]["anyOf"][0]["maximum"] == 256
    assert all("description" in key for key in gateway["properties"].values())
    assert schema["$defs"]["RouteSettings"]["required"] == ["name"]
