"""What a journal promises, and what the file does when the world is against it."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from didww_async.placement import Entry, State
from didww_async.placement import sqlite_journal as module
from didww_async.placement.journal import Journal, JournalError, MemoryJournal, Row
from didww_async.placement.journal_file import APPLICATION_ID
from didww_async.placement.sqlite_journal import SqliteJournal

PAGE = 4096


def entry(key: str = "one", **values: object) -> Entry:
    """An entry."""
    made = Entry(key=key, digest="d", request="{}")
    return made._replace(**values)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a journal may be."""
    return tmp_path / "orders.journal"


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, path: Path) -> Iterator[Journal]:
    """Each kind of journal."""
    if request.param == "memory":
        yield MemoryJournal()
    else:
        with SqliteJournal(path) as made:
            yield made


async def filled(path: Path, count: int = 200) -> bytes:
    """A closed journal with so many entries, and its bytes."""
    with SqliteJournal(path) as made:
        await made.add(entry(f"key-{n:05}", request="x" * 200) for n in range(count))
    return path.read_bytes()


def refused(path: Path) -> str:
    """The message with which the path is refused."""
    with pytest.raises(JournalError) as caught:
        SqliteJournal(path).close()
    return str(caught.value)


# What both journals do.


async def test_an_unknown_key_has_no_entry(journal: Journal) -> None:
    """And that is no error."""
    assert await journal.get("one") is None


@pytest.mark.parametrize(
    "kept",
    [
        entry(),
        entry("ключ \0 \U0001f600 '\"", digest="", request="ü"),
        entry(state=State.SENT, attempts=3, began_at=1_700_000_000.123456, settled=False),
        entry(state=State.PLACED, was_found=True, result="{}", note="n", settled=False),
        entry(state=State.REJECTED, try_again=True, result="no"),
    ],
)
async def test_an_entry_comes_back_as_it_was(journal: Journal, kept: Entry) -> None:
    """Every field, with its type."""
    await journal.put(kept)

    got = await journal.get(kept.key)

    assert got == kept
    assert got is not None
    assert [type(value) for value in got] == [type(value) for value in kept]


async def test_what_is_forgotten_is_no_more(journal: Journal) -> None:
    """Only that; a key that nobody has is none to forget."""
    await journal.put(entry("a"), entry("b"), entry("c"))
    await journal.forget(["a", "c", "z"])
    await journal.forget([])
    await journal.put()

    assert [await journal.get(key) for key in "abc"] == [None, entry("b"), None]


async def test_what_failed_is_not_in_the_next_commit(path: Path) -> None:
    """Who was told that nothing is kept may do it again otherwise."""
    with SqliteJournal(path) as made:
        good = asyncio.create_task(made.put(entry("good")))
        bad = asyncio.create_task(made.put(entry("\ud800")))
        results = await asyncio.gather(good, bad, return_exceptions=True)
        await made.put(entry("later"))
    assert [type(result) for result in results] == [JournalError, JournalError]

    with SqliteJournal(path) as again:
        assert await again.open_keys() == ["later"]


async def test_put_replaces(journal: Journal) -> None:
    """The key has one entry, the last one."""
    await journal.put(entry())
    await journal.put(entry(state=State.SENT))

    got = await journal.get("one")

    assert got is not None
    assert got.state is State.SENT


async def test_add_leaves_what_is_there(journal: Journal) -> None:
    """And keeps what is new."""
    await journal.put(entry(state=State.PLACED))
    await journal.add([entry(), entry("two")])

    states = [found.state for key in ("one", "two") if (found := await journal.get(key))]

    assert states == [State.PLACED, State.WAITING]


async def test_adding_nothing_does_nothing(journal: Journal) -> None:
    """An empty list is a list."""
    await journal.add([])

    assert await journal.open_keys() == []


async def test_open_keys_are_those_that_can_still_be_placed(journal: Journal) -> None:
    """Neither placed nor refused for good."""
    await journal.add(
        [
            entry("a"),
            entry("b", state=State.SENT),
            entry("c", state=State.PLACED),
            entry("d", state=State.REJECTED),
            entry("e", state=State.REJECTED, try_again=True),
            entry("f", state=State.PLACED, settled=False),
        ]
    )

    assert sorted(await journal.open_keys()) == ["a", "b", "e", "f"]


