"""Databases that are made from one another: template, tests, checks."""

import ast
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from .console import Stop, step
from .odoo import AnyOdoo, Odoo
from .paths import ADDON, CHECKOUT_KEY, ROOT, STATE

#: Odoo Inventory with its valuation, and a second chart of accounts: Korea's, where
#: prices include their taxes.
INVENTORY_MODULES = ["purchase_stock", "stock_account", "l10n_kr"]
#: What core itself warns of, and why that says nothing about this addon.
KNOWN_NOISE = {
    "asks a server of Odoo's, where there is no internet": re.compile(
        r"odoo\.addons\.(partner_autocomplete|iap)\b"
    ),
}
_BUNDLES = """
for name, kinds in {
    "web.assets_web": ("css", "js"),
    "web.assets_web_print": ("css",),
    "web.assets_web_dark": ("css",),
    "web.assets_backend_lazy": ("css", "js"),
    "web.assets_frontend": ("css",),
    "web.assets_frontend_minimal": ("js",),
    "web.assets_frontend_lazy": ("js",),
    "web.assets_tests": ("js",),
    "web.chartjs_lib": ("js",),
    "procurify_connector.assets_lazy": ("js",),
}.items():
    for kind in kinds:
        wanted = {"css": kind == "css", "js": kind == "js"}
        bundle = env["ir.qweb"]._get_asset_bundle(name, **wanted)
        getattr(bundle, kind)()
env.cr.commit()
"""
_COMPLAINT = re.compile(r"^\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) ")


def database_name(purpose: str) -> str:
    """Return a name that no other checkout uses on the same server."""
    return f"{ADDON}_{CHECKOUT_KEY}_{purpose}"


