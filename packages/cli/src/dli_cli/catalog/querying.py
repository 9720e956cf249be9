"""Queries of the server: the list, one of them, and stopping them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from dli_adapters.registry import open_queries
from dli_cli.catalog.fields import query_detail_fields, query_fields
from dli_cli.catalog.opening import composed
from dli_cli.catalog.options import wants_json
from dli_cli.catalog.page import size
from dli_cli.catalog.tables import duration, query_lines, state_style, when
from dli_cli.commands.query import Cancelling, Listing, Showing
from dli_cli.exit_codes import ExitCode
from dli_cli.output import Screen
from dli_cli.text import safe, safe_line
from dli_cli.usage import UsageError
from dli_domain.errors import QueryHistoryError
from dli_domain.model.history import (
    QueryCancelled,
    QueryDetail,
    QueryFilter,
    moment,
)
from dli_domain.model.paging import total_of
from dli_domain.usecases.stop_queries import StopQueries

_MOST_AT_ONCE = 500


def show_list(account: str | None, options: Listing, screen: Screen) -> None:
    """A page of queries.

    Raises:
        UsageError: a time means nothing, or ends before it begins.
        QueryHistoryError: the key may not see these.
        ServerError: there is no server, or it refuses.
    """
    as_json = wants_json(options, screen)
    dli = composed(options, screen)
    now = dli.clock.now()
    since = _moment(options.since, now, "--since")
    until = None if options.until is None else _moment(options.until, now, "--until")
    if until is not None and until <= since:
        raise UsageError(f"--until {options.until} is not later than --since {options.since}.")
    wanted = QueryFilter(
        scope=options.scope,
        account=account,
        sql=options.sql,
        state=options.status,
        tags=options.tag,
        engine=options.engine,
        since=since,
        until=until,
    )
    with open_queries(dli.settings, dli.clock) as history:
        page = history.queries(wanted, limit=options.limit, offset=options.offset)
    if as_json:
        screen.envelope(
            queries=[query_fields(one) for one in page.queries],
            total=total_of(len(page.queries), options.offset, has_more=page.has_more),
            has_more=page.has_more,
            offset=options.offset,
            since=since,
            until=until,
        )
        return
    for line in query_lines(page, options.offset, screen.width):
        screen.print(line)


def show_one(query_id: str, options: Showing, screen: Screen) -> None:
    """One query; raises as `show_list`."""
    as_json = wants_json(options, screen)
    dli = composed(options, screen)
    with open_queries(dli.settings, dli.clock) as history:
        detail = history.query(query_id)
    if as_json:
        screen.envelope(query=query_detail_fields(detail, full=options.full_query))
        return
    for line in _page(detail, screen, full=options.full_query):
        screen.print(line)


def cancel(query_id: str | None, options: Cancelling, screen: Screen) -> int:
    """Stop one query, or all that an account has running.

    Raises:
        QueryHistoryError: there is no such query, it has ended, or it changes data and `force`
            is not said.
    """
    as_json = wants_json(options, screen)
    dli = composed(options, screen)
    with open_queries(dli.settings, dli.clock) as history:
        stop = StopQueries(history=history)
        if query_id is not None:
            chosen = stop.one(query_id, force=options.force)
        else:
            chosen = stop.of_account(options.user or "", force=options.force)
        if options.dry_run:
            _tell_plan(chosen, screen, as_json=as_json)
            return ExitCode.OK
        outcomes = stop.stopped(chosen, options.reason)
    return _tell_outcomes(outcomes, screen, as_json=as_json)


def _tell_plan(chosen: Sequence[QueryDetail], screen: Screen, *, as_json: bool) -> None:
    if as_json:
        screen.envelope(dry_run=True, queries=[query_fields(one.info) for one in chosen])
        return
    for one in chosen:
        screen.print(f"Would stop {one.query_id} of {safe_line(one.info.account)}: {_what(one)}")
    if not chosen:
        screen.print("Nothing runs that would be stopped.")


def _tell_outcomes(
    outcomes: Sequence[QueryCancelled | QueryHistoryError], screen: Screen, *, as_json: bool
) -> int:
    stopped = [one for one in outcomes if isinstance(one, QueryCancelled)]
    open_ones = [one for one in stopped if not one.state.ended]
    code = ExitCode.UNKNOWN if open_ones else ExitCode.OK
    if len(outcomes) == 1 and isinstance(outcomes[0], QueryHistoryError):
        raise outcomes[0]
    if as_json:
        screen.envelope(
            status="pending" if open_ones else "success",
            exit_code=int(code),
            cancelled=[
                {
                    "query_id": one.query_id,
                    "state": one.state,
                    "cancelled_by": one.cancelled_by,
                    "cancelled_at": one.cancelled_at,
                    "reason": one.reason,
                }
                for one in stopped
            ],
        )
        return code
    for one in stopped:
        if one.state.ended:
            screen.print(f"Stopped {one.query_id}.")
        else:
            screen.print(f"Asked {one.query_id} to stop; its engine has not confirmed it yet.")
    if not outcomes:
        screen.print("Nothing runs that could be stopped.")
    return code


def _page(detail: QueryDetail, screen: Screen, *, full: bool) -> Iterator[str]:
    info = detail.info
    facts = (
        ("Query", info.query_id),
        ("Kind", info.kind),
        ("Runs", info.title),
        ("State", screen.out.style(info.state.value, state_style(info.state))),
        ("Account", f"{info.account} ({info.account_type.value})"),
        ("Engine", info.engine),
        ("Job", detail.job_id or ""),
        ("Tags", ", ".join(info.tags)),
        ("Submitted", _utc(info.submitted_at)),
        ("Waited", duration(detail.queue_time_seconds)),
        ("Started", _utc(info.started_at)),
        ("Ended", _utc(info.finished_at)),
        ("Took", duration(info.duration_seconds)),
        ("Rows", _number(info.rows_returned)),
        ("Rows changed", _number(detail.rows_affected)),
        ("Read", "" if info.bytes_processed is None else size(info.bytes_processed)),
        ("Billed", "" if detail.bytes_billed is None else size(detail.bytes_billed)),
        ("Stopped by", detail.cancelled_by or ""),
        ("Reason", detail.cancel_reason or ""),
        ("Failure", _failure(detail)),
        ("Tables", ", ".join(f"{one.name} ({one.operation})" for one in detail.tables_used)),
    )
    for name, value in facts:
        if value:
            yield f"{name}: {value if name == 'State' else safe_line(value)}"
    text = detail.query_text if full else detail.query_preview
    if text.strip():
        yield ""
        yield "SQL:"
        yield from (f"  {line}" for line in safe(text.rstrip()).split("\n"))
    if not full and detail.query_preview != detail.query_text.strip():
        yield "  --full-query shows the whole text."


def _failure(detail: QueryDetail) -> str:
    message = detail.info.error_message or ""
    return f"[{detail.error_code}] {message}" if detail.error_code else message


def _what(detail: QueryDetail) -> str:
    text = detail.info.title or " ".join(detail.query_text.split())
    return safe_line(text[:80])


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _utc(time: datetime | None) -> str:
    return f"{when(time)} UTC" if time is not None else ""


def _moment(text: str, now: datetime, option: str) -> datetime:
    try:
        return moment(text, now)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.") from error
