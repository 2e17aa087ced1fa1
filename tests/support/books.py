"""Reads a ledger file without the product: unpacks its journal from the description of the format
in src/ledger/journal.h alone, and re-adds it. A copy is read, so that the file stays as its
server left it: SQLite would recover and checkpoint it."""

import collections
import contextlib
import pathlib
import shutil
import sqlite3
import tempfile

CHARGED = 0
ID_BYTES = 16
REQUEST_ID_MARK = 129
SLOT_COLUMNS = ("unchanged + head + empty_page + replayed + free + invalid + conflict + key_daily + daily"
                " + insufficient + spend_limit + unavailable")

Entry = collections.namedtuple("Entry", "row account key plan_version endpoint outcome at credits overage "
                                        "overage_micros charge_id request_id idempotency_key")


class Unpacker:
    """The body of one journal row, from its first byte to its last."""

    def __init__(self, body):
        self.body, self.at = body, 0
        self.charge_id = self.request_id = bytes(ID_BYTES)  # the last ones
        self.version = self.take(1)[0]

    def take(self, count):
        taken = self.body[self.at:self.at + count]
        if len(taken) != count:
            raise AssertionError(f"a body of {len(self.body)} bytes is cut short at {self.at}")
        self.at += count
        return taken

    def unsigned(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def signed(self):
        zigzag = self.unsigned()
        return zigzag >> 1 if zigzag % 2 == 0 else -(zigzag >> 1) - 1

    def text(self):
        return self.take(self.unsigned()).decode("ascii")

    def id(self, before, same):
        if same > (ID_BYTES if self.version == 4 else 0):
            raise AssertionError(f"an id shares {same} bytes with the one before it")
        return before[:same] + self.take(ID_BYTES - same)

    def request_id_text(self):
        length = self.unsigned()
        if length < REQUEST_ID_MARK:
            return self.take(length).decode("ascii")
        self.request_id = self.id(self.request_id, length - REQUEST_ID_MARK)
        return self.request_id.hex()

    def entry(self, row, row_at):
        account, key, version = self.signed(), self.signed(), self.signed()
        endpoint, outcome, since = self.unsigned(), self.unsigned(), self.signed()
        credits, overage, micros = self.signed(), self.signed(), self.signed()
        charge_id, request_id, idempotency_key = None, "", ""
        if outcome == CHARGED:
            self.charge_id = self.id(self.charge_id, self.unsigned() if self.version == 4 else 0)
            charge_id = self.charge_id.hex()
            request_id, idempotency_key = self.request_id_text(), self.text()
            if idempotency_key:
                self.unsigned()  # hash of the arguments
                self.signed()    # snapshot
        return Entry(row, account, key, version, endpoint, outcome, row_at + since, credits, overage, micros,
                     charge_id, request_id, idempotency_key)


def unpack(row, row_at, calls, body):
    """All entries of one row."""
    unpacker = Unpacker(body)
    if unpacker.version not in (1, 3, 4):
        raise AssertionError(f"journal row {row} is of version {unpacker.version}")
    entries = []
    while unpacker.at < len(body):
        entries.append(unpacker.entry(row, row_at))
    if len(entries) != calls:
        raise AssertionError(f"journal row {row} holds {len(entries)} calls and says {calls}")
    return entries


class Sums:
    """What an account's calls add up to."""

    def __init__(self):
        self.charged = self.slots = self.credits = self.overage = self.overage_micros = 0

    def add(self, entry):
        self.charged += entry.outcome == CHARGED
        self.slots += entry.outcome != CHARGED
        self.credits += entry.credits
        self.overage += entry.overage
        self.overage_micros += entry.overage_micros

    def usage(self):
        return [self.charged, self.slots, self.credits, self.overage, self.overage_micros]

    def balance(self):
        return [self.credits - self.overage, self.overage, self.overage_micros]


class Books:
    """What a ledger file holds; grows by read(), row after row."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.last_row = 0
        self.entries = []
        self.charges = {}  # charge id: entry
        self.requests = {}  # request id: charge id
        self.sums = collections.defaultdict(Sums)  # by account, of all rows
        self.folded = collections.defaultdict(Sums)  # of those up to their account's mark
        self.unfolded = []  # entries
        self.is_in_round = False  # some cohorts were further than others

    def read(self):
        """Reads what is new, and checks that nothing is twice and that everything adds up."""
        with copied(self.path) as database:
            for row in database.execute("SELECT id, at, calls, body FROM journal WHERE id > ? ORDER BY id",
                                        (self.last_row,)):
                self.last_row = row[0]
                for entry in unpack(*row):
                    self.add(entry)
            self.re_add(database)
        return self

    def add(self, entry):
        self.entries.append(entry)
        self.unfolded.append(entry)
        self.sums[entry.account].add(entry)
        if entry.outcome != CHARGED:
            return
        for known, name in ((self.charges, entry.charge_id), (self.requests, entry.request_id)):
            if name in known:
                raise AssertionError(f"{name} is in the journal twice: {entry!r}")
        self.charges[entry.charge_id] = entry
        self.requests[entry.request_id] = entry.charge_id

    def credits_of(self, account):
        return self.sums[account].credits

    def re_add(self, database):
        """Balances and usage say of every account what the journal's rows up to its mark say."""
        mark = database.execute("SELECT journal_id FROM fold_mark").fetchone()[0]
        cohorts = dict(database.execute("SELECT cohort, journal_id FROM fold_cohort"))
        self.is_in_round = any(further > mark for further in cohorts.values())
        behind, self.unfolded = self.unfolded, []
        for entry in behind:
            cohort = entry.account // (64 * 256) * 64 + entry.account % 64
            if entry.row > max(mark, cohorts.get(cohort, 0)):
                self.unfolded.append(entry)
            else:
                self.folded[entry.account].add(entry)
        usage = {account: sums for account, *sums in database.execute(
            f"SELECT account_id, sum(charged), sum({SLOT_COLUMNS}), sum(credits), sum(overage), sum(overage_micros)"
            " FROM usage_hour GROUP BY account_id") if any(sums)}
        wanted = {account: sums.usage() for account, sums in self.folded.items()}
        if usage != wanted:
            raise AssertionError(f"usage does not re-add up to row {mark}: {usage} against {wanted}")
        balance = {account: sums for account, *sums in database.execute(
            "SELECT account_id, sum(used), sum(overage), sum(overage_micros) FROM balance GROUP BY account_id")}
        wanted = {account: sums.balance() for account, sums in self.folded.items() if sums.charged}
        if balance != wanted:
            raise AssertionError(f"balances do not re-add up to row {mark}: {balance} against {wanted}")


@contextlib.contextmanager
def copied(path):
    with tempfile.TemporaryDirectory(prefix="trendgate-books-") as folder:
        for ending in ("", "-wal"):
            file = path.with_name(path.name + ending)
            if file.exists():
                shutil.copyfile(file, f"{folder}/{path.name}{ending}")
        database = sqlite3.connect(f"{folder}/{path.name}")
        try:
            whole = database.execute("PRAGMA quick_check").fetchone()[0]
            if whole != "ok":
                raise AssertionError(f"{path.name} is damaged: {whole}")
            yield database
        finally:
            database.close()
