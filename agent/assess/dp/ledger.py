"""The privacy budget of data sets: an append-only file that says what has been spent, and refuses what is too much.

JSON Lines. Each entry carries the hash of the one before, so that a changed, missing or added line in the middle shows.
An entry is on the disk before the figures that it pays for exist. What this does not do: whoever may write the file can
cut entries off its end, or write all of it anew; keep the receipts (`Receipt`) that releases carry, or keep the file
where only the releasing account writes. It holds no figures, but fingerprints of data: keep it with the data. Hashes
leave it, in receipts; a nonce in each entry, which does not, keeps anybody from trying which fingerprint gives a hash.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec

from agent.clock import Clock, iso_time
from agent.errors import ConfigError, DataError

__all__ = ["Account", "Ledger", "Receipt", "Statement"]

_GENESIS = "0" * 64
# A torn line that does not say whose it was.
_EVERY = ""
_OPENING = b'{"dataset":"'
_NONCE_BYTES = 16
_NONCE = re.compile(f"[0-9a-f]{{{2 * _NONCE_BYTES}}}")
# The head of every line: what is left of a torn one may still say whose money it was.
_HEAD = re.compile(rb'^\{"dataset":"((?:[^"\\]|\\.)*)","epsilon":"([0-9]+(?:\.[0-9]+)?(?:E[+-]?[0-9]+)?)",')


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line. ``epsilon`` is a total for ``budget``, and what was spent for ``release`` and ``torn``.

    The hash is published. All else that it is of can be known or tried out, so ``nonce`` alone makes it say nothing.
    """

    dataset: str
    epsilon: str
    kind: str
    time: str
    figures: list[str]
    nonce: str
    previous: str
    hash: str = ""

    def sealed(self) -> _Entry:
        return msgspec.structs.replace(self, hash=self.digest())

    def digest(self) -> str:
        bare = msgspec.structs.replace(self, hash="")
        return hashlib.sha256(msgspec.json.encode(bare)).hexdigest()


@dataclass(slots=True)
class Account:
    """One data set's budget. ``torn`` counts entries that a crash cut off, and that are held for spent."""

    total: Decimal
    spent: Decimal = Decimal(0)
    releases: int = 0
    torn: int = 0

    @property
    def left(self) -> Decimal:
        return max(Decimal(0), self.total - self.spent)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of a charge: the entry's number and hash, and what the data set has left."""

    entry: int
    hash: str
    total: Decimal
    spent: Decimal
    left: Decimal


@dataclass(slots=True)
class Statement:
    """What the file says."""

    accounts: dict[str, Account] = field(default_factory=dict)
    entries: int = 0
    head: str = _GENESIS
    #: What a crash has left after the last entry, and whether the file lacks its last line feed.
    tail: bytes | None = None
    unended: bool = False


