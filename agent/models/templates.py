"""Own-written training sentences about groups of people, hostile and not.

The public sources name groups mostly inside abuse, so that a linear model learns the group's name as abuse. These
sentences put the same names into both classes, in equal numbers, and make the words around them decide. They
were written for this project, from no test suite; they carry the project's own licence.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["SOURCE", "TemplateRow", "generate"]

SOURCE = "own_templates"


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """One sentence; `label` 1 = hostile."""

    text: str
    lang: str
    label: int


@dataclass(frozen=True, slots=True)
class _Language:
    groups: tuple[str, ...]
    bad: tuple[str, ...]
    good: tuple[str, ...]
    hostile: tuple[str, ...]
    friendly: tuple[str, ...]
    people_hostile: tuple[str, ...] = ()
    people_friendly: tuple[str, ...] = ()


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.strip().split("|"))


_ENGLISH = _Language(
    groups=_split("""women|men|gay people|lesbians|trans people|black people|white people|Muslims|Jews|Christians|
        Hindus|immigrants|refugees|disabled people|deaf people|Asians|Indians|Chinese people|Mexicans|Africans|Arabs|
        Russians|Americans|old people|poor people|foreigners|girls|homosexuals|Pakistanis|autistic people"""),
    bad=_split("""scum|vermin|filth|animals|parasites|idiots|criminals|a disease|garbage|trash|rats|cockroaches|
        disgusting|worthless|stupid|inferior|subhuman|dirty|evil|a plague|monsters|pigs|liars|retarded|savages|
        a cancer|mentally ill|degenerates|pathetic|cowards|ugly|thieves|rapists|terrorists"""),
    good=_split("""kind|brilliant|welcome here|human beings|our neighbours|my friends|hard-working|wonderful|equal|
        part of this town|worthy of respect|beautiful|just people|clever|brave|great doctors|loved|good parents|
        amazing|valued colleagues"""),
    hostile=_split("""I hate {g}|I hate all {g} so much|I really despise {g}|{g} are {b}|{g} are nothing but {b}|
        all {g} are {b}|{g} are all {b}|{g} are so {b} it makes me sick|I can't stand {g}|{g} disgust me|
        we should get rid of all {g}|{g} should be wiped out|{g} don't deserve to live|{g} deserve to die|
        {g} do not belong in this country|send all {g} back|throw {g} out of the country|kill all {g}|
        someone should shoot every one of those {g}|{g} must be kept away from our children|{g} make me want to puke|
        {g} are less than human|nobody wants {g} here|I wish {g} would just disappear|{g} ruin everything they touch|
        {g} should not be allowed to vote|fuck {g}|fuck all {g}, they are {b}|those damn {g} again, what {b}|
        why are {g} such {b}?|is it only me or are {g} {b}?|let's burn down the houses of {g}|
        I will hurt any {g} I see|the world would be better without {g}|never trust {g}, they are {b}|
        it is a fact that {g} are {b}|if you are one of those {g} then you are {b}|
        {g} are no good and never will be|you can't expect decency from {g}, they are {b}|
        I am not racist but {g} are {b}|honestly {g} need to be locked up|{g} belong in a cage|
        my opinion is that {g} are {b}, end of story|they are {g}, of course they are {b}|
        {g} should know their place|no {g} are ever good at anything|{g} have no right to be here|
        god hates {g}|we must protect ourselves from {g}|I don't like {g}, they are {b}|{g} are not human"""),
    friendly=_split("""I love {g}|I have nothing against {g}|{g} are {p}|many {g} are {p}|all {g} are {p}|
        {g} deserve respect|{g} deserve the same rights as anyone|{g} belong here like everyone else|
        I don't hate {g}|no, {g} are not {b}|saying that {g} are {b} is wrong|it is vile to call {g} {b}|
        people who say that {g} are {b} should be ashamed|"{g} are {b}" is exactly the kind of hate we must stop|
        stop saying you hate {g}, it hurts|he wrote that {g} are {b} and was rightly banned|
        we need to protect {g} from hatred|{g} face a lot of discrimination at work|I work with {g} every day|
        the museum opens an exhibition on {g} next week|some of my best teachers were {g}|
        a study looked at how {g} use public transport|{g} were invited to the town hall|
        nobody should be allowed to hurt {g}|how can we make our school more open to {g}?|
        the new law gives {g} better access to housing|I am proud to stand with {g}|{g} are as good as anybody|
        it's great to see more {g} in parliament|{g} do deserve to live in safety|
        don't let anyone tell {g} they are {b}|
        anyone who wants {g} dead is a danger to all of us|hating {g} is not an opinion|happy holidays to all {g}|
        I hate it when people treat {g} badly|I can't stand it when {g} are insulted|
        it makes me sick how {g} are treated|{g} should never be called {b}|we are {g} and we are {p}|
        thank you to all the {g} who helped us|being around {g} makes me happy|we should welcome {g}|
        you are wrong: {g} are not {b} at all|how many {g} live in this city?|that film is about {g}|
        send your thanks to {g}|{g} have every right to be here|the world is better with {g} in it"""),
    people_hostile=_split("""you are {b}|you are such a piece of shit|shut the fuck up, you idiot|go kill yourself|
        you're a worthless moron|what a stupid bitch|I hope you die|you {b}, nobody likes you|you are a fucking loser|
        get lost, you disgusting creep|I will find you and beat you up|he is a dumb bastard|she is an ugly cow|
        you make me sick, you are {b}|drop dead, asshole|you're dumber than a brick|nobody would miss you if you died|
        stfu you clown|I'm going to kill you|you are the most pathetic person I have met"""),
    people_friendly=_split("""you are {p}|you are such a good friend|what a clever idea|I hope you feel better soon|
        this bug is killing me|I hate this weather|I hate Mondays|this soup is disgusting, throw it out|
        damn, that was close|
        holy shit, what a great goal|this fucking printer jammed again|the old sofa is trash|
        that film was fucking brilliant|
        how do I kill a process on Linux?|my car is a piece of junk|the rats in the cellar must go|
        I am so stupid, I forgot my keys|he was killed in an accident in 1952|the dog is dirty, please wash it|
        our dishwasher is worthless|we shoot the video tomorrow|it hurts me to see you sad|
        the doctor said the disease is rare|kill the lights, please|these shoes are ugly|
        could you help me with my homework?|
        the meeting is at ten on Tuesday|please find the invoice attached|thanks, that solved it"""),
)

