"""A PostgreSQL that answers as a coordinator of Citus would, as far as trendgate asks (citus.sql), and servers that
each hold the rows of some buckets. No statement is sent on: whoever asks the wrong server finds nothing there."""

import pathlib
import subprocess
import urllib.parse

from . import postgres
from .cluster_books import ClusterBooks

STUB = pathlib.Path(__file__).with_name("citus.sql").read_text(encoding="utf-8")
BUCKETS = 64
PORT = 5432
TABLES_OF_BATCHES = ("account_window", "balance", "key_day", "idempotency_use")  # and of the journal, which is empty


def install(address):
    """Into a database that is not yet used."""
    postgres.rows(address, STUB)


def add_server(address, group, server):
    """server: the address of a database on it."""
    postgres.rows(address, f"INSERT INTO pg_dist_node (groupid, nodename, nodeport) VALUES ({group},"
                           f" '{folder_of(server)}', {PORT})")


def folder_of(address):
    return urllib.parse.unquote(urllib.parse.urlsplit(address).netloc.rpartition("@")[2])


def calls(address):
    """Since the last look."""
    return [call for call, in postgres.rows(
        address, "WITH gone AS (DELETE FROM stub_call RETURNING id, call) SELECT call FROM gone ORDER BY id")]


def groups_of_buckets(address):
    """{bucket: group}"""
    found = postgres.rows(address, "WITH shard AS MATERIALIZED (SELECT b, get_shard_id_for_distribution_column("
                                   "'ledger.account', b) AS id FROM generate_series(0::bigint, 63) b)"
                                   " SELECT b, groupid FROM shard s JOIN pg_dist_placement p ON p.shardid = s.id")
    return {int(bucket): int(group) for bucket, group in found}


def move_bucket(address, bucket, group):
    """In the map alone."""
    postgres.rows(address, f"UPDATE pg_dist_placement SET groupid = {group} WHERE shardid ="
                           f" (SELECT get_shard_id_for_distribution_column('ledger.account', {bucket}))")


def split(home, other, group):
    """Copies the ledger to another server, in a database of the same name, and lets each keep the rows of its buckets
    alone: other those of that group, home the rest. Accounts and what all read stay on both."""
    _, _, name = other.rpartition("/")
    postgres.rows(f"{other.rpartition('/')[0]}/postgres", f"CREATE DATABASE {name}")
    dumped = subprocess.run([postgres.PROGRAMS / "pg_dump", "-n", "ledger", home], capture_output=True, text=True, check=True)
    subprocess.run([postgres.PROGRAMS / "psql", "--no-psqlrc", "-q", "-v", "ON_ERROR_STOP=1", other], input=dumped.stdout,
                   text=True, check=True, stdout=subprocess.DEVNULL)
    theirs = ",".join(str(bucket) for bucket, of in groups_of_buckets(home).items() if of == group)
    for table in TABLES_OF_BATCHES:
        postgres.rows(home, f"DELETE FROM {table} WHERE bucket IN ({theirs})", "ledger")
        postgres.rows(other, f"DELETE FROM {table} WHERE bucket NOT IN ({theirs})", "ledger")


class SpreadBooks(ClusterBooks):
    """Of several databases, as one. Nodes have been stopped: what they folded lies at home. has_failed: batches have,
    after which a lane reads its journal anew, at home, where that of other servers is not to be seen here."""

    def __init__(self, *addresses, has_failed):
        self.addresses, self.has_failed = addresses, has_failed
        super().__init__(addresses[0])

    def usage_re_adds(self):
        if not self.has_failed:
            super().usage_re_adds()

    def _rows(self, sql):
        return [row for address in self.addresses for row in postgres.rows(address, sql, "ledger")]
