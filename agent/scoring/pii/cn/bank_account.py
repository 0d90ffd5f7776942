"""Accounts at Chinese banks, by their label: those of firms have no check digit, and many of old books none either."""

from __future__ import annotations

import re

from agent.scoring.pii.checksums import digits_of
from agent.scoring.pii.labels import labelled

__all__ = ["RECOGNIZER"]

_LABELS = (
    "银行账号 银行帐号 银行账户 银行帐户 银行卡号 储蓄卡号 借记卡号 信用卡号 工资卡号 收款账号 收款帐号 收款账户 "
    "付款账号 汇款账号 打款账号 转账账号 入账账号 对公账号 对公账户 开户账号 开户帐号 结算账号 结算账户 "
    "銀行帳號 銀行賬號 銀行帳戶 銀行賬戶 收款帳號 收款賬號 匯款帳號 匯款賬號 轉帳帳號 轉賬賬號 對公賬戶 "
)
_BARE = "账号 帐号 账户 帐户 卡号 帳號 賬號 帳戶 賬戶 卡號"
# An account of anything else, unless a bank stands near it.
_BARE_LABELS = frozenset(_BARE.split())
_BANK = re.compile("银行|開戶|开户|支行|信用社|銀行|分行")
_NEAR = 48
_LEAST_OF_BARE = 10
# 11 digits of a mobile number (of Alipay), which is found as what it is.
_MOBILE = re.compile("1[3-9][0-9]{9}")


def _judge(match: re.Match[str], in_context: bool) -> float:
    digits = digits_of(match["value"])
    if not 8 <= len(digits) <= 30 or _MOBILE.fullmatch(digits):
        return 0.0
    if match["label"] in _BARE_LABELS:
        if len(digits) < _LEAST_OF_BARE:  # a date, or a meeting's
            return 0.0
        before = match.string[max(0, match.start() - _NEAR) : match.start()]
        after = match.string[match.end() : match.end() + _NEAR]
        return 0.8 if any(map(_BANK.search, (before, match[0], after))) else 0.0
    return 0.9


RECOGNIZER = labelled(
    "Chinese bank account number",
    "BANK_ACCOUNT",
    source="PBOC, measures for the administration of RMB bank settlement accounts (2003), JR/T 0008-2000; "
    "needs its label",
    words=_LABELS + _BARE,
    value=r"[0-9]{8,30}|[0-9]{3,8}(?:[ -][0-9]{2,8}){1,7}",
    judge=_judge,
    # A remark in brackets, a verb or a colon, and the bank's name: no clause lies between the two.
    gap=r"(?:号码?|號碼?)?(?:[(（][^()（）\n0-9]{0,16}[)）])?[\"'*`|]{0,3}[ \t]{0,3}"
    r"(?:[是为為:=]|改为)?[\"'*`|]{0,3}\s{0,3}(?:[\u3400-\u9fff]{2,16}[行社部][,:，]?[ \t]{0,2})?",
    end=r"(?!\w|[.,/-][0-9]|[%＊*]| ?(?:[元块万亿笔个户次人年月日萬億筆個戶]|[美港日欧歐]元|人民币|人民幣))",
    priority=6,
)
