"""What is made up the same way for every local CRM: words, plans of deals, labels."""
