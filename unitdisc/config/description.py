"""What model.json says of a trained model: its settings, and those of its features."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

import unitdisc
from unitdisc.config.features import AnyFeatures, FeatureSettings
from unitdisc.config.models import AnyModel, ModelSettings
from unitdisc.errors import InputError
from unitdisc.files import read_json
from unitdisc.layout import RunFolder

settings_of: TypeAdapter[Any] = TypeAdapter(AnyModel)
features_of: TypeAdapter[Any] = TypeAdapter(AnyFeatures)


@dataclass(frozen=True, slots=True)
class Description:
    """The settings of a trained model and of its features, with all of ``content`` of model.json."""

    model: ModelSettings
    features: FeatureSettings
    content: dict[str, Any]


def described(run: RunFolder) -> Description:
    """Read model.json; raises InputError where it is missing or does not describe a model."""
    path = run.description
    content = read_json(path, missing="train the model first: unitdisc train --help")
    try:
        model = settings_of.validate_python(content["model"])
        # Models of version 0.1 were trained when all frames were active.
        features = features_of.validate_python({"activity": None, **content["features"]})
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise undescribed(run, error, content) from None
    return Description(model, features, content)


def undescribed(run: RunFolder, error: Exception, content: Any) -> InputError:
    """Return the error for a model.json that lacks something, or holds something else in its place."""
    missing = f" {error}" if isinstance(error, KeyError) else ""
    what = f"does not describe a model ({type(error).__name__}{missing})"
    return InputError(what, run.description, fix=other_version(content))


def other_version(content: Any) -> str | None:
    """Return what to do about a model that another version has written; None for one of this version."""
    version = content.get("unitdisc") if isinstance(content, dict) else None
    if not isinstance(version, str) or version == unitdisc.__version__:
        return None
    return f"unitdisc {version:.20} wrote it, and this is {unitdisc.__version__}: train it again, or use that version"
