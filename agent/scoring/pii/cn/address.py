"""Postal addresses in Chinese: province, city, district, road, number, building, room. Both kinds of characters."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, Words, bounded

__all__ = ["RECOGNIZER"]

_PROVINCE = re.compile(
    "北京|天津|上海|重庆|河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|"
    "海南|四川|贵州|云南|"
    "西藏|陕西|甘肃|青海|宁夏|新疆|香港|澳门|台湾|"
    "重慶|內蒙古|遼寧|黑龍江|江蘇|廣東|廣西|貴州|雲南|陝西|甘肅|寧夏|澳門|臺灣|台灣|[臺台]北市|[臺台]中市|[臺台]南市|高雄市|新北市|"
    "桃園市|九龍|九龙|新界"
)
# Where addresses name no city and no district as such: 香港中環皇后大道中1號.
_REGION = re.compile("香港|九[龙龍]|新界|澳[门門]|氹仔")
# Before these nothing belongs to the address.
_ANNOUNCED = re.compile(
    "地址[是为:]?|住址[是为:]?|住所[地]?[是为:]?|户籍[地]?[是为:]?|家住|住在|住于|位于|坐落于|坐落在|寄到|寄往|"
    "寄至|送到|送至|送往|邮寄到|发到|来自|"
    "搬到|搬至|戶籍[地]?[是為:]?|寄達|送達|來自|在|到|从|往|是|为|于|從|為|於"
)
_ADMINISTRATIVE = re.compile(
    "[\u3400-\u9fff]{1,10}?(?:特别行政区|自治区|自治州|自治县|省|市|州|盟|县|旗|新区|区|街道|镇|乡|村|行政區|自治區|縣|區|鎮|鄉)"
)
_KIND = "路|街|道|巷|弄|胡同|里|村|庄|屯|镇|乡|苑|园|城|区|厦|邨|寓|坊|桥|衚衕|莊|鎮|鄉|園|區|廈|橋"
_HAN_RUN = re.compile("[\u3400-\u9fffA-Za-z0-9·]+$")
_BACK = 48
_ROAD_BACK = 6
_NUMBER = "(?:[0-9]{1,5}(?:[-之][0-9]{1,4})?|[一二三四五六七八九十百零〇]{1,6})"
#: Of a village: 王家村8组.
_GROUP = f"(?<=[村屯庄莊]) ?{_NUMBER} ?[组組]"
#: With a blank before it a number is a house's after a road alone: 萧山区 12 号 is a day, or the first of anything.
_AFTER_ROAD = "(?:(?<=[路街道巷弄段侧側]) |(?<=(?<![这那哪区城家這區])里) |(?<=胡同) |(?<=衚衕) )?"
_BUILDING = "号楼|栋|幢|座|单元|號樓|棟|單元"
_UNIT = (
    f"(?: ?(?:[东西南北]区|[A-Za-z]?{_NUMBER}? ?[A-Za-z]?(?:{_BUILDING}|号院|楼|层|室|号|户|门|房|弄|院|樓|層|號|戶|門)"
    "|[A-Za-z][座塔栋]|[\u3400-\u9fff]{2,8}(?:小区|大厦|花园|公寓|家园|广场|中心|大廈|花園|家園|廣場)"
    "|[之-][0-9]{1,3}(?![0-9])))"
)
# 一座桥, 两座塔: a bridge, towers.
_COUNTED = re.compile("[0-9一二三四五六七八九十百零〇]{1,6}座")
# After a number: a line of the underground, a bridge.
_NO_HOUSE = re.compile("[线線桥橋]|出口|公路")
# After a number that stands apart: a day, an order, a room, a player.
_NO_HOUSE_APART = re.compile(
    " ?(?:[线線桥橋起至到~～令夜前]|出口|公路|凌晨|早上|上午|中午|下午|晚上|新增|文件|会议|會議|选手|選手|通车|通車"
    "|开通|施工|封路|停电|停水|台风|颱風|放假|下雪|下雨)"
)
# Said of one address, right before it: what would be a day elsewhere is a house here. 寄到文三路 10 号 到付.
_SAID = re.compile(
    "(?:地址|住址|住所|户籍|戶籍|家住|住在|住于|住於|(?:寄|送|发|發|搬)(?:到|至|往|達))(?!附近|旁[边邊]|周[边邊])"
    "[地是为為:： ]{0,3}(?:(?![那这這哪][条條]$)[\u3400-\u9fffA-Za-z0-9·]){0,16}$"
)
# Even there that is no house. What happens on a day may happen to a house as well: 家住文三路 10 号 停水三天了.
_NO_HOUSE_SAID = re.compile(
    " ?(?:[线線桥橋令]|出口|公路|起(?:开始|開始|施工|停|封|实行|實行|实施|實施|执行|執行|通车|通車))"
)
# 王家村8组 in a 镇, and not 中关村 3 组样本, 每村 2 组.
_VILLAGE = re.compile("(?:[镇乡鎮鄉]|街道)[^个個每某各的全样樣 ]{1,4}$")
# Two of them make an address of what has no road: 翠竹花园3栋2单元.
_DIVIDED = re.compile(f"{_NUMBER} ?(?:{_BUILDING}|楼|层|室|号|樓|層|號)|[0-9]{{3,5}}$")


def _span(match: re.Match[str]) -> tuple[int, int]:
    return _start(match), match.end()


def _start(match: re.Match[str]) -> int:
    """Where the address begins that ends in the match: at its province, after what announces it, at its city."""
    text, road = match.string, match.start()
    run = _HAN_RUN.search(text, max(0, road - _BACK), road)
    low = run.start() if run else road
    province = _PROVINCE.search(text, low, road)
    if province:
        return province.start()
    for announced in _ANNOUNCED.finditer(text, low, road):
        low = announced.end()
    city = _ADMINISTRATIVE.match(text, low, match.end())
    if city and city.end() <= road + 1:
        return low
    return max(low, road - _ROAD_BACK)


def _judge(match: re.Match[str], in_context: bool) -> float:
    units = match["units"] or ""
    if not match["house"] and (not units or _COUNTED.fullmatch(units.strip())):
        return 0.0
    house = match["house"] or ""
    before = match.string[max(0, match.start() - _BACK) : match.start()]
    follows = _NO_HOUSE
    if " " in house:
        follows = _NO_HOUSE_SAID if _SAID.search(before) else _NO_HOUSE_APART
    if not units and follows.match(match.string, match.end()):
        return 0.0
    if house.endswith(("组", "組")) and not _VILLAGE.search(before):
        return 0.0
    if in_context or _ADMINISTRATIVE.search(before):
        return 0.9
    run = _HAN_RUN.search(before)
    if run and match["house"] and _REGION.search(run[0]):
        return 0.9
    if match["units"] and (match["house"] or len(_DIVIDED.findall(match["units"])) > 1):
        return 0.7
    return 0.0


RECOGNIZER = Recognizer(
    name="Chinese address",
    type="ADDRESS",
    source="GB/T 23705-2009 (place names and addresses): administrative division, road, number, building, room",
    pattern=bounded(
        rf"(?:{_KIND})(?:(?:[东西南北中東一二三四五六七八九十]|[0-9]{{1,2}})段|[东西南北東][侧側]|[东西南北東中])?"
        rf"(?:(?P<house>{_AFTER_ROAD}{_NUMBER} ?(?:号|弄|巷|號)(?:院|大院)?|{_GROUP})"
        rf"|(?= ?(?:{_NUMBER}|[A-Za-z][0-9]{{0,2}}) ?(?:{_BUILDING})))"
        rf"(?P<units>{_UNIT}{{1,6}}"
        r"(?:(?<=[栋幢座塔楼元层棟樓層]) ?[0-9]{2,5}(?! ?[0-9年月日元个人号個號./:-]))?)?"
    ),
    trigger=(
        rf"(?:{_KIND}|段|侧|側|东|東|西|南|北|中)"
        r" ?(?:(?:[0-9]{1,5}(?:(?:-|之)[0-9]{1,4})?|(?:一|二|三|四|五|六|七|八|九|十|百|零|〇){1,6})"
        r" ?(?:号|弄|巷|组|栋|幢|座|单|號|組|棟|單)|[A-Za-z][0-9]{0,2} ?(?:号楼|栋|幢|座|单|號樓|棟|單))"
    ),
    judge=_judge,
    span=_span,
    context=Words(
        "address addr",
        "地址 住址 住在 家住 住所 户籍 位于 寄到 寄往 寄至 送到 送货 收货 邮寄 快递 门牌 房产 小区 户口 "
        "戶籍 位於 寄達 送達 送貨 收貨 郵寄 門牌 社區 戶口",
    ),
    priority=4,
    reach=60,
)
