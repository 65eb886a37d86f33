"""No secret is in anything that a run leaves behind, or shows to anybody."""

import base64
import re
from pathlib import Path
from urllib.parse import quote_plus

from devtools.console import Stop
from devtools.paths import STATE
from devtools.web_client import WebClient

from .conftest import Procurify
from .site import LOGIN, PASSWORD, Site

#: Each token that the simulator issues begins so.
TOKEN = "simulated-token-"
WRONG_SECRET = "a-secret-of-another-tenant-5f0c"
#: An address that opens a file for whoever knows it.
SIGNED = re.compile(r"[?&]signature=(?!removed)[^\s\"'&]*", re.IGNORECASE)
#: All that is logged, statements with their values too. Only the arguments of calls are
#: excluded, with which Odoo itself logs what people type.
LOUD = (
    *("--log-level=debug", "--log-handler=odoo.sql_db:DEBUG"),
    "--log-handler=odoo.service.model:INFO",
)
CONNECTION = "procurify.connection"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def test_no_secret_is_left_anywhere(site: Site, procurify: Procurify) -> None:
    secret = procurify.credentials["client_secret"]
    server = site.start(*LOUD)
    site.synchronise(server)
    client = WebClient(server.address)
    client.log_in(site.database, LOGIN, PASSWORD)
    _fail_in_every_way(client, procurify, secret)

    traces = {
        "log": site.log.read_text(),
        "database": _dump(site),
        "files": _filestore(site.database),
        "RPC": "\n".join(_all_that_a_manager_reads(client)),
    }
    # Else nothing would be proven.
    assert all(
        procurify.credentials["client_id"] in traces[t] for t in ("database", "RPC")
    )
    assert "procurify_connection" in traces["log"]
    assert "Traceback" in traces["log"]
    assert traces["files"]
    found = [
        (what, needle)
        for what, text in traces.items()
        for needle in (*_spellings(secret), *_spellings(WRONG_SECRET), *_tokens())
        if needle in text
    ]
    assert found == []
    signed = {what: SIGNED.findall(text) for what, text in traces.items()}
    assert "signature=removed" in traces["database"]
    assert not any(signed.values()), signed


def _fail_in_every_way(client: WebClient, procurify: Procurify, secret: str) -> None:
    """Let what holds the secret fail: refused, forbidden, down, and by mistake."""
    (connection,) = client.read(CONNECTION, [], "name")
    ids = [connection["id"]]

    def state() -> str:
        client.call(CONNECTION, "action_test_connection", ids)
        return str(client.call(CONNECTION, "read", ids, ["state"])[0]["state"])

    client.call(CONNECTION, "write", ids, {"client_secret": WRONG_SECRET})
    assert state() == "error"
    client.call(CONNECTION, "write", ids, {"client_secret": secret})
    assert state() == "connected"
    for status in (401, 403, 500):
        procurify.fail(status)
        assert state() == ("connected" if status == 500 else "error"), status
        procurify.stop_failing()
    assert state() == "connected"
    try:
        client.call(CONNECTION, "action_test_connection", ids, "one too many")
    except Stop:
        return
    raise AssertionError("The call should have failed")


def _dump(site: Site) -> str:
    """Return each row of each table, as text."""
    texts = [
        text
        for (table,) in site.rows(_TABLES)
        for (text,) in site.rows(f'SELECT t::text FROM "{table}" t')
    ]
    return "\n".join(texts)


def _filestore(database: str) -> str:
    folder = STATE / "data" / "filestore" / database
    files = (path for path in folder.rglob("*") if path.is_file())
    return "\n".join(map(_text, files))


def _text(path: Path) -> str:
    return path.read_bytes().decode("latin-1")


def _all_that_a_manager_reads(client: WebClient) -> list[str]:
    """Return what reading, exporting and describing each model gives."""
    models = client.read("ir.model", [("model", "=like", "procurify.%")], "model")
    texts = []
    for model in (each["model"] for each in models):
        try:
            ids = client.call(model, "search", [], limit=20)
        except Stop:
            continue  # abstract
        fields = client.call(model, "fields_get")
        texts.append(str(fields))
        texts.append(str(client.call(model, "read", ids)))
        texts.append(str(client.call(model, "default_get", list(fields))))
        # An external id would be made of each row, and a report has none.
        exported = [
            name
            for name in fields
            if fields[name].get("exportable", True) and name != "id"
        ]
        texts.append(str(client.call(model, "export_data", ids, exported)))
    texts.append(str(client.call("res.config.settings", "default_get", [])))
    connections = client.call(CONNECTION, "search", [])
    texts.append(str(client.call(CONNECTION, "support_bundle", connections, True)))
    return texts


def _tokens() -> list[str]:
    # Any of them, and what they look like within something longer.
    return [TOKEN, *(encoded[:16] for encoded in _base64(TOKEN))]


def _spellings(secret: str) -> set[str]:
    return {secret, quote_plus(secret), secret.encode().hex(), *_base64(secret)}


def _base64(text: str) -> list[str]:
    """Return what of a text's base64 is the same wherever it stands in a longer one."""
    encoded = []
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + text.encode()).decode()
        encoded.append(whole[4 if shift else 0 : len(whole) - 4])
    return encoded
