"""The push queue and its receipts."""
