"""The `parameters` block of a spec."""

from dli_adapters.documents.nodes import Node, ScalarNode, SequenceNode
from dli_adapters.yaml_specs.fields import Fields
from dli_domain.model.spec import ParameterSpec, ParameterType

PARAMETER_KEYS = (
    "name",
    "type",
    "items",
    "required",
    "default",
    "description",
    "enum",
    "min",
    "max",
    "pattern",
)
_SYNONYMS = {"desc": "description", "values": "enum", "choices": "enum", "optional": "required"}


def read_parameters(spec: Fields) -> tuple[ParameterSpec, ...]:
    """The declared parameters; their values are judged by the domain."""
    parameters: dict[str, ParameterSpec] = {}
    for fields in spec.maps("parameters"):
        parameter = _parameter(fields)
        known = parameters.get(parameter.name)
        if known is None or not parameter.name:
            parameters[parameter.name] = parameter
        else:
            line = known.location.line if known.location else 0
            spec.findings.add(
                fields.location,
                f"the parameter {parameter.name!r} stands twice: first on line {line}",
                "Keep one of them.",
            )
    return tuple(parameters.values())


def _parameter(fields: Fields) -> ParameterSpec:
    fields.check_keys(PARAMETER_KEYS, synonyms=_SYNONYMS)
    kind = fields.choice("type", ParameterType, ParameterType.STRING)
    default = fields.node.get("default")
    return ParameterSpec(
        name=_name(fields),
        type=kind,
        items=_items(fields, kind),
        required=fields.flag("required", default=True),
        has_default=default is not None,
        default=None if default is None else _default(fields, default),
        description=fields.text("description"),
        enum=fields.texts("enum"),
        min=_raw(fields, "min"),
        max=_raw(fields, "max"),
        pattern=_raw(fields, "pattern"),
        location=fields.location,
    )


def _name(fields: Fields) -> str:
    name = fields.required_text("name", "run_date")
    if name and not name.isidentifier():
        node = fields.node.get("name")
        fields.findings.add(
            fields.location if node is None else node.location,
            f"'{fields.title('name')}' must be letters, digits and '_', not {name!r}",
            "Templates use the name as a variable; write, for example, run_date.",
        )
    return name


def _items(fields: Fields, kind: ParameterType) -> ParameterType:
    items = fields.choice("items", ParameterType, ParameterType.STRING)
    node = fields.node.get("items")
    if node is None:
        return items
    if kind is not ParameterType.LIST:
        fields.findings.add(
            node.location,
            f"'{fields.title('items')}' belongs to type list, this is {kind}",
            "Write type: list, or remove items.",
        )
    elif items is ParameterType.LIST:
        fields.findings.add(
            node.location,
            f"'{fields.title('items')}' must not be list",
            "Lists hold single values.",
        )
    return items


def _raw(fields: Fields, key: str) -> str | None:
    scalar = fields.scalar(key)
    return None if scalar is None else scalar.text


def _default(fields: Fields, node: Node) -> str | tuple[str, ...] | None:
    if isinstance(node, ScalarNode):
        return None if node.value is None else node.text
    if isinstance(node, SequenceNode):
        return fields.texts("default")
    fields.findings.add(
        node.location,
        f"'{fields.title('default')}' must be a value or a list of values",
        "Quote '{{ ... }}' and '{...}' where they are text.",
    )
    return None
