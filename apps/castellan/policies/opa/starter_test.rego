# What starter.rego must say, call by call: the same calls as in ../starter.test.yaml. `opa test .` runs it.
package castellan_test

import data.castellan

# A user without roles who calls a tool over MCP; a server that is not trusted, a tool that may reach beyond its server.
asked(principal, capability, method) := {
	"tenant": "default",
	"principal": object.union({"id": "1", "kind": "user", "name": "someone", "roles": []}, principal),
	"method": method,
	"capability": object.union({"server": "files", "name": "tool", "open_world": true, "trusted": false}, capability),
	"args": {},
	"via": "mcp",
	"dry_run": false,
}

decided(principal, capability, method) := {"allow": allow, "reasons": reasons} if {
	allow := castellan.allow with input as asked(principal, capability, method)
	reasons := castellan.reasons with input as asked(principal, capability, method)
}

denied := {"allow": false, "reasons": set()}

allowed(reason) := {"allow": true, "reasons": {reason}}

operator := {"roles": ["member", "operator"]}

test_anybody_may_use_a_tool_that_only_reads if {
	every kind in ["user", "agent", "service", "site"] {
		decided({"kind": kind}, {"effect": "read"}, "tools/call") == allowed("read-tools")
	}
}

test_anybody_may_read_get_and_complete if {
	every method in ["resources/read", "resources/subscribe", "prompts/get", "completion/complete"] {
		decided({}, {"effect": "read"}, method) == allowed("resources-and-prompts")
	}
}

test_whoever_may_use_a_tool_may_follow_its_calls if {
	every method in ["tasks/get", "tasks/update", "tasks/cancel"] {
		decided({}, {"effect": "read"}, method) == allowed("read-tools")
		decided({}, {"effect": "unsafe"}, method) == denied
	}
}

test_without_the_role_nobody_changes_anything if {
	every roles in [[], ["member"], ["admin"], ["auditor"], ["admin", "auditor", "member"]] {
		every effect in ["idempotent", "unsafe"] {
			decided({"roles": roles}, {"effect": effect}, "tools/call") == denied
		}
	}
}

test_a_trusted_server_changes_nothing_for_someone_without_the_role if {
	decided({}, {"effect": "unsafe", "trusted": true, "open_world": false}, "tools/call") == denied
}

test_an_operator_may_act if {
	every effect in ["idempotent", "unsafe"] {
		every method in ["tools/call", "resources/read"] {
			decided(operator, {"effect": effect}, method) == allowed("operators-act")
		}
	}
}

test_an_operator_reads_by_the_same_right_as_everybody if {
	decided(operator, {"effect": "read"}, "tools/call") == allowed("read-tools")
}

test_a_resource_that_acts_when_it_is_read_is_not_for_everybody if {
	decided({}, {"effect": "unsafe"}, "resources/read") == denied
}

test_a_class_that_nobody_thought_of_is_denied if {
	decided(operator, {"effect": "someday"}, "tools/call") == denied
}

test_a_method_that_nobody_thought_of_is_denied if {
	decided({}, {"effect": "read"}, "someday/maybe") == denied
}

test_a_reason_to_forbid_outweighs_every_permit if {
	not castellan.allow with input as asked(operator, {"effect": "unsafe"}, "tools/call")
		with castellan.forbids as {"closed"}
	castellan.reasons == {"closed"} with input as asked(operator, {"effect": "unsafe"}, "tools/call")
		with castellan.forbids as {"closed"}
}
