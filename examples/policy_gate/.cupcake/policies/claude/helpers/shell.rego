# How the policies read a shell command line: roughly, and rather too much than too little.
package cupcake.helpers.shell

# The simple commands of a line, split at every separator. Separators inside quotes split too:
# a guardrail would rather look at a command that never runs than miss one that does.
commands(line) := [command |
	some part in regex.split(`&&|\|\||[;|&\n]|\$\(|[()]`, replace(line, "`", ";"))
	command := without_prefix(trim_space(part))
	command != ""
]

# A command without what may stand before the program: assignments, `sudo`, `env` and the like.
without_prefix(command) := regex.replace(
	command,
	`^(?:(?:sudo|env|command|exec|nohup|time)(?:\s+-\S+)*\s+|[A-Za-z_][A-Za-z0-9_]*=\S*\s+)+`,
	"",
)

# The program that a simple command starts, without the folder it lies in.
program(command) := regex.replace(regex.split(`\s+`, command)[0], `^.*/`, "")

# The words after the program, without quotes.
arguments(command) := [regex.replace(word, `["']`, "") |
	some position, word in regex.split(`\s+`, command)
	position > 0
]
