"""``harmwatch proxy``: what its flags mean, and what is said of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import ConfigError
from streams.cli import main
from streams.proxy.messages import Hello
from streams.proxy.plane import Server
from streams.proxy.settings import proxy_config


def test_help_says_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["proxy", "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "--upstream" in out
    assert "--kafka" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["proxy"], "--upstream"),
        (["proxy", "--upstream", "ftp://a"], "proxy.upstream"),
        (["proxy", "--upstream", "http://a/path"], "proxy.upstream"),
        (["proxy", "--upstream", "http://a:99999"], "port"),
        (["proxy", "--upstream", "http://a:0"], "ports are 1 to 65535"),
        (["proxy", "--upstream", "http://[:::::]:80"], "proxy.upstream: no such host"),
        (["proxy", "--upstream", "http://a..b:80"], "proxy.upstream: no such host"),
        (["proxy", "--upstream", "http://-x"], "proxy.upstream: no such host"),
        (["proxy", "--upstream", "http://a-.b:80"], "proxy.upstream: no such host"),
        (["proxy", "--upstream", "http://a", "--listen", "a..b:80"], "proxy.host: is no host name"),
        (["proxy", "--upstream", "http://a", "--listen", "a.-b:80"], "proxy.host: is no host name"),
        (["proxy", "--upstream", "http://a", "--kafka=-a:9092"], "kafka.bootstrap_servers: -a:9092"),
        (["proxy", "--upstream", "http://a", "--kafka", "a..b:9092"], "kafka.bootstrap_servers: a..b:9092"),
        (["proxy", "--upstream", "http://a", "--kafka", f"{64 * 'a'}:9092"], "kafka.bootstrap_servers"),
        (["proxy", "--upstream", "http://a", "--kafka", "a:0"], "ports are 1 to 65535"),
        (["proxy", "--upstream", "http://127.0.0.1:8080"], "itself"),
        (["proxy", "--upstream", "http://a", "--listen", "8080"], "--listen"),
        (["proxy", "--upstream", "http://a", "--kafka", "nowhere"], "kafka.bootstrap_servers"),
        (["proxy", "--upstream", "http://a", "--topic", "a b"], "proxy.tap.topic"),
        (["proxy", "--upstream", "http://a", "--spool", ""], "proxy.tap.spool_directory: must name a folder"),
    ],
)
def test_what_is_wrong_is_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    err = capsys.readouterr().err.splitlines()[-1]
    assert err.startswith("harmwatch proxy: ")
    assert said in err


def test_flags_win_over_the_file_and_leave_the_rest(tmp_path: Path) -> None:
    content = b"kafka: {bootstrap_servers: 'a:1', group_id: g}\nproxy: {port: 1234, tap: {ids: request}}\n"
    overrides: dict[str, object] = {"kafka.bootstrap_servers": "b:2", "proxy.upstream": "http://m:8000"}
    config = proxy_config(content, "file", overrides)
    assert (config.kafka.bootstrap_servers, config.kafka.group_id) == ("b:2", "g")
    assert (config.proxy.port, config.proxy.upstream, config.proxy.tap.ids) == (1234, "http://m:8000", "request")
    with pytest.raises(ConfigError, match="must be a section"):
        proxy_config(b"proxy: 3\n", "file", overrides)


def test_secrets_are_in_no_representation() -> None:
    assert "hunter2" not in repr(Hello(b"kafka: {sasl_password: hunter2}", "file", {}))


def test_a_file_of_certificates_that_is_none_is_told() -> None:
    config = proxy_config(b"", "x", {"proxy.upstream": "https://m", "proxy.upstream_ca_file": "/nowhere.pem"})
    with pytest.raises(ConfigError, match="upstream_ca_file"):
        Server.of(config.proxy)
