"""Values that stand in for required parameters while a spec is only looked at."""

from collections.abc import Mapping

from dli_domain.model.quality import QualitySpec
from dli_domain.model.spec import ParameterSpec, ParameterType, ResourceSpec

_SAMPLES: Mapping[ParameterType, str] = {
    ParameterType.STRING: "sample",
    ParameterType.INTEGER: "1",
    ParameterType.FLOAT: "1.5",
    ParameterType.DECIMAL: "1.5",
    ParameterType.BOOLEAN: "true",
    ParameterType.DATE: "2000-01-01",
    ParameterType.TIMESTAMP: "2000-01-01T00:00:00",
    ParameterType.IDENTIFIER: "sample",
}


def sample_values(
    spec: ResourceSpec | QualitySpec, given: Mapping[str, object]
) -> tuple[dict[str, object], tuple[str, ...]]:
    """A value for each required parameter that nobody gave, and the names of those without one.

    A parameter with a pattern and no choices has none: only its author knows what matches.
    """
    wanted = [one for one in spec.parameters if _is_missing(one, given)]
    without = tuple(one.name for one in wanted if one.pattern is not None and not one.enum)
    return {one.name: _sample(one) for one in wanted if one.name not in without}, without


def _is_missing(parameter: ParameterSpec, given: Mapping[str, object]) -> bool:
    return parameter.required and not parameter.has_default and parameter.name not in given


def _sample(parameter: ParameterSpec) -> object:
    is_list = parameter.type is ParameterType.LIST
    kind = parameter.items if is_list else parameter.type
    choices = (*parameter.enum, parameter.min, parameter.max, _SAMPLES[kind])
    one = next(choice for choice in choices if choice is not None)
    return [one] if is_list else one
