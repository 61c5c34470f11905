"""The Maven CRM files as a Salesforce org and as a HubSpot portal."""
