package cupcake.global.system.commands

import rego.v1

mentions(command, text) if contains(lower(command), text)
