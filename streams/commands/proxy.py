"""``harmwatch proxy``: in front of a model server, answers pass untouched and are tapped."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from streams.config_file import ConfigFile

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="harmwatch.yaml, with a section proxy")
    parser.add_argument("--upstream", metavar="URL", help="the model server, http://host:port")
    parser.add_argument("--listen", metavar="HOST:PORT", help="where to take requests (127.0.0.1:8080)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--kafka", metavar="SERVERS", help="tap to Kafka, host:port")
    where.add_argument("--core", action="store_true", help="score here, without Kafka")
    parser.add_argument("--topic", metavar="NAME", help="topic of events (inference.events)")
    parser.add_argument("--spool", metavar="DIR", help="where taps wait on the disk while Kafka is away")


def run(args: argparse.Namespace) -> int:
    """Until SIGTERM or SIGINT."""
    from agent.errors import ConfigError
    from streams.proxy.messages import Hello
    from streams.proxy.service import serve
    from streams.proxy.settings import proxy_config

    if args.config is None and args.upstream is None:
        raise ConfigError("say where the model server is: --upstream http://host:port, or --config FILE")
    file = ConfigFile.at_start(args.config) if args.config is not None else None
    content, origin = (file.content, str(file.path)) if file is not None else (b"", "command line")
    hello = Hello(content, origin, _overrides(args))
    config = proxy_config(hello.content, hello.origin, hello.overrides)
    logging.getLogger().setLevel(config.log_level)

    tap = config.proxy.tap
    if tap.sink == "kafka" and tap.spool_directory is None:
        sys.stderr.write(
            "harmwatch proxy: without proxy.tap.spool_directory (--spool) taps wait in memory while Kafka is away\n"
        )

    def announce(port: int, web_port: int) -> None:
        metrics = f"metrics on port {web_port}" if web_port else "metrics once the spool is free"
        scheme = "http" if config.proxy.tls.cert_file is None else "https"
        sys.stderr.write(
            f"harmwatch proxy: {scheme}://{config.proxy.host}:{port} -> {config.proxy.upstream}; {metrics}\n"
        )

    serve(config, hello, announce)
    return 0


def _overrides(args: argparse.Namespace) -> dict[str, object]:
    from agent.errors import ConfigError

    found: dict[str, object] = {}
    if args.upstream is not None:
        found["proxy.upstream"] = args.upstream
    if args.listen is not None:
        host, colon, port = args.listen.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit():
            raise ConfigError("--listen: must be host:port")
        found["proxy.host"], found["proxy.port"] = host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 (asked for)
    if args.kafka is not None:
        found["kafka.bootstrap_servers"] = args.kafka
        found["proxy.tap.sink"] = "kafka"
    if args.core:
        found["proxy.tap.sink"] = "core"
    if args.topic is not None:
        found["proxy.tap.topic"] = args.topic
    if args.spool is not None:
        found["proxy.tap.spool_directory"] = args.spool  # no Path, which takes an empty name for "."
    return found
