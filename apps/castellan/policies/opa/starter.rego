# What starter.cedar says, in Rego: for an OPA that the control plane asks at data.castellan (the setting policy.opa.path), or
# for `opa build -t wasm -e castellan`.
#
# A policy is asked late: whoever gets here has been identified, and the capability has been granted to them. So these lines do
# not say who may see which tool (grants do), but what may be done with a tool one has been granted.
#
# After a change: `opa check --strict .` finds mistakes, `opa test .` runs starter_test.rego.
package castellan

# What no rule permits is denied, and a single reason to forbid outweighs every permit.
default allow := false

allow if {
	count(permits) > 0
	count(forbids) == 0
}

# What the journal keeps of a decision: the names of the rules that made it.
reasons := forbids if count(forbids) > 0

reasons := permits if count(forbids) == 0

# Everybody may look: tools that change nothing.
permits contains "read-tools" if {
	calls_tool
	input.capability.effect == "read"
}

# Everybody may look: resources, prompts, and the completion of their arguments.
permits contains "resources-and-prompts" if {
	input.method in {"resources/read", "resources/subscribe", "prompts/get", "completion/complete"}
	input.capability.effect == "read"
}

# Operators may act. The effect classes are spelled out, so that a new class would be denied until someone thinks of it.
permits contains "operators-act" if {
	"operator" in input.principal.roles
	input.capability.effect in {"idempotent", "unsafe"}
}

# Whoever may use a tool may follow what became of its calls.
calls_tool if input.method in {"tools/call", "tasks/get", "tasks/update", "tasks/cancel"}

# A set that holds nothing yet has to be named once; rules of your own add to it, here or in another file of this package:
#
# Arguments are as they were sent. `not` asks for what must be there: a path that is missing, or is no text, is forbidden as well.
#
#   forbids contains "writes-stay-in-tmp" if {
#   	input.capability.server == "files"
#   	input.capability.name == "write_file"
#   	not stays_in_tmp
#   }
#
#   stays_in_tmp if {
#   	startswith(input.args.path, "/tmp/")
#   	not contains(input.args.path, "..")
#   }
#
#   forbids contains "agents-stay-inside" if {
#   	input.principal.kind == "agent"
#   	input.capability.open_world
#   }
#
# Something may also be demanded of a call that is allowed:
#
#   obligations := {"dry_run": true} if input.principal.name == "rehearsal"
forbids contains "nothing" if false
