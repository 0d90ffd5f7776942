"""Keys that their vendors gave a prefix, so that scanners can find them."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Facts, Recognizer, bounded
from agent.scoring.pii.placeholders import is_placeholder

__all__ = ["RECOGNIZER"]

# Prefix (lower case, to be looked for in the lower-cased text) and the body that must follow, from the vendors' pages:
# docs.aws.amazon.com (unique ids), cloud.google.com (API keys), docs.github.com (token formats), docs.gitlab.com (token
# overview), api.slack.com (token types), platform.openai.com, docs.anthropic.com, docs.stripe.com (keys),
# huggingface.co (user access tokens), help.aliyun.com and cloud.tencent.com (access keys), and the products' pages.
_FORMATS: tuple[tuple[str, str], ...] = (
    ("akia", r"AKIA[A-Z0-9]{16}"),
    ("asia", r"ASIA[A-Z0-9]{16}"),
    ("absk", r"ABSK[A-Za-z0-9+/]{60,400}={0,2}"),
    ("aiza", r"AIza[\w-]{35}"),
    ("ya29.", r"ya29\.[\w-]{20,400}"),
    ("gocspx-", r"GOCSPX-[\w-]{20,40}"),
    ("ghp_", r"ghp_\w{36,255}"),
    ("gho_", r"gho_\w{36,255}"),
    ("ghu_", r"ghu_\w{36,255}"),
    ("ghs_", r"ghs_[\w.-]{36,1000}"),
    ("ghr_", r"ghr_\w{36,255}"),
    ("github_pat_", r"github_pat_\w{40,255}"),
    ("gl", r"gl(?:pat|cbt|dt|rt|soat|ptt|ft|imt|agent|oas|ffct)-[\w.-]{20,100}"),
    ("xox", r"xox[abeoprs](?:\.xox[bp])?-[\w-]{10,400}"),
    ("xapp-", r"xapp-[0-9]-[\w-]{20,200}"),
    ("sk-", r"sk-(?:ant-|proj-|svcacct-|admin-|or-v1-|None-)?[\w-]{20,300}"),
    ("sk_", r"[sr]k_(?:live|test)_\w{16,255}"),
    ("rk_", r"rk_(?:live|test)_\w{16,255}"),
    ("whsec_", r"whsec_[A-Za-z0-9+/]{24,100}={0,2}"),
    ("ltai", r"LTAI[A-Za-z0-9]{12,24}"),
    ("akid", r"AKID[A-Za-z0-9]{32}"),
    ("hf_", r"hf_[A-Za-z0-9]{30,60}"),
    ("sg.", r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),
    ("npm_", r"npm_[A-Za-z0-9]{36}"),
    ("pypi-", r"pypi-[\w-]{50,400}"),
    ("rubygems_", r"rubygems_[0-9a-f]{48}"),
    ("dckr_", r"dckr_(?:pat|oat)_[\w-]{24,60}"),
    ("_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    ("dapi", r"dapi[0-9a-f]{32}(?:-[0-9])?"),
    ("hvs.", r"hvs\.[\w.-]{24,300}"),
    (".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,100}"),
    ("atatt3", r"ATATT3[\w=-]{60,400}"),
    ("bbdc-", r"BBDC-[\w+/]{30,60}"),
    ("shp", r"shp(?:at|ca|pa|ss)_[0-9a-f]{32}"),
    ("sq0", r"sq0[a-z]{3}-[\w-]{22,60}"),
    ("eaaa", r"EAAA[\w-]{56,100}"),
    ("eaac", r"EAAC[A-Za-z0-9]{60,300}"),
    ("lin_api_", r"lin_api_[A-Za-z0-9]{32,64}"),
    ("glsa_", r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}"),
    ("glc_", r"glc_[A-Za-z0-9+/]{32,400}={0,2}"),
    ("sntrys_", r"sntrys_[A-Za-z0-9+/=_-]{40,400}"),
    ("pmak-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    ("hrku-", r"HRKU-[\w-]{36,70}"),
    ("nr", r"NR(?:AK|BR|II|JS|RA)-[A-Za-z0-9]{19,32}"),
    ("dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,60}"),
    ("age-secret-key-", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    ("sq", r"sq[upa]_[0-9a-f]{40}"),
    ("pscale_", r"pscale_(?:pw|tkn|oauth)_[\w.=-]{32,64}"),
    ("tvly-", r"tvly-[\w-]{20,60}"),
    ("pplx-", r"pplx-[A-Za-z0-9]{40,60}"),
    ("r8_", r"r8_[A-Za-z0-9]{37}"),
    ("gsk_", r"gsk_[A-Za-z0-9]{48,60}"),
    ("xai-", r"xai-[A-Za-z0-9]{70,90}"),
    ("tgp_", r"tgp_v1_[\w-]{40,50}"),
    ("llx-", r"llx-[\w-]{44,60}"),
    ("phr_", r"ph[crx]_[A-Za-z0-9]{40,60}"),
    ("cf", r"cf(?:k|ut|at)_[A-Za-z0-9]{40,60}"),
    ("swmtkn-", r"SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}"),
    ("dnkey-", r"dnkey-[A-Z0-9]{26}-[A-Z0-9]{52}"),
    ("akcp", r"AKCp[A-Za-z0-9]{60,80}"),
    ("akab-", r"akab-[0-9a-z]{16}-[0-9a-z]{16}"),
    ("cosmo_", r"cosmo_[0-9a-f]{32}"),
    (":aa", r"[0-9]{8,10}:AA[\w-]{33}"),
    ("-us", r"[0-9a-f]{32}-us[0-9]{1,2}"),
    ("access_token$", r"access_token\$production\$[0-9a-z]{16,17}\$[0-9a-f]{32,33}"),
    ("8q~", r"[\w~.-]{3}[0-9]Q~[\w~.-]{31,34}"),
    ("/services/t", r"(?<=slack\.com/services/)T\w{8,12}/B\w{8,12}/\w{20,30}"),
    ("/webhooks/", r"(?<=/webhooks/)[0-9]{17,20}/[\w-]{60,80}"),
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.0 if is_placeholder(match[0]) else 1.0


RECOGNIZER = Recognizer(
    name="vendor's key",
    category="pii.secret",
    type="SECRET",
    source="the vendors' documentation of their token formats, listed beside the table",
    needs=Facts.TOKEN,
    literals=tuple(prefix for prefix, _ in _FORMATS),
    pattern=bounded(r"(?<![\w-])(?:" + "|".join(body for _, body in _FORMATS) + r")(?!\w)"),
    judge=_judge,
    priority=10,
)
