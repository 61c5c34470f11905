"""The door to Salesforce. Import `connector` and `settings`: this page loads nothing, so that --help stays quick."""
