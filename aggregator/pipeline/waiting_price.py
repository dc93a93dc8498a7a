"""The price of waiting, by which a turn's models are chosen and its answer is settled."""

# The quality that one second of waiting must buy: a reader waits fifty seconds for one point of a hundred.
SECOND_PRICE = 0.0002
