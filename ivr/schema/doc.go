// Package schema writes JSON Schemas (draft 2020-12) of the files that admins write
// about calls, so that an editor of YAML completes keys and marks mistakes.
//
// What lives here: how the language's keys become a schema. What must not: a key
// of its own, since all come from the code that reads the files. A schema is looser
// than the checker: what it refuses the checker refuses, and what the checker
// refuses beyond that needs the whole configuration.
//
//	raw := schema.Flow(schema.Names{})                       // docs/flow.schema.json
//	raw := schema.Flow(schema.Names{Queues: …, Prompts: …})  // with a configuration's names
package schema
