"""Keys of code hosts, registries of packages, and services that build and watch: GitHub, GitLab, npm, PyPI, Grafana."""

from __future__ import annotations

from agent.scoring.pii.secrets.vendor_formats import vendor_recognizer

__all__ = ["RECOGNIZER"]

RECOGNIZER = vendor_recognizer(
    name="developer's key",
    source=(
        "docs.github.com (token formats), docs.gitlab.com (token overview), support.atlassian.com (API tokens), "
        "docs.npmjs.com, pypi.org/help, docs.docker.com, guides.rubygems.org, grafana.com, docs.newrelic.com, "
        "docs.dynatrace.com, and the services' own pages"
    ),
    formats=(
        r"gh[pour]_\w{36,255}",
        r"ghs_[\w.-]{36,1000}",
        r"github_pat_\w{40,255}",
        r"gl(?:pat|cbt|dt|rt|rtr|wt|soat|ptt|ft|imt|agent|oas|ffct)-[\w.-]{20,300}",
        r"GR1348941[\w-]{20}",
        r"_gitlab_session=[0-9a-z]{32}",
        r"ATATT3[\w=-]{60,400}",
        r"ATCTT3[\w=-]{60,400}",
        r"ATBB[A-Za-z0-9]{24,60}",
        r"BBDC-[\w+/]{30,60}",
        r"npm_[A-Za-z0-9]{36}",
        r"pypi-[\w-]{50,400}",
        r"rubygems_[0-9a-f]{48}",
        r"oy2[a-z0-9]{43}",
        r"cio[A-Za-z0-9]{32}",
        r"packagist_[ou][ru]t_[0-9a-f]{68}",
        r"CLOJARS_[a-z0-9]{60}",
        r"dckr_(?:pat|oat)_[\w-]{24,60}",
        r"AKCp[A-Za-z0-9]{60,80}",
        r"cmVmdGtu[A-Za-z0-9]{56}",
        r"CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}",
        r"bk(?:ua|aj|pt)_[0-9a-f]{40}",
        r"sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}",
        r"sgp_[A-Za-z0-9]{64}",
        r"sq[upa]_[0-9a-f]{40}",
        r"sntry[su]_[A-Za-z0-9+/=_-]{40,400}",
        r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}",
        r"glc_[A-Za-z0-9+/]{32,400}={0,2}",
        r"eyJrIjoi[A-Za-z0-9+/]{40,400}={0,2}",
        r"NR(?:AK|BR|II|JS|RA)-[A-Za-z0-9]{19,32}",
        r"NRAA-[0-9a-f]{27}",
        r"dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}",
        r"hc[a-z]{2}k_[a-z0-9]{58}",
        (
            r"(?:sdk|mob|api)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            r"(?:sdk|mob|api)-[0-9a-f]{8}-",
        ),
        r"ph[crx]_[A-Za-z0-9]{40,60}",
        r"pnu_[a-z0-9]{36}",
        r"ico-[A-Za-z0-9]{32}",
        r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
        r"rdme_[a-z0-9]{70}",
        r"CFPAT-[\w-]{43}",
        r"ops_eyJ[A-Za-z0-9+/]{250,2000}={0,3}",
        (
            r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}",
            r"A3-[A-Z0-9]{6}-",
        ),
        r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
        r"AGE-SECRET-KEY-PQ-1[A-Z0-9]{58}",
    ),
)
