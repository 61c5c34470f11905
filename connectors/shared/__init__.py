"""What the connectors of all CRMs share."""
