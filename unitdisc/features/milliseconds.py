"""Times in milliseconds, as settings of features have them."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from unitdisc.errors import InputError
from unitdisc.formats.frame_shifts import read_shift


def read_milliseconds(value: Any) -> Any:
    """Return the number that a fraction such as "1000/75" is; pydantic checks whatever is no fraction."""
    try:
        return float(read_shift(value)) if isinstance(value, str) and "/" in value else value
    except InputError as error:
        raise ValueError(str(error)) from None


Milliseconds = Annotated[
    float, BeforeValidator(read_milliseconds, json_schema_input_type=Annotated[float, Field(gt=0)] | str)
]
