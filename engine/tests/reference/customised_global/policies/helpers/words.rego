package cupcake.global.system.words

import rego.v1

has(text, word) if word in split(text, " ")
