"""The file that keeps Plum's tokens from one command to the next, and what helps if it fails."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from didww_async.cli.connection import credentials
from didww_async.cli.exit_codes import CommandError, ExitCode
from didww_async.cli.messages import say
from didww_async.errors import DidwwError
from didww_async.providers.plum import TokenFile, TokenPair

__all__ = ["KeptTokens", "kept_tokens"]

_PROBE_BYTES = 4096


class KeptTokens:
    """A token file; a pair that it can't keep is kept in a spare one, so that the run goes on."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = TokenFile(path)
        self._spare: Path | None = None
        self._spared: TokenPair | None = None
        self._reason = ""

    def load(self) -> TokenPair:
        """The newest pair."""
        return self._file.load() if self._spared is None else self._spared

    def store(self, pair: TokenPair) -> None:
        """
        Keep a new pair, elsewhere if need be.

        Raises:
            DidwwError: There is no place where it can be kept.
        """
        try:
            self._file.store(pair)
        except OSError as error:
            self._reason = f"{self._path} can't be written: {error.strerror or error}"
        else:
            self._forget_the_spare()
            return
        if self._spare is None or not _is_stored(self._spare, pair):
            self._spare = _stored_elsewhere(self._path, pair)
        if self._spare is None:
            raise DidwwError(self._reason)
        self._spared = pair
        say(f"{self._reason}. New tokens are in {self._spare} for now.")

    def settle(self) -> None:
        """
        Bring a pair that is elsewhere home.

        Raises:
            CommandError: It still can't be; it says where the pair is.
        """
        if self._spared is None:
            return
        try:
            self._file.store(self._spared)
        except OSError as error:
            raise CommandError(
                f"{self._path} can't be written: {error.strerror or error}\n"
                f"The new tokens, without which no command works, are in {self._spare}: move that "
                f"file to {self._path} before the next one.",
                ExitCode.UNFINISHED,
            ) from None
        self._forget_the_spare()

    def _forget_the_spare(self) -> None:
        if self._spare is not None:
            shutil.rmtree(self._spare.parent, ignore_errors=True)
        self._spare = self._spared = None


def kept_tokens(path: str) -> KeptTokens:
    """
    The file that keeps the tokens, begun with those of the dashboard if there is none.

    Tokens are replaced now and then, and those that were used are worth nothing. So they are
    read from the environment only as long as there is no file.

    Raises:
        CommandError: New tokens could not be kept there, or there are none to begin with.
    """
    final = Path(os.path.realpath(path))
    try:
        # Bits of a mode say nothing of a full disk, or of one that is mounted to be read only.
        with tempfile.TemporaryFile(dir=final.parent) as probe:
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
    except OSError as error:
        raise CommandError(
            f"{final.parent} can't be written, so new tokens for {path} would be lost "
            f"({error.strerror or error}); mend that, or set PLUM_TOKEN_FILE to a file in another "
            "folder\nNothing was sent.",
            ExitCode.BAD_INPUT,
        ) from None
    if not final.exists():
        access, refresh = credentials("PLUM_ACCESS_TOKEN", "PLUM_REFRESH_TOKEN")
        try:
            TokenFile(path).begin(TokenPair(access_token=access, refresh_token=refresh))
        except OSError as error:
            raise CommandError(
                f"{path} can't be written: {error.strerror or error}\nNothing was sent.",
                ExitCode.BAD_INPUT,
            ) from None
    tokens = KeptTokens(path)
    tokens.load()  # a file that holds none is told before anything is begun
    return tokens


def _is_stored(path: Path, pair: TokenPair) -> bool:
    try:
        TokenFile(path).store(pair)
    except OSError:
        return False
    return True


def _stored_elsewhere(path: str, pair: TokenPair) -> Path | None:
    """A file that has the pair, in a folder of its own which nobody else can enter."""
    for folder in (None, ".", str(Path(path).parent)):
        with suppress(OSError):
            made = Path(tempfile.mkdtemp(prefix="didww-tokens-", dir=folder)).resolve()
            if _is_stored(found := made / "tokens.json", pair):
                return found
            shutil.rmtree(made, ignore_errors=True)
    return None
