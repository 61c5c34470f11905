"""Small local CRM servers for the demo and the tests; imports none of the other rooms."""
