"""Reading records: values in canonical form, and which field gives which fact."""
