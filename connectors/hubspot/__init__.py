"""HubSpot: one portal over hubspot-api-client."""
