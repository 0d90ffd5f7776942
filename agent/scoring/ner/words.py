"""Closed classes of words that stand beside names and are none: titles, greetings, labels of forms, streets."""

from __future__ import annotations

from typing import Final

__all__ = ["ENDINGS", "LABELS", "LEADERS", "NEVER_INSIDE", "OPENERS", "PARTICLES", "STREETS", "TITLES", "words"]


def words(text: str) -> frozenset[str]:
    """Blank-separated, lower case."""
    return frozenset(text.split())


PARTICLES: Final = words(
    "de del della di da do dos das du la le van von der den ten ter bin ibn al el y e zu af av ap bint abu"
)

TITLES: Final = words(
    "mr mrs ms miss mx dr prof professor sir madam dame lord lady rev reverend fr sr sra srta hon judge justice "
    "captain capt colonel col general gen major maj sergeant sgt lieutenant lt president pres senator sen governor "
    "gov mayor mayoress minister king queen prince princess pope saint officer detective coach uncle aunt auntie "
    "herr frau monsieur madame mme mlle señor señora don doña dott ing phd md esq"
)

LEADERS: Final = words(
    "i i'm im i’m me my you your he him his she her we our us they them their it its this that these those the a an "
    "and or but if so as at by for from in into of off on onto to with without about after before between is are "
    "was were be been am do does did has have had will would can could shall should may might must not no yes ok "
    "okay please thanks thank hello hi hey dear hola bonjour good morning afternoon evening night bye goodbye "
    "regards sincerely cheers welcome meet ask tell call contact email mail write text visit follow verify confirm "
    "remind inform notify see says said rt via cc re fwd what who when where why how which let lets let's here "
    "there now then today tomorrow yesterday um umm uh oh ah argh ugh plz pls thx ps well hmm lol happy birthday "
    "congratulations love poor little old young former ex late new"
)

ENDINGS: Final = words(
    "mr mrs ms phd md esq dr and or is was has had will can said says i i'm you he she it we they who"
)

LABELS: Final = words(
    "name names surname forename firstname lastname first last middle maiden full legal given family user username "
    "login password account customer client patient member employee employer manager supervisor owner holder "
    "cardholder beneficiary recipient sender author editor publisher provider prescriber physician doctor nurse "
    "pharmacist surgeon therapist dentist teacher student professor engineer developer designer analyst consultant "
    "accountant lawyer attorney secretary assistant director chairman ceo cto cfo president salesperson volunteer "
    "agent driver pilot passenger guest tenant landlord buyer seller vendor supplier contractor applicant candidate "
    "applicants witness victim suspect trustee mother father mom mum dad parent son daughter brother sister husband "
    "wife spouse child baby boy girl man woman men women guy guys lady gentleman friend friends people person "
    "persons somebody someone anybody nobody everyone everybody bro dude date birth dob age sex gender male female "
    "masculine feminine title address street city state country zip postcode postal code phone mobile cell "
    "telephone fax email e-mail website url id number no nr ref reference file record case order invoice receipt "
    "ticket policy claim contract license licence permit passport certificate document report note notes subject "
    "message comment description summary details type status version level range total amount balance price payment "
    "bank card credit debit iban ssn mrn npi vin dna clinical medical diagnosis prescription medication allergy "
    "hospital clinic department dept division section unit team group company corporation inc ltd llc gmbh "
    "university school college institute church court office suite apt apartment box room floor building discipline "
    "specialty degree signature longitude latitude daily weekly monthly monday tuesday wednesday thursday friday "
    "saturday sunday january february march april june july august september october november december god jesus "
    "christ allah buddha lord wifi linux windows android google facebook twitter instagram youtube linkedin "
    "whatsapp bitcoin internet covid english french german spanish chinese christmas easter"
)

STREETS: Final = words(
    "street st road rd avenue ave boulevard blvd lane ln drive place square sq terrace parkway pkwy circle trail "
    "highway hwy turnpike mews crescent plaza loop alley row plains strasse straße platz"
)

NEVER_INSIDE: Final = words("of the in on at for to with from by is are was has have will can")

OPENERS: Final = words(
    "about add aim all also analyse analyze another answer any anyone are arrange as ask assess assign assume at "
    "avoid based be because become before begin below best both brainstorm break bring build buy calculate can "
    "change check choose cite classify click come compare complete compose compute connect consider construct "
    "contact contrast convert correct could count create data define delete depending describe design detail "
    "determine develop did do does don't draft draw during each edit either eliminate enter estimate evaluate every "
    "everything examine example examples explain explore extract fill find first fix focus follow for formulate "
    "from generate get give given go good great group guess had half has have having he help highlight how however "
    "i if ignore imagine implement improve in include including indicate input insert instead into invent is it "
    "join judge just keep know large last learn leave less list live look made main make making many match may "
    "maybe measure might mix modify more most much name need never new next no nobody none nor nothing now offer "
    "often on once one only open opt or order organize other others our out outline output over own pack part pick "
    "place plan play point predict prepare present press produce propose provide put question quick quote rank rate "
    "read rearrange recommend reduce remember remove replace reply report research restate return review revise "
    "rewrite role run same save scan schedule search see select sentence separate set several she should show "
    "similar simplify since small so solve some someone something sometimes sort specify spell start state step "
    "still stop store such suggest summarise summarize take talk task tell text than that their then there these "
    "they thing think this those though three throughout time to today together top translate try turn two type "
    "under unfortunately until up update upon use used using usually validate verify very view visit wait walk want "
    "was we well were what whatever whether while whole will wish work would write yet you"
)
"""How requests and answers like to begin: capitalised there, and no name."""