async def test_the_rows_of_a_run_are_in_order_of_position(journal: Journal) -> None:
    """Behind a position, no longer than asked for, each with what its key has by now."""
    run, other = await journal.begin_run(), await journal.begin_run()
    await journal.admit(run, [(n, f"r{n}", "d") for n in (5, 3, 4, 1, 2)])
    await journal.admit(other, [(3, "other", "d")])
    await journal.put(entry("r3", state=State.PLACED))

    rows = journal.rows(run, 1, 2)

    assert [row.position for row in rows] == [2, 3]
    assert [row.entry for row in rows] == [None, entry("r3", state=State.PLACED)]


async def test_a_row_says_why_it_is_no_further(journal: Journal) -> None:
    """And whether it was refused before its entry was looked at."""
    run = await journal.begin_run()
    await journal.admit(run, [(0, "one", "d"), (1, "two", "d")])
    await journal.tell(run, [Row(1, "two", None, "no", was_refused=True)])

    assert journal.rows(run, -1, 9) == [
        Row(0, "one", None),
        Row(1, "two", None, "no", was_refused=True),
    ]


async def test_a_row_is_told_from_those_of_the_same_key(journal: Journal) -> None:
    """The first of a run, and no other; another run has a first one of its own."""
    await journal.put(entry())
    for run in (await journal.begin_run(), await journal.begin_run()):
        admitted = await journal.admit(run, [(0, "one", "d"), (1, "one", "d"), (2, "two", "d")])
        admitted += await journal.admit(run, [(3, "two", "d")])

        assert [found.is_first for found in admitted] == [True, False, True, False]
        assert [found.entry for found in admitted] == [entry(), entry(), None, None]


async def test_a_key_has_one_turn(journal: Journal) -> None:
    """Whoever comes second waits; another key is free."""
    async with journal.turn("one"):
        assert journal.turn("one").is_held
        assert not journal.turn("two").is_held
    assert not journal.turn("one").is_held


async def test_a_turn_is_free_after_a_cancellation(journal: Journal) -> None:
    """Of whoever held it, and of whoever waited for it."""
    inside = asyncio.Event()

    async def hold() -> None:
        async with journal.turn("one"):
            inside.set()
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(hold()) for _ in range(3)]
    await inside.wait()
    for task in tasks:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert not journal.turn("one").is_held


async def test_open_keys_are_in_the_order_in_which_they_came(journal: Journal) -> None:
    """Also when the eldest changed last."""
    await journal.add([entry("b"), entry("a")])
    await journal.put(entry("b", state=State.SENT))

    assert await journal.open_keys() == ["b", "a"]


# What the file does.


async def test_a_closed_journal_is_as_it_was_left(path: Path) -> None:
    """Another object on the same path has the entries."""
    with SqliteJournal(path) as first:
        await first.put(entry(note="kept"))
    with SqliteJournal(path) as second:
        assert await second.get("one") == entry(note="kept")


async def test_what_was_put_is_in_the_file_when_put_returns(path: Path) -> None:
    """The file and its log, copied at that moment, make a journal that has it."""
    with SqliteJournal(path) as first:
        for name in ("a", "b", "c"):
            await first.put(entry(name))
            copy = path.with_name(f"copy-{name}")
            copy.write_bytes(path.read_bytes())
            copy.with_name(copy.name + "-wal").write_bytes(
                path.with_name(path.name + "-wal").read_bytes()
            )
            found = sqlite3.connect(copy)
            assert (name,) in found.execute("SELECT key FROM entry").fetchall()
            found.close()


async def test_a_journal_is_for_its_owner_alone(path: Path) -> None:
    """And so is its log: what is ordered may tell of people."""
    with SqliteJournal(path) as journal:
        await journal.put(entry("a"))
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {0o600}


