"""The page about each error code; `docs/error-codes.md` is made of the same pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dli_cli.exit_codes import MEANINGS, exit_code
from dli_domain.errors import ErrorCode as E


@dataclass(frozen=True, slots=True)
class Page:
    """What a code means, why it comes, and what to do."""

    meaning: str
    causes: tuple[str, ...]
    steps: tuple[str, ...]


_CHECK = "Run 'dli config check': it tries each part and says which one fails."
_SHOW = "Run 'dli config show --show-source' to see each value and the file it comes from."
_VALIDATE = "Run 'dli dataset validate' or 'dli metric validate' to see every problem at once."
_RENDER = "Run 'dli dataset render NAME' (or 'dli metric render NAME') to see the SQL."

PAGES: Mapping[E, Page] = MappingProxyType(
    {
        E.CONFIG_INVALID: Page(
            "A setting has a value that it cannot have, or the settings contradict each other.",
            ("A typing error in dli.yaml or in ~/.dli/config.yaml.", "A wrong DLI_* variable."),
            (_SHOW, "Mend the value at the place that the message names."),
        ),
        E.CONFIG_NOT_FOUND: Page(
            "A configuration file that was named does not exist.",
            ("The path is wrong.", "The file was never written."),
            ("Check the path.", "Run 'dli config init' to write a configuration."),
        ),
        E.PROJECT_NOT_FOUND: Page(
            "There is no project here: no dli.yaml in this folder or above it.",
            (
                "dli runs outside of the project's folder.",
                "--project or DLI_PROJECT_PATH names a folder without dli.yaml.",
            ),
            (
                "Change to the project's folder, or give --project PATH.",
                "Run 'dli init' to write a new project.",
            ),
        ),
        E.CONFIG_ENV_NOT_FOUND: Page(
            "The configuration names an environment that it does not define.",
            ("A typing error in the name.", "The environment is defined in another file."),
            (_SHOW,),
        ),
        E.CONFIG_TEMPLATE_ERROR: Page(
            "A placeholder such as ${VAR} in a configuration file cannot be filled.",
            ("The variable is not set.", "The placeholder is not closed."),
            ("Set the variable, or give a default: ${VAR:-value}.", _SHOW),
        ),
        E.CONFIG_VALIDATION_FAILED: Page(
            "A configuration file does not have the shape that dli reads.",
            ("An unknown key.", "A value of the wrong type.", "YAML that does not parse."),
            ("Mend each place that the message names.", _SHOW),
        ),
        E.CONFIG_WRITE_ERROR: Page(
            "A configuration file could not be written. The old one, if any, is untouched.",
            ("The folder does not exist or may not be written.", "The disk is full."),
            ("Check the folder's permissions and the space on the disk.",),
        ),
        E.CONFIG_UNTRUSTED: Page(
            "The server's address comes from the project, the token from you. dli does not send "
            "your token to an address that a checkout names until you say that you trust it.",
            ("A project's dli.yaml or .env names a server that you never used.",),
            (
                "Look at the address in the message.",
                "Run 'dli config trust' if it is yours.",
                "Otherwise do not use this project with your token.",
            ),
        ),
        E.ENGINE_NOT_INSTALLED: Page(
            "The Python driver of the engine is not installed.",
            ("dli was installed without the extra of this engine.",),
            (
                'Install the extra: pip install "dli-cli[duckdb]" or "dli-cli[bigquery]".',
                "Run 'dli version' to see which drivers there are.",
            ),
        ),
        E.DATASET_NOT_FOUND: Page(
            "No dataset has this name.",
            (
                "A typing error.",
                "The spec file's name does not fit the patterns in dli.yaml.",
                "The spec is broken, so its name cannot be read.",
            ),
            ("Run 'dli dataset list'; broken specs are reported below the table.",),
        ),
        E.METRIC_NOT_FOUND: Page(
            "No metric has this name.",
            (
                "A typing error.",
                "The spec file's name does not fit the patterns in dli.yaml.",
                "The spec is broken, so its name cannot be read.",
            ),
            ("Run 'dli metric list'; broken specs are reported below the table.",),
        ),
        E.TABLE_NOT_FOUND: Page(
            "A table that was asked for is not known.",
            ("A typing error in ref() or in the name.", "The resource was renamed."),
            ("Run 'dli dataset list' to see the names that exist.",),
        ),
        E.VALIDATION_FAILED: Page(
            "At least one spec has an error. Each finding has its own code and place.",
            ("See the code of each finding.",),
            ("Mend the places that are listed, then validate again.",),
        ),
        E.SQL_SYNTAX_ERROR: Page(
            "The SQL does not parse in the dialect that the spec declares.",
            ("A syntax error.", "The spec declares another dialect than the SQL is written in."),
            (_RENDER, "Set execution.dialect in the spec to the dialect of its SQL."),
        ),
        E.SPEC_INVALID: Page(
            "A spec file is broken: its YAML, a key, a value, or a file that it names.",
            ("An unknown or misspelt key.", "A missing required key.", "A name that stands twice."),
            (_VALIDATE,),
        ),
        E.PARAMETER_INVALID: Page(
            "A parameter is missing, unknown, or of the wrong type. Nothing was sent to an engine.",
            ("A typing error in -p key=value.", "A required parameter was not given."),
            ("Run 'dli dataset get NAME' (or 'dli metric get NAME') to see what it takes.",),
        ),
        E.SPEC_LIMIT: Page(
            "A spec or template is larger or deeper than dli accepts.",
            ("A file that is no spec fits the patterns.", "A template that grows without end."),
            ("Split the spec, or narrow the patterns in dli.yaml.",),
        ),
        E.PATH_FORBIDDEN: Page(
            "A spec names a file outside of its project.",
            ("A path with '..' or an absolute path.", "A link that leads out of the project."),
            ("Move the file into the project and name it relative to the spec.",),
        ),
        E.TEMPLATE_FORBIDDEN: Page(
            "A template does what templates may not do, or a value stands where none can stand.",
            (
                "Access to attributes or functions that the sandbox refuses.",
                "A value in the place of a table's or column's name.",
            ),
            ("Declare a parameter that names a table or column with type: identifier.", _RENDER),
        ),
        E.COLUMN_UNKNOWN: Page(
            "The SQL uses a column that none of its tables has, as far as their columns are known.",
            (
                "A typing error in the column's name.",
                "The column was renamed or removed in the spec that builds the table.",
                "The table's 'schema:' or schema.yaml does not list the column.",
            ),
            ("Correct the name, or add the column where the table is described.",),
        ),
        E.SCHEMA_MISMATCH: Page(
            "The 'schema:' of a spec and the columns that its SQL gives do not agree.",
            (
                "A column was added, renamed or removed in one of the two only.",
                "The SQL gives a column another type than 'schema:' declares.",
            ),
            ("Make them agree: correct the SQL, CAST the column, or correct 'schema:'.",),
        ),
        E.PARAMETER_UNUSED: Page(
            "A parameter is declared, and no template of the spec uses it.",
            ("A typing error in the template or in the declaration.", "A leftover."),
            ("Use it in the SQL, or remove it.",),
        ),
        E.STAR_INTO_SCHEMA: Page(
            "SELECT * fills a table whose columns are fixed by 'schema:'.",
            ("A column that is added upstream would change the result, or break the insert.",),
            ("Write the columns out.",),
        ),
        E.WRITE_UNDECLARED: Page(
            "A metric, or a dataset with query_type SELECT, has a statement that changes data.",
            ("The statement belongs into a dataset.", "query_type is wrong."),
            ("Make the spec a dataset with query_type: DML, or write a SELECT.",),
        ),
        E.DEPENDENCY_MISMATCH: Page(
            "The spec's 'depends_on' and the tables that its SQL reads do not agree.",
            ("The SQL changed and depends_on did not.", "A typing error in depends_on."),
            ("Make them agree, or remove depends_on: the SQL says it already.",),
        ),
        E.VALUE_UNSAFE: Page(
            "A value of a parameter can change the shape of the statement, or cannot be placed.",
            ("A template builds SQL text out of values.", "A value stands where none can stand."),
            ("Follow the fix of the finding; let the value stand by itself, quoted or bare.",),
        ),
        E.TRANSPILE_FAILED: Page(
            "The SQL cannot be said in the engine's dialect without changing what it means.",
            ("A function or construct that the engine does not have.",),
            ("Write that part in another way, or write the SQL in the engine's own dialect.",),
        ),
        E.DIALECT_UNSUPPORTED: Page(
            "The dialect is not known.",
            ("A typing error in execution.dialect or in dli.yaml.",),
            ("Use a dialect that the message lists, such as trino, bigquery or duckdb.",),
        ),
        E.RULE_CONFLICT: Page(
            "A METRIC() cannot be put into the SQL without doubt.",
            ("Two metrics have a measure of that name.", "The measure does not fit the query."),
            ("Write METRIC(resource.measure) with the resource's whole name.",),
        ),
        E.EXECUTION_FAILED: Page(
            "The engine failed in a way that no other code describes.",
            ("See the engine's own message.",),
            (_CHECK,),
        ),
        E.EXECUTION_TIMEOUT: Page(
            "The time was up; the engine confirmed that the query is cancelled.",
            ("The query reads more than it needs.", "The engine is busy.", "The limit is short."),
            (
                "Give --timeout SECONDS (up to 3600), or set execution.timeout.",
                "Run it with --estimate to see how much it reads.",
            ),
        ),
        E.EXECUTION_CONNECTION: Page(
            "The engine could not be reached. Nothing ran; trying again is safe.",
            ("Missing or wrong credentials.", "A wrong project or path.", "The network is down."),
            (_CHECK,),
        ),
        E.EXECUTION_PERMISSION: Page(
            "The engine refused the credentials.",
            ("The account may not read a table.", "The account may not start queries."),
            (_CHECK, "Ask for the rights that the message names."),
        ),
        E.EXECUTION_QUERY: Page(
            "The engine says that the SQL or the data is at fault.",
            ("A table or column that does not exist.", "A value that cannot be converted."),
            ("Look at the place that the message names.", _RENDER),
        ),
        E.EXECUTION_CANCELLED: Page(
            "You stopped the run; the engine confirmed that the query is cancelled.",
            ("Ctrl-C, or a signal of the scheduler.",),
            ("Run it again.",),
        ),
        E.EXECUTION_UNKNOWN: Page(
            "The query was sent, and it is not known whether it ran to its end.",
            ("The connection broke after the query was sent.", "A cancel was not confirmed."),
            (
                "Look the job up at the engine by the id in the message.",
                "Run it again only if running it twice does no harm.",
            ),
        ),
        E.EXECUTION_LIMIT: Page(
            "A limit on bytes, rows, memory or cost refused the work.",
            ("The query reads more than --max-bytes allows.", "The engine's memory is used up."),
            ("Run it with --estimate to see how much it reads.", "Narrow it, or raise the limit."),
        ),
        E.RESULT_INVALID: Page(
            "The answer is cut or corrupt, or a value cannot be held without loss.",
            ("The connection broke while rows were read.", "Two columns have one name."),
            ("Run it again.", "Give columns different names, or cast the value to text."),
        ),
        E.OUTPUT_FAILED: Page(
            "The result could not be written. The old file, if any, is still whole.",
            (
                "The folder does not exist or may not be written.",
                "The disk is full.",
                "A value has no form in this format.",
            ),
            ("Check the path and the space on the disk.", "Use another --format."),
        ),
        E.SERVER_UNREACHABLE: Page(
            "The server could not be reached, or none can be used.",
            ("No server.url is configured.", "The network is down."),
            (_CHECK, "Run it with --local."),
        ),
        E.SERVER_AUTH_FAILED: Page(
            "The server refused the token.",
            ("The token is missing, wrong or out of date.",),
            (_SHOW, "Get a new token and set it."),
        ),
        E.SERVER_ERROR: Page(
            "The server answered with a failure of its own.",
            ("The server is overloaded or broken.",),
            ("Try again later.", "Tell the server's operators the request id of the message."),
        ),
        E.SERVER_EXECUTION: Page(
            "The server ran the query and it failed there.",
            ("A table or column that does not exist.", "A value that cannot be converted."),
            ("Look at the engine's message.", _RENDER),
        ),
        E.SERVER_PROTOCOL: Page(
            "The server's answer is not what its protocol says.",
            ("The address is not that of a Basecamp server.", "A proxy answers in its place."),
            (_SHOW, _CHECK),
        ),
        E.SERVER_RATE_LIMITED: Page(
            "The server says that it gets too many requests.",
            ("Too many runs at the same time.",),
            ("Wait, then try again.",),
        ),
        E.POLICY_REFUSED: Page(
            "The server's policy does not allow this SQL.",
            ("A statement that changes data.", "A table that is not open to you."),
            ("Ask the server's operators what is allowed.",),
        ),
        E.QUALITY_SPEC_NOT_FOUND: Page(
            "No quality file tests that resource, or there is no such file.",
            (
                "A typing error in the name or the path.",
                "The file's name does not match quality.*.yaml.",
                "Its target.name is another one.",
            ),
            (
                "Run 'dli quality list' to see what there is.",
                "Run 'dli quality suggest TABLE' to have one proposed.",
            ),
        ),
        E.QUALITY_NOT_FOUND: Page(
            "No test was left to run: none has that name, or all are switched off.",
            ("A typing error in --test.", "enabled: false in the file."),
            ("Run 'dli quality get NAME' to see the tests and which are enabled.",),
        ),
        E.QUALITY_NO_VERDICT: Page(
            "Nothing is known about the data: nothing ran, or the table has no row to learn from.",
            (
                "execution.default_mode or DLI_EXECUTION_MODE is mock.",
                "The table of 'dli quality suggest' is empty.",
            ),
            ("Run it with --local.", "Fill the table, or write its tests by hand.", _SHOW),
        ),
        E.WORKFLOW_NOT_FOUND: Page(
            "No workflow has that name, or no run or backfill has that id.",
            (
                "A typing error in the name or the id.",
                "The dataset has no schedule and is not registered as a workflow.",
                "The server's key is not open to that dataset.",
            ),
            ("Run 'dli workflow list' to see every workflow.", "Run 'dli workflow history'."),
        ),
        E.WORKFLOW_REGISTRATION_FAILED: Page(
            "The workflow cannot be registered.",
            (
                "The server does not know the dataset.",
                "Airflow shows no DAG for it, and the server may not write one.",
                "The DAG in Airflow has another schedule.",
            ),
            (
                "Give the dataset a 'schedule:' and put its project where Airflow reads DAGs.",
                "Set 'airflow.dags_folder' in the server's configuration.",
            ),
        ),
        E.WORKFLOW_EXECUTION_FAILED: Page(
            "A run of the workflow failed, or Airflow refused to start it.",
            ("A task of the DAG failed.", "Airflow does not accept the parameters."),
            (
                "Run 'dli workflow status RUN_ID' to see which task failed.",
                "Look at the task's log in Airflow.",
            ),
        ),
        E.WORKFLOW_PERMISSION_DENIED: Page(
            "Airflow does not let the server's user do that.",
            ("The user of 'airflow.username' has a role that may only read.",),
            ("Ask the server's operators.",),
        ),
        E.WORKFLOW_ALREADY_EXISTS: Page(
            "It is there already, and other than asked for.",
            (
                "A workflow of that name is registered.",
                "A run of that day or key exists with other parameters.",
            ),
            (
                "Register with --force to replace it.",
                "Give 'dli workflow run' another day, or the day as -p execution_date=YYYY-MM-DD.",
            ),
        ),
        E.WORKFLOW_INVALID_CRON: Page(
            "The schedule is no cron expression, or its time zone does not exist.",
            ("A field of the five is missing or out of its range.", "A typing error in the zone."),
            ("Write five fields, such as '0 6 * * *', and a zone such as Asia/Seoul.",),
        ),
        E.WORKFLOW_INVALID_STATE: Page(
            "That cannot be done in the state that the workflow or the run is in.",
            (
                "The workflow is paused.",
                "The run has ended already.",
                "The workflow has no schedule, so it has no days to fill.",
            ),
            ("Run 'dli workflow status RUN_ID' or 'dli workflow list'.",),
        ),
        E.WORKFLOW_UNREGISTER_FAILED: Page(
            "The workflow cannot be removed.",
            ("It is declared by a spec of the project.", "The DAG file cannot be deleted."),
            ("Take 'schedule:' out of the spec.", "Look at the server's 'airflow.dags_folder'."),
        ),
        E.WORKFLOW_UNAVAILABLE: Page(
            "The server has no Airflow, or cannot reach it; nothing was started.",
            ("No 'airflow.url' in the server's configuration.", "Airflow is down."),
            ("Try again later.", "Ask the server's operators."),
        ),
        E.CATALOG_TABLE_NOT_FOUND: Page(
            "The catalog has no table of that name, or the key may not see it.",
            (
                "A typing error in the name.",
                "The table is on another engine than the server's.",
                "The key is limited to other names.",
            ),
            ("Run 'dli catalog search WORD' to find it.", "Run 'dli catalog list' to see all."),
        ),
        E.CATALOG_INVALID_IDENTIFIER: Page(
            "The text is no name of a project, a dataset or a table.",
            ("A part is empty, or there are more than four parts.", "A search of one letter."),
            ("Write project, project.dataset or project.dataset.table.",),
        ),
        E.CATALOG_ENGINE_NOT_SUPPORTED: Page(
            "The name begins with an engine that the server does not run.",
            ("The first of four parts names an engine.",),
            ("Leave the engine out, or ask a server that runs it.",),
        ),
        E.QUERY_NOT_FOUND: Page(
            "There is no query with that id, or it is somebody else's.",
            ("A typing error in the id.", "The id is one of another server."),
            ("Run 'dli query list' to see your queries.",),
        ),
        E.QUERY_ACCESS_DENIED: Page(
            "The key may see its own queries only.",
            ("--scope system, user or all needs a key with the scope admin.",),
            ("Leave --scope out, or ask for a key with the scope admin.",),
        ),
        E.QUERY_CANCEL_FAILED: Page(
            "The query cannot be stopped: it has ended already.",
            ("It ended while it was being asked to stop.",),
            ("Run 'dli query show ID' to see how it ended.",),
        ),
        E.QUERY_INVALID_FILTER: Page(
            "A filter of the query list means nothing.",
            ("The end of the time lies before its start.", "A status that does not exist."),
            ("Correct the filter that the message names.",),
        ),
        E.LINEAGE_CYCLE_DETECTED: Page(
            "Datasets or metrics rest on each other in a circle: nothing can be built before itself.",
            (
                "A dataset reads, through others, what it fills.",
                "A METRIC() leads back to itself through other metrics.",
            ),
            ("Break the circle at the place that the message names.",),
        ),
        E.INTERNAL_ERROR: Page(
            "A bug in dli. A crash file tells where; secrets in it are masked.",
            ("Something that its authors did not think of.",),
            ("Report it with the crash file.",),
        ),
    }
)


def text_page(code: E) -> str:
    """The page of a code for a terminal."""
    page, exits = PAGES[code], exit_code(code)
    return "\n".join(
        (
            f"{code.value} {code.name}",
            "",
            page.meaning,
            "",
            "Likely causes:",
            *(f"- {cause}" for cause in page.causes),
            "",
            "What to do:",
            *(f"- {step}" for step in page.steps),
            "",
            f"Exit code: {int(exits)} ({MEANINGS[exits]})",
        )
    )


def markdown() -> str:
    """All pages as one document."""
    table = "\n".join(f"| {int(code)} | {text} |" for code, text in MEANINGS.items())
    parts = [
        "# Error codes",
        "Made of the pages that `dli explain CODE` prints; do not edit by hand.",
        "## Exit codes",
        f"| exit code | meaning |\n|---|---|\n{table}\n| 128 + n | ended by signal n |",
    ]
    parts.extend(_section(code) for code in PAGES)
    return "\n\n".join(parts) + "\n"


def _section(code: E) -> str:
    page, exits = PAGES[code], exit_code(code)
    causes = "\n".join(f"- {cause}" for cause in page.causes)
    steps = "\n".join(f"- {step}" for step in page.steps)
    return (
        f"## {code.value} {code.name}\n\n{page.meaning}\n\n"
        f"Likely causes:\n\n{causes}\n\nWhat to do:\n\n{steps}\n\nExit code: {int(exits)}"
    )
