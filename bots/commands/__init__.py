"""The commands of `answerloop`, a module for each kind."""
