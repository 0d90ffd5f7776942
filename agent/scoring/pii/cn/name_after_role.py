"""Chinese names of persons after what announces them: 姓名, 联系人, 我叫, 尊敬的.

A name has no form of its own, so most names in running text are found only by a model (option `ner`). What stands in
forms, letters and logs is announced, and that is where personal data stands together.
"""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.cn.name_characters import NAME, is_ordinary
from agent.scoring.pii.cn.words_like_names import begins_with_word

__all__ = ["RECOGNIZER"]

# The longer first, since the first that fits is taken.
_ROLE = (
    "法定代表人|紧急联系人|被保险人|代表人|联系人|收件人|收货人|寄件人|发件人|收款人|付款人|汇款人|转账人|持卡人|"
    "开户人|承租人|出租人|投保人|被保人|受益人|申请人|申请者|报名人|报案人|举报人|投诉人|当事人|委托人|"
    "受托人|代理人|担保人|借款人|贷款人|上诉人|第三人|被害人|嫌疑人|负责人|经办人|审核人|审批人|填表人|"
    "登记人|签收人|签字人|预约人|预订人|入住人|乘机人|监护人|班主任|候选人|应聘者|求职者|求职人|志愿者|"
    "驾驶员|董事长|运动员|科学家|户名|户主|车主|业主|房东|租客|租户|原告|被告|证人|"
    "罪犯|乘客|旅客|患者|病人|病患|家属|家长|学员|学生|考生|同学|新生|教师|"
    "老师|导师|教练|客户|顾客|会员|用户|买家|卖家|买方|卖方|甲方|乙方|员工|"
    "职员|同事|司机|护士|医生|医师|大夫|律师|法官|经理|店长|主任|客服|专员|"
    "队长|院长|校长|局长|姓名|名字|真名|本名|父亲|母亲|爸爸|妈妈|丈夫|妻子|"
    "老公|老婆|配偶|儿子|女儿|哥哥|弟弟|姐姐|妹妹|爷爷|奶奶|朋友|室友|邻居|"
    "书记|市长|县长|总裁|总监|作者|记者|编辑|导演|演员|歌手|选手|教授|博士|"
    "法定代表人|緊急聯絡人|緊急聯繫人|聯絡人|聯繫人|代表人|收貨人|寄件人|發件人|轉帳人|開戶人|承租人|投保人|申請人|申請者|"
    "報名人|當事人|代理人|擔保人|借款人|負責人|經辦人|審核人|簽收人|預約人|監護人|戶名|車主|業主|病患|學員|學生|考生|同學|"
    "教師|老師|導師|客戶|顧客|會員|買家|賣家|買方|賣方|員工|職員|同事|司機|護士|醫師|醫生|律師|法官|經理|主任|專員|隊長|"
    "院長|校長|父親|母親|爸爸|媽媽|老婆|兒子|女兒|記者|編輯"
)
_KEY = "name|customer|user|contact|patient|student|employee|holder|owner|client|recipient|receiver|payee"
_SPOKEN = (
    "我叫|名叫|叫做|我是|他叫|她叫|本人是|本人|尊敬的|敬爱的|亲爱的|请问是|请问您是|是不是|感谢|联系到|致|"
    "敬愛的|親愛的|請問是"
)
# Looked at before all else, since most places in a text are no beginning.
_FIRST = "".join(sorted({word[0] for word in f"{_ROLE}|{_SPOKEN}|{_KEY}".split("|")}))
_SIGN = "[：:=是为為叫（(“\"'「【\t *`|]"
_TRIGGER_SIGN = "：|是|为|為|叫|（|“|「|【|[:=(\"'\t *`|]"
# Between the fields of a form. Without one, what follows may be any word.
_FORMAL = frozenset("：:=（(“\"'「【\t*`|")
# After what looks like a name: people of a place.
_PEOPLE = re.compile("人(?![事员民])|[省市县镇乡村岛]人")


def _judge(match: re.Match[str], in_context: bool) -> float:
    text, (start, end) = match.string, match.span("value")
    if is_ordinary(match["value"]):
        return 0.0
    if text[start - 1] not in _FORMAL and (begins_with_word(text, start) or _PEOPLE.match(text, end)):
        return 0.0
    return 0.8


RECOGNIZER = Recognizer(
    name="Chinese name after a role",
    type="NAME",
    source="surnames: Ministry of Public Security, national name reports 2019-2021",
    pattern=bounded(
        rf"(?=[{_FIRST}])(?:(?:{_ROLE})(?:姓名|名字|名称|名)?{_SIGN}{{0,6}}+|(?:{_SPOKEN}){_SIGN}{{0,2}}+"
        rf"|(?<![A-Za-z])(?:{_KEY})[\"'*]{{0,2}} ?[:=|]\*{{0,2}} ?[\"'“]?)(?P<value>{NAME})"
        r"(?!公司|集团|大学|学院|银行|医院|省|市|县|区|路)"
    ),
    trigger=(
        rf"(?:(?:{_ROLE})(?:姓名|名字|名称|名)?(?:{_TRIGGER_SIGN}){{0,6}}"
        rf"|(?:{_SPOKEN})(?:{_TRIGGER_SIGN}){{0,2}}|(?:{_KEY})[\"'*]{{0,2}} ?[:=|]\*{{0,2}} ?(?:\"|'|“)?)"
        r"[\xe4-\xe9]"
    ),
    judge=_judge,
    priority=3,
)
