"""Small helpers that every room uses: text, garbage collection, reading ahead."""