async def test_a_commit_is_synchronised(path: Path) -> None:
    """A write-ahead log, and `synchronous = FULL`."""
    with SqliteJournal(path) as made:
        await made.put(entry())
        modes = [
            made._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "locking_mode")
        ]

    assert modes == ["wal", 2, "exclusive"]


async def test_entries_that_are_put_together_share_a_commit(path: Path) -> None:
    """A thousand of them take fewer than a hundred."""
    commits: list[str] = []
    with SqliteJournal(path) as made:
        made._connection.set_trace_callback(commits.append)
        async with asyncio.TaskGroup() as tasks:
            for n in range(1000):
                tasks.create_task(made.put(entry(f"k{n}")))
        made._connection.set_trace_callback(None)
        assert len(await made.open_keys()) == 1000

    assert commits.count("COMMIT") < 100


async def test_close_writes_what_is_outstanding(path: Path) -> None:
    """Even for those that wait no more."""
    made = SqliteJournal(path)
    tasks = [asyncio.create_task(made.put(entry(f"k{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    made.close()
    await asyncio.gather(*tasks)

    with SqliteJournal(path) as again:
        assert len(await again.open_keys()) == 20


async def test_a_put_that_is_cancelled_harms_no_other(path: Path) -> None:
    """The entry may be there or not; the next ones are."""
    with SqliteJournal(path) as made:
        task = asyncio.create_task(made.put(entry("cancelled")))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await made.put(entry("kept"))

        assert await made.get("kept") == entry("kept")


async def test_closing_twice_is_closing(path: Path) -> None:
    """And a closed one says so."""
    made = SqliteJournal(path)
    made.close()
    made.close()

    with pytest.raises(JournalError, match="is closed"):
        await made.put(entry())


async def test_a_path_is_open_once_in_a_process(path: Path) -> None:
    """By whatever name; the message says what to do instead."""
    link = path.with_name("link")
    link.symlink_to(path)
    with SqliteJournal(path):
        assert "share that object" in refused(path)
        assert "share that object" in refused(link)
    SqliteJournal(link).close()


def python(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    """Another process."""
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


OPEN = """
    import sys
    from didww_async.placement.sqlite_journal import JournalError, SqliteJournal
    try:
        SqliteJournal(sys.argv[1]).close()
    except JournalError as error:
        print(error)
"""
UNPRIVILEGED = """
    import os, sys
    from didww_async.placement.sqlite_journal import JournalError, SqliteJournal
    if os.geteuid() == 0:
        os.setuid(65534)
    try:
        SqliteJournal(sys.argv[1]).close()
    except JournalError as error:
        print(error)
"""
KILLED = """
    import asyncio, os, signal, sys
    from didww_async.placement import Entry
    from didww_async.placement.sqlite_journal import SqliteJournal

    async def main():
        journal = SqliteJournal(sys.argv[1])
        for n in range(int(sys.argv[2])):
            await journal.put(Entry(key=f"k{n}", digest="d", request="x" * 5000))
        os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(main())
"""


async def test_a_second_process_is_refused(path: Path) -> None:
    """While the first has it open, with a message that says what to do."""
    await filled(path)
    with SqliteJournal(path) as made:
        told = python(OPEN, path).stdout
        await made.put(entry())

    assert "is in use by another process" in told
    assert "a journal of its own" in told


@pytest.mark.parametrize("count", [1, 800])
async def test_what_was_put_survives_a_kill(path: Path, count: int) -> None:
    """`put` returned, so it is there: with few entries, and with many."""
    done = python(KILLED, path, count)
    assert done.returncode == -signal.SIGKILL

    with SqliteJournal(path) as again:
        assert len(await again.open_keys()) == count


async def test_a_new_journal_whose_process_was_killed_is_a_journal(path: Path) -> None:
    """Its mark must be in the file before the first entry is."""
    with SqliteJournal(path):
        header = path.read_bytes()[:100]

    assert header[68:72] == APPLICATION_ID.to_bytes(4, "big")


def test_a_second_process_is_told_of_a_new_journal(path: Path) -> None:
    """That it is in use, not that it is none."""
    with SqliteJournal(path):
        assert "in use by another process" in python(OPEN, path).stdout


@pytest.mark.parametrize(
    "content",
    [b"row,sku\n1,a\n" * 50, b"x", b"\0" * 8192, b"SQLite format 3\0" + b"\0" * 200],
    ids=["csv", "a byte", "zeros", "almost"],
)
def test_a_file_that_is_no_journal_is_left_as_it_is(path: Path, content: bytes) -> None:
    """The message says so."""
    path.write_bytes(content)

    assert "is no journal and was left as it is" in refused(path)
    unchanged = path.read_bytes() == content  # not compared in the assertion: a diff takes hours
    assert unchanged
    assert list(path.parent.iterdir()) == [path]


def test_a_database_of_another_program_is_left_as_it_is(path: Path) -> None:
    """Though SQLite can read it."""
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE entry (key TEXT)")
    other.commit()
    other.close()
    content = path.read_bytes()

    assert "is no journal" in refused(path)
    unchanged = path.read_bytes() == content  # not compared in the assertion: a diff takes hours
    assert unchanged


async def test_a_journal_of_another_schema_is_left_as_it_is(path: Path) -> None:
    """The message names both versions."""
    await filled(path)
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 7")
    other.close()
    content = path.read_bytes()

    assert "has schema 7, this release knows 2" in refused(path)
    unchanged = path.read_bytes() == content  # not compared in the assertion: a diff takes hours
    assert unchanged


@pytest.mark.parametrize("size", [101, PAGE, 3 * PAGE, 5 * PAGE + 17])
async def test_a_truncated_journal_is_left_as_it_is(path: Path, size: int) -> None:
    """It is damaged, and the message says what to do."""
    content = (await filled(path))[:size]
    path.write_bytes(content)

    assert "damaged" in refused(path)
    unchanged = path.read_bytes() == content  # not compared in the assertion: a diff takes hours
    assert unchanged


@pytest.mark.parametrize("page", [1, 2, 3])
async def test_a_journal_with_a_page_of_rubbish_is_left_as_it_is(path: Path, page: int) -> None:
    """It is damaged."""
    content = bytearray(await filled(path))
    content[page * PAGE : page * PAGE + 64] = bytes(range(64))
    path.write_bytes(content)

    assert "damaged" in refused(path)
    unchanged = path.read_bytes() == content  # not compared in the assertion: a diff takes hours
    assert unchanged


@pytest.mark.parametrize("at", [0, 15, 69])
async def test_a_journal_with_a_flipped_header_is_left_as_it_is(path: Path, at: int) -> None:
    """It can't be told from another program's file."""
    content = bytearray(await filled(path))
    content[at] ^= 0xFF
    path.write_bytes(content)

    assert "is no journal" in refused(path)
    unchanged = path.read_bytes() == content  # not compared in the assertion: a diff takes hours
    assert unchanged


@pytest.mark.parametrize("at", [16, 20, 21])
async def test_a_journal_with_a_header_that_cannot_be_is_left_as_it_is(path: Path, at: int) -> None:
    """Page size, payload fractions, formats."""
    content = bytearray(await filled(path))
    content[at : at + 1] = b"\xfe"
    path.write_bytes(content)

    refused(path)
    unchanged = path.read_bytes() == content  # not compared in the assertion: a diff takes hours
    assert unchanged


def test_a_folder_that_is_not_there(path: Path) -> None:
    """The message asks for a path that can be written."""
    assert "give a path that can be written" in refused(path / "deeper" / "journal")


def test_a_folder_instead_of_a_file(path: Path) -> None:
    """It is none."""
    path.mkdir()

    assert "give a path that can be written" in refused(path)


def test_a_folder_that_is_read_only() -> None:
    """A process without special rights is told so, and nothing is left behind."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o555)
        done = python(UNPRIVILEGED, folder / "journal")
        assert "give a path that can be written" in done.stdout, done.stderr
        assert list(folder.iterdir()) == []
        folder.chmod(0o755)


async def test_a_full_disk_loses_nothing(path: Path) -> None:
    """What was put before stays, what failed says so, and what comes later is kept again."""
    with SqliteJournal(path) as made:
        await made.put(entry("before"))
        pages = made._connection.execute("PRAGMA page_count").fetchone()[0]
        made._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalError, match="nothing of what was asked is lost: make room"):
            await made.put(entry("big", request="x" * 10 * PAGE))
        made._connection.execute("PRAGMA max_page_count = 100000")
        await made.put(entry("after"))

        assert await made.open_keys() == ["before", "after"]


async def test_a_full_disk_is_told_to_everybody_in_the_commit(path: Path) -> None:
    """Nobody is left waiting, and nobody believes that it was kept."""
    with SqliteJournal(path) as made:
        await made.put(entry("before"))
        made._connection.execute("PRAGMA max_page_count = 1")
        puts = [made.put(entry(f"k{n}", request="x" * 10 * PAGE)) for n in range(50)]

        results = await asyncio.gather(*puts, return_exceptions=True)

        assert all(isinstance(result, JournalError) for result in results)
        assert await made.open_keys() == ["before"]


async def test_an_error_of_the_journal_carries_no_entry(path: Path) -> None:
    """Requests may be confidential."""
    with SqliteJournal(path) as made:
        made._connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(JournalError) as caught:
            await made.put(entry("secret", request="confidential" * PAGE))

    assert "confidential" not in str(caught.value)


# What is wrong so far.


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_key_that_is_no_utf8_is_an_error(path: Path) -> None:
    """Half a surrogate pair, as JSON lets in; the journal goes on."""
    made = SqliteJournal(path)
    puts = [asyncio.create_task(made.put(entry(key))) for key in ("\ud800", "good")]
    while made._thread.is_alive() and not all(put.done() for put in puts):
        await asyncio.sleep(0)
    alive = made._thread.is_alive()
    made.close()
    if not alive:
        made._connection.close()
        module._OPEN_HERE.clear()
        for put in puts:
            put.cancel()
    results = await asyncio.gather(*puts, return_exceptions=True)

    assert alive
    assert isinstance(results[0], JournalError)


def test_a_name_that_is_too_long(path: Path) -> None:
    """It can't be opened, as any other path that can't."""
    refused(path.with_name("x" * 300))


def test_a_name_that_cannot_be(path: Path) -> None:
    """It can't be opened, as any other path that can't."""
    refused(path.with_name("x\0y"))


async def test_a_look_at_a_hard_link_keeps_the_lock(path: Path) -> None:
    """The file is the same one, and POSIX forgets its locks when any handle is closed."""
    await filled(path)
    link = path.with_name("link")
    link.hardlink_to(path)
    with SqliteJournal(path) as made:
        refused(link)
        told = python(OPEN, path).stdout
        await made.put(entry())

    assert "in use by another process" in told


async def test_a_damaged_journal_of_a_killed_process_is_left_as_it_is(path: Path) -> None:
    """With its log, which may be what it can be mended from."""
    python(KILLED, path, 800)
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // PAGE):
        content[page * PAGE : page * PAGE + 64] = bytes(range(64))
    path.write_bytes(content)
    log = path.with_name(path.name + "-wal").read_bytes()

    assert "damaged" in refused(path)
    unchanged = path.read_bytes() == content  # not compared in the assertion: a diff takes hours
    assert unchanged
    unchanged = path.with_name(path.name + "-wal").read_bytes() == log
    assert unchanged


@pytest.mark.parametrize("at", [44, 56])
async def test_a_journal_whose_format_was_flipped_is_refused(path: Path, at: int) -> None:
    """The schema's format, and the encoding of all its texts."""
    content = bytearray(await filled(path))
    content[at] = 0xFE
    path.write_bytes(content)

    refused(path)


async def test_a_state_that_cannot_be_is_an_error_of_the_journal(path: Path) -> None:
    """The file's structure is sound, what it holds is not."""
    await filled(path, 1)
    other = sqlite3.connect(path)
    other.execute("UPDATE entry SET state = 'senx'")
    other.commit()
    other.close()

    with SqliteJournal(path) as made, pytest.raises(JournalError):
        await made.get("key-00000")
