"""Keys that their vendors gave a prefix, so that scanners can find them."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.secrets.placeholders import is_placeholder

__all__ = ["RECOGNIZER"]

# From the vendors' pages:
# docs.aws.amazon.com (unique ids), cloud.google.com (API keys), docs.github.com (token formats), docs.gitlab.com (token
# overview), api.slack.com (token types), platform.openai.com, docs.anthropic.com, docs.stripe.com (keys),
# huggingface.co (user access tokens), help.aliyun.com and cloud.tencent.com (access keys), and the products' pages.
_FORMATS = (
    r"AKIA[A-Z0-9]{16}",
    r"ASIA[A-Z0-9]{16}",
    r"ABSK[A-Za-z0-9+/]{60,400}={0,2}",
    r"AIza[\w-]{35}",
    r"ya29\.[\w-]{20,400}",
    r"GOCSPX-[\w-]{20,40}",
    r"ghp_\w{36,255}",
    r"gho_\w{36,255}",
    r"ghu_\w{36,255}",
    r"ghs_[\w.-]{36,1000}",
    r"ghr_\w{36,255}",
    r"github_pat_\w{40,255}",
    r"gl(?:pat|cbt|dt|rt|soat|ptt|ft|imt|agent|oas|ffct)-[\w.-]{20,100}",
    r"xox[abeoprs](?:\.xox[bp])?-[\w-]{10,400}",
    r"xapp-[0-9]-[\w-]{20,200}",
    r"sk-(?:ant-|proj-|svcacct-|admin-|or-v1-|None-)?[\w-]{20,300}",
    r"[sr]k_(?:live|test)_\w{16,255}",
    r"rk_(?:live|test)_\w{16,255}",
    r"whsec_[A-Za-z0-9+/]{24,100}={0,2}",
    r"LTAI[A-Za-z0-9]{12,24}",
    r"AKID[A-Za-z0-9]{32}",
    r"hf_[A-Za-z0-9]{30,60}",
    r"SG\.[\w-]{16,32}\.[\w-]{16,64}",
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-[\w-]{50,400}",
    r"rubygems_[0-9a-f]{48}",
    r"dckr_(?:pat|oat)_[\w-]{24,60}",
    r"do[opr]_v1_[0-9a-f]{64}",
    r"dapi[0-9a-f]{32}(?:-[0-9])?",
    r"hvs\.[\w.-]{24,300}",
    r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,100}",
    r"ATATT3[\w=-]{60,400}",
    r"BBDC-[\w+/]{30,60}",
    r"shp(?:at|ca|pa|ss)_[0-9a-f]{32}",
    r"sq0[a-z]{3}-[\w-]{22,60}",
    r"EAAA[\w-]{56,100}",
    r"EAAC[A-Za-z0-9]{60,300}",
    r"lin_api_[A-Za-z0-9]{32,64}",
    r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}",
    r"glc_[A-Za-z0-9+/]{32,400}={0,2}",
    r"sntrys_[A-Za-z0-9+/=_-]{40,400}",
    r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
    r"HRKU-[\w-]{36,70}",
    r"NR(?:AK|BR|II|JS|RA)-[A-Za-z0-9]{19,32}",
    r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,60}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
    r"sq[upa]_[0-9a-f]{40}",
    r"pscale_(?:pw|tkn|oauth)_[\w.=-]{32,64}",
    r"tvly-[\w-]{20,60}",
    r"pplx-[A-Za-z0-9]{40,60}",
    r"r8_[A-Za-z0-9]{37}",
    r"gsk_[A-Za-z0-9]{48,60}",
    r"xai-[A-Za-z0-9]{70,90}",
    r"tgp_v1_[\w-]{40,50}",
    r"llx-[\w-]{44,60}",
    r"ph[crx]_[A-Za-z0-9]{40,60}",
    r"cf(?:k|ut|at)_[A-Za-z0-9]{40,60}",
    r"SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}",
    r"dnkey-[A-Z0-9]{26}-[A-Z0-9]{52}",
    r"AKCp[A-Za-z0-9]{60,80}",
    r"akab-[0-9a-z]{16}-[0-9a-z]{16}",
    r"cosmo_[0-9a-f]{32}",
    r"[0-9]{8,10}:AA[\w-]{33}",
    r"[0-9a-f]{32}-us[0-9]{1,2}",
    r"access_token\$production\$[0-9a-z]{16,17}\$[0-9a-f]{32,33}",
    r"[\w~.-]{3}[0-9]Q~[\w~.-]{31,34}",
    r"(?<=slack\.com/services/)T\w{8,12}/B\w{8,12}/\w{20,30}",
    r"(?<=/webhooks/)[0-9]{17,20}/[\w-]{60,80}",
)


_LOOK_BEHIND = re.compile(r"^\(\?<=[^)]*\)")
_LAST_REPEAT = re.compile(r"\{([0-9]+),[0-9]+\}(?:=\{0,2\})?$")


def _shortest(body: str) -> str:
    """The shortest key of this format: a longer one is reported once, when so much of it has been read."""
    return _LAST_REPEAT.sub(r"{\1}", _LOOK_BEHIND.sub("", body))


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.0 if is_placeholder(match[0]) else 1.0


RECOGNIZER = Recognizer(
    name="vendor's key",
    type="SECRET",
    source="the vendors' documentation of their token formats, listed beside the table",
    pattern=bounded(r"(?<![\w-])(?:" + "|".join(_FORMATS) + r")(?!\w)"),
    trigger="|".join(map(_shortest, _FORMATS)),
    judge=_judge,
    priority=10,
)
