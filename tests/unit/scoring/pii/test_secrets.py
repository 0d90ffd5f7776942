"""Recognisers of passwords and keys that a text names: what must be found, and look-alikes. All values are made up."""

from __future__ import annotations

import pytest

from tests.unit.scoring.pii.cases import Found, found

# Put together here, so that scanners of repositories do not take them for keys that got loose.
BODY = "Zk3Q9mX7bR2tV8wL5cJ1hN6yD4fG0sPaEuIoKqMxTzBvCrYn"
HEX = "9f3c7a1e5b8d2046" + "af17c3e9b05d6842" + "1f7e0a9c4b6d8352" + "d41c6b0a9e2f7835"
UUID = "7f9c24e8-3b12-4d4f-a6c5-" + "9e8b1d2f3a4c"
CRYPT = "$6$rounds=5000$Zk3Q9mX7$" + BODY + BODY[:38]
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank " + "yellow"


def _one(text: str, value: str) -> Found:
    assert value in text
    return text, [("SECRET", value)]


FOUND: list[Found] = [
    # Prose.
    _one("登录密码：Abc@12345，请保密", "Abc@12345"),
    _one("密码是zq81kfp", "zq81kfp"),
    _one("账号 zhang 密码 zq81kfp", "zq81kfp"),
    _one("密码为Ａｂ１２３４５６。", "Ａｂ１２３４５６"),
    _one("初始密码为abc123请尽快修改", "abc123"),
    _one("登录口令改成了Qw3rty!9", "Qw3rty!9"),
    _one("密码是「Kx93@mm」", "Kx93@mm"),
    _one("密码是：zq81kfp", "zq81kfp"),
    _one("密码为: zq81kfp", "zq81kfp"),
    _one("密码就是：「Kx93@mm」", "Kx93@mm"),
    _one("登录口令改成：Qw3rty!9", "Qw3rty!9"),
    _one("my password is: Qw3rty&99", "Qw3rty&99"),
    _one("密碼：zq81kfp", "zq81kfp"),
    _one("密碼zq81kfp", "zq81kfp"),
    _one("**Password:** Qw3rty&99", "Qw3rty&99"),
    _one("**Password**: Qw3rty&99", "Qw3rty&99"),
    _one("**密码：** zq81kfp", "zq81kfp"),
    _one("| password | Qw3rty&99 |", "Qw3rty&99"),
    _one("Password (temporary): Qw3rty&99", "Qw3rty&99"),
    _one("用户名/密码：admin/Passw0rd9", "Passw0rd9"),
    _one("授权码：abcdqxzjkwvbptrm", "abcdqxzjkwvbptrm"),
    _one(f"阿里云的AccessKeySecret是{BODY[:30]}，别外传", BODY[:30]),
    _one("my password is hunter2!", "hunter2!"),
    _one("The password for bob is Blue42Sky!", "Blue42Sky!"),
    _one("I changed my password to Sunny#Day9", "Sunny#Day9"),
    _one("use password Xk9#mmQ2 to log in", "Xk9#mmQ2"),
    _one(f"my api key is {BODY[:24]}", BODY[:24]),
    _one("id/pw: admin/Xk9#mmQ2", "Xk9#mmQ2"),
    _one(f"mnemonic: {PHRASE}", PHRASE),
    # Files of configuration.
    _one('{"password": "dk7a!c"}', "dk7a!c"),
    _one("API_SECRET=9f8Kq2LmX0p7", "9f8Kq2LmX0p7"),
    _one("the secret access key = 'wJalr7XUtnFEMI8K'", "wJalr7XUtnFEMI8K"),
    _one("spring.datasource.password=Zx9kq2mm", "Zx9kq2mm"),
    _one("<password>Zx9kq2mm</password>", "Zx9kq2mm"),
    _one('<add key="Password" value="Zx9kq2mm!" />', "Zx9kq2mm!"),
    _one(f'<input type="hidden" name="api_key" value="{BODY[:24]}">', BODY[:24]),
    _one('- name: DB_PASSWORD\n  value: "Zx9kq2mm"', "Zx9kq2mm"),
    _one(f"<key>APIToken</key>\n<string>{BODY[:24]}</string>", BODY[:24]),
    _one("Server=db;Database=x;User Id=sa;Password=Zx9!kq2mm;Encrypt=True", "Zx9!kq2mm"),
    _one("machine api login bob password Zx9kq2mm", "Zx9kq2mm"),
    _one("db.internal:5432:app:bob:Zx9kq2mm", "Zx9kq2mm"),
    _one(f"encryption key: {HEX[:32]}", HEX[:32]),
    _one(f'"api_key": "{UUID}"', UUID),
    _one(f'"d": "{BODY[:43]}"', BODY[:43]),
    # Code.
    _one('os.environ["API_TOKEN"] = "' + BODY[:32] + '"', BODY[:32]),
    _one('getenv("DB_PASS", "Zx9kq2mm")', "Zx9kq2mm"),
    _one('password = os.environ.get("PW") or "Zx9kq2mm"', "Zx9kq2mm"),
    _one('def connect(password: str = "Zx9kq2mm"):', "Zx9kq2mm"),
    _one(':password => "Zx9kq2mm"', "Zx9kq2mm"),
    _one('"password\\":\\"Zx9kq2mm\\"', "Zx9kq2mm"),
    # Databases and commands.
    _one("ALTER ROLE x PASSWORD 'Sql9pw'", "Sql9pw"),
    _one("CREATE USER bob IDENTIFIED BY Zx9kq2mm;", "Zx9kq2mm"),
    _one("mytool --user a --password Hq7!xyz", "Hq7!xyz"),
    _one("curl -u admin:Zx9kq2mm https://x", "Zx9kq2mm"),
    _one("mysql -h db -uroot -pZx9kq2mm app", "Zx9kq2mm"),
    _one("sshpass -p 'Zx9kq2mm' ssh root@host", "Zx9kq2mm"),
    _one("docker login -u bob -p Zx9kq2mm reg", "Zx9kq2mm"),
    _one(f"tool --api-key {BODY[:24]}", BODY[:24]),
    _one(f"tool --privateKey {BODY[:24]}", BODY[:24]),
    _one(f"root:{CRYPT}:19000:0:99999:7:::", CRYPT),
    # The web.
    ("postgres://app:p@ss#9w@db.example:5432/x", [("SECRET", "p@ss#9w")]),
    _one("redis://:Zx9kq2mm@cache:6379/0", "Zx9kq2mm"),
    _one(f"https://api.example.com/v1?access_token={BODY[:32]}&x=1", BODY[:32]),
    _one(f"https://b.s3.amazonaws.com/k?X-Amz-Signature={HEX}", HEX),
    _one("Authorization: Basic dXNlcjpaeDlrcTJtbQ==", "dXNlcjpaeDlrcTJtbQ=="),
    _one(f"Authorization: Bearer {BODY}", BODY),
    _one(f"X-API-Key: {HEX[:32]}", HEX[:32]),
    _one(f"Cookie: lang=en; sessionid={HEX[:32]}; x=1", HEX[:32]),
    # Key pairs: the id is a vendor's key by itself.
    (f"AKIA{BODY[:16].upper()}, {BODY[:40]}", [("SECRET", f"AKIA{BODY[:16].upper()}"), ("SECRET", BODY[:40])]),
    (
        f"SecretId: AKID{BODY[:32]} SecretKey: {BODY[5:37]}",
        [("SECRET", f"AKID{BODY[:32]}"), ("SECRET", BODY[5:37])],
    ),
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


LEFT = [
    # Prose about passwords and keys.
    "the password is incorrect",
    "Password: required",
    "Passwords must be at least 12 characters long.",
    "Password: 8-16 characters, one digit",
    "The password to the archive is with Alice",
    "pass the salt",
    "the key is under the mat",
    "Key takeaways: first, second",
    "The secret: never give up",
    "The token limit is 128000 tokens.",
    "a top-secret mission? That is it",
    "id/password combination",
    "mnemonic devices help you remember things such as the order of the planets in our solar system",
    "请输入密码：",
    "密码学是一门学科",
    "忘记密码怎么办",
    "密码：请联系管理员",
    "密码：******",
    "密码长度为8-16位，包含大小写字母",
    "密码是6位数字",
    "密码是：必填",
    "| password | string | required |",
    "| Password | 8-16 characters | yes |",
    "the password is: required",
    "**Password:** required",
    "密码是base64编码的",
    "密码采用SHA256加密存储",
    "用户名和密码不能为空",
    "账号/密码错误",
    "密钥长度：2048位",
    "token是JWT格式的",
    "请在控制台创建 AccessKey 后填写到配置文件中",
    # What lives for minutes, and opens nothing without the telephone that it was sent to.
    "验证码：482913，5分钟内有效",
    "取件码：1234",
    # Code that reads a secret, or names one.
    "password = os.environ['DB_PASSWORD']",
    'password = config.get("database", "password")',
    'password = getpass.getpass("Password: ")',
    "password: str = Field(..., min_length=8)",
    "username, password = auth",
    "f(password=key_password)",
    "password=${DB_PASSWORD}",
    'password: "{{ .Values.db.password }}"',
    "password: !vault |",
    "PASSWORD_FILE=/run/secrets/db_password",
    "secretKeyRef: {name: db-credentials, key: password}",
    "token: ${{ secrets.GITHUB_TOKEN }}",
    'const token = request.headers.get("Authorization")',
    "if (user.password === req.body.password) {",
    "self.token = token",
    "token: string",
    "max_tokens=4096",
    'pad_token="<pad>", eos_token="</s>"',
    'next_page_token: "CAEQAhgDIgQIBxAB9x2kQ8"',
    'tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")',
    '{"token": "windows10", "pos": "NN"}',
    "client_secret_expires_at: 1718000000",
    "password_min_length: 12",
    "key: value123456",
    'partition_key = "user_id"',
    f'"private_key_id": "{HEX[:40]}"',
    '"key": "uploads/2024/a8F3kL9qX2mZ7.png"',
    "if gpass > gstop: raise",
    f'"key": "{HEX[:32]}"',
    'monkey: "GxPq81LzQq82MbW3"',
    'gr_match = ("gr_passwd", "gr_gid", "gr_mem")',
    "PASS: test_login_with_token_1",
    "PW=12.5ms",
    "pwd: /home/user/project",
    '<input type="password" name="password" placeholder="Password">',
    '<a href="/reset-password ">>Reset</a>',
    "<password>${env.MAVEN_PASSWORD}</password>",
    "identified by 'nameID'",
    "mysql -u root -p mydb2024",
    "docker run -p 8080:80 nginx",
    # Placeholders.
    "password: ********",
    "OPENAI_API_KEY=YOUR_API_KEY_HERE",
    "AWS_SECRET_ACCESS_KEY=xxxxxxxxxxxxxxxxxxxx",
    'api_key="<your-api-key>"',
    "Authorization: Bearer <token>",
    'curl -H "Authorization: Bearer $TOKEN" https://api.example.com',
    "https://user:password@example.org/x",
    "redis://:${PW}@cache/0",
    "https://example.com/reset?token=abc",
    # Names that are long, and look it.
    "sk-learn-is-a-library-for-machine-learning-in-python",
    "task-risk-adjusted-return-on-capital-employed-2024",
    "live_streaming_platform_overview_and_details_2",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf",
    "pod/web-7c5ddbdf54-x2x9k 1/1 Running 0 5d",
    's3 key = "prod/2024/06/part-00001-8f3a.parquet"',
    'class="css-1q2w3e4r-MuiButtonBase"',
    # Hashes, ids, and what is public.
    f"commit {HEX[:40]}",
    f"image: nginx@sha256:{HEX}",
    f'ETag: "{HEX[:32]}"',
    f'"request_id": "{UUID}"',
    f"x-request-id: {HEX[:16]}",
    f'"integrity": "sha512-{BODY}{BODY[:38]}=="',
    f'<script integrity="sha384-{BODY}{BODY[:16]}">',
    f"data:image/png;base64,{BODY}{BODY[:16]}",
    f"data:image/png;base64,iVBORw0KGgo{BODY * 3}",
    f"ssh-rsa AAAAB3NzaC1yc2E{BODY} bob@host",
    "公钥：MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A",
    "-----BEGIN CERTIFICATE-----",
    f"-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIE\n{BODY}{BODY[:16]}\n{BODY}{BODY[16:32]}\n",
    "10.0.0.1/24",
    "GET 10.2.3.4/api/v1/Users",
]


@pytest.mark.parametrize("text", LEFT)
def test_left(text: str) -> None:
    assert [kind for kind, _ in found(text) if kind == "SECRET"] == []


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH "])
def test_private_keys(kind: str) -> None:
    body = "MIIBOgIBAAJBAJtFfagSXdo0JmX6EdwWGvFMaXeOFY5x\nOTs3PWsnhRFakQFbAuI\n"
    armour = f"-----BEGIN {kind}PRIVATE KEY-----\n{body}"
    whole = armour + f"-----END {kind}PRIVATE KEY-----"
    assert found(f"see\n{whole}\nend") == [("SECRET", whole)]
    assert found(f"{armour}\nand then prose") == [("SECRET", armour.rstrip())]
    public = body.replace("MIIBOgIBAAJB", "MFwwDQYJKoZI")
    assert found(f"-----BEGIN {kind}PUBLIC KEY-----\n{public}") == []


def test_private_keys_without_their_armour() -> None:
    line = (BODY + BODY[::-1])[:64]
    for beginning in ("MIIEvQIBADANBgkqhkiG", "MIIEpAIBAAKCAQEA", "MHcCAQEEI", "b3BlbnNzaC1rZXktdjEAAAAA"):
        key = beginning + BODY[:40]
        assert found(f"key material: {key} and so on") == [("SECRET", key)]
    assert found(f"12:36:01 {line}\n12:36:02 done") == [("SECRET", line)]
    assert found(f"{line[:63]}\n{HEX}\n{'word' * 16}") == []
    header = "-----BEGIN RSA " + "PRIVATE KEY-----"
    assert found(f"{header}\n{BODY * 8} and prose") == [("SECRET", f"{header}\n{BODY * 8}")]
    footer = "-----END RSA " + "PRIVATE KEY-----"
    assert found(f"12:36:01 {footer}") == [("SECRET", footer)]
    putty = f"Private-Lines: 2\n{line}\n{BODY[:20]}\nPrivate-MAC: {HEX[:40]}"
    assert found(putty) == [("SECRET", f"\n{line}\n{BODY[:20]}")]


def test_a_wallets_key_has_a_check_sum() -> None:
    # The example of Bitcoin's wiki, of a key that is public since 2011.
    key = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqv" + "bTLvyTJ"
    assert found(f"import {key} now") == [("SECRET", key)]
    assert found(f"import {key[:-1]}K now") == []


def test_a_long_value_is_covered_to_its_end() -> None:
    token = BODY * 8
    assert found(f'"token": "{token}"') == [("SECRET", token)]
    wrapped = f"{BODY}\n  {BODY[::-1]}\n  {BODY[:30]}"
    assert found(f'token: "{wrapped}" and so on') == [("SECRET", wrapped)]
