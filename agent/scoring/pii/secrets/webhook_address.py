"""Addresses that let whoever knows them post: webhooks of chats and of automations."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.secrets.placeholders import is_placeholder
from agent.scoring.pii.secrets.randomness import randomness

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    return 0.0 if randomness(value) < 0 or is_placeholder(value) else 1.0


RECOGNIZER = Recognizer(
    name="webhook",
    type="SECRET",
    source=(
        "api.slack.com/messaging/webhooks, discord.com/developers (webhooks), learn.microsoft.com (incoming webhooks), "
        "open.feishu.cn (bot/v2/hook), open.dingtalk.com (robot/send), developer.work.weixin.qq.com (webhook/send), "
        "zapier.com, ifttt.com/maker_webhooks"
    ),
    pattern=bounded(
        r"(?:hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/"
        r"|webhook\.office\.com/webhookb2/|/open-apis/bot/(?:v2/)?hook/|dingtalk\.com/robot/send\?access_token="
        r"|weixin\.qq\.com/cgi-bin/webhook/(?:send|upload_media)\?key=|hooks\.zapier\.com/hooks/catch/"
        r"|maker\.ifttt\.com/trigger/[\w-]{1,64}/(?:json/)?with/key/|/webhooks/(?=[0-9]{17,20}/[\w-]{60}))"
        r"(?P<value>[\w/@-]{16,400}+)"
    ),
    trigger=(
        r"hooks\.slack\.com/[swt]|discord(?:app)?\.com/api/|webhook\.office\.com/w|/open-apis/bot/|dingtalk\.com/robot/s"
        r"|weixin\.qq\.com/cgi-bin/w|hooks\.zapier\.com/h|maker\.ifttt\.com/t|/webhooks/[0-9]{17}"
    ),
    judge=_judge,
    priority=10,
    lead=36,
)
