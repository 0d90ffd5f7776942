"""Keys of payments, shops, offices and identity: Stripe, Square, PayPal, Shopify, Notion, Airtable, HubSpot, Okta."""

from __future__ import annotations

from agent.scoring.pii.secrets.vendor_formats import vendor_recognizer

__all__ = ["RECOGNIZER"]

RECOGNIZER = vendor_recognizer(
    name="service key",
    source=(
        "docs.stripe.com (keys), developer.squareup.com, developer.paypal.com/braintree, shopify.dev (access tokens), "
        "developers.notion.com, airtable.com/developers, developers.hubspot.com, developer.okta.com, docs.mapbox.com, "
        "www.dropbox.com/developers, developer.salesforce.com, and the services' own pages"
    ),
    formats=(
        r"[rs]k_(?:live|test|prod|sbox)_\w{16,255}",
        r"sk_[0-9a-f]{48}",
        r"whsec_[A-Za-z0-9+/]{24,100}={0,2}",
        r"sq0[a-z]{3}-[\w-]{22,60}",
        r"EAAA[\w-]{56,100}",
        r"access_token\$(?:production|sandbox)\$[0-9a-z]{16,17}\$[0-9a-f]{32,33}",
        r"rzp_(?:live|test)_[A-Za-z0-9]{14}",
        r"FLWSECK(?:_TEST)?-[0-9A-Za-z]{32}-X",
        (
            r"access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            r"access-(?:sandbox|development|production)-[0-9a-f]{8}-",
        ),
        r"(?:live|test)_(?:pub_)?[0-9a-f]{31,35}",
        r"live_[\w-]{40}",
        r"EZ[AT]K[A-Za-z0-9]{54}",
        r"shippo_(?:live|test)_[0-9a-f]{40}",
        r"duffel_(?:test|live)_[\w=-]{43}",
        r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
        r"lin_(?:api|oauth)_[A-Za-z0-9]{32,64}",
        r"fig[dour]{1,3}_[\w-]{40,50}",
        r"ntn_[A-Za-z0-9]{40,50}",
        r"secret_[A-Za-z0-9]{43}",
        r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}",
        (
            r"pat-(?:na|eu|ap)[0-9]-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            r"pat-(?:na|eu|ap)[0-9]-[0-9a-f]{8}-",
        ),
        (r"[0-2]/[0-9]{15,16}(?:/[0-9]{15,16})?:[0-9a-f]{32}", r"/[0-9]{15,16}:[0-9a-f]{10}"),
        r"pk_[0-9]{6,9}_[A-Z0-9]{32}",
        r"tfp_[\w-]{40,62}",
        r"fio-u-[\w=-]{64}",
        r"p8e-[A-Za-z0-9]{32}",
        r"sl\.(?:u\.)?[\w-]{80,1500}",
        r"00D[A-Za-z0-9]{12,15}![\w.]{60,120}",
        r"[st]k\.eyJ1Ijoi[\w-]{20,200}\.[\w-]{20,40}",
        r"CMRC[A-Z0-9]{16,40}",
        r"tk-us-[\w-]{48}",
    ),
)
