"""Objects and fields, standard and custom."""

from sandbox.salesforce.schema.fields import parse_field

__all__ = ["parse_field"]
