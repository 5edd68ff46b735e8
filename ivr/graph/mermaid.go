package graph

import (
	"fmt"
	"strings"

	"careline/ivr"
)

// Mermaid draws flows as text in Mermaid's language, for wikis and merge requests.
func Mermaid(flows []ivr.FlowView, options Options) string {
	var text strings.Builder
	text.WriteString("flowchart TD\n")
	for i, flow := range options.chosen(flows) {
		p := build(flow)
		names := map[*node]string{}
		fmt.Fprintf(&text, "  subgraph f%d[%q]\n", i, plain(flow.Label))
		for j, n := range p.nodes {
			names[n] = fmt.Sprintf("f%dn%d", i, j)
			label := plain(strings.Join(n.title, " "))
			if n.detail != "" {
				label += "<br/>" + plain(n.detail)
			}
			if count := options.Counts.step(n.step); count > 0 {
				label += fmt.Sprintf(" (%d)", count)
			}
			open, closed := "[", "]"
			if n.kind != stepNode {
				open, closed = "([", "])"
			}
			fmt.Fprintf(&text, "    %s%s\"%s\"%s\n", names[n], open, label, closed)
		}
		for _, l := range p.links {
			arrow := "-->"
			if l.kind != ivr.Onward && l.kind != ivr.Chosen {
				arrow = "-.->"
			}
			words := plain(l.text())
			if count := options.Counts.edges(l.own()); count > 0 {
				words = strings.TrimSpace(words + fmt.Sprintf(" (%d)", count))
			}
			if words != "" {
				arrow += `|"` + words + `"|`
			}
			fmt.Fprintf(&text, "    %s %s %s\n", names[l.from], arrow, names[l.to])
		}
		text.WriteString("  end\n")
	}
	return text.String()
}

// plain takes out of a text what Mermaid would read as its own.
func plain(text string) string {
	return strings.NewReplacer(`#`, "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", " ").Replace(text)
}
