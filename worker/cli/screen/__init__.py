"""How answers look on the screen."""
