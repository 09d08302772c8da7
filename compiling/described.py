"""Tell `dataclasses` of a class whose methods were written out: for `replace`, `fields` and `match`.

Copied into the compiled core as `_described`.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

replace: Any = dataclasses.replace
"""To the type checker a class that was written out is no dataclass any more."""


def described(
    cls: Any, told: Sequence[tuple[str, bool, bool, bool, bool]], *, frozen: bool
) -> None:
    """Give `cls` what `dataclasses` looks for.

    A field is told as its name, and whether it is a parameter, has a default, is compared
    and is shown.
    """
    fields = [
        (
            name,
            object,
            dataclasses.field(
                default=None if default or not init else dataclasses.MISSING,
                init=init,
                compare=compared,
                repr=shown,
            ),
        )
        for name, init, default, compared, shown in told
    ]
    shadow = dataclasses.make_dataclass(cls.__name__, fields, frozen=frozen)
    for name in ("__dataclass_fields__", "__dataclass_params__", "__match_args__"):
        setattr(cls, name, getattr(shadow, name))
