"""Several Odoo servers and a person at the same records: each document once."""

import random
import re
import threading
from collections import Counter

from devtools import databases
from devtools.console import Stop, say

from .books import Books
from .conftest import Procurify
from .site import Server, Site

SERVERS = 2
#: A person and a job wrote the same row: Odoo logs that, and then does the click again.
_CLICK_AGAIN = re.compile(r"bad query: .*procurify_(record|stream|connection|issue)\b")
#: More than one server at a time may import: a second job beside the usual one.
_SECOND_IMPORT = """
    WITH usual AS (
        SELECT c.* FROM ir_cron c
          JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = c.id
         WHERE d.module = 'procurify_connector' AND d.name = 'ir_cron_import'
    )
    INSERT INTO ir_cron (ir_actions_server_id, cron_name, user_id, active,
                         interval_number, interval_type, nextcall, priority,
                         failure_count)
         SELECT ir_actions_server_id, 'Procurify: import (second)', user_id, active,
                interval_number, interval_type, nextcall, priority, 0
           FROM usual
      RETURNING id
"""
_CALL = """
    INSERT INTO ir_cron_trigger (cron_id, call_at)
         VALUES (%s, now() AT TIME ZONE 'UTC') RETURNING id
"""
_CALLED = "SELECT count(*) FROM ir_cron_trigger WHERE cron_id = %s"
_CALL_ALL = """
    INSERT INTO ir_cron_trigger (cron_id, call_at)
         SELECT res_id, now() AT TIME ZONE 'UTC' FROM ir_model_data
          WHERE module = 'procurify_connector' AND model = 'ir.cron'
            AND name IN
                 ('ir_cron_fetch', 'ir_cron_nightly_check', 'ir_cron_attachments')
      RETURNING id
"""
_FORGET_TOKEN = """
    UPDATE procurify_connection SET token_encrypted = NULL RETURNING id
"""
_DUE = """
    UPDATE procurify_stream
       SET next_attempt = NULL, last_nightly_check = NULL
 RETURNING id
"""
_NOT_READ = """
    SELECT count(*) FROM procurify_stream WHERE next_attempt IS NULL OR scan_pass > 0
"""
_COMPARED = "SELECT count(*) FROM procurify_stream WHERE last_nightly_check IS NOT NULL"


def test_several_servers_and_a_person_import_each_document_once(
    site: Site, undisturbed: Books
) -> None:
    servers = [site.start() for _number in range(SERVERS)]
    ((second_import,),) = site.rows(_SECOND_IMPORT)
    person = Person(servers[0])
    servers[-1].press_sync_now()
    with person:

        def is_complete() -> bool:
            if not site.value(_CALLED, second_import):
                site.rows(_CALL, second_import)
            return site.progress().is_complete

        site.wait_for(is_complete, "the import did not come to its end")
    site.wait_until_complete()

    say(f"The person: {dict(person.clicks)}.")
    assert person.refusals == []
    assert person.clicks.total() > 0
    found = site.books()
    assert found.defects == {}
    assert found.differences(undisturbed) == []
    complaints = databases.complaints(site.log.read_text())
    assert [each for each in complaints if not _CLICK_AGAIN.search(each)] == []


def test_of_several_servers_one_renews_the_token(
    site: Site, procurify: Procurify
) -> None:
    servers = [site.start() for _number in range(3)]
    site.synchronise(servers[0])
    procurify.answer_after(0.2)
    procurify.forget_requests()

    site.rows(_FORGET_TOKEN)
    site.rows(_DUE)
    site.rows(_CALL_ALL)
    site.wait_for(
        lambda: not site.value(_NOT_READ) and site.value(_COMPARED),
        "the lists were not read and compared",
    )
    procurify.answer_after(0)

    assert procurify.tokens_given() == 1
    assert databases.complaints(site.log.read_text()) == []


class Person:
    """Somebody who replays and resolves at random, as fast as Odoo answers."""

    def __init__(self, server: Server) -> None:
        self.clicks: Counter[str] = Counter()
        self.refusals: list[str] = []
        self._client = server.logged_in()
        self._draw = random.Random(11)
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "Person":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._enough.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._enough.is_set():
            model, method = self._draw.choice(
                [
                    ("procurify.record", "action_replay"),
                    ("procurify.issue", "action_resolve"),
                    ("procurify.connection", "action_sync_now"),
                ]
            )
            try:
                found = self._client.read(model, [], "id")
                if found:
                    chosen = [self._draw.choice(found)["id"]]
                    self._client.call(model, method, chosen)
                    self.clicks[method] += 1
            except Stop as refusal:
                self.refusals.append(str(refusal))
