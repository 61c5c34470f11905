"""The policy language, the judge and the packs. Pure."""
