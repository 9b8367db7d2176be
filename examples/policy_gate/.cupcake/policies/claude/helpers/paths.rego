# How the policies read a path.
package cupcake.helpers.paths

# The file that a file tool is asked to work on.
target(tool_input) := tool_input.file_path

target(tool_input) := tool_input.notebook_path if not tool_input.file_path

# The last part of a path.
name(path) := regex.replace(path, `^.*/`, "")

# Whether a path, or a word of a command line, names a file that holds secrets.
# Templates such as `.env.example` are made to be read.
is_secret(path) if {
	regex.match(`(^|[/=@])(\.env(\.[A-Za-z0-9_-]+)?|\.npmrc|\.pgpass|\.netrc|id_(rsa|ed25519|ecdsa)|credentials(\.json)?)$|\.(pem|p12|keystore)$`, path)
	not regex.match(`\.env\.(example|sample|template)$`, path)
}
