"""The command ``kith``. Exit codes: 0 done, 1 our bug, 2 usage, 3 input rejected, 4 store unavailable, 5 refused."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from api import commands, user_commands
from api.console import Console
from api.demo import demo
from api.errors import log_bug
from api.settings import Settings
from graph.access.actors import ACCOUNT_ROLES
from graph.errors import KithError, UsageError

Command = Callable[[argparse.Namespace, Settings, Console], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    # What Kith writes is for its user alone: folders 0700, files 0600.
    os.umask(0o077)
    options = parser().parse_args(arguments)
    console = Console(as_json=getattr(options, "json", False))
    try:
        with _ended_cleanly():
            settings = Settings.from_environment(store=getattr(options, "store", None))
            options.run(options, settings, console)
    except KithError as error:
        console.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        console.clear()
        return 130
    except BrokenPipeError:
        # The reader of a pipe has left; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        console.error(UsageError(f"a file cannot be used: {error.strerror or type(error).__name__}"))
        return UsageError.exit_code
    except Exception as error:
        log_bug(error)
        console.error(KithError("this is a mistake of ours; nothing has been changed by it that is not in the audit"))
        return 1
    return 0


@contextlib.contextmanager
def _ended_cleanly() -> Iterator[None]:
    """Being asked to end (SIGTERM) leaves nothing half done and no temporary folder behind."""

    def end(*_: object) -> None:
        raise SystemExit(143)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--store", metavar="URL", default=argparse.SUPPRESS, help="the store (else KITH_STORE, else your data folder)"
    )
    shared.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="write JSON")
    top = argparse.ArgumentParser(
        prog="kith",
        parents=[shared],
        description="The shared, accountable map of the people, places and groups around children at risk.",
    )
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, help_text: str, run: Command) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, parents=[shared], help=help_text, description=help_text)
        added.set_defaults(run=run)
        return added

    _demo(command("demo", "an invented city, analysed and served, with ready-made users", demo))
    command("init", "create or migrate the store", commands.init)
    _load(command("load", "load files or folders in one transaction", commands.load))
    command("formats", "the formats that load reads, with their columns", commands.formats)
    _analyse(command("analyse", "run detectors, keep the flags and print them", commands.analyse))
    _map(command("map", "an access-checked map, to a file or as JSON", commands.network_map))
    _serve(command("serve", "the web application and API", commands.serve))
    _user(verbs.add_parser("user", parents=[shared], help="accounts and memberships"), shared)
    _audit(verbs.add_parser("audit", parents=[shared], help="check or export the audit chains"), shared)
    command("doctor", "what is installed, reachable, misconfigured", commands.doctor)
    return top


def _demo(added: argparse.ArgumentParser) -> None:
    added.add_argument("--size", choices=("hub", "city"), default="hub", help="2,000 or 100,000 people")
    added.add_argument("--port", type=_port, default=None, help="port to listen on (8000, or any that is free)")
    added.add_argument("--no-browser", action="store_true", help="do not open a browser")
    added.add_argument("--seed", type=int, default=1, help="another seed is another city")


def _load(added: argparse.ArgumentParser) -> None:
    added.add_argument("paths", metavar="PATH", nargs="+", type=Path)
    added.add_argument("--format", metavar="NAME", help="bundle or mapping; recognised when not given")
    added.add_argument("--mapping", metavar="FILE.yaml", type=Path, action="append", default=[])
    added.add_argument("--agency", metavar="NAME", help="whose information links are that do not say")
    added.add_argument("--reason", metavar="TEXT", help="why, for the audit")
    added.add_argument("--dry-run", action="store_true", help="check everything, load nothing")
    added.add_argument("--report", metavar="FILE.json", type=Path, help="write the report there as well")
    added.add_argument("--rejects", metavar="DIR", type=Path, help="load the good rows, write the others there")


def _analyse(added: argparse.ArgumentParser) -> None:
    added.add_argument("detectors", metavar="DETECTOR", nargs="*", help="none for all")
    added.add_argument("--as-at", metavar="DATE", help="what was so on that day (today)")
    added.add_argument("--known-at", metavar="DATE", help="what was known then (now)")
    added.add_argument("--scope", metavar="KIND:ID", help="one operation, school, peer group or locality")
    added.add_argument("--param", metavar="k=v", action="append", default=[], help="a parameter of a detector")
    added.add_argument("--seed", type=int, default=0)
    added.add_argument("--out", metavar="FILE", type=Path, help="write the runs there as JSON")


def _map(added: argparse.ArgumentParser) -> None:
    added.add_argument("about", metavar="KIND:ID")
    added.add_argument("--as", dest="account", metavar="USER", required=True, help="whose rights decide")
    added.add_argument("--purpose", metavar="TEXT", required=True, help="why, for the audit and the map")
    added.add_argument("--recipient", metavar="TEXT", help="who the file is for (else the user)")
    added.add_argument("--hops", type=int, default=1)
    added.add_argument("--from", dest="first_day", metavar="DATE", help="first day of the period")
    added.add_argument("--to", dest="last_day", metavar="DATE", help="last day of the period")
    added.add_argument("--as-at", metavar="DATE", help="what was so on that day")
    added.add_argument("--known-at", metavar="DATE", help="what was known then")
    added.add_argument("--limit", type=int, default=500, help="at most this many records")
    added.add_argument("--out", metavar="FILE", type=Path, help="the ending chooses the format")


def _serve(added: argparse.ArgumentParser) -> None:
    added.add_argument("--host", metavar="H", help="address to listen on (127.0.0.1)")
    added.add_argument("--port", metavar="N", type=_port, help="port to listen on (8000)")


def _user(added: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    verbs = added.add_subparsers(title="commands", metavar="COMMAND", required=True)
    roles = [role.value for role in ACCOUNT_ROLES]

    def command(name: str, help_text: str, run: Command) -> argparse.ArgumentParser:
        verb = verbs.add_parser(name, parents=[shared], help=help_text, description=help_text)
        verb.set_defaults(run=run)
        if name != "list":
            verb.add_argument("name", metavar="NAME")
        return verb

    new = command("add", "a new account; the password is asked for or taken from KITH_PASSWORD", user_commands.add)
    new.add_argument("--role", choices=roles, required=True)
    new.add_argument("--agency", required=True, help="a word of the agency list")
    command("list", "all accounts", user_commands.list_accounts)
    role = command("role", "change the role", user_commands.role)
    role.add_argument("role", choices=roles)
    role.add_argument("--agency", help="change the agency as well")
    disable = command("disable", "end all sessions and let nobody log in", user_commands.disable)
    disable.add_argument("--enable", action="store_true", help="undo it")
    command("password", "a new password, asked for or taken from KITH_PASSWORD", user_commands.password)
    grant = command("grant", "membership of an operation", user_commands.grant)
    grant.add_argument("operation", metavar="OPERATION")
    grant.add_argument("--until", metavar="DATE", required=True, help="last day")
    grant.add_argument("--purpose", metavar="TEXT", required=True)
    grant.add_argument("--approver", metavar="USER", help="account that approves it (else the operator)")
    revoke = command("revoke", "end a membership of an operation", user_commands.revoke)
    revoke.add_argument("operation", metavar="OPERATION")


def _audit(added: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    verbs = added.add_subparsers(title="commands", metavar="COMMAND", required=True)
    verify = verbs.add_parser("verify", parents=[shared], help="check both chains from their first row")
    verify.add_argument(
        "--head", metavar="CHAIN:NUMBER:DIGEST", action="append", default=[], help="a head that was kept elsewhere"
    )
    verify.set_defaults(run=commands.audit_verify)
    export = verbs.add_parser("export", parents=[shared], help="write the rows as JSON lines, heads last")
    export.add_argument("--out", metavar="FILE", type=Path, help="else standard output")
    export.set_defaults(run=commands.audit_export)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError("a port is a number up to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