class Ledger:
    """The ledger in one file.

    Raises
    ------
    ConfigError
        When the file cannot be opened or written, or is no ledger.
    DataError
        When an entry does not fit its hash or the one before, or more of the file is no entry than a crash can leave.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def statement(self) -> Statement:
        """What has been spent, torn entries included. The file is not changed, and must exist."""
        with self._locked(os.O_RDONLY) as file:
            found = self._read(file)
        if found.tail is not None:
            _book_torn(found, *_held_for_spent(found.tail, found.accounts))
        return found

    def charge(self, dataset: str, epsilon: Decimal, figures: Sequence[str], budget: Decimal | None = None) -> Receipt:
        """Spend, and return only when that is on the disk.

        Parameters
        ----------
        dataset
            Whose budget: a name or a fingerprint.
        epsilon
            What the release spends.
        figures
            Names of the queries that it answers.
        budget
            The total of a data set that the ledger does not know yet. A known one keeps its total for good.

        Raises
        ------
        ConfigError
            When the budget does not suffice, is not given for a new data set, or differs from the one on record.
            Nothing is spent then.
        """
        with self._locked(os.O_RDWR | os.O_CREAT) as file:
            found = self._read(file)
            self._close_tail(file, found)
            account = _account_that_affords(found.accounts, dataset, epsilon, budget)
            if dataset not in found.accounts:
                self._append(file, found, dataset, account.total, "budget", ())
            self._append(file, found, dataset, epsilon, "release", figures)
            account = found.accounts[dataset]
            return Receipt(found.entries, found.head, account.total, account.spent, account.left)

    def check(self, dataset: str, epsilon: Decimal, budget: Decimal | None = None) -> None:
        """Whether `charge` would be granted now, before long work; it may be refused all the same later.

        Raises
        ------
        ConfigError
            As `charge`.
        """
        accounts = self.statement().accounts if self._path.exists() else {}
        _account_that_affords(accounts, dataset, epsilon, budget)

    def _close_tail(self, file: int, found: Statement) -> None:
        """Write down what a torn tail is held for, so that the file can be read on from there."""
        if found.tail is not None:
            dataset, amount = _held_for_spent(found.tail, found.accounts)
            self._append(file, found, dataset, amount, "torn", (_mark(found.tail),))

    def _append(
        self, file: int, found: Statement, dataset: str, epsilon: Decimal, kind: str, figures: Sequence[str]
    ) -> None:
        entry = _Entry(
            dataset=dataset,
            epsilon=str(epsilon),
            kind=kind,
            time=iso_time(self._clock.now()),
            figures=list(figures),
            nonce=secrets.token_hex(_NONCE_BYTES),
            previous=found.head,
        ).sealed()
        try:
            # One write: a crash of this process alone does not tear it.
            _write(file, (b"\n" if found.unended else b"") + msgspec.json.encode(entry) + b"\n")
            os.fsync(file)
        except OSError as error:
            raise ConfigError(
                f"--dp-ledger {self._path}: cannot be written ({error.strerror}); nothing was released"
            ) from None
        found.tail, found.unended = None, False
        _book(found, entry)

    def _read(self, file: int) -> Statement:
        """Every entry, checked. Lines at the end that are no entries stay in `Statement.tail`."""
        found = Statement()
        number = 0
        with os.fdopen(os.dup(file), "rb") as stream:
            stream.seek(0)
            content = stream.read()
        found.unended = not content.endswith(b"\n") and content != b""
        torn: list[bytes] = []
        for number, line in enumerate(content.removesuffix(b"\n").split(b"\n") if content else (), 1):
            entry = _decoded(line)
            if entry is None:
                torn.append(line)  # admissible at the end, or when the next entry accounts for it
                continue
            if len(torn) > 1 and not _left_by_crashes(torn, found):
                raise self._damaged(number - len(torn))
            accounted = entry.kind == "torn" and entry.figures == [_mark(b"\n".join(torn))]
            if (
                (accounted is not bool(torn))
                or entry.previous != found.head
                or entry.digest() != entry.hash
                or not _fits(entry, found.accounts)
            ):
                raise self._damaged(number - len(torn))
            torn.clear()
            _book(found, entry)
        if torn and not found.entries and not _begins_alike(torn[0], _OPENING):
            raise ConfigError(
                f"--dp-ledger {self._path}: is no ledger; name a new file, or one that a release has made"
            )
        # A crash cuts the last line short, its line feed first: a line that has one was changed by somebody.
        if torn and (not found.unended or (len(torn) > 1 and not _left_by_crashes(torn, found))):
            raise self._damaged(number - len(torn) + 1)
        found.tail = b"\n".join(torn) if torn else None
        return found

    def _damaged(self, line: int) -> DataError:
        return DataError(
            f"--dp-ledger {self._path}: damaged from line {line}; what stands there is neither what a release writes "
            "after the line before nor what a crash leaves. Nothing is released on its word: restore it from a copy"
        )

    @contextmanager
    def _locked(self, flags: int) -> Iterator[int]:
        """The file, open for appending and locked against other releases, on this machine at least (flock)."""
        try:
            new = not self._path.exists()
            if not new and not stat.S_ISREG(self._path.stat().st_mode):
                raise ConfigError(f"--dp-ledger {self._path}: is no regular file; name one that may be appended to")
            file = os.open(self._path, flags | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"--dp-ledger {self._path}: cannot be opened ({error.strerror})") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if new:
                _sync_folder(self._path.parent)
            yield file
        finally:
            os.close(file)


def _account_that_affords(
    accounts: Mapping[str, Account], dataset: str, epsilon: Decimal, budget: Decimal | None
) -> Account:
    account = accounts.get(dataset)
    if account is None:
        if budget is None:
            raise ConfigError("the ledger has no budget for this data set yet; give --dp-budget TOTAL")
        account = Account(budget)
    elif budget is not None and budget != account.total:
        raise ConfigError(
            f"--dp-budget {budget}: the ledger gives this data set {account.total} in all, which stays; "
            "leave --dp-budget out"
        )
    if epsilon > account.left:
        torn = f" and {account.torn} torn by a crash, held for spent" if account.torn else ""
        raise ConfigError(
            f"--dp-epsilon {epsilon} is more than the budget has left: {account.left} of {account.total} after "
            f"{account.releases} releases{torn}; nothing was released"
        )
    return account


def _held_for_spent(tail: bytes, accounts: Mapping[str, Account]) -> tuple[str, Decimal]:
    """What a torn line is held to have spent: what its head says, or else all that is left, of every data set."""
    head = _HEAD.match(tail)
    if head is None:
        return _EVERY, Decimal(0)
    try:
        dataset = msgspec.json.decode(b'"' + head[1] + b'"', type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _EVERY, Decimal(0)
    account = accounts.get(dataset)
    # A data set without an account: its budget was being opened, and no release can have followed.
    return dataset, Decimal(0) if account is None else min(Decimal(head[2].decode()), account.left)


def _left_by_crashes(torn: Sequence[bytes], found: Statement) -> bool:
    """A crash leaves one line that is no entry, another crash a second one: the beginning of what is to account for it.

    More cannot come from crashes, and what the lines have spent cannot be told.
    """
    dataset, amount = _held_for_spent(torn[0], found.accounts)
    name = msgspec.json.encode(dataset)
    beginning = b'{"dataset":%b,"epsilon":"%b","kind":"torn",' % (name, str(amount).encode())
    return all(_begins_alike(line, beginning) for line in torn[1:])


def _begins_alike(line: bytes, beginning: bytes) -> bool:
    """Whether the line, which may be cut short, begins so as far as it goes."""
    return line != b"" and line[: len(beginning)] == beginning[: len(line)]


def _fits(entry: _Entry, accounts: Mapping[str, Account]) -> bool:
    """A budget is opened once, and releases come after it."""
    return entry.kind == "torn" or (entry.kind == "release") is (entry.dataset in accounts)


def _book(found: Statement, entry: _Entry) -> None:
    found.entries += 1
    found.head = entry.hash
    if entry.kind == "budget":
        found.accounts[entry.dataset] = Account(Decimal(entry.epsilon))
    elif entry.kind == "torn":
        _book_torn(found, entry.dataset, Decimal(entry.epsilon))
    else:
        account = found.accounts[entry.dataset]
        account.spent += Decimal(entry.epsilon)
        account.releases += 1


def _book_torn(found: Statement, dataset: str, amount: Decimal) -> None:
    for name, account in found.accounts.items():
        if dataset in (name, _EVERY):
            account.spent += account.left if dataset == _EVERY else amount
            account.torn += 1


def _mark(tail: bytes) -> str:
    return hashlib.sha256(tail).hexdigest()


def _decoded(line: bytes) -> _Entry | None:
    try:
        entry = msgspec.json.decode(line, type=_Entry)
        amount = Decimal(entry.epsilon)
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError):
        return None
    known = entry.kind in {"budget", "release", "torn"} and _NONCE.fullmatch(entry.nonce)
    return entry if known and amount.is_finite() and amount >= 0 else None


def _write(file: int, line: bytes) -> None:
    written = os.write(file, line)
    if written < len(line):
        # A full disk: what is there now is a torn line, and the next reader holds it for spent.
        raise OSError(28, "No space left on device")


def _sync_folder(folder: Path) -> None:
    """The file's name is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
