"""Keys of clouds and hosts: AWS, Google, Alibaba, Tencent, Baidu, Volcengine, and those that sites run on."""

from __future__ import annotations

from agent.scoring.pii.secrets.vendor_formats import vendor_recognizer

__all__ = ["RECOGNIZER"]

RECOGNIZER = vendor_recognizer(
    name="cloud key",
    source=(
        "docs.aws.amazon.com/IAM (unique identifiers), cloud.google.com (API keys, OAuth clients, HMAC keys), "
        "ai.google.dev (authorization keys, since 2026 the only ones that are issued), "
        "help.aliyun.com and cloud.tencent.com (access keys), cloud.baidu.com (BCE v3), volcengine.com, and the hosts' "
        "own pages on their tokens"
    ),
    formats=(
        r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}",
        r"ABSK[A-Za-z0-9+/]{60,400}={0,2}",
        r"bedrock-api-key-[A-Za-z0-9+/]{60,1500}={0,2}",
        r"(?:FwoGZXIvYXdz|IQoJb3JpZ2luX2Vj)[A-Za-z0-9+/%]{80,2000}={0,2}",
        r"amzn\.mws\.[0-9a-f]{8}-[0-9a-f-]{27}",
        r"amzn1\.oa2-cs\.v1\.[0-9a-f]{64}",
        r"AIza[\w-]{35}",
        r"AQ\.[\w-]{40,120}",
        r"ya29\.[\w-]{20,1000}",
        r"1//0[\w-]{40,200}",
        r"GOCSPX-[\w-]{20,40}",
        r"GOOG1[A-Z0-9]{40,60}",
        r"AAAA[\w-]{7}:APA91[\w-]{120,140}",
        r"LTAI[A-Za-z0-9]{12,24}",
        r"STS\.[A-Za-z0-9]{20,40}",
        r"AKID[A-Za-z0-9]{32}",
        r"ALTAK[A-Za-z0-9-]{20,40}",
        r"bce-v3/ALTAK-[A-Za-z0-9]{20,24}/[0-9a-f]{40}",
        r"AK(?:LT|TP)[A-Za-z0-9]{36,60}={0,2}",
        r"JDC_[A-Z0-9]{25,40}",
        r"AQVN[\w-]{35,40}",
        r"do[opr]_v1_[0-9a-f]{64}",
        r"HRKU-[\w-]{36,70}",
        r"cf(?:k|ut|at)_[A-Za-z0-9]{40,60}",
        r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}",
        r"fm[12][ar]?_[A-Za-z0-9+/]{90,2000}={0,2}",
        r"vc[aikpr]_[A-Za-z0-9]{24,60}",
        r"nf[bcoptu]_[A-Za-z0-9]{36,40}",
        r"rnd_[A-Za-z0-9]{28,40}",
        r"SCW[A-Z0-9]{17}",
        r"sbp_(?:v0_)?[0-9a-f]{40}",
        r"sb_secret_[\w-]{22,60}",
        r"pscale_(?:pw|tkn|oauth)_[\w.=-]{32,64}",
        r"napi_[a-z0-9]{60,70}",
        r"AVNS_[\w-]{15,40}",
        r"mdb_sa_sk_[\w-]{40}",
        r"dapi[0-9a-f]{32}(?:-[0-9])?",
        r"essu_[A-Za-z0-9+/]{40,200}={0,2}",
        r"hv[sbr]\.[\w.-]{24,300}",
        (r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,100}", r"\.atlasv1\.[\w-]{10}"),
        r"pul-[0-9a-f]{40}",
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,60}",
        r"tskey-[a-z]{3,10}-[\w-]{20,90}",
        r"dnkey-[A-Z0-9]{26}-[A-Z0-9]{52}",
        r"SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}",
        r"K10[0-9a-f]{64}::(?:server|node):[0-9a-f]{20,64}",
        r"akab-[0-9a-z]{16}-[0-9a-z]{16}",
    ),
)
