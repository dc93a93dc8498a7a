# ruff: noqa: E501
"""Texts that repeat on purpose: songs in the public domain, tables, rows, code and drawings."""

SONGS = (
    "아리랑 아리랑 아라리요\n아리랑 고개로 넘어간다\n나를 버리고 가시는 님은\n십리도 못 가서 발병 난다\n\n"
    "아리랑 아리랑 아라리요\n아리랑 고개로 넘어간다\n청천하늘엔 잔별도 많고\n우리네 가슴엔 희망도 많다\n\n"
    "아리랑 아리랑 아라리요\n아리랑 고개로 넘어간다\n저기 저 산이 백두산이라지\n동지섣달에도 꽃만 핀다",
    "Row, row, row your boat,\nGently down the stream.\nMerrily, merrily, merrily, merrily,\nLife is but a dream.\n\n"
    "Row, row, row your boat,\nGently down the brook.\nIf you catch a little fish,\nPlease let it off the hook.\n\n"
    "Row, row, row your boat,\nGently to the shore.\nIf you see a lion there,\nDon't forget to roar.",
    "London Bridge is falling down,\nFalling down, falling down,\nLondon Bridge is falling down,\nMy fair lady.\n\n"
    "Build it up with wood and clay,\nWood and clay, wood and clay,\nBuild it up with wood and clay,\n"
    "My fair lady.\n\nWood and clay will wash away,\nWash away, wash away,\nWood and clay will wash away,\n"
    "My fair lady.",
    "[1절]\n곰 세 마리가 한 집에 있어\n아빠 곰 엄마 곰 아기 곰\n\n[후렴]\n으쓱으쓱 잘한다\n으쓱으쓱 잘한다\n"
    "으쓱으쓱 잘한다\n으쓱으쓱 잘한다\n\n[2절]\n아빠 곰은 뚱뚱해\n엄마 곰은 날씬해\n\n[후렴]\n으쓱으쓱 잘한다\n"
    "으쓱으쓱 잘한다\n으쓱으쓱 잘한다\n으쓱으쓱 잘한다",
    "강강술래 강강술래\n달 떠온다 달 떠온다\n강강술래 강강술래\n동해 동천 달 떠온다\n강강술래 강강술래\n"
    "저 달이 장차 우연히 밝아\n강강술래 강강술래\n장부 간장 다 녹인다\n강강술래 강강술래",
    "For he's a jolly good fellow,\nFor he's a jolly good fellow,\nFor he's a jolly good fellow,\n"
    "Which nobody can deny!\n\nWhich nobody can deny,\nWhich nobody can deny,\nFor he's a jolly good fellow,\n"
    "Which nobody can deny!",
    "Swing low, sweet chariot,\nComing for to carry me home,\nSwing low, sweet chariot,\n"
    "Coming for to carry me home.\n\nI looked over Jordan, and what did I see,\nComing for to carry me home?\n"
    "A band of angels coming after me,\nComing for to carry me home.",
    "옹헤야 어절씨구 옹헤야\n저절씨구 옹헤야 잘도 한다 옹헤야\n옹헤야 어절씨구 옹헤야\n저절씨구 옹헤야 잘도 한다 옹헤야\n"
    "에헤에헤 옹헤야 어절씨구 옹헤야",
)

TABLES = (
    "\n".join(f"{a} × {b} = {a * b}" for a in range(2, 10) for b in range(1, 10)),
    "| 요일 | 아침 | 점심 | 저녁 |\n|---|---|---|---|\n"
    + "\n".join(f"| {day} | 휴식 | 걷기 30분 | 스트레칭 10분 |" for day in "월화수목금토일"),
    "id,name,city,active\n" + "\n".join(f"{row},홍길동,서울,true" for row in range(1, 40)),
    "```json\n[\n"
    + ",\n".join('  {"name": "example", "value": null, "tags": []}' for _ in range(9))
    + "\n]\n```",
    "```html\n<ul>\n" + '  <li class="item"><a href="#">메뉴</a></li>\n' * 8 + "</ul>\n```",
    "```python\ndef test_values():\n" + "    assert run() is None\n" * 10 + "```",
    "```\n" + ("#" * 60 + "\n") * 3 + ("#" + " " * 58 + "#\n") * 12 + ("#" * 60 + "\n") * 3 + "```",
    "1/7 = 0." + "142857" * 40,
    "1/3을 소수로 쓰면 0." + "3" * 300 + " 처럼 끝나지 않아요.",
    "\n".join(f"{week}주차: 유산소 30분, 근력 20분" for week in range(1, 7)),
    "\n".join(f"- 세트 {number}: 스쿼트 12회, 휴식 60초" for number in range(1, 6)),
    "\n".join(f"{number}. ____________________" for number in range(1, 31)),
    "```csv\ndate,temp,rain\n" + "\n".join(f"2024-01-{day:02},3.0,0.0" for day in range(1, 32)) + "\n```",
    "- [ ] 할 일\n" * 6,
    "A B A B C C B A " * 3 + "— 이 배열에서 가장 많이 나온 글자는 A예요.",
    "행렬 A는 다음과 같아요.\n" + "0 0 0 0 0 0 0 0 0 0\n" * 10,
)