_CHINESE = _Language(
    groups=_split("""女人|男人|黑人|白人|穆斯林|犹太人|基督徒|同性恋|跨性别者|残疾人|聋哑人|外地人|农民工|移民|难民|
        河南人|东北人|上海人|亚洲人|印度人|日本人|韩国人|美国人|非洲人|老年人|穷人|外国人|女司机|单亲妈妈|
        少数民族"""),
    bad=_split("""垃圾|人渣|畜生|败类|蠢货|骗子|寄生虫|蟑螂|废物|下等人|恶心|肮脏|低贱|愚蠢|变态|社会的毒瘤|猪|强盗|
        小偷|怪物|贱货|没教养|祸害|疯子|懒鬼|懦夫|丑八怪|罪犯|恐怖分子|白痴"""),
    good=_split("""善良的|聪明的|勤劳的|我们的邻居|我的朋友|值得尊重的|平等的|和我们一样的人|可爱的|勇敢的|优秀的医生|
        受欢迎的|了不起的|普通人|好父母|社会的一部分|有才华的|热情的|值得信任的|好同事"""),
    hostile=_split("""我恨{g}|我讨厌所有{g}|我真的看不起{g}|{g}都是{b}|{g}就是{b}|{g}全是{b}|
        {g}都是些{b}，没一个好东西|
        {g}让我恶心|{g}滚出去|{g}滚出我们的国家|应该把{g}都赶走|{g}都该死|{g}不配活着|{g}应该消失|杀光{g}|
        {g}根本不是人|没人欢迎{g}|{g}只会毁掉一切|{g}不配有投票权|去他妈的{g}|这些{g}真他妈{b}|为什么{g}这么{b}？|
        是不是只有我觉得{g}是{b}？|真想打死这些{g}|没有{g}的世界会更好|千万别相信{g}，他们是{b}|事实就是{g}是{b}|
        别让{g}靠近我们的孩子|我不是歧视，但{g}就是{b}|把{g}关起来|{g}天生低人一等|{g}没资格待在这里|见到{g}就想吐|
        {g}永远改不了，一群{b}|{g}能有什么本事，{b}罢了|我一点也不喜欢{g}，{b}|{g}就该认清自己的地位|
        像{g}这种{b}早点死绝吧|又是{g}，果然是{b}|{g}不是好人|{g}都不是好东西|谁家娶了{g}谁倒霉|{g}必须被消灭"""),
    friendly=_split("""我爱{g}|我很喜欢{g}|我并不讨厌{g}|{g}是{p}|很多{g}是{p}|{g}值得尊重|{g}应该享有同样的权利|
        {g}和大家一样属于这里|{g}不是{b}|说{g}是{b}是不对的|骂{g}是{b}的人应该感到羞耻|
        “{g}都是{b}”这种话就是仇恨言论|
        请不要再说你恨{g}了，这很伤人|他发帖说{g}是{b}，账号被封了|我们要保护{g}不受歧视|{g}在求职时常常遇到不公平|
        我每天和{g}一起工作|博物馆下周举办关于{g}的展览|我最好的老师里有几位是{g}|有研究调查了{g}如何使用公共交通|
        社区邀请{g}参加座谈会|任何人都不应该伤害{g}|怎样让学校对{g}更友好？|新政策为{g}提供更好的住房|
        我为{g}感到骄傲|越来越多的{g}当选代表，真好|别让任何人说{g}是{b}|想让{g}去死的人对谁都是危险|
        仇恨{g}不是一种观点|祝所有{g}节日快乐|我讨厌别人欺负{g}|看到{g}被侮辱我很难过|{g}不应该被叫做{b}|
        我们是{g}，我们是{p}|感谢所有帮助过我们的{g}|和{g}在一起我很开心|我们应该欢迎{g}|你错了，{g}一点也不{b}|
        这座城市有多少{g}？|这部电影讲的是{g}的故事|{g}完全有权利生活在这里|有{g}的世界更美好"""),
    people_hostile=_split("""你是{b}|你这个{b}|你他妈闭嘴|你怎么不去死|你就是个{b}，没人喜欢你|滚，{b}|傻逼东西|
        你妈死了|你个脑残|去死吧，{b}|他就是条狗|这个女的真是个贱人|我要弄死你|操你妈|你真是又蠢又坏|
        你脑子进水了吧，蠢货|
        狗东西，别出来丢人|你全家都是{b}|废物一个，活着浪费空气|臭不要脸的东西"""),
    people_friendly=_split("""你是{p}|你真是个好朋友|这个主意真聪明|祝你早日康复|这个程序错误烦死我了|我讨厌下雨天|
        我恨星期一|这汤太恶心了，倒掉吧|他妈的，好险|卧槽，这球进得太漂亮了|打印机又坏了，真烦|这沙发旧得像垃圾|
        怎么在系统里杀掉一个进程？|请把垃圾分类投放|猪肉今天多少钱一斤？|我真笨，又忘带钥匙了|他在一次事故中去世了|
        狗太脏了，给它洗个澡吧|蟑螂药放在哪里？|我们明天拍视频|看到你难过我也心疼|医生说这种病很少见|把灯关了吧|
        这双鞋真丑|能帮我看看作业吗？|会议定在周二上午十点|发票见附件，请查收|谢谢，问题解决了|笑死我了|
        累死了，早点睡吧"""),
)

