"""The command `chaufferie`: its sub-commands, and what a mistake looks like."""

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from chaufferie.cli import programs
from chaufferie.cli.access import keys, quotas, tenants, webhooks
from chaufferie.cli.access.usage import prices, usage
from chaufferie.cli.fleet import node, reservations, site
from chaufferie.cli.fleet import shown as fleet
from chaufferie.cli.fleet.licences import licences
from chaufferie.cli.fleet.weather import weather
from chaufferie.cli.heat_sales import (
    collectivities,
    contracts,
    disputes,
    invoices,
    ledger,
    meter_import,
    meters,
    papers,
    sample,
    statements,
    stickers,
    town_files,
    town_people,
)
from chaufferie.cli.heat_sales.indicators import indicators
from chaufferie.cli.heat_sales.shares import shares
from chaufferie.cli.speaking.exits import ExitCode, exit_code_of
from chaufferie.cli.speaking.fields import in_typed_words
from chaufferie.cli.speaking.speech import remark
from chaufferie.cli.work import fetching, forgetting, jobs, steering
from chaufferie.cli.work.explain import explain
from chaufferie.cli.work.modify import modify
from chaufferie.cli.work.slurm import slurm
from chaufferie.cli.work.submit import asks_for_help, submit
from chaufferie.sdk.errors import ChaufferieError

_SUBMIT_USAGE = "[OPTIONS] SCRIPT [ARGUMENTS] | [OPTIONS] -- COMMAND"
_SUBMIT_OPTIONS = """\b
Options of our own:
  --data DIR         data directory of the server to talk to (stands first)
  --profile PROGRAM  only where this is: openfoam, openfoam/2312, openfoam/2312+ (or later)
  --licence NAME:N   take N seats of a counted licence; several: a:1,b:8
  --stage FILE       send this file, or this directory, along; may be repeated
  --type TYPE        flex (may wait for heat), ondemand, or reserved
  --max-attempts N   try again where the program fails, N times in all
  --max-queue-time T give the job up if it has not started after T
  --results PATTERNS          only these files come back, such as 'out/*.dat,*.log'
  --exclude-results PATTERNS  these stay behind
  --checkpoint[=TIME]         a new attempt goes on from checkpoint/, copied every TIME
  --copy-results-every TIME   `get` finds them while the job runs, such as 10min
  --json             print JSON for a program
  --yes              do not ask before a large cost; scripts are never asked
\b
Options of sbatch, among others (#SBATCH lines take the same):
  -J, --job-name NAME         -n, --ntasks N             -c, --cpus-per-task N
  -t, --time LIMIT            --mem SIZE                 -o, --output FILE
  -e, --error FILE            -D, --chdir DIR            -A, --account PROJECT
  --deadline TIME             --export NAMES             -H, --hold
  --nice[=POINTS]             go after others: 100 points are an hour of waiting
  -a, --array 0-99%5          one instance for each index, at most 5 at once
  -d, --dependency afterok:ID start when that one has succeeded
  --wrap COMMAND              run this by a shell; no script
  -W, --wait                  wait; the exit code is then the job's own
  --parsable                  print the number of the job alone
  --test-only                 say where it could run, cost and likely start, submit nothing"""

_MODIFY_USAGE = "ID... OPTIONS | OPTIONS ID..."
_MODIFY_OPTIONS = """\b
Options, as `submit` takes them:
  -t, --time LIMIT            all that can change while it runs, to a shorter one
  --type TYPE  --deadline TIME  -b, --begin TIME  --max-queue-time T  --max-attempts N
  -c, --cpus-per-task N  -n, --ntasks N  --mem SIZE  --mem-per-cpu SIZE
  -C, --constraint FEATURES  -w, --nodelist NODES  -x, --exclude NODES  --licence NAME:N
  -J, --job-name NAME  -A, --account PROJECT  --comment TEXT  --requeue  --no-requeue
  -d, --dependency=none       wait for no other job any more
\b
--deadline, --begin, --max-queue-time, --constraint, --nodelist, --exclude and
--licence are taken back by none. An array changes as a whole.
  --data DIR         data directory of the server to talk to (stands first)
  --json             print JSON for a program"""


