"""Policy files: YAML becomes a PolicySet, or a list of every problem with its place."""
