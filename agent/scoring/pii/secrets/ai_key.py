"""Keys of model providers and of the services around them: OpenAI's form, which many took over, and others."""

from __future__ import annotations

from agent.scoring.pii.secrets.vendor_formats import vendor_recognizer

__all__ = ["RECOGNIZER"]

RECOGNIZER = vendor_recognizer(
    name="model provider's key",
    source=(
        "platform.openai.com, docs.anthropic.com, huggingface.co (user access tokens), api-docs.deepseek.com, "
        "help.aliyun.com/model-studio, platform.moonshot.cn and bigmodel.cn (API keys), and the providers' own pages"
    ),
    formats=(
        (r"sk-[\w-]{20,300}", r"sk-[\w-]{20}"),
        r"pk-lf-[0-9a-f-]{36}",
        r"csk-[a-z0-9]{40,60}",
        r"hf_[A-Za-z0-9]{30,60}",
        r"api_org_[A-Za-z0-9]{30,60}",
        r"r8_[A-Za-z0-9]{37}",
        r"gsk_[A-Za-z0-9]{48,60}",
        r"xai-[A-Za-z0-9]{70,90}",
        r"tgp_v1_[\w-]{40,50}",
        r"pplx-[A-Za-z0-9]{40,60}",
        r"tvly-[\w-]{20,60}",
        r"llx-[\w-]{44,60}",
        r"nvapi-[\w-]{60,70}",
        r"fw_[A-Za-z0-9]{22,30}",
        r"fpk_[A-Za-z0-9]{20,40}",
        r"jina_[A-Za-z0-9]{32,64}",
        (r"pa-[\w-]{43}", r"pa-[\w-]{24}"),
        r"pcsk_\w{40,90}",
        r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
        r"ls__[0-9a-f]{32}",
        (r"fc-[0-9a-f]{32}", r"fc-[0-9a-f]{10}"),
        r"apify_api_[A-Za-z0-9]{36}",
        r"esecret_[A-Za-z0-9]{20,40}",
        r"KGAT_[0-9a-f]{32}",
        r"wandb_v1_\w{60,90}",
        (r"ms-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", r"ms-[0-9a-f]{8}-"),
        (r"[0-9a-f]{32}\.[A-Za-z0-9]{16}", r"[0-9a-f]{8}\.[A-Za-z0-9]{16}"),
        r"cosmo_[0-9a-f]{32}",
    ),
)
