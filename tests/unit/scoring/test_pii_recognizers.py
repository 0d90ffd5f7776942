"""What each recogniser finds, with its bounds, and the look-alikes that it leaves. All values are made up."""

from __future__ import annotations

import pytest

from agent.scoring.pii import PiiScorer
from agent.scoring.pii.checksums import luhn, mod_11_2, mod_97

SCORER = PiiScorer()


def found(text: str) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in SCORER.score_text(text).spans]


FOUND = [
    # e-mail addresses
    ("Write to anna.lee+news@mail.example.org.", [("EMAIL", "anna.lee+news@mail.example.org")]),
    ("我的邮箱是zhang_san99@163.com，请查收", [("EMAIL", "zhang_san99@163.com")]),
    ("邮箱：ｗａｎｇ＠ｑｑ．ｃｏｍ。", [("EMAIL", "ｗａｎｇ＠ｑｑ．ｃｏｍ")]),
    ("<mailto:o'neil@example.co.uk>", [("EMAIL", "o'neil@example.co.uk")]),
    ("user=jörg.müller@example.de;", [("EMAIL", "jörg.müller@example.de")]),
    ("a@b.cn和c@d.cn", [("EMAIL", "a@b.cn"), ("EMAIL", "c@d.cn")]),
    # telephone numbers
    ("手机13800138000请联系", [("PHONE", "13800138000")]),
    ("拨打 138-0013-8000 或 138 0013 8001", [("PHONE", "138-0013-8000"), ("PHONE", "138 0013 8001")]),
    ("电话：＋８６　１３８００１３８０００", [("PHONE", "＋８６　１３８００１３８０００")]),
    ("座机 010-62751234 转 8", [("PHONE", "010-62751234")]),
    ("传真(0571)87654321", [("PHONE", "(0571)87654321")]),
    ("Call +44 20 7946 0958 now", [("PHONE", "+44 20 7946 0958")]),
    ("fax +41 (0)62 585 51 90", [("PHONE", "+41 (0)62 585 51 90")]),
    ("Ask at (212) 555-0187.", [("PHONE", "(212) 555-0187")]),
    ("my cell is 415-555-0132 x12", [("PHONE", "415-555-0132 x12")]),
    ("Phone: 0490 75 40 81", [("PHONE", "0490 75 40 81")]),
    ("you can text me on 467 3395", [("PHONE", "467 3395")]),
    # cards
    ("card 4111 1111 1111 1111, exp 12/27", [("CARD", "4111 1111 1111 1111")]),
    ("card 4111 1111 1111 1111 123", [("CARD", "4111 1111 1111 1111")]),
    ("Amex 3782-822463-10005", [("CARD", "3782-822463-10005")]),
    ("5555555555554444", [("CARD", "5555555555554444")]),
    ("银行卡号6222020200112230004，户名", [("CARD", "6222020200112230004")]),
    (
        "卡号：６２２２－０２０２－００１１－２２３０－００４",
        [("CARD", "６２２２－０２０２－００１１－２２３０－００４")],
    ),
    # bank accounts
    ("IBAN GB82 WEST 1234 5698 7654 32 please", [("BANK_ACCOUNT", "GB82 WEST 1234 5698 7654 32")]),
    ("汇到DE89370400440532013000谢谢", [("BANK_ACCOUNT", "DE89370400440532013000")]),
    # national identity numbers
    ("身份证号11010519491231002X。", [("NATIONAL_ID", "11010519491231002X")]),
    ("id 110105 19491231 002x", [("NATIONAL_ID", "110105 19491231 002x")]),
    ("证件：１１０１０５１９４９１２３１００２Ｘ", [("NATIONAL_ID", "１１０１０５１９４９１２３１００２Ｘ")]),
    ("身份证110105491231002", [("NATIONAL_ID", "110105491231002")]),
    ("身份证号110105194912310021", [("NATIONAL_ID", "110105194912310021")]),
    ("My SSN is 536-22-1234", [("NATIONAL_ID", "536-22-1234")]),
    ("social security number: 536221234", [("NATIONAL_ID", "536221234")]),
    # addresses of machines
    ("blocked 203.0.113.77 twice", [("IP", "203.0.113.77")]),
    ("来自地址 10.2.3.4 的访问", [("IP", "10.2.3.4")]),
    ("http://10.2.3.4:8080/x", [("IP", "10.2.3.4")]),
    ("from 2001:db8::8a2e:370:7334 now", [("IP", "2001:db8::8a2e:370:7334")]),
    ("fe80::1 up", [("IP", "fe80::1")]),
    ("to 6e40:4041:c617:e898:c11:40d2:c669:2eb4.", [("IP", "6e40:4041:c617:e898:c11:40d2:c669:2eb4")]),
    # secrets
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


LEFT = [
    # e-mail look-alikes
    "icon@2x.png",
    "git@github.com:owner/repo.git",
    "lodash@4.17.21",
    "@user.name",
    "a@b",
    "user@@example.org",
    "@手机用户",
    "see foo@bar",
    # digit runs
    "order 13912345678 was shipped",
    "订单号13912345678",
    "timestamp 1718000000",
    "1718000000123 ms",
    "发票号码 12345678",
    "ISBN 978-3-16-148410-0",
    "born 1949-12-31 at 10:20",
    "pi is 3.14159265358979",
    "$1,234,567.89",
    "2024-01-02 03:04:05",
    "call me on 2024-01-02",
    "tracking no. 4111111111111111",
    "4111111111111112",
    "1111111111111111",
    "123-45-6789",
    "666-12-3456",
    "000-12-3456",
    "536-00-1234",
    "GB82 WEST 1234 5698 7654 33",
    "110105194902310028",
    "990105194912310028",
    "第13800138000123号",
    "联系QQ 123456789",
    # machine address look-alikes
    "v10.0.0.1",
    "version 1.2.3.4",
    "版本 2.10.3.4",
    "127.0.0.1",
    "0.0.0.0",
    "255.255.255.0",
    "1.2.3.4.5",
    "10.0.3.2 Ancient",
    "300.1.2.3",
    "::1",
    "std::string",
    "12:34:56",
    "aa:bb:cc:dd:ee:ff",
    "12:34:56:78:9a:bc:de:f0",
    "a::b",
    # secret look-alikes
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


def test_context_raises_the_score() -> None:
    bare = SCORER.score_text("536-22-1234").scores["pii.national_id"]
    assert bare == 0.6
    assert SCORER.score_text("SSN 536-22-1234").scores["pii.national_id"] == 1.0


def test_the_nearer_word_decides() -> None:
    assert found("订单已发货，联系电话13912345678") == [("PHONE", "13912345678")]
    assert found("联系电话已登记，订单号13912345678") == []


def test_checksums() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
    assert mod_11_2("11010519491231002X")
    assert not mod_11_2("110105194912310021")
    assert mod_97("GB82WEST12345698765432")
    assert not mod_97("GB82WEST12345698765433")
