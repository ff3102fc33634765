"""The command `conclint`: the one place that knows all the parts."""

from __future__ import annotations

import gc
import os
import sys
from itertools import groupby

import click

import conclint
from conclint.cli_options import Request, Sectioned, options

OK, FINDINGS, USAGE, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130

_HELP = """Find the concurrency bugs in Python code, show the path that proves each one, and mend it.

PATHS are files and folders, by default the working folder; `-` reads one file from the input."""
_EPILOG = """Exit codes: 0 nothing found, 1 findings, 2 a mistake in the call or the configuration, 3 an error in
conclint or a rule (what the others found is still shown)."""


class Command(click.Command):
    """The command, with its options under titles and an option whose value is optional."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let `--add-ignore` stand without a value: it would take the next path for one."""
        end = args.index("--") if "--" in args else len(args)
        head = ["--add-ignore=" if arg == "--add-ignore" else arg for arg in args[:end]]
        return super().parse_args(ctx, head + args[end:])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, section by section."""
        parameters = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        own = [each for each in parameters if isinstance(each, Sectioned)]
        sections: list[tuple[str, list[click.Option]]] = [
            (title, list(group)) for title, group in groupby(own, key=lambda option: option.section)
        ]
        sections.append(("About conclint", [each for each in parameters if not isinstance(each, Sectioned)]))
        for title, found in sections:
            records = [record for record in (option.get_help_record(ctx) for option in found) if record]
            with formatter.section(title):
                formatter.write_dl(records, col_max=28)

    def invoke(self, ctx: click.Context) -> None:
        """Do what the options say, and exit."""
        from conclint.cli_modes import execute

        ctx.exit(execute(Request(**ctx.params)))


def command() -> click.Command:
    """The command as click runs it."""
    made = Command(
        "conclint",
        params=options(),
        help=_HELP,
        epilog=_EPILOG,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    return click.version_option(conclint.__version__, "--version", "-V", message="conclint %(version)s")(made)


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit.

    Raises:
        SystemExit: always, with one of the exit codes.
    """
    try:
        code = command().main(arguments, prog_name="conclint", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    except Exception:
        import traceback

        traceback.print_exc()
        click.echo("conclint broke; the lines above say where. Please report it with them.", err=True)
        code = INTERNAL
    sys.exit(code or OK)


def console() -> None:
    """Run the command as a process of its own.

    The process is left without taking apart what it has built: for a large program that took a tenth of the time.

    Raises:
        SystemExit: the output could not be written to its end.
    """
    gc.disable()
    try:
        main()
    except SystemExit as end:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(end.code if isinstance(end.code, int) else INTERNAL)
