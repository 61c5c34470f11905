"""Made-up leads for both CRMs, with labels that say which were answered late."""
