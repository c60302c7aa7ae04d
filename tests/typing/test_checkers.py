"""mypy and pyright, both strict, agree with the public contract."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

HERE = Path(__file__).parent


def mypy_errors(file: Path) -> set[int]:
    """The lines that mypy refuses."""
    command = [sys.executable, "-m", "mypy", "--strict", "--output", "json", "--config-file="]
    done = subprocess.run([*command, file], capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    reports = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {report["line"] for report in reports if report["severity"] == "error"}


def pyright_errors(file: Path) -> set[int]:
    """The lines that pyright refuses."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
        shutil.copy(file, folder)
        command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
        done = subprocess.run(
            [*command, "--project", folder], capture_output=True, text=True, check=False
        )
    assert json.loads(done.stdout)["summary"]["filesAnalyzed"] == 1
    reports = json.loads(done.stdout)["generalDiagnostics"]
    return {
        report["range"]["start"]["line"] + 1 for report in reports if report["severity"] == "error"
    }


CHECKERS = [pytest.param(mypy_errors, id="mypy"), pytest.param(pyright_errors, id="pyright")]


@pytest.mark.parametrize("errors", CHECKERS)
def test_contract_is_seen_as_promised(errors: object) -> None:
    """Every `assert_type` of the public contract holds."""
    assert callable(errors)
    assert errors(HERE / "accepted.py") == set()


@pytest.mark.parametrize("errors", CHECKERS)
def test_mistakes_are_refused(errors: object) -> None:
    """A misspelt filter, keyword or attribute is an error, and nothing else is."""
    assert callable(errors)
    file = HERE / "refused.py"
    lines = enumerate(file.read_text().splitlines(), start=1)
    assert errors(file) == {number for number, line in lines if line.endswith("# refused")}
