"""Apache Kafka's jars from the public Maven repository, and the Java that runs them."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from .base import LayerAbsent

__all__ = ["KAFKA_VERSION", "cache_lock", "cached_jars", "find_java", "find_maven", "java_version", "resolve_jars"]

#: 4.x brokers need Java 17. Another version (3.9.2, say): set HARMWATCH_KAFKA_VERSION.
KAFKA_VERSION = os.environ.get("HARMWATCH_KAFKA_VERSION", "4.3.1")
_MINIMUM_JAVA = 17

# Kafka 3.9 and 4.x log through slf4j 1.7; the simple binding writes to standard error and needs no configuration file.
_POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>harmwatch.tests</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{version}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""
_COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


@cache
def java_version(java: str) -> str:
    """Return what ``java -version`` says. Raises LayerAbsent when it cannot be run."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LayerAbsent(f"java -version: {type(error).__name__}") from error
    return answer.stderr + answer.stdout


@cache
def find_java() -> str:
    """Return the path of a Java that runs Kafka: JAVA_HOME's, else the one on the PATH.

    Raises
    ------
    LayerAbsent
        There is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home, "bin", "java"))) if home else None
    java = java or shutil.which("java")
    if java is None:
        raise LayerAbsent("no java on the PATH")
    version = re.search(r'version "(\d+)', java_version(java))
    if version is None or int(version[1]) < _MINIMUM_JAVA:
        raise LayerAbsent(f"java is {version[1] if version else 'unknown'}, Kafka needs {_MINIMUM_JAVA} or newer")
    return java


def find_maven() -> str:
    """Return the path of `mvn`, or raise LayerAbsent."""
    maven = shutil.which("mvn")
    if maven is None:
        raise LayerAbsent("no mvn on the PATH")
    return maven


def _folder(version: str) -> Path:
    root = os.environ.get("HARMWATCH_KAFKA_CACHE") or Path.home() / ".cache" / "harmwatch-tests"
    return Path(root) / f"kafka-{version}"


def cached_jars(version: str = KAFKA_VERSION) -> Path | None:
    """Return the folder of the jars when an earlier run has resolved them, else None."""
    folder = _folder(version)
    return folder if (folder / f"kafka_2.13-{version}.jar").exists() else None


@contextmanager
def cache_lock(version: str = KAFKA_VERSION) -> Iterator[None]:
    """Let one process of this machine at a time build what belongs to this version in the cache."""
    folder = _folder(version)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"kafka-{version}.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # released with the file
        yield


def resolve_jars(version: str = KAFKA_VERSION, *, timeout_seconds: float = 600.0) -> Path:
    """Return a folder with Kafka's jars and all they need at run time; asks Maven the first time (45 MB).

    The folder is built aside and renamed, under a file lock: it is whole or absent, also with parallel test runs.

    Raises
    ------
    LayerAbsent
        Maven is missing, or could not fetch them (no network).
    """
    if (found := cached_jars(version)) is not None:
        return found
    maven = find_maven()
    folder = _folder(version)
    with cache_lock(version):
        if (found := cached_jars(version)) is not None:
            return found
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"kafka-{version}.building-") as aside:
            pom, jars = Path(aside, "pom.xml"), Path(aside, "jars")
            pom.write_text(_POM.format(version=version), encoding="utf-8")
            command = [maven, "--batch-mode", "--no-transfer-progress", "--strict-checksums", "--quiet", "-f", str(pom)]
            command += [_COPY_GOAL, "-DincludeScope=runtime", f"-DoutputDirectory={jars}"]
            try:
                answer = subprocess.run(command, capture_output=True, text=True, timeout=timeout_seconds, check=False)
            except subprocess.TimeoutExpired:
                raise LayerAbsent(f"Maven did not fetch Kafka {version} in {timeout_seconds:.0f} s") from None
            if answer.returncode != 0:
                errors = [line for line in answer.stdout.splitlines() if line.startswith("[ERROR]")]
                raise LayerAbsent(f"Maven could not fetch Kafka {version}: {' '.join(errors[:1])[:300]}")
            shutil.rmtree(folder, ignore_errors=True)  # what is there has no kafka jar: a leftover, never a good copy
            jars.rename(folder)
    return folder
