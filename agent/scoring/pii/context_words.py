"""Words that stand near personal data, and words that stand before numbers that are none. English and Chinese."""

from __future__ import annotations

from agent.scoring.pii.base import Words

__all__ = [
    "ADDRESS_CONTEXT",
    "CARD_CONTEXT",
    "COUNT_DENIAL",
    "COUNT_LABELS",
    "ID_CONTEXT",
    "LABEL_DENIAL",
    "MAIL_CONTEXT",
    "NUMBER_DENIAL",
    "PHONE_CONTEXT",
    "PHONE_DENIAL",
    "SSN_CONTEXT",
    "VERSION_DENIAL",
]

PHONE_CONTEXT = Words(
    "phone telephone tel tele telecom mobile cell. cellphone cell_phone fax call calling called dial ring contact "
    "hotline landline whatsapp sms text desk reach reached reachable messages_to phone_number telephonenum phonenumber "
    "main_line phone_no phonenum tel_no mobile_no cell_no telefon telefonnummer telefonnr telefonisch mobiltelefon "
    "handynummer handynr mobilnummer mobilnr rufnummer ruckruf festnetz durchwahl telefono movil celular telefone "
    "telemovel cellulare",
    "电话 手机 联系方式 联系 致电 拨打 来电 热线 传真 座机 固话 短信 号码是 回电 打给 電話 手機 聯絡 聯繫 撥打 傳真",
)
MAIL_CONTEXT = Words(
    "email e_mail mail mailbox contact reach write writing gmail outlook hotmail yahoo address send inbox",
    "邮箱 邮件 电邮 邮址 联系 郵箱 郵件 電郵 信箱 聯絡 聯繫",
)
CARD_CONTEXT = Words(
    "card credit debit visa mastercard amex cc pan payment pay paid cvv cvc expiry exp bank creditcard cardnumber "
    "karte kreditkarte kartennummer carte tarjeta",
    "卡号 银行卡 信用卡 借记卡 储蓄卡 卡片 账号 帐号 账户 付款 收款 汇款 开户 转账 打款 卡號 銀行 信用卡號 帳號 轉帳",
)
ID_CONTEXT = Words(
    "id id_card idcard idno id_no id_number identity national_id resident_id citizen",
    "身份证 证件号 证件 公民身份 身份号码 身分證 身份證 證件 居留證 統一編號 統一證號",
)
SSN_CONTEXT = Words(
    "ssn social_security my_social your_social his_social her_social social_is social_number social_num "
    "socialnum socialnumber national_id tax_id taxpayer itin",
    "社会安全号 社安号 社保号",
)
ADDRESS_CONTEXT = Words(
    "ip ipv4 ipv6 address host server client ping ssh dns gateway subnet login logged connect connection peer remote "
    "source src dst listen bind blocked proxy firewall router addr",
    "地址 主机 服务器 网关 访问 登录 登陆 连接 客户端 来源 代理",
)
# What an order, a case, a parcel is about; it has a number, and somebody with a telephone.
_OCCASIONS = (
    "order invoice ticket case product part shipment confirmation job lot parcel",
    "订单 发票 工单 物流 快递 合同",
)
_ELSEWHERE = "bestellung auftrag rechnung sendung commande facture colis factura pedido encomenda ordine"
# What is before a number and is a name of numbers.
_LABELS = (
    "tracking isbn issn serial sku imei ref reference transaction_id txn trace_id uuid guid version waybill asin upc "
    "ean doi timestamp epoch request_id session_id model patent build commit revision npi mrn qq wechat offset "
    "sequence barcode batch item",
    "单号 流水 编号 货号 序列号 批次 交易号 票号 案号 信用代码 设备号 时间戳 书号 版本 型号",
)
_COMPOUNDS = " ".join(
    f"{what}_{number}" for what in ("bestell", "auftrags", "rechnungs", "sendungs") for number in ("nummer", "nr")
)
_NUMBERS_ELSEWHERE = "nr n num numero nummer"
_PHONE_DENIAL = tuple(map(" ".join, zip(_OCCASIONS, _LABELS, strict=True)))
PHONE_DENIAL = Words(*_PHONE_DENIAL)
"""Before what has the form of a telephone number. `Bestellung 030 12345678` has it, and no order's number."""
_NUMBER_DENIAL = (f"{_PHONE_DENIAL[0]} {_ELSEWHERE} {_COMPOUNDS}", _PHONE_DENIAL[1])
NUMBER_DENIAL = Words(*_NUMBER_DENIAL)
_LABEL_DENIAL = (
    " ".join(
        [_LABELS[0], _COMPOUNDS]
        + [f"{what}_{number}" for what in _OCCASIONS[0].split() for number in ("number", "no", "nr", "num", "id")]
        + [f"{what}_{number}" for what in _ELSEWHERE.split() for number in _NUMBERS_ELSEWHERE.split()]
        + [f"{number}_{what}" for what in _ELSEWHERE.split() for number in _NUMBERS_ELSEWHERE.split()]
        # Portuguese no pedido is where something is.
        + [f"{what}_no" for what in _ELSEWHERE.split()]
        + ["no_commande no_facture"]
    ),
    " ".join([_LABELS[1]] + [f"{what}号" for what in _OCCASIONS[1].split()]),
)
LABEL_DENIAL = Words(*_LABEL_DENIAL)
"""Right before what is a telephone number beyond doubt: `order +1 415 555 0132` is whom to ask, `order no.` is not."""
_COUNT_DENIAL = (
    "resolution screen pixel width height function method error errno return traffic revenue budget sales volume "
    "population audience total count amount size user subscriber buffer area value",
    "会议时间 会议日期 上市时间 发布时间 销量 产量 流量 用户 总数 人数 数量 金额 价格 总计 合计 超过 达到 分辨率 函数 "
    "會議時間 銷量 產量 用戶 總數 人數 數量 金額 價格 總計 超過 達到 解析度",
)
_COUNT_ELSEWHERE = (
    "precio preco prezzo preis prix saldo serie seriennummer cuesta custa custou kostet kostete poblacion populacao "
    "popolazione bevolkerung"
)
COUNT_DENIAL = Words(
    f"{_NUMBER_DENIAL[0]} {_COUNT_DENIAL[0]} {_COUNT_ELSEWHERE}", _NUMBER_DENIAL[1] + " " + _COUNT_DENIAL[1]
)
"""Where any number might be one of a telephone: words before counts and measures, too."""
COUNT_LABELS = Words(
    f"{_PHONE_DENIAL[0]} {_LABEL_DENIAL[0]} {_COUNT_DENIAL[0]} {_COUNT_ELSEWHERE} price",
    f"{_PHONE_DENIAL[1]} {_LABEL_DENIAL[1]} {_COUNT_DENIAL[1]}",
)
"""Right before what a word behind it calls a telephone: `price 12999000, tel`. *Pedido* alone is none of them."""
VERSION_DENIAL = Words(
    "version ver v release section chapter sec clause firmware build driver update upgrade article appendix "
    "figure table",
    "版本 章 节 条款 固件 升级 更新 驱动",
)
