"""Recognisers of passwords, keys and tokens. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

FOUND: list[Found] = [
    ("postgres://app:p@ss#9w@db.example:5432/x", [("SECRET", "p@ss#9w")]),
    ('{"password": "dk7a!c"}', [("SECRET", "dk7a!c")]),
    ("登录密码：Abc@12345，请保密", [("SECRET", "Abc@12345")]),
    ("密码是zq81kfp", [("SECRET", "zq81kfp")]),
    ("账号 zhang 密码 zq81kfp", [("SECRET", "zq81kfp")]),
    ("ALTER ROLE x PASSWORD 'Sql9pw'", [("SECRET", "Sql9pw")]),
    ("mytool --user a --password Hq7!xyz", [("SECRET", "Hq7!xyz")]),
    ("API_SECRET=9f8Kq2LmX0p7", [("SECRET", "9f8Kq2LmX0p7")]),
    ("the secret access key = 'wJalr7XUtnFEMI8K'", [("SECRET", "wJalr7XUtnFEMI8K")]),
    ("密码为Ａｂ１２３４５６。", [("SECRET", "Ａｂ１２３４５６")]),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    "the password is incorrect",
    "Password: required",
    "请输入密码：",
    "密码学是一门学科",
    "忘记密码怎么办",
    "password = os.environ['DB_PASSWORD']",
    "password=${DB_PASSWORD}",
    "token: string",
    "max_tokens=4096",
    "key: value123456",
    "password: ********",
    "OPENAI_API_KEY=YOUR_API_KEY_HERE",
    "AWS_SECRET_ACCESS_KEY=xxxxxxxxxxxxxxxxxxxx",
    "https://user:password@example.org/x",
    "redis://:${PW}@cache/0",
    "-----BEGIN CERTIFICATE-----",
    "sk-learn-is-a-library",
    "self.token = token",
    "pass the salt",
    "the key is under the mat",
    "密码：请联系管理员",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert found(text) == []


# Put together here, so that scanners of repositories do not take them for keys that got loose.
BODY = "Zk3Q9mX7bR2tV8wL5cJ1hN6yD4fG0sPaEuIoKqMxTzBvCrYn"
KEYS = [
    "AKIA" + "Q7ZK2MXB3RTVWLC5",
    "AIza" + BODY[:35],
    "ghp_" + BODY[:36],
    "github_pat_" + BODY,
    "glpat-" + BODY[:20],
    "xoxb-" + "2718281828-" + BODY[:24],
    "sk-" + BODY,
    "sk-proj-" + BODY,
    "sk-ant-" + "api03-" + BODY,
    "sk_live_" + BODY[:24],
    "hf_" + BODY[:34],
    "LTAI5t" + BODY[:18],
    "AKID" + BODY[:32],
    "SG." + BODY[:22] + "." + BODY[:43],
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + BODY[:30],
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("frame", ["key {} here", "密钥是{}，请保存", '{{"k":"{}"}}'])
def test_vendors_keys(key: str, frame: str) -> None:
    assert found(frame.format(key)) == [("SECRET", key)]


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH "])
def test_private_keys(kind: str) -> None:
    body = "MIIBOgIBAAJBAJtFfagSXdo0JmX6EdwWGvFMaXeOFY5x\nOTs3PWsnhRFakQFbAuI\n"
    armour = f"-----BEGIN {kind}PRIVATE KEY-----\n{body}"
    whole = armour + f"-----END {kind}PRIVATE KEY-----"
    assert found(f"see\n{whole}\nend") == [("SECRET", whole)]
    assert found(f"{armour}\nand then prose") == [("SECRET", armour.rstrip())]
    assert found(f"-----BEGIN {kind}PUBLIC KEY-----\n{body}") == []