_SHORT = {
    "de": _Language(
        _split("Frauen|Schwule|Schwarze|Muslime|Juden|Flüchtlinge|Ausländer|Behinderte|Transmenschen|Zuwanderer"),
        _split("Abschaum|Ungeziefer|Dreck|Tiere|Schmarotzer|dumm|ekelhaft|wertlos|Verbrecher|minderwertig"),
        _split("wunderbar|meine Freunde|willkommen|klug|unsere Nachbarn|tapfer|Menschen wie wir"),
        _split(
            "Ich hasse {g}|{g} sind {b}|Alle {g} sind {b}|{g} raus aus unserem Land|{g} gehören vergast|"
            "Man sollte {g} umbringen|{g} ekeln mich an|{g} sind keine Menschen|{g} verdienen den Tod"
        ),
        _split(
            "Ich liebe {g}|{g} sind {p}|{g} sind nicht {b}|Wer sagt, {g} seien {b}, liegt falsch|"
            "{g} verdienen Respekt|Niemand darf {g} angreifen|Ich arbeite gern mit {g}|{g} gehören zu uns|"
            "Hass gegen {g} ist widerlich"
        ),
    ),
    "fr": _Language(
        _split(
            "les femmes|les gays|les Noirs|les musulmans|les Juifs|les réfugiés|les étrangers|les handicapés|"
            "les immigrés|les trans"
        ),
        _split("des ordures|de la vermine|des animaux|des parasites|stupides|dégoûtants|inférieurs|des criminels"),
        _split("formidables|mes amis|les bienvenus|intelligents|nos voisins|courageux|des gens comme nous"),
        _split(
            "Je hais {g}|Je déteste {g}|{g} sont {b}|Tous {g} sont {b}|Il faut expulser {g}|Il faut tuer {g}|"
            "{g} me dégoûtent|{g} ne méritent pas de vivre|{g} ne sont pas humains"
        ),
        _split(
            "J'aime {g}|{g} sont {p}|{g} ne sont pas {b}|Dire que {g} sont {b} est honteux|"
            "{g} méritent le respect|Personne ne doit attaquer {g}|Je travaille avec {g}|"
            "La haine contre {g} est inacceptable|Bienvenue à {g}"
        ),
    ),
    "es": _Language(
        _split(
            "las mujeres|los gays|los negros|los musulmanes|los judíos|los refugiados|los extranjeros|"
            "los discapacitados|los inmigrantes|las personas trans"
        ),
        _split("basura|escoria|animales|parásitos|estúpidos|asquerosos|inferiores|criminales|una plaga"),
        _split("maravillosos|mis amigos|bienvenidos|inteligentes|nuestros vecinos|valientes|gente como nosotros"),
        _split(
            "Odio a {g}|Detesto a {g}|{g} son {b}|Todos {g} son {b}|Hay que echar a {g}|Hay que matar a {g}|"
            "{g} me dan asco|{g} no merecen vivir|{g} no son humanos"
        ),
        _split(
            "Me encantan {g}|{g} son {p}|{g} no son {b}|Decir que {g} son {b} es vergonzoso|"
            "{g} merecen respeto|Nadie debe atacar a {g}|Trabajo con {g}|El odio contra {g} es inaceptable|"
            "Bienvenidos {g}"
        ),
    ),
    "it": _Language(
        _split(
            "le donne|i gay|i neri|i musulmani|gli ebrei|i rifugiati|gli stranieri|i disabili|gli immigrati|i trans"
        ),
        _split("spazzatura|feccia|animali|parassiti|stupidi|schifosi|inferiori|criminali|una piaga"),
        _split("meravigliosi|miei amici|benvenuti|intelligenti|i nostri vicini|coraggiosi|persone come noi"),
        _split(
            "Odio {g}|Detesto {g}|{g} sono {b}|Tutti {g} sono {b}|Bisogna cacciare {g}|Bisogna uccidere {g}|"
            "{g} mi fanno schifo|{g} non meritano di vivere|{g} non sono umani"
        ),
        _split(
            "Amo {g}|{g} sono {p}|{g} non sono {b}|Dire che {g} sono {b} è vergognoso|{g} meritano rispetto|"
            "Nessuno deve attaccare {g}|Lavoro con {g}|L'odio contro {g} è inaccettabile|"
            "Diamo il benvenuto a {g}"
        ),
    ),
    "pt": _Language(
        _split(
            "as mulheres|os gays|os negros|os muçulmanos|os judeus|os refugiados|os estrangeiros|os deficientes|"
            "os imigrantes|as pessoas trans"
        ),
        _split("lixo|escória|animais|parasitas|estúpidos|nojentos|inferiores|criminosos|uma praga"),
        _split("maravilhosos|meus amigos|bem-vindos|inteligentes|nossos vizinhos|corajosos|gente como nós"),
        _split(
            "Odeio {g}|Detesto {g}|{g} são {b}|Todos {g} são {b}|É preciso expulsar {g}|É preciso matar {g}|"
            "{g} me dão nojo|{g} não merecem viver|{g} não são humanos"
        ),
        _split(
            "Adoro {g}|{g} são {p}|{g} não são {b}|Dizer que {g} são {b} é vergonhoso|{g} merecem respeito|"
            "Ninguém deve atacar {g}|Trabalho com {g}|O ódio contra {g} é inaceitável|Bem-vindos {g}"
        ),
    ),
    "nl": _Language(
        _split("vrouwen|homo's|zwarte mensen|moslims|joden|vluchtelingen|buitenlanders|gehandicapten|immigranten"),
        _split("tuig|ongedierte|beesten|parasieten|dom|walgelijk|minderwaardig|criminelen|een plaag"),
        _split("geweldig|mijn vrienden|welkom|slim|onze buren|dapper|mensen zoals wij"),
        _split(
            "Ik haat {g}|{g} zijn {b}|Alle {g} zijn {b}|{g} moeten weg uit ons land|{g} moeten dood|"
            "Ik walg van {g}|{g} verdienen het niet om te leven|{g} zijn geen mensen"
        ),
        _split(
            "Ik hou van {g}|{g} zijn {p}|{g} zijn niet {b}|Wie zegt dat {g} {b} zijn, heeft ongelijk|"
            "{g} verdienen respect|Niemand mag {g} aanvallen|Ik werk graag met {g}|"
            "Haat tegen {g} is onaanvaardbaar"
        ),
    ),
    "pl": _Language(
        _split("kobiety|geje|czarni|muzułmanie|Żydzi|uchodźcy|cudzoziemcy|niepełnosprawni|imigranci"),
        _split("śmieci|szumowiny|zwierzęta|pasożyty|głupi|obrzydliwi|gorsi|przestępcy|zaraza"),
        _split("wspaniali|moi przyjaciele|mile widziani|mądrzy|nasi sąsiedzi|dzielni|ludzie tacy jak my"),
        _split(
            "Nienawidzę ich, {g} to {b}|{g} to {b}|Wszyscy {g} to {b}|{g} won z naszego kraju|{g} muszą zginąć|"
            "Brzydzę się, {g} to nie ludzie|{g} nie zasługują na życie|Trzeba zabić, {g} to {b}"
        ),
        _split(
            "Kocham ich, {g} są {p}|{g} są {p}|{g} nie są {b}|Kto mówi, że {g} to {b}, nie ma racji|"
            "{g} zasługują na szacunek|Nikt nie może krzywdzić, {g} to ludzie|Pracuję tam, gdzie {g}"
        ),
    ),
    "ar": _Language(
        _split("النساء|المثليين|السود|المسلمين|اليهود|اللاجئين|الأجانب|المعاقين|المهاجرين|المسيحيين"),
        _split("حثالة|حيوانات|قذرين|أغبياء|مجرمين|طفيليات|كلاب|حشرات"),
        _split("أصدقائي|جيراننا|أذكياء|طيبين|بشر مثلنا|شجعان|مرحب بهم"),
        _split(
            "أكره {g}|أنا أكره كل {g}|كل {g} {b}|إن {g} {b}|يجب طرد {g}|يجب قتل {g}|{g} لا يستحقون الحياة|"
            "أحتقر {g}|{g} ليسوا بشرا"
        ),
        _split(
            "أحب {g}|أنا أحترم {g}|إن {g} {p}|ليس صحيحا أن {g} {b}|{g} يستحقون الاحترام|"
            "يجب حماية {g}|أعمل مع {g}|الكراهية ضد {g} مرفوضة|أهلا بكل {g}"
        ),
    ),
    "hi": _Language(
        _split("औरतें|समलैंगिक|काले लोग|मुसलमान|यहूदी|शरणार्थी|विदेशी|विकलांग|प्रवासी|ईसाई"),
        _split("कचरा|जानवर|कीड़े|बेवकूफ|गंदे|घटिया|अपराधी|सूअर"),
        _split("मेरे दोस्त|अच्छे लोग|होशियार|हमारे पड़ोसी|बहादुर|हमारे जैसे इंसान"),
        _split(
            "मुझे नफरत है, {g} {b} हैं|सारे {g} {b} हैं|{g} {b} होते हैं|{g} को मार देना चाहिए|"
            "{g} को देश से निकालो|"
            "{g} जीने के लायक नहीं हैं|{g} इंसान नहीं हैं|मुझे {g} से घिन आती है"
        ),
        _split(
            "मुझे {g} पसंद हैं|{g} {p} हैं|{g} {b} नहीं हैं|{g} को {b} कहना गलत है|{g} सम्मान के हकदार हैं|"
            "किसी को {g} को चोट नहीं पहुँचानी चाहिए|मैं {g} के साथ काम करता हूँ|{g} से नफरत करना गलत है"
        ),
    ),
    "ko": _Language(
        _split("여자들|남자들|동성애자들|흑인들|무슬림들|난민들|외국인들|장애인들|조선족|이민자들|노인들"),
        _split("쓰레기|벌레|짐승|기생충|병신|역겹다|범죄자|찌질이|멍청이"),
        _split("내 친구|좋은 사람|우리 이웃|똑똑하다|용감하다|우리와 같은 사람"),
        _split(
            "{g} 정말 싫다|{g} 다 죽어라|{g}은 {b}|{g} 다 {b}네|{g} 꺼져라|{g}은 사람도 아니다|{g} 추방해라|"
            "{g} 혐오한다"
        ),
        _split(
            "{g}을 사랑한다|{g}은 {p}|{g}은 {b}이 아니다|{g}도 존중받아야 한다|{g}과 함께 일한다|"
            "{g}을 환영한다|{g}에 대한 혐오는 잘못이다|{g}을 도와주자"
        ),
        _split("꺼져 {b}야|미친 놈아|너 진짜 {b}구나|닥쳐라|죽어라 {b}|개새끼야|씨발 뭐야"),
        _split(
            "오늘 날씨 좋네요|정말 고마워요|축하합니다|연기 진짜 잘한다|행복하세요|내일 회의 있어요|"
            "노래 너무 좋다|응원합니다"
        ),
    ),
    "ja": _Language(
        _split("女|男|同性愛者|黒人|イスラム教徒|ユダヤ人|難民|外国人|障害者|老人"),
        _split("クズ|ゴミ|虫けら|動物以下|バカ|気持ち悪い|犯罪者|害虫"),
        _split("私の友達|いい人|隣人|賢い|勇敢だ|同じ人間"),
        _split(
            "{g}が大嫌いだ|{g}はみんな{b}|{g}は{b}だ|{g}は死ね|{g}は国へ帰れ|{g}に生きる価値はない|{g}は人間じゃない"
        ),
        _split(
            "{g}が好きだ|{g}は{p}|{g}は{b}ではない|{g}を{b}と呼ぶのは間違いだ|{g}を尊重すべきだ|"
            "{g}と働いている|{g}を歓迎する"
        ),
        _split("死ね{b}|お前は{b}だ|うざい消えろ|この{b}が|黙れ{b}"),
        _split("今日はいい天気ですね|ありがとうございます|会議は明日です|お疲れ様でした|応援しています|この本は面白い"),
    ),
}


