"""Korean dates as people write them: Django puts 오전 and 오후 behind the time."""

DATETIME_FORMAT = "Y년 n월 j일 A g:i"
TIME_FORMAT = "A g:i"
SHORT_DATETIME_FORMAT = "Y-n-j A g:i"
