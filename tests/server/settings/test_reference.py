"""docs/configuration.md is made from the schema, and is complete."""

from pathlib import Path

from pydantic import BaseModel

from gateway_server.settings import schema
from gateway_server.settings.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_the_page_is_what_the_schema_says() -> None:
    how = "python -m gateway_server.settings.reference > docs/configuration.md"
    assert PAGE.read_text(encoding="utf-8") == reference(), how


def test_every_key_has_its_row() -> None:
    rows = reference()
    for name in schema.__all__:
        model = getattr(schema, name)
        assert issubclass(model, BaseModel)
        if name != "Settings":
            for field in model.model_fields:
                assert f"| `{field}` |" in rows, (name, field)


def test_every_key_says_what_it_does() -> None:
    for name in schema.__all__:
        for key, field in getattr(schema, name).model_fields.items():
            assert field.description, (name, key)