class RawWords(TyperCommand):
    """A command that reads its words itself: they belong to another parser."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own
        """Keep every word, unless the first asks for help."""
        if asks_for_help(args):
            sys.stdout.write(ctx.get_help() + "\n")
            ctx.exit()
        ctx.args = list(args)
        return args


app = typer.Typer(
    name="chaufferie",
    help="Runs jobs on servers that are boilers: where, and when, heat is wanted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:  # noqa: FBT001 - typer's callback
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"chaufferie {version('chaufferie')}\n")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    pass


_JOBS: tuple[Callable[..., None], ...] = (
    jobs.jobs,
    jobs.job,
    explain,
    fetching.logs,
    fetching.get,
    jobs.wait,
    steering.cancel,
    steering.hold,
    steering.release,
    steering.requeue,
    steering.priority,
    forgetting.forget,
    forgetting.receipts,
)
_FLEET: tuple[Callable[..., None], ...] = (
    fleet.sites,
    fleet.nodes,
    fleet.profiles,
    licences,
    fleet.heat,
    meters.meters,
    shares,
    indicators,
    weather,
    usage,
    prices,
)
_CHILDREN: tuple[Callable[..., None], ...] = (
    programs.doctor,
    programs.simulate,
    programs.api,
    programs.scheduler,
    programs.worker,
    programs.agent,
)

app.command(
    "submit",
    cls=RawWords,
    options_metavar=_SUBMIT_USAGE,
    epilog=_SUBMIT_OPTIONS,
    add_help_option=False,
)(submit)
app.command(
    "modify",
    cls=RawWords,
    options_metavar=_MODIFY_USAGE,
    epilog=_MODIFY_OPTIONS,
    add_help_option=False,
)(modify)
app.command("slurm", cls=RawWords, options_metavar="COMMAND [WORDS]", add_help_option=False)(slurm)
for command in (*_JOBS, *_FLEET):
    app.command(command.__name__)(command)
for group, name in (
    (site.site, "site"),
    (node.node, "node"),
    (tenants.tenants, "tenants"),
    (tenants.projects, "projects"),
    (tenants.users, "users"),
    (keys.app, "keys"),
    (webhooks.app, "webhooks"),
    (meters.meter, "meter"),
    (ledger.quarantine, "quarantine"),
    (ledger.ledger, "ledger"),
    (collectivities.app, "collectivities"),
    (stickers.stickers, "stickers"),
    (stickers.reports, "reports"),
    (quotas.app, "quotas"),
    (reservations.app, "reservations"),
    (contracts.app, "contracts"),
    (statements.app, "statement"),
    (invoices.app, "invoice"),
    (disputes.app, "disputes"),
    (sample.sample, "sample"),
):
    app.add_typer(group, name=name)
for command in (town_people.invite, town_people.people, town_people.remove):
    collectivities.app.command(command.__name__)(command)
for command, name in (
    (town_files.deliver, "deliver"),
    (town_files.files, "files"),
    (town_files.fetch_file, "fetch"),
):
    collectivities.app.command(name)(command)
meters.meter.command("import")(meter_import.import_readings)
app.command("dpo-pack")(papers.dpo_pack)
for command in (keys.page, keys.whoami, programs.up, programs.demo):
    app.command(command.__name__)(command)
for command in _CHILDREN:
    app.command(command.__name__, add_help_option=False, context_settings=programs.PROGRAM_WORDS)(
        command
    )


def main() -> None:
    """Run one command; a mistake of the user's ends in one sentence."""
    _open_what_is_closed()
    try:
        if sys.argv[1:2] and sys.argv[1] in programs.PROGRAMS:
            # Every word is the program's, which starts sooner than these words could be read.
            programs.become(sys.argv[1], sys.argv[2:])
        app()
    except ChaufferieError as error:
        _end(in_typed_words(error, sys.argv[1:]), exit_code_of(error))
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read us has enough; Python must not complain about it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.FAILED)
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        _end(f"{where}{error.strerror or error}.", ExitCode.FAILED)


def _open_what_is_closed() -> None:
    """Whoever closed our streams (``>&-``) wants nothing from them, and no traceback either."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


def _end(sentence: str, code: ExitCode) -> None:
    remark(f"chaufferie: {sentence}")
    sys.exit(code)