def exists(odoo: AnyOdoo, name: str) -> bool:
    """Return whether the server has a database of that name."""
    return bool(
        odoo.server.query(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")
    )


def template(odoo: Odoo) -> str:
    """Return the database with what the addon depends on, making it when needed."""
    depends = ast.literal_eval((ROOT / "__manifest__.py").read_text())["depends"]
    return stacked_template(odoo, "base", depends)


def tests_template(odoo: Odoo) -> str:
    """Return the database that also has the companies that tests take.

    Loading a chart of accounts takes seconds, and each class of tests needs one.
    """
    return stacked_template(odoo, "tests", [], template(odoo), _test_companies())


def inventory_template(odoo: Odoo) -> str:
    """Return the database that also has Odoo Inventory, making it when needed.

    The companies come after it, as Inventory makes a warehouse for each new one.
    """
    return stacked_template(
        odoo, "inventory", INVENTORY_MODULES, template(odoo), _test_companies()
    )


def _test_companies() -> str:
    """Return the script that makes the companies that tests take."""
    script = (Path(__file__).parent / "test_companies.py").read_text()
    return f"{script}\nmake_companies(env)\n"


def stacked_template(
    odoo: Odoo,
    purpose: str,
    modules: list[str],
    on_top_of: str = "",
    script: str = "",
) -> str:
    """Return a database with these modules, and with what another template has.

    Its name carries what it was made of, so that a new dependency makes a new one.

    :param script: run in Odoo's shell after that
    """
    source = odoo.source
    made_of = f"{source.package.resolve()} {source.version} {modules}{on_top_of}"
    made_of += script
    digest = hashlib.sha256(made_of.encode()).hexdigest()[:8]
    name = database_name(f"{purpose}_{digest}")
    if not exists(odoo, name):
        unfinished = f"{name}_unfinished"
        with step(f"Template database with {', '.join(modules) or purpose}: creating"):
            drop(odoo, unfinished)
            if on_top_of:
                duplicate(odoo, on_top_of, unfinished)
            if modules:
                change(odoo, unfinished, "--init", ",".join(modules))
            if script:
                execute(odoo, unfinished, script)
            rename(odoo, unfinished, name)
    return name


def duplicate(odoo: AnyOdoo, source: str, name: str) -> str:
    """Copy a database with its filestore, and give the copy an identity of its own.

    As ``odoo db duplicate`` does, which loads all of Odoo for it.
    """
    drop(odoo, name)
    for statement in (
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{source}'",
        f'CREATE DATABASE "{name}" TEMPLATE "{source}"',
    ):
        odoo.server.query(statement)
    odoo.server.query(
        "UPDATE ir_config_parameter SET value = gen_random_uuid()::text "
        "WHERE key IN ('database.uuid', 'database.secret')",
        name,
    )
    filestore = STATE / "data" / "filestore"
    if (filestore / source).exists():
        # Odoo writes no file twice: it removes one, and makes others.
        shutil.copytree(filestore / source, filestore / name, copy_function=os.link)
    return name


def rename(odoo: AnyOdoo, name: str, new_name: str) -> None:
    """Give a database and its filestore another name."""
    odoo.server.query(f'ALTER DATABASE "{name}" RENAME TO "{new_name}"')
    filestore = STATE / "data" / "filestore"
    shutil.rmtree(filestore / new_name, ignore_errors=True)
    if (filestore / name).exists():
        (filestore / name).rename(filestore / new_name)


def drop(odoo: AnyOdoo, name: str) -> None:
    """Remove a database and its filestore, if there is one."""
    odoo.server.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(STATE / "data" / "filestore" / name, ignore_errors=True)


def change(odoo: AnyOdoo, name: str, *arguments: str) -> str:
    """Start Odoo on a database, let it load with these arguments, and stop it.

    :returns: what it logged.
    :raises Stop: when Odoo says that it failed.
    """
    return _logged(
        odoo,
        *("--database", name, *arguments),
        *("--stop-after-init", "--no-http", "--log-level=warn"),
    )


def execute(odoo: AnyOdoo, name: str, script: str) -> str:
    """Run a script in Odoo's shell, where ``env`` is the superuser's environment.

    :returns: what it printed.
    :raises Stop: when it fails.
    """
    shell = ("shell", "--database", name, "--no-http", "--log-level=warn")
    return _run(odoo, *shell, input=script).stdout


def manage_i18n(odoo: Odoo, name: str, command: str, *arguments: str) -> None:
    """Import or export terms, with Odoo's own command.

    :raises Stop: when Odoo says that it failed.
    """
    _logged(odoo, "i18n", command, "--database", name, *arguments)


def install(odoo: Odoo, name: str) -> None:
    """Install the addon.

    :raises Stop: when Odoo logs a warning or an error meanwhile.
    """
    with step("Installing the addon"):
        _check_silent("install", change(odoo, name, "--init", ADDON))


def make_bundles(odoo: Odoo, name: str) -> None:
    """Make the scripts and style sheets that browsers ask for, and keep them.

    A test rolls back what its browser had made: each tour would take seconds for it.
    """
    with step("Making the scripts and style sheets of the web client"):
        execute(odoo, name, _BUNDLES)


def update(odoo: Odoo, name: str) -> None:
    """Update the addon.

    :raises Stop: when Odoo logs a warning or an error meanwhile.
    """
    _check_silent("update", change(odoo, name, "--update", ADDON))


def uninstall(odoo: Odoo, name: str) -> None:
    """Uninstall the addon.

    :raises Stop: when Odoo logs a warning or an error meanwhile.
    """
    command = ("module", "uninstall", "--database", name, ADDON)
    _check_silent("uninstall", _logged(odoo, *command))


def check_update_and_uninstall(odoo: Odoo, name: str) -> None:
    """Update the addon where it is installed, and uninstall it from a copy.

    :raises Stop: when Odoo logs a warning or an error meanwhile, or a model is left.
    """
    copy = database_name("uninstalled")
    with step("Updating the addon, and uninstalling it from a copy"):
        duplicate(odoo, name, copy)
        update(odoo, name)
        uninstall(odoo, copy)
        left = "SELECT model FROM ir_model WHERE model LIKE 'procurify.%'"
        if models := odoo.server.query(left, copy):
            raise Stop(f"The uninstallation left models behind: {models}")
        drop(odoo, copy)


def complaints(log: str) -> list[str]:
    """Return the warnings and errors of a log, without core's own known noise."""
    return [
        line
        for line in log.splitlines()
        if _COMPLAINT.match(line)
        and not any(noise.search(line) for noise in KNOWN_NOISE.values())
    ]


def _check_silent(what: str, log: str) -> None:
    if found := complaints(log):
        lines = "\n".join(f"    {line}" for line in found)
        raise Stop(f"The {what} of {ADDON} is not silent:\n{lines}")


def _logged(odoo: AnyOdoo, *arguments: str) -> str:
    return _run(odoo, *arguments).stderr


def _run(
    odoo: AnyOdoo, *arguments: str, **options: str
) -> subprocess.CompletedProcess[str]:
    done = odoo.run(*arguments, capture_output=True, **options)
    if done.returncode:
        command = " ".join(arguments)
        raise Stop(f"odoo {command} failed:\n{done.stderr.rstrip()}")
    return done
