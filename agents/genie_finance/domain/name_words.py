"""Words of names that hardly identify a person, and names with many spellings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TITLES = frozenset(
    (
        "mr", "mrs", "ms", "dr", "doctor", "prof", "professor", "messrs", "late", "capt", "captain", "col", "colonel",
        "lieutenant", "major", "general", "brigadier", "admiral", "commander", "shri", "sri", "shree", "shrimati",
        "smt",
        "maulana", "mawlana", "moulana", "mawlawi", "maulvi", "moulvi", "mufti", "mullah", "mulla", "ayatollah",
        "hojjatoleslam", "alhaji", "hajji", "haji", "hajj", "hadj", "hadji", "qari", "kari", "ustad", "ustaz",
        "ustadh", "comrade", "excellency", "herr", "frau", "monsieur",
    )
)  # fmt: skip
"""Not significant as names; removed if another word is left."""

HONORIFICS = frozenset(
    (
        "sir", "miss", "madam", "lt", "maj", "gen", "brig", "adm", "marshal", "cmdr", "sgt", "adv", "er", "eng",
        "engineer",
        "ing", "hon", "president", "minister", "senator", "prince", "princess", "king", "emir", "amir", "sultan",
        "kum",
        "kumari", "pandit", "swami", "sardar", "chaudhary", "begum", "janab", "sahib", "saheb", "sheikh", "shaikh",
        "shaykh", "sheik", "scheich", "scheikh", "sheiky", "cheikh", "sheekh", "syekh", "molla", "imam",
        "seyyed", "sayyid", "saiyed", "saiyid", "sayed", "syed", "seyed", "sayyed", "agha", "aga", "khwaja", "senor",
        "don", "dona",
        "pan",
        "pani", "gospodin",
    )
)  # fmt: skip
"""Titles that are also names; removed if two other words are left."""

PARTICLES = frozenset(
    (
        "al", "el", "ul", "ol", "ar", "as", "ad", "az", "at", "ash", "ur", "us", "ud", "uz", "ut", "er", "es",
        "bin", "ben", "ibn", "bint", "bent", "binti", "b", "ould", "wuld", "walad", "ap", "so", "do", "wo",
        "de", "da", "do", "dos", "das", "del", "della", "di", "la", "las", "los", "le", "les", "du", "van", "von",
        "der",
        "den", "ter", "zu", "zum", "y", "e", "i", "of", "the", "and", "und", "et", "for", "to", "in",
    )
)  # fmt: skip
"""Articles, "son of" and the like."""

LEGAL_FORMS = frozenset(
    (
        "ltd", "limited", "pvt", "private", "plc", "llc", "llp", "lp", "inc", "incorporated", "corp", "corporation",
        "co",
        "company", "cie", "gmbh", "mbh", "ag", "kg", "ohg", "ug", "se", "sa", "sas", "sarl", "sal", "spa", "srl",
        "sl", "bv",
        "nv", "ab", "as", "asa", "oy", "oyj", "aps", "kft", "zrt", "doo", "dd", "ad", "eood", "ood", "sro", "sp",
        "zoo",
        "jsc", "ojsc", "cjsc", "pjsc", "ao", "oao", "zao", "pao", "ooo", "too", "tov", "nao", "npo", "fgup", "fsue",
        "gup",
        "joint", "stock", "open", "closed", "public", "liability", "fze", "fzc", "fzco", "fzllc", "dmcc", "wll",
        "bsc",
        "psc", "saog", "saoc", "pte", "sdn", "bhd", "pty", "kk", "tbk", "pt", "cv", "sti", "tic", "san", "ltda",
        "eirl", "sprrl", "prrl", "rlcv", "sacv", "srlcv", "sapicv", "compania", "companhia",
        "compagnie", "societe", "sociedad",
        "establishment", "est", "society", "obshchestvo", "ogranichennoi", "otvetstvennostyu", "aktsionernoe",
        "otkrytoe", "zakrytoe", "publichnoe", "s", "group", "holding", "holdings",
    )
)  # fmt: skip
"""Legal forms of firms in many countries, ignored in comparisons."""

FIRM_WORDS = frozenset(
    (
        "ltd", "limited", "pvt", "plc", "llc", "llp", "inc", "corp", "corporation", "company", "gmbh", "sarl", "spa",
        "jsc",
        "ojsc", "cjsc", "pjsc", "oao", "zao", "ooo", "fze", "fzco", "fzc", "pte", "bhd", "pty",
        "establishment",
        "group", "holding", "holdings", "bank", "trading", "shipping", "industries", "industry", "factory", "trust",
        "enterprise", "enterprises", "insurance", "brigade", "party", "front", "army", "movement", "foundation",
        "exchange", "exchanging", "bureau", "committee", "council", "union", "organization", "organisation",
        "center", "centre",
        "international", "general", "money", "currency", "bros", "brothers", "university", "petrochemical",
        "complex", "association", "institution", "agency", "services", "management", "ministry", "institute",
        "plant", "shipyard", "lines", "airlines", "petroleum", "oil",
        "commercial", "national", "development", "industrial",
    )
)  # fmt: skip
"""Words that indicate the name of a firm or a group."""

_GROUPS = """
mohammad mohammed muhammad mohamed mohamad muhammed mohd md muhamad mehmet mehmed magomed mohamud mahamad
mohammad mamadou muamad mouhamad mahomed mohammad
ahmad ahmed achmad akhmed ahmet amed
yusuf yousef youssef yousuf yosef yusef iosif yussuf joseph
ibrahim ebrahim ibraheem brahim abraham
ismail ismael esmail esmaeil ismaeel
hussein husein hussain husain hussayn husayn hossein hosein khusein khusayn houssein husseyn
hassan hasan hacen khasan
ali aly
omar umar omer umer oumar
osman usman uthman othman ousmane
osama usama oussama
khalid khaled haled halid
said saeed saied sayeed saeid sayid
abdullah abdallah abdulla abdellah abdollah
mahmoud mahmud mehmood mahmood makhmud
mustafa mostafa mustapha moustafa moustapha
gaddafi qadhafi qaddafi kadafi kaddafi gadhafi qadafi khadafi gathafi kadhafi ghaddafi khadafy gadafi qadhdhafi
dawood daud dawud daoud david davood daoood
ayman aiman aymen eimen
syed sayyid sayed seyed sayyed saiyed saiyid seyyed said saeed saied sayeed
aleksandr alexander aleksander alexandr oleksandr alexandre aliaksandr alyaksandr olexander sasha
aleksei alexei aleksey alexey oleksii oleksiy aleksej alexej alyaksei
sergei sergey serguei sergej serhiy serhii siarhei sergiy serge
yevgeny evgeny evgeniy yevgeniy evgenii yevgenii jewgeni eugene yevhen evgueni evgenij
vladimir wlodzimierz wolodymyr volodymyr wladimir uladzimir volodimir vladimer
nikolai nikolay mykola nikolaj mikalai nicolai nicholas
mikhail mykhailo michail mihail mikail michael mikhael
dmitry dmitri dmitriy dmytro dmitrii dzmitry dimitri dmitrij
viktor victor viktar wiktor
yuri yury yuriy iouri jurij yurii juri iurii yurij joeri joerij jury yuryy juryj yuryi iouryi joeryj iury
igor ihor ihar
pavel pavlo paul
andrei andrey andriy andrii andrej andre andrew
petr pyotr petro piotr peter pjotr
ivan iwan yvan
german herman hermann
konstantin kostyantyn constantine kanstantsin
anatoly anatoliy anatolii anatoli anatolij
sheikh shaikh shaykh sheik scheich scheikh cheikh sheekh syekh
aziz asis azis assis aseez azeez
zakhary zachary zacharias zachari zakhar zakaria zakhariy zakharia sachari sacharij zaxar zahar
yulia yuliya yuliia julia julija joelija iulia ioulia juliya
zoya zoia soja zoja zoe
lidia lidiya lidiia lydia lidija lidziya lidsija
natalia natalya natalja natalija nataliya natallia nathalie
elena yelena jelena olena helena helen
tatiana tatyana tatjana tetiana
ksenia kseniya xenia xenija ksenija
grigory grigoriy hryhoriy grigori grigorii
gennady gennadiy gennadi henadz hennadiy
vyacheslav viacheslav vjatscheslaw wjatscheslaw
lukashenko lukashenka lukaschenko loukachenko
kim gim ghim
lee ri yi rhee li rhi
pak park bak
choe choi chae chwe ch'oe
jong jung jeong chong chung cheong jon
un eun oun
kang gang
kwang gwang
chol cheol chul
hyok hyuk hyeok
su soo
u woo wu
yong young yeong ryong
jo cho joe
jang chang zhang
paek baek paik
no noh roh
kwon gwon
an ahn
o oh
rehman rahman rehmaan rakhman
rehmat rahmat
lakhvi lakhwi lakvi
zaki zakir
chaudhry chowdhury choudhary chaudhari choudhury chaudhri
singh sing sinh
khan kahn han
xi hsi shi
xu hsu shu
zhou chou chow
zhao chao
qian chien
jiang chiang
zheng cheng
cai tsai
cao tsao
cemil jamil jameel djamil dschamil gamil camil
cemal jamal jamaal djamal gamal
celal jalal jelal djalal galal
cihad jihad cihat djihad gihad
recep rajab rejeb radjab ragab
tayyip tayyib tayeb taieb tayib
necip najib najeeb naguib nadjib
enver anwar anwer anouar
ekrem akram ekram
kemal kamal kemaal
sevket shawkat shaukat chawkat
serif sharif sherif shareef charif cherif
hatice khadija khadijah hadice khadidja
ayse aisha aysha aicha aishah
fatma fatima fatimah fatemeh fatimeh
cevdet jawdat jaudat jevdet
davut dawud
murat murad mourad murod
mahmut mahmud
halit khalid
reza riza rida ridha redha rza
zarrab sarraf zarraf sarrab
javad jawad djawad gawad cevat jawaad
jawlani jolani golani joulani julani jaulani
prabhakaran prabakaran pirapaharan pirabakaran pirabaharan prabaharan
he ho
ge ko
cheung zhang cheong
kwok guo kuo
leung liang
lau liu
yeung yang
tsang zeng tseng
fung feng
poon pan
yuen yuan
kwan guan kuan
tse xie hsieh
industrial industry industries ind
development dev
international intl
management mgmt
trading trdg
engineering engg
manufacturing mfg
technology technologies tech
national natl
"""
SPELLINGS: Mapping[str, str] = MappingProxyType(
    {name: line.split()[0] for line in reversed(_GROUPS.strip().splitlines()) for name in line.split()}
)
"""Name -> first spelling of its group; a group has the spellings of one name in several languages."""
