"""Reads the ledger that nodes share without the product, as support/books.py does a file's."""

import collections

from . import postgres
from .books import CHARGED, SLOT_COLUMNS, Books, Sums, unpack

MINUTE_US = 60 * 1000000
MILLISECOND_US = 1000  # the window counts in whole ones


class ClusterBooks(Books):
    """All that the database holds, read once and checked: nothing is twice, and everything adds up. No node is at
    work meanwhile."""

    def __init__(self, address):
        super().__init__("none")
        self.address = address
        self.batches = {}  # row: the id of its batch
        for row, at, calls, body, batch in self._rows(
                "SELECT id, at, calls, encode(body, 'hex'), encode(batch_id, 'hex') FROM journal ORDER BY id"):
            self.batches[int(row)] = batch
            for entry in unpack(int(row), int(at), int(calls), bytes.fromhex(body)):
                self.add(entry)
        self.usage_re_adds()
        self.balances_re_add()

    def _rows(self, sql):
        return postgres.rows(self.address, sql, "ledger")

    def _by_account(self, sql):
        found = {int(account): list(map(int, sums)) for account, *sums in self._rows(sql)}
        return {account: sums for account, sums in found.items() if any(sums)}

    def usage_re_adds(self):
        """What is folded, and what lies behind the marks of nodes, is the journal."""
        behind = {int(row) for row, in self._rows("SELECT id FROM unfolded")}
        folded = collections.defaultdict(Sums)
        for entry in self.entries:
            if entry.row not in behind:
                folded[entry.account].add(entry)
        usage = self._by_account(f"SELECT account_id, sum(charged), sum({SLOT_COLUMNS}), sum(credits), sum(overage),"
                                 " sum(overage_micros) FROM usage_hour GROUP BY account_id")
        wanted = {account: sums.usage() for account, sums in folded.items()}
        if usage != wanted:
            raise AssertionError(f"usage does not re-add, {len(behind)} rows unfolded: {usage} against {wanted}")

    def balances_re_add(self):
        balance = self._by_account("SELECT account_id, sum(used), sum(overage), sum(overage_micros) FROM balance"
                                   " GROUP BY account_id")
        wanted = {account: sums.balance() for account, sums in self.sums.items() if sums.charged}
        if balance != wanted:
            raise AssertionError(f"balances do not re-add: {balance} against {wanted}")

    def requests_of(self, batches):
        """Request ids of the charges in them."""
        return {entry.request_id for entry in self.charges.values() if self.batches[entry.row] in batches}

    def window_holds(self, account, rate):
        """No 60 seconds have more calls of it than its plan allows."""
        instants = sorted(entry.at for entry in self.entries if entry.account == account)
        for first, last in zip(instants, instants[rate:]):
            if last - first < MINUTE_US - MILLISECOND_US:
                raise AssertionError(f"{rate + 1} calls of account {account} within {last - first} us")

    def charged_on_days(self, account):
        """Credits by day (UTC)."""
        days = collections.Counter()
        for entry in self.entries:
            if entry.account == account and entry.outcome == CHARGED:
                days[entry.at // (24 * 60 * MINUTE_US)] += entry.credits
        return days
