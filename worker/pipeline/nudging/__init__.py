"""Near real time: deals on which somebody works are judged at once."""
