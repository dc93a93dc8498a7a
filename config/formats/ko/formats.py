"""Korean dates as people write them: Django puts 오전 and 오후 behind the time."""

# A line breaks before 오후, not between it and the hour.
DATETIME_FORMAT = "Y년 n월 j일 A\u00a0g:i"
TIME_FORMAT = "A\u00a0g:i"
SHORT_DATETIME_FORMAT = "Y-n-j A\u00a0g:i"
