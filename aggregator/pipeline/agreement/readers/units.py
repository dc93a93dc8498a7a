"""Units of measure and money with their spellings in Korean and English, by dimension."""

import re
from dataclasses import dataclass

# A line: factor to the dimension's first unit, then spellings; Hangul ones may be followed by a particle.
_TABLE = {
    "length": """
        1 m|미터|meter|meters|metre|metres
        1000 km|킬로미터|kilometer|kilometers|kilometre|kilometres|kms
        0.01 cm|센티미터|센티|센치|centimeter|centimeters|centimetre|centimetres
        0.001 mm|밀리미터|millimeter|millimeters|millimetre|millimetres
        1609.344 mile|miles|mi|마일
        0.9144 yard|yards|yd|야드
        0.3048 ft|foot|feet|피트
        0.0254 inch|inches|인치
        0.303 자|척
        1852 nautical mile|nautical miles|해리
    """,
    "mass": """
        1 kg|킬로그램|킬로그람|kilogram|kilograms|kilo|kilos|kgs
        0.001 g|그램|gram|grams
        0.000001 mg|밀리그램|milligram|milligrams
        0.45359237 lb|lbs|pound|pounds|파운드
        0.0283495 oz|ounce|ounces|온스
        1000 t|톤|ton|tons|tonne|tonnes
        0.6 근
        0.00375 돈
        6.35029 stone|stones
    """,
    "volume": """
        1 l|L|리터|liter|liters|litre|litres
        0.001 ml|mL|cc|밀리리터|milliliter|milliliters|millilitre|millilitres|밀리|시시
        3.785412 gallon|gallons|gal|갤런
        0.946353 quart|quarts|qt
        0.473176 pint|pints
        0.24 cup|cups|컵
        0.0295735 fl oz|fl. oz|fluid ounce|fluid ounces|fl. oz.|액량 온스
        0.015 tablespoon|tablespoons|tbsp|큰술|테이블스푼
        0.005 teaspoon|teaspoons|tsp|작은술|티스푼
        1000 m^3|m3|세제곱미터|cubic meter|cubic meters
    """,
    "area": """
        1 m^2|m2|제곱미터|square meter|square meters|square metre|square metres|sq m|sqm|평방미터
        1000000 km^2|km2|제곱킬로미터|square kilometer|square kilometers|square kilometres|sq km
        3.305785 평
        4046.856 acre|acres|에이커
        10000 ha|hectare|hectares|헥타르
        0.092903 sq ft|sqft|ft^2|ft2|square foot|square feet|평방피트|제곱피트
        0.0001 cm^2|cm2|sq cm|square centimeters|제곱센티미터
    """,
    "duration": """
        1 s|sec|secs|second|seconds|초
        60 min|mins|minute|minutes|분
        3600 h|hr|hrs|hour|hours|시간
        86400 day|days|일간|일|하루
        604800 week|weeks|주일|주간|주
        2629800 month|months|개월|달
        31557600 year|years|yr|yrs|년간|년|해
        315576000 decade|decades
        3155760000 century|centuries
        0.001 ms|millisecond|milliseconds|밀리초
    """,
    "speed": """
        1 m/s|meters per second|미터퍼세컨드
        0.2777778 km/h|kph|kmh|kilometers per hour|kilometres per hour
        0.44704 mph|miles per hour
        0.514444 knot|knots|노트
    """,
    "ratio": """
        0.01 %|퍼센트|percent|per cent|pct|프로|％
        0.1 할
        1 배|times|fold
    """,
    "energy": """
        1 J|joule|joules|줄
        4184 kcal|Cal|칼로리|킬로칼로리|calorie|calories
        3600000 kWh|킬로와트시
        1000 kJ
    """,
    "power": """
        1 W|watt|watts|와트
        1000 kW|kilowatt|kilowatts|킬로와트
        745.7 hp|horsepower|마력
    """,
    "data": """
        1 byte|bytes|바이트|B
        1024 KB|킬로바이트|kilobyte|kilobytes
        1048576 MB|메가바이트|메가|megabyte|megabytes
        1073741824 GB|기가바이트|기가|gigabyte|gigabytes
        1099511627776 TB|테라바이트|테라|terabyte|terabytes
        0.125 bit|bits|비트
    """,
    "degree": """
        1 도|°|degree|degrees|deg
    """,
    "celsius": """
        1 °C|℃|도씨|degrees celsius|celsius|°c|deg c
    """,
    "fahrenheit": """
        1 °F|℉|degrees fahrenheit|fahrenheit|°f|deg f
    """,
    "money:KRW": """
        1 원|KRW|won|₩
    """,
    "money:USD": """
        1 달러|USD|dollar|dollars|불|bucks|US dollars
        0.01 cent|cents|센트|¢
    """,
    "money:EUR": "1 유로|EUR|euro|euros|€",
    "money:JPY": "1 엔|JPY|yen|¥|엔화",
    "money:GBP": "1 파운드화|GBP|£|quid|pounds sterling",
    "money:CNY": "1 위안|CNY|yuan|RMB|위안화",
}
# Nouns that follow a number without a measure: people, animals, things.
_COUNTERS = (
    "개|명|마리|권|장|잔|병|대|살|세|층|번|회|가지|곳|군데|그루|송이|켤레|벌|쌍|자루|통|판|조각|봉지|그릇|인분|점|위|등|"
    "차|호|쪽|페이지|글자|문제|단계|종류|편|칸|박|인|배수|킬로|키로|매|보|자리|줄|열|행|포기|상자|박스|캔|알|정|모|척|석"
)
_PREFIXES = {
    "$": "money:USD",
    "₩": "money:KRW",
    "€": "money:EUR",
    "£": "money:GBP",
    "¥": "money:JPY",
    "US$": "money:USD",
}
MONTH = 2629800.0


@dataclass(frozen=True, slots=True)
class Unit:
    """A dimension, and how many of its first unit one of this unit is."""

    dimension: str
    factor: float
    name: str


def _read_table() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for dimension, rows in _TABLE.items():
        for row in rows.strip().splitlines():
            factor, _, names = row.strip().partition(" ")
            spellings = names.split("|")
            for spelling in spellings:
                units[spelling] = Unit(dimension, float(factor), spellings[0])
    return units


UNITS = _read_table()
_BY_CASEFOLD = {name.casefold(): unit for name, unit in UNITS.items()} | UNITS
PREFIX_UNITS = {
    sign: UNITS["달러"] if code == "money:USD" else Unit(code, 1.0, sign) for sign, code in _PREFIXES.items()
}


def _alternate(names: list[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_HANGUL = [name for name in UNITS if "가" <= name[0] <= "힣"]
_LATIN = [name for name in UNITS if name[0].isascii() and name[0].isalpha()]
_SYMBOLS = [name for name in UNITS if name not in _HANGUL and name not in _LATIN]
# "일" is a day, "일요일" is not; "분의" makes a fraction; "시" is a clock time and no unit here.
UNIT_PATTERN = (
    rf"(?:{_alternate(_SYMBOLS)})|(?:{_alternate(_LATIN)})(?![A-Za-z'])"
    rf"|(?:{_alternate(_HANGUL)})(?!요일|의\s?\d|째|곱|등분)"
)
COUNTER_PATTERN = rf"(?:{_COUNTERS})(?![간])"


def find_unit(spelling: str) -> Unit | None:
    """Return the unit that is spelled so, or None."""
    return UNITS.get(spelling) or _BY_CASEFOLD.get(spelling.casefold())
