package cupcake.policies.example_test

import data.cupcake.policies.example
import rego.v1

event(command) := SAMPLE

test_sudo_is_denied if {
	count(example.deny) == 1 with input as event("sudo ls")
	count(example.deny) == 1 with input as event("cd /tmp && sudo ls")
}

test_other_commands_are_not_denied if {
	count(example.deny) == 0 with input as event("ls -l")
	count(example.deny) == 0 with input as event("man sudo")
}