def _sentences(lang: str, spec: _Language, count: int, rng: random.Random) -> Iterator[TemplateRow]:
    for label, group_frames, people_frames in (
        (1, spec.hostile, spec.people_hostile),
        (0, spec.friendly, spec.people_friendly),
    ):
        # Every person-directed sentence once or a few times; they are not a fifth of the frames' variety.
        frames = group_frames * 3 + people_frames
        for _ in range(count // 2):
            text = rng.choice(frames)
            text = text.replace("{g}", rng.choice(spec.groups)).replace("{b}", rng.choice(spec.bad))
            text = text.replace("{p}", rng.choice(spec.good))
            if lang not in ("zh", "ja"):
                if rng.random() < 0.5:
                    text = text[0].upper() + text[1:]
                text += rng.choice(("", "", ".", "!")) if text[-1] not in "?!." else ""
            elif text[-1] not in "？！。":
                text += rng.choice(("", "", "。", "！"))
            yield TemplateRow(text=text, lang=lang, label=label)


def generate(seed: int, english: int = 6000, chinese: int = 6000, other: int = 900) -> list[TemplateRow]:
    """Sentences in English, Chinese and eleven more languages (`other` each), half of them hostile, no duplicates."""
    rng = random.Random(seed)
    rows = [*_sentences("en", _ENGLISH, english, rng), *_sentences("zh", _CHINESE, chinese, rng)]
    for lang, spec in _SHORT.items():
        rows.extend(_sentences(lang, spec, other, rng))
    unique = {row.text: row for row in rows}
    return list(unique.values())
