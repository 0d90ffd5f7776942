"""The top-level domains that addresses of mail end in: those of countries, and the generic ones that people use.

Code is full of what looks like an address: ``A@B.transpose``, ``image@sha256.abc``. Its last name tells it.
"""

from __future__ import annotations

__all__ = ["TOP_LEVEL_DOMAINS"]

# Of countries and territories, of the European Union, and some that are no longer given.
_COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bv bw by bz "
    "ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm "
    "fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is "
    "it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm "
    "mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr "
    "ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg "
    "th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
# The sponsored and the generic ones in use for mail, and what RFC 2606 sets apart for examples. Brands are left out.
_GENERIC = (
    "academy accountant aero africa agency amsterdam apartments app art asia attorney auto baby band bank bar "
    "barcelona beauty beer berlin best bible bid bike bio biz blog boston boutique brussels builders business bzh "
    "cafe capital car care careers cars cat center charity chat church city click clinic clothing cloud club codes "
    "coffee college com community company computer construction consulting contractors cool coop courses credit "
    "cymru dating deals delivery dental design dev digital direct discount doctor dog domains eco edu education "
    "email energy engineering enterprises equipment estate eus events example expert express faith family farm "
    "fashion film finance financial fish fitness flights food football foundation fun fund gal gallery game games "
    "garden gent gift gifts global gmbh golf gov green group guru hair hamburg health healthcare hockey holdings "
    "holiday homes hospital host hosting hotels house icu inc industries info ink institute insurance int "
    "international investments istanbul jewelry jobs kids kitchen kiwi koeln land law lawyer legal life limited "
    "link live llc lol london love ltd madrid market markets media melbourne men miami mil mobi money moscow "
    "museum music name net network news ngo ninja nyc ong online org organic page paris party pet pharmacy photo "
    "photography photos pizza play plumbing plus post press pro productions properties property pub quebec racing "
    "realty recipes ren rent rentals restaurant rocks sale salon sarl school science scot services shoes shop site "
    "soccer social software solar solutions space sport srl store studio style supplies supply support swiss "
    "sydney systems tax taxi team tech technology tel tennis test today tokyo tools top tours town trade training "
    "travel university vacations vegas ventures vet video vip vlaanderen wales wang website wedding wien wiki wine "
    "work works world wtf xin xxx xyz yoga zone"
)
TOP_LEVEL_DOMAINS = frozenset(_COUNTRIES.split() + _GENERIC.split())
"""In lower case. Source: IANA's root zone database as the Public Suffix List has it (2025)."""
