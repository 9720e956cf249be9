"""Values that have broken out of SQL elsewhere, for each type a parameter may declare."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from dli_domain.model.spec import ParameterSpec, ParameterType

# One value that proves many at once: if it changes nothing, none of its parts does, since each
# stands behind a part that would end what surrounds it. The parts themselves name a culprit.
_QUOTES = ("'", "''", "\\'", "\\", "\\\\'", '"', '""', '\\"', "`", "'''", '"""', "$$", "$x$")
_ENDS = ("x' OR '1'='1", 'x" OR "1"="1', "1 OR 1=1", "1; DROP TABLE x", ") UNION SELECT (1", ";")
_COMMENTS = ("--", "\n--", "#", "\n# x", "/*", "*/", "*/ OR 1=1 /*", "\r\n; DELETE FROM x --")
_TEMPLATES = ("{{ x }}", "{% raw %}", "${x}", "@x", ":x", "?", "%s", "%")
_CHARACTERS = ("\u2019", "\uff07", "\u2028", "\u00a0", "\u200b", "\t", "\x1b", "한글", "\U0001f600")
_ESCAPES = ("\\x27", "\\u0027", "\\047", "&#39;", "%27", "U&'\\0027'", "0x27", "\\n")

SINGLES: Sequence[str] = (*_QUOTES, *_ENDS, *_COMMENTS, *_TEMPLATES, *_CHARACTERS, *_ESCAPES)
_TOGETHER: Sequence[str] = (
    "".join(_QUOTES),
    "".join(reversed(_QUOTES)),
    "".join(_ENDS),
    "".join(_COMMENTS),
    "".join((*_TEMPLATES, *_CHARACTERS, *_ESCAPES)),
    "' " + " ' ".join(SINGLES),
    '" ' + ' " '.join(SINGLES),
    "\\" + "\\'".join(SINGLES) + "\\",
    "NULL",
    "",
    "\n",
    "a" * 4000,
)

HARMLESS: Mapping[ParameterType, str] = MappingProxyType(
    {
        ParameterType.STRING: "a",
        ParameterType.INTEGER: "2",
        ParameterType.FLOAT: "2.5",
        ParameterType.DECIMAL: "2.5",
        ParameterType.BOOLEAN: "true",
        ParameterType.DATE: "2001-02-03",
        ParameterType.TIMESTAMP: "2001-02-03T04:05:06",
        ParameterType.IDENTIFIER: "a",
    }
)
_HOSTILE: Mapping[ParameterType, Sequence[str]] = MappingProxyType(
    {
        ParameterType.STRING: _TOGETHER,
        ParameterType.INTEGER: ("-1", "0", "-" + "9" * 38, "9" * 38),
        ParameterType.FLOAT: ("-1.5", "0", "-1e300", "1e-300", "1e22"),
        ParameterType.DECIMAL: ("-1.5", "0", "-0.000000000001", "9" * 29 + ".999999999"),
        ParameterType.BOOLEAN: ("false",),
        ParameterType.DATE: ("0001-01-01", "9999-12-31"),
        ParameterType.TIMESTAMP: (
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59.999999",
            "2001-02-03T04:05:06.789",
        ),
        ParameterType.IDENTIFIER: ("select", "a-b", "a$b", "FROM", "null", "Kim", "한글", "_"),
    }
)


def harmless(parameter: ParameterSpec) -> object:
    """A value with which every other one is compared."""
    if isinstance(parameter.default, str) and parameter.pattern is not None:
        one = parameter.default
    elif parameter.enum:
        one = parameter.enum[0]
    else:
        one = parameter.min or parameter.max or HARMLESS[_kind(parameter)]
    return [one, one] if parameter.type is ParameterType.LIST else one


def hostile(parameter: ParameterSpec) -> list[object]:
    """The values to try; of a parameter with choices all of them, for it takes no others."""
    values = parameter.enum or (
        *_HOSTILE[_kind(parameter)],
        *(bound for bound in (parameter.min, parameter.max) if bound is not None),
    )
    if parameter.type is ParameterType.LIST:
        return [[one, other] for one, other in zip(values, (*values[1:], values[0]), strict=True)]
    return list(values)


def parts(value: object) -> list[object]:
    """The single payloads to look for where a value of many parts did harm."""
    if isinstance(value, list):
        return [[one, one] for one in SINGLES]
    return list(SINGLES) if value in _TOGETHER else [value]


def _kind(parameter: ParameterSpec) -> ParameterType:
    return parameter.items if parameter.type is ParameterType.LIST else parameter.type
