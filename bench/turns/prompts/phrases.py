"""Parts of prompts in Korean and English, from which `composed` makes requests that read like a person's."""

TOPICS = {
    "ko": (
        "전세 계약 갱신", "제주도 2박 3일 여행", "아이 이유식", "파이썬 비동기 코드", "신혼집 가전 고르기",
        "토익 단기 공부", "이직 면접 준비", "강아지 분리불안", "주말 캠핑 준비물", "연말정산 공제 항목",
        "허리에 무리가 덜 가는 운동", "부모님 칠순 잔치", "블로그 글쓰기", "엑셀 피벗 테이블", "중고차 점검",
        "도시락 반찬", "영어 회화 습관", "발표 자료 구성", "자취방 곰팡이 제거", "러닝화 고르기",
        "조선 후기 경제사", "미분방정식 풀이", "사내 메신저 공지", "베란다 텃밭", "홈카페 원두 보관",
        "리액트 상태 관리", "적금과 예금 비교", "초등학생 독서 지도", "겨울 등산 옷차림", "이사 견적 비교",
        "통계 검정 고르기", "동아리 예산 정리", "고양이 화장실 위치", "김치찌개 육수", "자전거 체인 관리",
        "온라인 쇼핑몰 상세 페이지", "팀 회의록 정리", "여름철 전기 요금", "도쿄 맛집 동선", "사진 보정 순서",
    ),
    "en": (
        "a week in Lisbon", "sourdough that stays flat", "a Python service that leaks memory",
        "my first half marathon", "a toddler who skips naps", "a thank-you note to a client",
        "choosing a mirrorless camera", "a weekly meal plan", "SQL window functions", "moving to Berlin",
        "a small balcony garden", "a used electric car", "a reading list on trade history",
        "noise in an office", "a budget for two students", "learning to play the bass", "a wedding toast",
        "git rebase conflicts", "a science fair project", "packing for Iceland", "an e-mail to my landlord",
        "a cover letter", "unit tests for a parser", "a slow laptop", "Bayes' theorem",
        "a rainy weekend with kids", "squeaky floorboards", "a podcast about chess", "coffee for a crowd",
        "a logo for a bakery",
    ),
}  # fmt: skip
SITUATIONS = {
    "ko": (
        "다음 주까지 끝내야 해서 급하게 물어봐요.", "처음 해 보는 거라 어디서부터 손대야 할지 모르겠어요.",
        "작년에 한 번 실패한 적이 있어요.", "예산은 {number}만 원 정도예요.", "혼자 사는 직장인이에요.",
        "가족 {number}명이 같이 할 거예요.", "검색해 봤는데 글마다 말이 달라서 헷갈려요.",
        "퇴근하고 하루에 {number}분밖에 못 써요.", "팀장님이 내일 아침에 보자고 하셨어요.",
        "친구는 그냥 하지 말라고 하는데 저는 해 보고 싶어요.", "지금 쓰는 방법은 시간이 너무 오래 걸려요.",
        "어제부터 {number}시간째 붙잡고 있는데 진도가 안 나가요.", "준비된 건 거의 없고 노트북 하나뿐이에요.",
        "예전에 배운 건 다 잊어버렸어요.", "비가 오면 일정이 바뀔 수도 있어요.",
        "주변에 물어볼 사람이 없어요.", "{number}년 전에 한 번 해 봤어요.", "아직 결정한 건 하나도 없어요.",
    ),
    "en": (
        "I have to finish by {number} o'clock on Friday.", "This is my first time and I feel a bit lost.",
        "Last year I tried it and gave up.", "My budget is about {number} dollars.",
        "There are {number} of us.", "Every article I found says something else.",
        "I only have {number} minutes a day.", "My manager wants to see something tomorrow morning.",
        "My friend says not to bother, but I'd like to try.", "What I do now takes far too long.",
        "I have been stuck for {number} hours.", "All I have is a laptop and a notebook.",
        "I forgot most of what I once knew.", "Plans may change if it rains.", "I live on my own.",
    ),
}  # fmt: skip
REQUESTS = {
    "ko": (
        "{topic}에 대해 알려 주세요", "{topic} 관련해서 뭐부터 하면 될까요?", "{topic} 순서 좀 정리해줘",
        "{topic} 때 흔히 하는 실수가 뭐예요?", "{topic} 체크리스트 {number}개만 뽑아줘",
        "{topic} 관련 추천 {number}가지와 이유도 같이 써줘", "{topic} 설명을 초보자도 알게 해줘",
        "{topic}에 드는 시간과 비용이 얼마나 될까?", "{topic} 계획표를 {number}일치로 짜줄래?",
        "{topic}에서 꼭 피해야 할 게 있나요", "{topic} 장단점 비교 부탁드립니다",
        "{topic} 예시 하나만 보여줘", "{topic} 관련 글 제목 {number}개 지어줘",
        "{topic} 요약 {number}문장으로", "{topic} 이게 왜 어려운 거야?",
    ),
    "en": (
        "What should I know about {topic}?", "Where do I start with {topic}?",
        "List {number} steps for {topic}.", "What do people usually get wrong about {topic}?",
        "Can you explain {topic} to a beginner?", "Give me {number} ideas for {topic} and say why.",
        "How long does {topic} take, and what does it cost?", "Draft a plan for {topic} over {number} days.",
        "Compare two ways to go about {topic}.", "Show me one example to do with {topic}",
        "is {topic} worth it in your opinion?", "Summarise {topic} in {number} sentences.",
        "Write {number} headlines about {topic}.",
    ),
}  # fmt: skip
ADDITIONS = {
    "ko": (
        "표로 정리해 주면 좋겠어요.", "너무 길지 않게 부탁해요.", "어려운 말은 빼 주세요.",
        "반말로 써도 괜찮아요.", "근거도 같이 적어 주세요.", "{number}단계로 나눠 주세요.",
        "주의할 점은 마지막에 따로 써 주세요.", "돈이 적게 드는 쪽이면 더 좋아요.", "숫자는 꼭 넣어 주세요.",
        "실제로 해 본 사람처럼 말해 줘.", "제가 놓친 게 있으면 지적해 주세요.",
        "대안도 {number}개 알려 주세요.",
    ),
    "en": (
        "A table would be nice.", "Please keep it short.", "No jargon, please.",
        "Say where the numbers come from.", "Split it into {number} parts.", "Put the warnings at the end.",
        "Cheaper is better.", "Write as if you had done it yourself.", "Tell me what I have missed.",
        "Add {number} alternatives.",
    ),
}  # fmt: skip
FOLLOW_UPS = {
    "ko": (
        "그럼 {topic}도 같은 방식으로 하면 돼?", "방금 말한 것 중에 {number}번째를 더 자세히 알려줘",
        "{number}만 원 안에서 다시 골라줘", "그건 알겠는데 {topic}이랑은 뭐가 달라요?",
        "더 짧게 {number}줄로 줄여줘", "왜 그런지 {topic} 예로 설명해 줄래?",
        "{number}일 안에 끝낼 수 있을까요?", "고마워요. 이번엔 {topic} 쪽으로 바꿔서 써 주세요",
    ),
    "en": (
        "And what about {topic}?", "Make that {number} lines shorter.",
        "Explain number {number} again, please.", "How is that different from {topic}?",
        "Can I do it within {number} days?", "Thanks. Now write the same for {topic}.",
    ),
}  # fmt: skip
# What the gate keeps ads away from; none is a need for help, which no model answers.
SENSITIVE = {
    "ko": (
        "{number}년 된 당뇨약을 혈압약이랑 같이 먹어도 되나요?",
        "{number}주째 기침에 피가 섞여 나오는데 왜 그럴까요",
        "남편이 바람을 피운 것 같은데 이혼 소송하면 위자료 {number}천만 원 가능할까요?",
        "음주 운전으로 {number}번째 걸렸는데 변호사 써야 하나요",
        "개인회생 신청하면 빚 {number}천만 원 없어지나요?", "우울증 약을 {number}달째 먹는데 끊어도 될까요",
        "{number}대 대통령 선거에서 어느 당을 찍어야 할까?", "해고당했는데 {number}달 치 임금을 못 받았어요",
        "임신 {number}주인데 감기약 먹어도 괜찮나요?",
    ),
    "en": (
        "Can I take ibuprofen with {number} mg of sertraline?",
        "My period is {number} weeks late, am I pregnant?",
        "I owe {number} thousand in card debt, should I file for bankruptcy?",
        "Which party should I vote for after {number} years abroad?",
        "My ex keeps the kids from me for {number} weeks now, can I sue?",
        "I was fired after {number} years, do I have a case?",
    ),
}  # fmt: skip
