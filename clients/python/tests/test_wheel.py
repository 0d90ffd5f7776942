"""What is installed in a server's environment: this package and nothing else."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
import tomllib
from clients.python.tests.rig import CLIENT

from harmwatch_client import __version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-build-isolation", "--no-deps"]
    done = subprocess.run([*command, "-w", str(folder), str(CLIENT)], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
        (metadata,) = (content.read(name).decode() for name in names if name.endswith("/METADATA"))
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"harmwatch_client", f"harmwatch_client-{__version__}.dist-info"}
    assert "harmwatch_client/py.typed" in names and any(name.endswith("LICENSE") for name in names)
    modules = {path.name for path in (CLIENT / "harmwatch_client").glob("*.py")}
    assert {name.rpartition("/")[2] for name in names if name.endswith(".py")} == modules
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    assert needed and all("extra == 'kafka'" in line for line in needed)
    assert f"Version: {__version__}\n" in metadata and "License-Expression: Apache-2.0" in metadata


def test_it_runs_alone_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = tmp_path / "env" / "bin" / "python"
    install = [
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([sys.executable, *install, str(wheel)], check=True, capture_output=True)
    script = """
import harmwatch_client, sys
from harmwatch_client import Tap, TapMiddleware, wrap
with Tap('http://127.0.0.1:9') as tap:
    assert tap.log(model='m', input='q') and not tap.close(0.01)
assert tap.stats.dropped_closed == 1
try: Tap.kafka('b:9092')
except harmwatch_client.ConfigurationError as error: assert 'harmwatch-client[kafka]' in str(error)
else: raise SystemExit('there is no kafka-python here')
for name in ('agent', 'streams'):
    try: __import__(name)
    except ImportError: continue
    raise SystemExit(name)
print(harmwatch_client.__file__)
"""
    done = subprocess.run([python, "-I", "-W", "error", "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "env"))


def test_the_version_stands_in_one_place_and_the_other() -> None:
    project = tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__ and project["dependencies"] == []
    assert (CLIENT / "LICENSE").read_text() == (CLIENT.parents[1] / "LICENSE").read_text()
