"""Keys of chats, of bots and of services that send mail and short messages."""

from __future__ import annotations

from agent.scoring.pii.secrets.vendor_formats import vendor_recognizer

__all__ = ["RECOGNIZER"]

RECOGNIZER = vendor_recognizer(
    name="messaging key",
    source=(
        "api.slack.com (token types), discord.com/developers, core.telegram.org/bots/api, open.dingtalk.com (signing "
        "of robots), www.twilio.com/docs/iam, docs.sendgrid.com, documentation.mailgun.com, mailchimp.com/developer, "
        "developers.brevo.com, developers.facebook.com, and the services' own pages"
    ),
    formats=(
        r"xox[abcdeoprs](?:\.xox[bp])?-[\w%-]{10,400}",
        r"xapp-[0-9]-[\w-]{20,200}",
        r"xwfp-[\w-]{20,200}",
        (r"[MNO][A-Za-z0-9]{23,28}\.[\w-]{6}\.[\w-]{27,45}", r"[A-Za-z0-9]{8}\.[\w-]{6}\.[\w-]{10}"),
        (r"[0-9]{8,10}:AA[\w-]{33}", r"[0-9]{4}:AA[\w-]{10}"),
        r"SEC[0-9a-f]{64}",
        r"SCT[0-9]{3,8}T[A-Za-z0-9]{16,40}",
        (r"(?:AC|SK)(?:[0-9a-f]{32}|[0-9A-F]{32})", r"(?:AC|SK)(?:[0-9a-f]{12}|[0-9A-F]{12})"),
        r"SG\.[\w-]{16,32}\.[\w-]{16,64}",
        r"key-[0-9a-f]{32}",
        (r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}", r"[0-9a-f]{13}-[0-9a-f]{8}-[0-9a-f]{8}"),
        (r"[\w-]{32}-us[0-9]{1,2}", r"[\w-]-us[0-9]"),
        r"x(?:keysib|smtpsib)-[0-9a-f]{64}-[A-Za-z0-9]{16}",
        r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}",
        (r"md-[\w-]{22}", r"md-[\w-]{22}"),
        r"EAA[A-Z][A-Za-z0-9]{60,300}",
        (r"[0-9]{15,16}\|[\w-]{27}", r"[0-9]{8}\|[\w-]{10}"),
        r"AAAAAAAAAAAAAAAAAAAA[A-Za-z0-9%]{20,80}%3D[A-Za-z0-9]{40,60}",
        r"WPL_AP[01]\.[\w.+/=-]{30,100}",
        r"dG9rO[A-Za-z0-9+/]{30,80}={0,2}",
    ),
)
