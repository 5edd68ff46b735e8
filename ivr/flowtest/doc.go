// Package flowtest plays what admins write about their flows: files of tests,
// each a simulated call with what is pressed in it, what must be heard, and where
// it must come to. It counts which steps and ways on the tests go through.
//
// What lives here: the language of test files, playing them in virtual time,
// coverage. What must not: reading folders, printing, real time.
//
//	results := flowtest.Run(set, files, flowtest.Options{Zone: zone})
//	if err := results.Err(); err != nil { … }      // a problem.List: file:line:column, what, what to do
//	fmt.Println(results.Coverage.Edges)            // "212 of 230"
//
// docs/flow-tools.md is the reference of test files; its examples are run by a test.
package flowtest
