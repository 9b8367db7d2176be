package cupcake.helpers.words

import rego.v1

# The words of a text in small letters.
words_of(text) := {word |
	some word in split(lower(text), " ")
	word != ""
}
