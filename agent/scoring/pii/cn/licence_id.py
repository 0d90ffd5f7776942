"""Numbers of licences and certificates, and those by which a school or an employer knows its people (学号, 工号)."""

from __future__ import annotations

from agent.scoring.pii.cn.named_number import named_number

__all__ = ["RECOGNIZER"]

_WORDS = (
    "驾驶证号|驾驶证档案编号|档案编号|驾照号|驾驶证|行驶证号|军官证号|士兵证号|警官证号|记者证号|学生证号|学号|"
    "工号|员工编号|会员编号|会员号|执业证号|执业证书号|执业证编号|"
    "资格证号|资格证书号|毕业证号|毕业证书编号|学位证号|学位证书编号|房产证号|不动产权证号|营业执照号|"
    "营业执照注册号|注册号|车架号|发动机号|"
    "駕駛執照號|駕駛證號|駕照號|學生證號|學號|工號|員工編號|會員編號|會員號|執業證號|營業執照號|註冊號|車架號|車身號碼|引擎號碼"
)
RECOGNIZER = named_number(
    "Chinese licence or register number",
    "LICENCE_ID",
    "GA 482-2012 (driving licences: file number of 12 digits); GB/T 35273-2020, annexes A and B",
    _WORDS,
    letters=6,
    rest=(4, 21),
    score=0.8,
    priority=4,
)
